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
        let (given, family, town) = (dice.word(2), dice.word(3), dice.word(2));
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
            format!("{} rue {}", 1 + dice.below(180), dice.word(3)),
            format!("{:05}", 1000 + dice.below(95_000)),
            format!("{town}-sur-{}", dice.word(2)),
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

    fn word(&mut self, syllables: usize) -> String {
        const SYLLABLES: [&str; 40] = [
            "ba", "bel", "bri", "can", "cho", "da", "del", "dou", "fa", "fer", "gau", "gri", "ha", "jo",
            "la", "lan", "le", "lou", "ma", "mer", "mon", "na", "nel", "no", "pa", "per", "pré", "qui", "ra",
            "ro", "sa", "ser", "sé", "ta", "ther", "tou", "va", "ver", "vi", "zé",
        ];
        let lower: String =
            (0..syllables).map(|_| SYLLABLES[self.below(SYLLABLES.len() as u64) as usize]).collect();
        let mut letters = lower.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}
