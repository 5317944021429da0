//! Records in a feature store, in an order that owes nothing to chance.
//!
//! Record ids are random, so that they tell nothing. But where evidence is
//! equal, linkage goes by the order of records, and two lakes filled from the
//! same sources should not differ. The store therefore knows each record by a
//! number made of its source and its key there, and this keeps its id beside.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::thread;

use vermeil_model::{RecordId, SourceId};
use vermeil_resolve::cluster::Proof;
use vermeil_resolve::plan::FieldIndex;
use vermeil_resolve::{FeatureStore, FeatureStoreBuilder, MatchPlan, RecordIndex, features};

use super::rules::{JoinsBy, LinkRules};
use crate::columns::{REPLACED_BY_PREFIX, SOURCE_KEY_PREFIX};
use crate::error::EngineError;

/// Takes records in any order.
pub(super) struct PreparedRecordsBuilder<'a> {
    plan: &'a MatchPlan,
    rules: &'a LinkRules<'a>,
    store: FeatureStoreBuilder<'a>,
    /// Number in the store → id and version.
    ids: HashMap<RecordId, (RecordId, i64)>,
    /// By the record's number in the store.
    exclusive: Vec<(RecordId, u32, u64)>,
    /// Field, value, the record's number, and what it has to do with it.
    proofs: Vec<(u32, u128, RecordId, Proves)>,
    /// Two records of one source.
    replaced: Vec<(RecordId, RecordId)>,
}

/// What a value that proves something is to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proves {
    /// It joins others by this.
    Claimed,
    /// It has it.
    Held,
}

/// Records ready to be compared.
pub(crate) struct PreparedRecords {
    pub(crate) store: FeatureStore,
    pub(crate) ids: RecordIds,
    /// Record, the place of a field among the exclusive ones, and a number of its value there.
    pub(crate) exclusive: Vec<(RecordIndex, u32, u64)>,
    /// What proves who claimants are; the reason is the field's place among the proving ones.
    pub(crate) proofs: Vec<Proof>,
    /// A record that its source merged into another, and that one.
    pub(crate) replaced: Vec<(RecordIndex, RecordIndex)>,
}

/// The ids of a store's records.
pub(crate) struct RecordIds {
    /// In the order of the store.
    ids: Vec<RecordId>,
    /// Likewise.
    versions: Vec<i64>,
    places: HashMap<RecordId, RecordIndex>,
}

impl<'a> PreparedRecordsBuilder<'a> {
    pub(super) fn new(plan: &'a MatchPlan, rules: &'a LinkRules<'a>) -> Self {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let store = FeatureStoreBuilder::new(plan).on_threads(threads);
        Self {
            plan,
            rules,
            store,
            ids: HashMap::new(),
            exclusive: Vec::new(),
            proofs: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Adds a record in some version, 0 for one that has not landed: canonical fields and the parts of its key in the source.
    pub(super) fn push<'v>(
        &mut self,
        (record, version): (RecordId, i64),
        (source, position): (&SourceId, u32),
        fields: impl Iterator<Item = (&'v str, &'v str)> + Clone,
    ) {
        let number_by = |prefix: &str| {
            let key = fields.clone().filter(|(name, _)| name.starts_with(prefix));
            let mut key: Vec<(&str, &str)> = key.collect();
            key.sort_unstable();
            let parts = key.iter().map(|(_, part)| *part);
            (!key.is_empty()).then(|| features::number_of(std::iter::once(source.as_str()).chain(parts)))
        };
        let number = number_by(SOURCE_KEY_PREFIX).expect("every record has a key in its source");
        self.replaced.extend(number_by(REPLACED_BY_PREFIX).map(|heir| (number, heir)));
        let exclusive = self.rules.exclusive_values(fields.clone()).into_iter();
        self.exclusive.extend(exclusive.map(|(field, value)| (number, field, value)));
        let joins = &self.rules.source(position).joins;
        for (field, value) in self.rules.proof_values(fields.clone()) {
            let proves = match joins {
                JoinsBy::Likeness => Proves::Held,
                JoinsBy::Proof(own) if own.contains(&field) => Proves::Claimed,
                JoinsBy::Proof(_) | JoinsBy::Nothing => continue,
            };
            self.proofs.push((field, value, number, proves));
        }
        // Without values no block holds it, and nothing is like it.
        let compared = fields.filter(|_| *joins == JoinsBy::Likeness);
        let values: Vec<(FieldIndex, &str)> =
            compared.filter_map(|(name, value)| Some((self.plan.field_index(name)?, value))).collect();
        self.store.push(number, position, &values);
        self.ids.insert(number, (record, version));
    }

    pub(super) fn finish(self) -> Result<PreparedRecords, EngineError> {
        let store = self.store.finish().map_err(EngineError::Features)?;
        let indexes =
            (0..u32::try_from(store.len()).expect("a store numbers its records in 32 bits")).map(RecordIndex);
        let (ids, versions): (Vec<RecordId>, Vec<i64>) =
            indexes.clone().map(|index| self.ids[&store.record_id(index)]).unzip();
        let places = ids.iter().copied().zip(indexes).collect();
        let place = |number| store.find(number).expect("every record that was pushed is in the store");
        let exclusive = self.exclusive.iter().map(|(number, field, value)| (place(*number), *field, *value));
        let exclusive = exclusive.collect();
        // The heir may not have been delivered yet.
        let replaced = self.replaced.iter().filter_map(|(old, heir)| Some((place(*old), store.find(*heir)?)));
        let mut replaced: Vec<_> = replaced.filter(|(old, heir)| old != heir).collect();
        replaced.sort_unstable();
        let proofs = self
            .proofs
            .iter()
            .map(|(field, value, number, proves)| (*field, *value, place(*number), *proves));
        let proofs = grouped(proofs.collect());
        Ok(PreparedRecords { store, ids: RecordIds { ids, versions, places }, exclusive, proofs, replaced })
    }
}

impl RecordIds {
    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The id of a record.
    pub(crate) fn id(&self, record: RecordIndex) -> RecordId {
        self.ids[record.0 as usize]
    }

    /// The version of a record; 0 for one that has not landed yet.
    pub(crate) fn version(&self, record: RecordIndex) -> i64 {
        self.versions[record.0 as usize]
    }

    /// The place of a record; `None` where it is not among them.
    pub(crate) fn find(&self, record: RecordId) -> Option<RecordIndex> {
        self.places.get(&record).copied()
    }
}

/// Who has which value, where anyone claims something by it; by field, then by first claimant.
fn grouped(mut proofs: Vec<(u32, u128, RecordIndex, Proves)>) -> Vec<Proof> {
    proofs.sort_unstable_by_key(|(field, value, record, _)| (*field, *value, *record));
    let groups = proofs.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1));
    let records = |group: &[(u32, u128, RecordIndex, Proves)], wanted: Proves| -> Vec<RecordIndex> {
        group.iter().filter(|(.., proves)| *proves == wanted).map(|(_, _, record, _)| *record).collect()
    };
    let mut found: Vec<Proof> = groups
        .filter(|group| group.len() > 1)
        .map(|group| Proof {
            reason: group[0].0,
            claimants: records(group, Proves::Claimed),
            holders: records(group, Proves::Held),
        })
        .filter(|proof| !proof.claimants.is_empty())
        .collect();
    found.sort_unstable_by_key(|proof| (proof.reason, proof.claimants[0]));
    found
}
