//! Invented customers, as a delimited file of twelve columns.
//!
//! Names are put together from syllables, so that there are tens of thousands of them: columns of few
//! distinct values would flatter whoever writes dictionaries.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The columns, named as the fields of `customer.v1` they are mapped to, but for the last.
pub const COLUMNS: [&str; 12] = [
    "account_number",
    "title",
    "given_name",
    "family_name",
    "birth_date",
    "email",
    "mobile",
    "street",
    "postal_code",
    "city",
    "customer_since",
    "updated_at",
];

/// One row.
pub type Customer = [String; COLUMNS.len()];

/// Makes up customers without end: the same ones each time.
pub struct Customers {
    dice: Dice,
    made: u64,
}

impl Customers {
    /// From the first on.
    pub fn new() -> Self {
        Self { dice: Dice(0x0be7_c4e5), made: 0 }
    }
}

impl Iterator for Customers {
    type Item = Customer;

    fn next(&mut self) -> Option<Customer> {
        self.made += 1;
        let dice = &mut self.dice;
        let word = |dice: &mut Dice, syllables| dice.word(&SYLLABLES, syllables);
        let (given, family, town) = (word(dice, 2), word(dice, 3), word(dice, 2));
        let day = |dice: &mut Dice, first: u64, years: u64| {
            format!("{}-{:02}-{:02}", first + dice.below(years), 1 + dice.below(12), 1 + dice.below(28))
        };
        let updated = day(dice, 2022, 4);
        Some([
            format!("C{:09}", self.made),
            ["Madame", "Monsieur", ""][dice.below(3) as usize].to_owned(),
            given.clone(),
            family.clone(),
            day(dice, 1935, 70),
            format!("{given}.{family}{}@example.org", dice.below(1000)).to_lowercase(),
            format!("+336{:08}", dice.below(100_000_000)),
            format!("{} rue {}", 1 + dice.below(180), word(dice, 3)),
            format!("{:05}", 1000 + dice.below(95_000)),
            format!("{town}-sur-{}", word(dice, 2)),
            day(dice, 2005, 17),
            format!("{updated}T{:02}:{:02}:{:02}Z", dice.below(24), dice.below(60), dice.below(60)),
        ])
    }
}

/// Writes `rows` customers under a header.
///
/// # Errors
/// What the disk refuses.
pub fn write(file: &Path, rows: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    writeln!(out, "{}", COLUMNS.join(","))?;
    for customer in Customers::new().take(usize::try_from(rows).unwrap_or(usize::MAX)) {
        writeln!(out, "{}", customer.join(","))?;
    }
    out.flush()
}

/// What is known of each of `people` who are no customers: given name, family name, full name, e-mail, mobile,
/// street, day of birth and national number. None of it is in any row, nor part of what is: names have
/// syllables of their own, mobiles another prefix, and customers are born before the 29th.
pub fn strangers(people: usize) -> Vec<[String; 8]> {
    let mut dice = Dice(0x51de_0b5e);
    let stranger = |_| {
        let (given, family) = (dice.word(&OTHER_SYLLABLES, 2), dice.word(&OTHER_SYLLABLES, 3));
        let (year, month, day) =
            (1935 + dice.below(70), [1, 3, 5, 7, 8, 10, 12][dice.below(7) as usize], 29 + dice.below(3));
        let (sex, place) = (1 + dice.below(2), 1001 + dice.below(94_000));
        // The INSEE's: sex, year, month, commune, number in its register, and a remainder by 97 to check.
        let national = format!("{sex}{:02}{month:02}{place:05}{:03}", year % 100, 1 + dice.below(999));
        let check = 97 - national.parse::<u64>().unwrap_or_default() % 97;
        [
            format!("{given} {family}"),
            format!("{given}.{family}{}@example.org", dice.below(1000)).to_lowercase(),
            format!("+337{:08}", dice.below(100_000_000)),
            format!("{} rue {}", 1 + dice.below(180), dice.word(&OTHER_SYLLABLES, 3)),
            format!("{year}-{month:02}-{day}"),
            format!("{national}{check:02}"),
            given,
            family,
        ]
    };
    (0..people).map(stranger).collect()
}

/// Of the names in rows.
const SYLLABLES: [&str; 40] = [
    "ba", "bel", "bri", "can", "cho", "da", "del", "dou", "fa", "fer", "gau", "gri", "ha", "jo", "la", "lan",
    "le", "lou", "ma", "mer", "mon", "na", "nel", "no", "pa", "per", "pré", "qui", "ra", "ro", "sa", "ser",
    "sé", "ta", "ther", "tou", "va", "ver", "vi", "zé",
];

/// Of the names of strangers: as long as those of rows, each with a start that these have nowhere.
const OTHER_SYLLABLES: [&str; 40] = [
    "bo", "bon", "bur", "cin", "cor", "di", "dil", "dum", "fi", "fin", "for", "gil", "go", "hu", "ju", "jul",
    "li", "lin", "mi", "mil", "mul", "ni", "nil", "nu", "pi", "pin", "pol", "pur", "bu", "tu", "ti", "tur",
    "té", "vo", "thur", "vol", "zo", "zin", "co", "cé",
];

/// SplitMix64: good enough to make up names, and the same on every machine.
///
/// Source: Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn word(&mut self, syllables: &[&str], count: usize) -> String {
        let lower: String =
            (0..count).map(|_| syllables[self.below(syllables.len() as u64) as usize]).collect();
        let mut letters = lower.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}
