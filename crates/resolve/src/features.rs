//! The records as matching sees them: rows of codes, one dictionary per kind of value.
//!
//! Memory: 4 bytes per record and column, 20 per record for id and source, and
//! each distinct value once (its bytes and about 20 more). For `customer.v1`
//! that is about 90 bytes per record beside the distinct values.
//!
//! The store holds personal values. It has no `Debug`, and what it holds is wiped when it is dropped.

mod dictionary;
mod packed;
mod shape;

use std::borrow::Cow;

use vermeil_model::RecordId;
use vermeil_model::schema::{Comparison, Normaliser};

use crate::mix;
use crate::names::{NameKind, Naming, latin};
use crate::normalise::{self, Country, person};
use crate::plan::{DictionaryIndex, FULL_NAME, FieldIndex, MatchPlan, NameColumns, PlannedField};

pub(crate) use dictionary::Dictionary;
pub(crate) use packed::Packed;
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

/// Takes records in any order.
pub struct FeatureStoreBuilder<'a> {
    plan: &'a MatchPlan,
    records: Vec<(RecordId, u32)>,
    /// Row after row, one code a field.
    rows: Vec<u32>,
    dictionaries: Vec<Dictionary>,
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

impl<'a> FeatureStoreBuilder<'a> {
    /// An empty store for a plan.
    pub fn new(plan: &'a MatchPlan) -> Self {
        Self {
            plan,
            records: Vec::new(),
            rows: Vec::new(),
            dictionaries: (0..plan.dictionaries()).map(|_| Dictionary::default()).collect(),
        }
    }

    /// Adds a record from a source: raw values by field, in any order, each field at most once.
    ///
    /// Values are normalised here. A whole name fills given and family name where
    /// both are missing, and is put together from them where it is missing itself.
    pub fn push(&mut self, record: RecordId, source: u32, values: &[(FieldIndex, &str)]) {
        let raw =
            |wanted: FieldIndex| values.iter().find(|(field, _)| *field == wanted).map(|(_, value)| *value);
        let country = self.plan.country_column().and_then(raw).map_or(Country::Unknown, Country::from_hint);
        let row = self.rows.len();
        self.rows.resize(row + self.plan.fields().len(), MISSING);
        for (field, value) in values {
            let planned = self.plan.field(*field);
            let value = in_latin(planned, value);
            if let Some(normal) = normalise::normalise(planned.normaliser, country, &value) {
                self.rows[row + field.0] = self.code(*field, &normal);
            }
        }
        self.complete_names(row, raw);
        self.records.push((record, source));
    }

    /// Sorts the records by id.
    ///
    /// # Errors
    /// [`FeatureError`] if two records share an id, or there are too many.
    pub fn finish(mut self) -> Result<FeatureStore, FeatureError> {
        let records = self.records.len();
        if records >= MISSING as usize {
            return Err(FeatureError::TooManyRecords { records });
        }
        let mut order: Vec<usize> = (0..records).collect();
        order.sort_unstable_by_key(|&row| self.records[row].0);
        if let Some(twins) = order.windows(2).find(|two| self.records[two[0]].0 == self.records[two[1]].0) {
            return Err(FeatureError::DuplicateRecord { record: self.records[twins[0]].0 });
        }
        let (width, fields) = (self.plan.fields().len(), self.plan.fields());
        let mut counts: Vec<Vec<u32>> =
            self.dictionaries.iter().map(|dictionary| vec![0; dictionary.len()]).collect();
        for row in self.rows.chunks_exact(width) {
            for (field, code) in fields.iter().zip(row).filter(|(_, code)| **code != MISSING) {
                counts[field.dictionary.0][*code as usize] += 1;
            }
        }
        let new_codes: Vec<Vec<u32>> = self
            .dictionaries
            .iter_mut()
            .zip(&counts)
            .map(|(dictionary, counts)| dictionary.finish(counts))
            .collect();
        for planned in self.plan.comparisons() {
            if planned.comparison == Comparison::Organisation {
                let dictionary = self.plan.field(planned.columns[0]).dictionary;
                self.dictionaries[dictionary.0].part_names(NameKind::Organisation);
            }
        }
        let new_code = |(field, &code): (&PlannedField, &u32)| match code {
            MISSING => MISSING,
            code => new_codes[field.dictionary.0][code as usize],
        };
        let codes = order
            .iter()
            .flat_map(|&row| fields.iter().zip(&self.rows[row * width..][..width]).map(new_code))
            .collect();
        Ok(FeatureStore {
            records: order.iter().map(|&row| self.records[row].0).collect(),
            sources: order.iter().map(|&row| self.records[row].1).collect(),
            codes,
            width,
            dictionaries: self.dictionaries,
            dictionary_of: self.plan.fields().iter().map(|field| field.dictionary).collect(),
        })
    }

    fn code(&mut self, field: FieldIndex, normal: &str) -> u32 {
        self.dictionaries[self.plan.field(field).dictionary.0].code(normal)
    }

    fn complete_names<'v>(&mut self, row: usize, raw: impl Fn(FieldIndex) -> Option<&'v str>) {
        let Some(names) = self.plan.name_columns() else { return };
        let has = |rows: &[u32], field: FieldIndex| rows[row + field.0] != MISSING;
        let has_part = has(&self.rows, names.given) || has(&self.rows, names.family);
        if has(&self.rows, names.full) {
            if has_part {
                self.add_first_names(row, names);
                return;
            }
            let whole = raw(names.full).expect("a code was made from a raw value");
            let parts = person::parts(&in_latin(self.plan.field(names.full), whole));
            for (field, part) in [(names.given, parts.given), (names.family, parts.family)] {
                if let Some(part) =
                    normalise::normalise(self.plan.field(field).normaliser, Country::Unknown, &part)
                {
                    self.rows[row + field.0] = self.code(field, &part);
                }
            }
        } else if has_part {
            let part = |field: FieldIndex| match self.rows[row + field.0] {
                MISSING => "",
                code => self.dictionaries[self.plan.field(field).dictionary.0].value(code),
            };
            let whole = format!("{} {}", part(names.given), part(names.family));
            self.rows[row + names.full.0] = self.code(names.full, whole.trim());
        }
    }

    /// A whole name may know first names that its parts do not: `mary anne fussell` beside `mary` and `fussell`.
    fn add_first_names(&mut self, row: usize, names: NameColumns) {
        let text = |field: FieldIndex| match self.rows[row + field.0] {
            MISSING => None,
            code => Some(self.dictionaries[self.plan.field(field).dictionary.0].value(code)),
        };
        let (Some(whole), Some(given), Some(family)) =
            (text(names.full), text(names.given), text(names.family))
        else {
            return;
        };
        let firsts = whole.strip_suffix(family).and_then(|firsts| firsts.strip_suffix(' '));
        if let Some(firsts) =
            firsts.filter(|firsts| firsts.len() > given.len() && firsts.starts_with(given)).map(str::to_owned)
        {
            self.rows[row + names.given.0] = self.code(names.given, &firsts);
        }
    }
}

/// What is written in words, in Latin letters: only here, for matching. What is stored, and what is
/// found by a tag, keeps its script.
fn in_latin<'v>(field: &PlannedField, value: &'v str) -> Cow<'v, str> {
    match field.normaliser {
        Normaliser::PersonName if field.name == FULL_NAME => latin(value, Naming::WholeName),
        Normaliser::PersonName | Normaliser::OrganisationName | Normaliser::Text | Normaliser::Street => {
            latin(value, Naming::Other)
        }
        _ => Cow::Borrowed(value),
    }
}

impl FeatureStore {
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
