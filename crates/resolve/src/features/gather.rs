//! Few records of a store beside one that is not in it, as a store of their own.
//!
//! What compares the records of a store can then compare these, and comes to what it would come to
//! if all of them stood in the one store.

use std::num::NonZeroUsize;

use hashbrown::HashTable;
use vermeil_model::RecordId;

use super::dictionary::{Dictionary, Uses};
use super::{FeatureStore, FeatureStorePart, MISSING, RecordIndex};
use crate::mix::hash_bytes;
use crate::plan::{DictionaryIndex, FieldIndex, MatchPlan};

/// The codes of a store's values, by value.
///
/// Memory: 5 to 10 bytes for each distinct value.
pub(crate) struct Lookup {
    /// By dictionary.
    codes: Vec<HashTable<u32>>,
}

/// A record that came from elsewhere, and after it some of a store.
pub(crate) struct Gathered {
    /// The record from elsewhere comes first, the others in the order in which they were asked for.
    pub(crate) store: FeatureStore,
    /// For each dictionary the codes in the store they are from; what no record there has follows.
    codes: Vec<Vec<u32>>,
}

impl Lookup {
    pub(crate) fn of(store: &FeatureStore) -> Lookup {
        let of_dictionary = |dictionary: &Dictionary| {
            let mut codes = HashTable::with_capacity(dictionary.len());
            let hash = |code: &u32| hash_bytes(dictionary.value(*code).as_bytes());
            for code in 0..dictionary.len() as u32 {
                codes.insert_unique(hash(&code), code, hash);
            }
            codes
        };
        Lookup { codes: store.dictionaries.iter().map(of_dictionary).collect() }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.codes.iter().map(HashTable::allocation_size).sum()
    }

    fn code(&self, store: &FeatureStore, dictionary: usize, value: &str) -> Option<u32> {
        let values = &store.dictionaries[dictionary];
        let hash = hash_bytes(value.as_bytes());
        self.codes[dictionary].find(hash, |code| values.value(*code) == value).copied()
    }
}

impl FeatureStore {
    /// One record in a store of its own: raw values by field, normalised as those of many are.
    pub(crate) fn of_one(plan: &MatchPlan, values: &[(FieldIndex, &str)]) -> FeatureStore {
        let mut part = FeatureStorePart::for_few(plan);
        part.push(&[(RecordId(0), 0)], |_, field| {
            values.iter().find(|(own, _)| *own == field).map(|(_, value)| (*value).into())
        });
        FeatureStore::join(plan, vec![part], NonZeroUsize::MIN).expect("one record has no double")
    }

    /// How many records have a lower id.
    pub(crate) fn place_of(&self, record: RecordId) -> u32 {
        self.records.partition_point(|known| *known < record) as u32
    }

    /// The first record of `one`, and after it `records` of this store.
    pub(crate) fn gathered(
        &self,
        plan: &MatchPlan,
        lookup: &Lookup,
        one: &FeatureStore,
        records: &[RecordIndex],
    ) -> Gathered {
        let count = self.dictionaries.len();
        let (mut codes, mut others) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        let own = one.row(RecordIndex(0)).iter().zip(&self.dictionary_of);
        let own: Vec<Option<(&str, Option<u32>)>> = own
            .map(|(code, dictionary)| {
                let value = (*code != MISSING).then(|| one.dictionaries[dictionary.0].value(*code))?;
                let known = lookup.code(self, dictionary.0, value);
                match known {
                    Some(code) => codes[dictionary.0].push(code),
                    None if others[dictionary.0].contains(&value) => {}
                    None => others[dictionary.0].push(value),
                }
                Some((value, known))
            })
            .collect();
        for record in records {
            for (code, dictionary) in self.row(*record).iter().zip(&self.dictionary_of) {
                codes[dictionary.0].push(*code);
            }
        }
        for codes in &mut codes {
            codes.sort_unstable();
            codes.dedup();
            // The highest of all.
            if codes.last() == Some(&MISSING) {
                codes.pop();
            }
        }
        let new_code = |dictionary: DictionaryIndex, code: u32| match code {
            MISSING => MISSING,
            code => codes[dictionary.0].binary_search(&code).expect("every code was gathered") as u32,
        };
        let own_code = |(value, dictionary): (&Option<(&str, Option<u32>)>, &DictionaryIndex)| match value {
            None => MISSING,
            Some((_, Some(code))) => new_code(*dictionary, *code),
            Some((value, None)) => {
                let place = others[dictionary.0].iter().position(|other| other == value);
                (codes[dictionary.0].len() + place.expect("every value was gathered")) as u32
            }
        };
        let mut rows = Vec::with_capacity((records.len() + 1) * self.width);
        rows.extend(own.iter().zip(&self.dictionary_of).map(own_code));
        for record in records {
            let row = self.row(*record).iter().zip(&self.dictionary_of);
            rows.extend(row.map(|(code, dictionary)| new_code(*dictionary, *code)));
        }
        let dictionaries = self.dictionaries.iter().enumerate().map(|(place, dictionary)| {
            let uses = Uses::of(plan, DictionaryIndex(place));
            dictionary.gathered(&codes[place], others[place].iter().copied(), &uses)
        });
        let store = FeatureStore {
            records: (0..=records.len() as u128).map(RecordId).collect(),
            sources: [0].into_iter().chain(records.iter().map(|record| self.source(*record))).collect(),
            codes: rows,
            width: self.width,
            dictionaries: dictionaries.collect(),
            dictionary_of: self.dictionary_of.clone(),
        };
        Gathered { store, codes }
    }
}

impl Gathered {
    /// For each value of a field, what `known` has for its code in the store it is from; what `unknown` says
    /// of it where no record there has it.
    pub(crate) fn of_values<T: Copy>(
        &self,
        field: FieldIndex,
        known: &[T],
        unknown: impl Fn(&str) -> T,
    ) -> Vec<T> {
        let dictionary = self.store.dictionary_of[field.0];
        let values = &self.store.dictionaries[dictionary.0];
        let codes = &self.codes[dictionary.0];
        let of_known = codes.iter().map(|code| known[*code as usize]);
        let others = codes.len() as u32..values.len() as u32;
        of_known.chain(others.map(|code| unknown(values.value(code)))).collect()
    }
}
