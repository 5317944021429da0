//! The keys of each record under one rule.

use std::collections::BTreeSet;

use vermeil_model::schema::KeyTransform;

use crate::features::{Dictionary, FeatureStore, MISSING};
use crate::mix::{chain, hash_bytes};
use crate::normalise::person::is_particle;
use crate::phonetic;
use crate::plan::{FieldIndex, PlannedRule};

/// Stands for no key. A value that hashes to it is moved by one.
const NO_KEY: u64 = 0;

/// The keys of every record under one rule, as 64-bit hashes.
///
/// Two values that share a hash by chance are compared in vain and no harm is
/// done: among a million values that happens about once in 37 million runs.
pub(super) struct RuleKeys {
    /// Keys a record has at most.
    width: usize,
    /// `width` keys a record, ascending after leading [`NO_KEY`]s.
    keys: Vec<u64>,
    /// Keys whose groups are too large to be compared.
    set_aside: BTreeSet<u64>,
}

impl RuleKeys {
    pub(super) fn new(store: &FeatureStore, rule: &PlannedRule) -> Self {
        let width = rule.keys.iter().map(|key| key.columns.len() * parts_of(key.transform)).product();
        let mut keys = vec![NO_KEY; store.len() * width];
        let parts: Vec<Vec<HashedColumn>> = rule
            .keys
            .iter()
            .map(|key| {
                key.columns.iter().map(|&column| HashedColumn::new(store, column, key.transform)).collect()
            })
            .collect();
        for (record, keys) in keys.chunks_exact_mut(width).enumerate() {
            for (choice, key) in keys.iter_mut().enumerate() {
                *key = combined(&parts, record, choice);
            }
            // A record whose phone and mobile are equal has the key once.
            keys.sort_unstable();
            for place in 1..width {
                if keys[place - 1] == keys[place] {
                    keys[place - 1] = NO_KEY;
                }
            }
            keys.sort_unstable();
        }
        Self { width, keys, set_aside: BTreeSet::new() }
    }

    /// Every (key, record), sorted.
    pub(super) fn sorted_entries(&self) -> Vec<(u64, u32)> {
        let records = self.keys.chunks_exact(self.width).enumerate();
        let mut entries: Vec<(u64, u32)> = records
            .flat_map(|(record, keys)| keys.iter().map(move |&key| (key, record as u32)))
            .filter(|(key, _)| *key != NO_KEY)
            .collect();
        entries.sort_unstable();
        entries
    }

    /// Drops the keys of a rule that yields no pair at all: no one need look for pairs there.
    pub(super) fn forget(&mut self) {
        self.keys = Vec::new();
    }

    pub(super) fn set_aside(&mut self, key: u64) {
        self.set_aside.insert(key);
    }

    /// The lowest key that two records share and that is not set aside.
    pub(super) fn first_shared(&self, left: u32, right: u32) -> Option<u64> {
        if self.keys.is_empty() {
            return None;
        }
        let of = |record: u32| &self.keys[record as usize * self.width..][..self.width];
        let (left, right) = (of(left), of(right));
        if self.width == 1 {
            let is_shared = left[0] == right[0] && left[0] != NO_KEY;
            return (is_shared && !self.is_set_aside(left[0])).then_some(left[0]);
        }
        left.iter().copied().find(|key| *key != NO_KEY && right.contains(key) && !self.is_set_aside(*key))
    }

    fn is_set_aside(&self, key: u64) -> bool {
        !self.set_aside.is_empty() && self.set_aside.contains(&key)
    }
}

/// A column whose distinct values are hashed once each.
struct HashedColumn<'a> {
    codes: &'a [u32],
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
            let hash = |part: Option<String>| {
                part.map_or(NO_KEY, |part| hash_bytes(part.as_bytes()).max(NO_KEY + 1))
            };
            if transform == KeyTransform::AnyWord {
                let words = value.split(' ').filter(|word| word.len() > 2 && !is_particle(word));
                for (place, word) in hashes.iter_mut().zip(words) {
                    *place = hash(phonetic::code(word));
                }
            } else {
                hashes[0] = hash(transformed(value, transform));
            }
        }
        Self { codes: store.column(column), hashes, parts }
    }

    fn hash(&self, record: usize, part: usize) -> u64 {
        match self.codes[record] {
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
fn combined(parts: &[Vec<HashedColumn>], record: usize, mut choice: usize) -> u64 {
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

/// What of a normalised value must agree; `None` where the value has no such part.
fn transformed(value: &str, transform: KeyTransform) -> Option<String> {
    let letters = |count: usize| value.chars().filter(|c| *c != ' ').take(count).collect::<String>();
    match transform {
        KeyTransform::Whole | KeyTransform::AnyWord => Some(value.to_owned()),
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
    }
}
