//! How much the accounts of one person differ, counted as for the table in the crate's docs.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde_json::Value;

use crate::spoil::without_accents;

/// The fields that are compared.
pub const FIELDS: [&str; 8] =
    ["given_name", "family_name", "birth_date", "postal_code", "gender", "occupation", "email", "phone"];

/// Over all pairs of accounts of one person, in shares of those pairs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shares {
    pub equal: f64,
    pub differ: f64,
    pub missing: f64,
}

impl Shares {
    /// The share that differs among pairs that have both values.
    pub fn differ_of_both(self) -> f64 {
        self.differ / (self.equal + self.differ)
    }
}

/// The accounts of one silo by key, each with its fields in the order of [`FIELDS`].
pub type Accounts = HashMap<(String, String), [String; 8]>;

/// Every good account of the folder.
pub fn accounts(folder: &Path) -> Accounts {
    let mut accounts = Accounts::new();
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let erp = encoding_rs::WINDOWS_1252.decode(&read("erp.csv")).0.into_owned();
    for line in erp.lines().skip(1) {
        let f: Vec<&str> = line.split(';').collect();
        if f.len() == 19 {
            let phone = if f[11].is_empty() { f[10] } else { f[11] };
            let date = f[14].split('/').rev().collect::<Vec<_>>().join("-");
            accounts.insert(
                ("erp".to_owned(), f[0].to_owned()),
                [f[4], f[3], &date, f[7], gender(f[2]), "", f[12], phone].map(folded),
            );
        }
    }
    let web = String::from_utf8(read("web.ndjson")).unwrap();
    for object in web.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        accounts.insert(
            ("web".to_owned(), text("/id").to_owned()),
            [
                text("/firstName"),
                text("/lastName"),
                text("/birthDate"),
                text("/address/postalCode"),
                "",
                "",
                text("/emailAddress"),
                text("/phoneNumber"),
            ]
            .map(folded),
        );
    }
    let crm = String::from_utf8(read("crm.csv")).unwrap();
    for line in crm.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        if f.len() >= 16 {
            let phone = if f[7].is_empty() { f[6] } else { f[7] };
            accounts.insert(
                ("crm".to_owned(), f[0].to_owned()),
                [f[2], f[3], f[12], f[9], gender(f[1]), f[4], f[5], phone].map(folded),
            );
        }
    }
    // Phones to their last nine digits, however they are written.
    for fields in accounts.values_mut() {
        let digits = fields[7].len();
        fields[7].drain(..digits.saturating_sub(9));
    }
    accounts
}

/// The shares by field, over all pairs of accounts of one person; organisations are left out.
pub fn shares(folder: &Path) -> BTreeMap<&'static str, Shares> {
    let accounts = accounts(folder);
    let mut of_person: HashMap<String, Vec<&[String; 8]>> = HashMap::new();
    for (row, person) in crate::truth(folder).unwrap() {
        if person.starts_with('P') {
            of_person.entry(person).or_default().push(&accounts[&row]);
        }
    }
    let mut shares = BTreeMap::new();
    for (position, field) in FIELDS.into_iter().enumerate() {
        let mut counts = Shares::default();
        for rows in of_person.values() {
            for (left, a) in rows.iter().enumerate() {
                for b in &rows[left + 1..] {
                    let count = match (a[position].as_str(), b[position].as_str()) {
                        ("", _) | (_, "") => &mut counts.missing,
                        (a, b) if a == b => &mut counts.equal,
                        _ => &mut counts.differ,
                    };
                    *count += 1.0;
                }
            }
        }
        let all = counts.equal + counts.differ + counts.missing;
        shares.insert(
            field,
            Shares { equal: counts.equal / all, differ: counts.differ / all, missing: counts.missing / all },
        );
    }
    shares
}

fn gender(title: &str) -> &'static str {
    match title {
        "" => "",
        "MONSIEUR" | "M." => "male",
        _ => "female",
    }
}

/// Case, accents and punctuation are no difference.
fn folded(text: &str) -> String {
    let mut folded = without_accents(text).to_lowercase();
    folded.retain(char::is_alphanumeric);
    folded
}
