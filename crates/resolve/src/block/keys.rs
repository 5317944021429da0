//! The keys of each record under one rule.

use vermeil_model::schema::KeyTransform;

use crate::features::{Dictionary, FeatureStore, MISSING};
use crate::mix::{chain, hash_bytes};
use crate::normalise::person::is_particle;
use crate::phonetic;
use crate::plan::{FieldIndex, PlannedKey};

/// Stands for no key. A value that hashes to it is moved by one.
const NO_KEY: u64 = 0;

/// A key that a record has, at one of the places that a rule gives it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// A 64-bit hash. Two values that share one by chance are compared in vain and no harm is
    /// done: among a million values that happens about once in 37 million runs.
    pub(super) key: u64,
    pub(super) record: u32,
}

/// How many keys a record has at most under a rule.
pub(super) fn width(keys: &[PlannedKey]) -> usize {
    keys.iter().map(|key| key.columns.len() * parts_of(key.transform)).product()
}

/// Every key of every record, sorted by key, then record, each once.
pub(super) fn entries(store: &FeatureStore, keys: &[PlannedKey]) -> Vec<Entry> {
    let width = width(keys);
    let parts: Vec<Vec<HashedColumn>> = keys
        .iter()
        .map(|key| {
            key.columns.iter().map(|&column| HashedColumn::new(store, column, key.transform)).collect()
        })
        .collect();
    let mut entries: Vec<Entry> = (0..store.len() as u32)
        .flat_map(|record| (0..width).map(move |choice| (record, choice)))
        .map(|(record, choice)| Entry { key: combined(&parts, record, choice), record })
        .filter(|entry| entry.key != NO_KEY)
        .collect();
    entries.sort_unstable();
    // A record whose phone and mobile are equal has the key once.
    entries.dedup();
    entries
}

/// The entries of groups that were too large, each with one more field that must agree.
pub(super) fn refined(store: &FeatureStore, groups: &[Entry], field: FieldIndex) -> Vec<Entry> {
    let column = HashedColumn::new(store, field, KeyTransform::Whole);
    let mut entries: Vec<Entry> = groups
        .iter()
        .filter_map(|entry| match column.hash(entry.record, 0) {
            NO_KEY => None,
            hash => Some(Entry { key: chain(entry.key, hash).max(NO_KEY + 1), record: entry.record }),
        })
        .collect();
    entries.sort_unstable();
    entries
}

/// A column whose distinct values are hashed once each.
struct HashedColumn<'a> {
    store: &'a FeatureStore,
    column: FieldIndex,
    /// As many for each value as the transform takes parts of it.
    hashes: Vec<u64>,
    parts: usize,
}

impl<'a> HashedColumn<'a> {
    fn new(store: &'a FeatureStore, column: FieldIndex, transform: KeyTransform) -> Self {
        let dictionary: &Dictionary = store.dictionary(column);
        let parts = parts_of(transform);
        let mut hashes = vec![NO_KEY; dictionary.len() * parts];
        for (code, hashes) in hashes.chunks_exact_mut(parts).enumerate() {
            let value = dictionary.value(code as u32);
            let keys = keys_of(value, transform);
            for (place, key) in hashes.iter_mut().zip(keys) {
                *place = hash_bytes(key.as_bytes()).max(NO_KEY + 1);
            }
        }
        Self { store, column, hashes, parts }
    }

    fn hash(&self, record: u32, part: usize) -> u64 {
        match self.store.code(record, self.column) {
            MISSING => NO_KEY,
            code => self.hashes[code as usize * self.parts + part],
        }
    }
}

/// How many keys a value gives at most.
fn parts_of(transform: KeyTransform) -> usize {
    if transform == KeyTransform::AnyWord { 4 } else { 1 }
}

/// The key of a record for one choice of a column, and a part of its value, per part of the rule.
fn combined(parts: &[Vec<HashedColumn>], record: u32, mut choice: usize) -> u64 {
    let mut combined = 0;
    for columns in parts {
        let part = choice % columns[0].parts;
        choice /= columns[0].parts;
        let hash = columns[choice % columns.len()].hash(record, part);
        choice /= columns.len();
        if hash == NO_KEY {
            return NO_KEY;
        }
        combined = chain(combined, hash);
    }
    combined.max(NO_KEY + 1)
}

/// What of a normalised value must agree, any of it where there is more than one; nothing where
/// the value has no such part.
fn keys_of(value: &str, transform: KeyTransform) -> Vec<String> {
    let letters = |count: usize| value.chars().filter(|c| *c != ' ').take(count).collect::<String>();
    let key = match transform {
        KeyTransform::AnyWord => {
            let words = value.split(' ').filter(|word| word.len() > 2 && !is_particle(word));
            return words.filter_map(phonetic::code).collect();
        }
        KeyTransform::Whole => Some(value.to_owned()),
        KeyTransform::Phonetic => phonetic::code(value),
        KeyTransform::Initial => Some(letters(1)),
        KeyTransform::Prefix4 => Some(letters(4)),
        // Dates are normalised to YYYY-MM-DD.
        KeyTransform::Year => value.get(..4).map(str::to_owned),
        KeyTransform::MonthDay => value.get(5..).map(str::to_owned),
        KeyTransform::LocalPart => {
            let (local, _) = value.split_once('@').unwrap_or((value, ""));
            (!local.is_empty()).then(|| local.to_owned())
        }
        KeyTransform::SortedWords => {
            let mut words: Vec<&str> = value.split(' ').collect();
            words.sort_unstable();
            Some(words.join(" "))
        }
    };
    key.into_iter().collect()
}
