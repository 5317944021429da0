//! The records as matching sees them: rows of codes, one dictionary per kind of value.
//!
//! Memory: 4 bytes per record and column, 20 per record for id and source, and
//! each distinct value once: its bytes and 8 more, 24 where values are compared by their
//! characters, 8 where by their digits. For `customer.v1` that is about 90 bytes per record
//! beside the distinct values. While records come, each thread has its own copy of the values that it met.
//!
//! The store holds personal values. It has no `Debug`, and what it holds is wiped when it is dropped.

mod builder;
mod dictionary;
mod gather;
mod interner;
mod join;
mod packed;
mod part;
mod recent;
mod shape;

use std::num::NonZeroUsize;

use vermeil_model::RecordId;

use crate::mix;
use crate::plan::{DictionaryIndex, FieldIndex, MatchPlan};

pub use builder::FeatureStoreBuilder;
pub(crate) use dictionary::Dictionary;
pub(crate) use gather::{Gathered, Lookup};
pub(crate) use packed::Packed;
pub use part::FeatureStorePart;
pub(crate) use shape::Shape;

/// Stands for no value.
pub(crate) const MISSING: u32 = u32::MAX;

/// The place of a record in a store, in the order of record ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordIndex(pub u32);

/// Records cannot make a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// Two records share an id: which of them comes first would be left to chance.
    #[error("record {record} was given twice")]
    DuplicateRecord {
        /// The shared id.
        record: RecordId,
    },
    /// More records than a 32-bit index can name.
    #[error("{records} records are more than the {} that one store can hold", u32::MAX - 1)]
    TooManyRecords {
        /// How many were given.
        records: usize,
    },
}

/// A number for a record, made of what names it in its source: the same on every
/// run and machine. Not keyed: it must not leave the process.
///
/// For callers whose record ids are random, and who want an order of records that is not.
pub fn number_of<'p>(parts: impl Iterator<Item = &'p str>) -> RecordId {
    let (high, low) = parts.fold((1, 2), |(high, low), part| {
        let hash = mix::hash_bytes(part.as_bytes());
        (mix::chain(high, hash), mix::chain(low, hash.rotate_left(32) ^ part.len() as u64))
    });
    RecordId(u128::from(high) << 64 | u128::from(low))
}

/// Records sorted by id, as rows of codes.
pub struct FeatureStore {
    records: Vec<RecordId>,
    sources: Vec<u32>,
    /// Record after record, one code a field: the codes of a record lie together, because
    /// comparing two records asks for all of them.
    codes: Vec<u32>,
    width: usize,
    dictionaries: Vec<Dictionary>,
    dictionary_of: Vec<DictionaryIndex>,
}

impl FeatureStore {
    /// The records of parts for one plan in one store, made on at most so many threads.
    ///
    /// The store is the same whichever part took which record, and on any number of threads.
    ///
    /// # Errors
    /// [`FeatureError`] if two records share an id, or there are too many.
    pub fn join(
        plan: &MatchPlan,
        parts: Vec<FeatureStorePart>,
        threads: NonZeroUsize,
    ) -> Result<FeatureStore, FeatureError> {
        join::join(plan, parts, threads)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The id of a record.
    pub fn record_id(&self, record: RecordIndex) -> RecordId {
        self.records[record.0 as usize]
    }

    /// The source of a record, as it was pushed.
    pub fn source(&self, record: RecordIndex) -> u32 {
        self.sources[record.0 as usize]
    }

    /// The place of a record; `None` where it is not in the store.
    pub fn find(&self, record: RecordId) -> Option<RecordIndex> {
        self.records.binary_search(&record).ok().map(|place| RecordIndex(place as u32))
    }

    /// A number for what each record says in the fields that matching reads: it changes whenever one of its values
    /// does. Not keyed: it must not leave the process.
    pub fn digests(&self) -> impl Iterator<Item = u64> {
        let hashes_of = |dictionary: &Dictionary| -> Vec<u64> {
            (0..dictionary.len() as u32)
                .map(|code| mix::hash_bytes(dictionary.value(code).as_bytes()))
                .collect()
        };
        let hashes: Vec<Vec<u64>> = self.dictionaries.iter().map(hashes_of).collect();
        (0..self.len() as u32).map(move |record| {
            let row = self.row(RecordIndex(record)).iter().zip(&self.dictionary_of);
            row.fold(0, |digest, (code, dictionary)| match *code {
                MISSING => mix::chain(digest, 0),
                code => mix::chain(digest, hashes[dictionary.0][code as usize].max(1)),
            })
        })
    }

    /// The code of a record's value; [`MISSING`] for no value.
    pub(crate) fn code(&self, record: u32, field: FieldIndex) -> u32 {
        self.codes[record as usize * self.width + field.0]
    }

    /// Whether a record has any value that matching reads.
    pub(crate) fn has_values(&self, record: RecordIndex) -> bool {
        self.row(record).iter().any(|code| *code != MISSING)
    }

    /// The codes of a record, one a field.
    pub(crate) fn row(&self, record: RecordIndex) -> &[u32] {
        &self.codes[record.0 as usize * self.width..][..self.width]
    }

    /// The codes of a field, one a record; [`MISSING`] for no value.
    pub(crate) fn column(&self, field: FieldIndex) -> impl Iterator<Item = u32> {
        self.codes.iter().skip(field.0).step_by(self.width.max(1)).copied()
    }

    pub(crate) fn dictionary(&self, field: FieldIndex) -> &Dictionary {
        &self.dictionaries[self.dictionary_of[field.0].0]
    }
}

#[cfg(test)]
mod tests;
