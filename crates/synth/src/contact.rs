//! E-mail addresses and phone numbers that no one holds.
//!
//! Providers are under `.example` (RFC 2606). Landlines are of the ranges that the
//! French regulator keeps for works of fiction (Arcep, decision 2018-0881); mobiles
//! begin with 07 00, which the same plan keeps for the fourteen-digit numbers of
//! machines. So landlines repeat beyond about 100,000 people and mobiles beyond 500,000.

use chrono::Datelike;

use crate::chance::{Chance, scramble};
use crate::people::Person;
use crate::spoil::without_accents;

/// Digits of the filter below, in bits: 8 MiB, and few false alarms below a million people.
const FILTER_BITS: u64 = 1 << 26;

/// Makes addresses, each for one person only, in memory that does not grow.
///
/// Providers give an address once; so must we, or namesakes would share theirs.
pub(crate) struct Addresses {
    /// A Bloom filter with one hash: "perhaps seen" only costs another digit.
    seen: Vec<u64>,
}

impl Addresses {
    /// None made yet.
    pub fn new() -> Self {
        Self { seen: vec![0; (FILTER_BITS / 64) as usize] }
    }

    /// A new address for `person`, in one of the ways people form them.
    pub fn make(&mut self, person: &Person, provider: &str, chance: &mut Chance) -> String {
        let part = |name: &str| {
            let mut plain = without_accents(name).to_lowercase();
            plain.retain(|letter| letter.is_ascii_alphanumeric());
            plain
        };
        let (given, family) = (part(person.given_name.name), part(&person.birth_name));
        let year = person.birth_date.year() % 100;
        let initial = &given[..1];
        let nickname = person.given_name.diminutives.first().map_or_else(|| given.clone(), |name| part(name));
        let wanted = match chance.position(&[0.34, 0.12, 0.14, 0.1, 0.08, 0.12]) {
            0 => format!("{given}.{family}"),
            1 => format!("{initial}{family}"),
            2 => format!("{given}{year:02}"),
            3 => format!("{family}.{given}"),
            4 => format!("{given}_{family}{year:02}"),
            5 => format!("{nickname}{}", chance.between(1, 9999)),
            _ => format!("{initial}.{family}{year:02}"),
        };
        let mut local = wanted.clone();
        while !self.is_new(&format!("{local}@{provider}")) {
            local = format!("{wanted}{}", chance.between(1, 99_999));
        }
        format!("{local}@{provider}")
    }

    fn is_new(&mut self, address: &str) -> bool {
        // FNV-1a, 64 bits.
        let hash = address.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let bit = (hash ^ (hash >> 29)) % FILTER_BITS;
        let (word, mask) = (&mut self.seen[(bit / 64) as usize], 1 << (bit % 64));
        let new = *word & mask == 0;
        *word |= mask;
        new
    }
}

/// The mobile number of that position, ten digits.
pub(crate) fn mobile(position: u64) -> String {
    format!("0700{:06}", scramble(position, 1_000_000))
}

/// Hands out landline numbers, zone by zone.
#[derive(Default)]
pub(crate) struct Landlines([u64; 5]);

impl Landlines {
    /// The next number, ten digits, of the zone of a postal code.
    pub fn next(&mut self, postal_code: &str) -> String {
        const PREFIXES: [&str; 5] = ["019900", "026191", "035301", "046571", "053649"];
        let zone = zone(postal_code);
        self.0[zone] += 1;
        format!("{}{:04}", PREFIXES[zone], scramble(self.0[zone], 10_000))
    }
}

/// The zone of the numbering plan: 0 for Paris and around, then north-west, north-east, south-east, south-west.
fn zone(postal_code: &str) -> usize {
    match &postal_code[..2] {
        "75" | "77" | "78" | "91" | "92" | "93" | "94" | "95" => 0,
        "14" | "18" | "22" | "27" | "28" | "29" | "35" | "36" | "37" | "41" | "44" | "45" | "49" | "50"
        | "53" | "56" | "61" | "72" | "76" | "85" => 1,
        "02" | "08" | "10" | "21" | "25" | "39" | "51" | "52" | "54" | "55" | "57" | "58" | "59" | "60"
        | "62" | "67" | "68" | "70" | "71" | "80" | "88" | "89" | "90" => 2,
        "09" | "12" | "16" | "17" | "19" | "23" | "24" | "31" | "32" | "33" | "40" | "46" | "47" | "64"
        | "65" | "79" | "81" | "82" | "86" | "87" => 4,
        _ => 3,
    }
}

/// A ten-digit number as someone writes it; no number stays none.
pub(crate) fn written(number: &str, chance: &mut Chance) -> String {
    if number.is_empty() {
        return String::new();
    }
    let pairs = |mark: &str| {
        let parts: Vec<&str> = (0..number.len() / 2).map(|pair| &number[pair * 2..pair * 2 + 2]).collect();
        parts.join(mark)
    };
    match chance.position(&[0.32, 0.28, 0.12, 0.08, 0.12, 0.04]) {
        0 => number.to_owned(),
        1 => pairs(" "),
        2 => pairs("."),
        3 => format!("+33 {}", &pairs(" ")[1..]),
        4 => format!("+33{}", &number[1..]),
        5 => format!("0033{}", &number[1..]),
        _ => pairs("-"),
    }
}
