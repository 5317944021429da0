//! Records in a feature store, in an order that owes nothing to chance.
//!
//! Record ids are random, so that they tell nothing. But where evidence is
//! equal, linkage goes by the order of records, and two lakes filled from the
//! same sources should not differ. The store therefore knows each record by a
//! number made of its source and its key there, and this keeps its id beside.

use std::collections::HashMap;

use vermeil_model::{RecordId, SourceId};
use vermeil_resolve::plan::FieldIndex;
use vermeil_resolve::{FeatureStore, FeatureStoreBuilder, MatchPlan, RecordIndex, features};

use super::rules::LinkRules;
use crate::columns::SOURCE_KEY_PREFIX;
use crate::error::EngineError;

/// Takes records in any order.
pub(super) struct PreparedRecordsBuilder<'a> {
    plan: &'a MatchPlan,
    rules: &'a LinkRules<'a>,
    store: FeatureStoreBuilder<'a>,
    ids: HashMap<RecordId, RecordId>,
    /// By the record's number in the store.
    exclusive: Vec<(RecordId, u32, u64)>,
}

/// Records ready to be compared.
pub(crate) struct PreparedRecords {
    pub(crate) store: FeatureStore,
    pub(crate) ids: RecordIds,
    /// Record, the place of a field among the exclusive ones, and a number of its value there.
    pub(crate) exclusive: Vec<(RecordIndex, u32, u64)>,
}

/// The ids of a store's records.
pub(crate) struct RecordIds {
    /// In the order of the store.
    ids: Vec<RecordId>,
    places: HashMap<RecordId, RecordIndex>,
}

impl<'a> PreparedRecordsBuilder<'a> {
    pub(super) fn new(plan: &'a MatchPlan, rules: &'a LinkRules<'a>) -> Self {
        let store = FeatureStoreBuilder::new(plan);
        Self { plan, rules, store, ids: HashMap::new(), exclusive: Vec::new() }
    }

    /// Adds a record: canonical fields and the parts of its key in the source.
    pub(super) fn push<'v>(
        &mut self,
        record: RecordId,
        (source, position): (&SourceId, u32),
        fields: impl Iterator<Item = (&'v str, &'v str)> + Clone,
    ) {
        let key = fields.clone().filter(|(name, _)| name.starts_with(SOURCE_KEY_PREFIX));
        let mut key: Vec<(&str, &str)> = key.collect();
        key.sort_unstable();
        let parts = key.iter().map(|(_, part)| *part);
        let number = features::number_of(std::iter::once(source.as_str()).chain(parts));
        let exclusive = self.rules.exclusive_values(fields.clone()).into_iter();
        self.exclusive.extend(exclusive.map(|(field, value)| (number, field, value)));
        let values: Vec<(FieldIndex, &str)> =
            fields.filter_map(|(name, value)| Some((self.plan.field_index(name)?, value))).collect();
        self.store.push(number, position, &values);
        self.ids.insert(number, record);
    }

    pub(super) fn finish(self) -> Result<PreparedRecords, EngineError> {
        let store = self.store.finish().map_err(EngineError::Features)?;
        let indexes =
            (0..u32::try_from(store.len()).expect("a store numbers its records in 32 bits")).map(RecordIndex);
        let ids: Vec<RecordId> = indexes.clone().map(|index| self.ids[&store.record_id(index)]).collect();
        let places = ids.iter().copied().zip(indexes).collect();
        let place = |number| store.find(number).expect("every record that was pushed is in the store");
        let exclusive = self.exclusive.iter().map(|(number, field, value)| (place(*number), *field, *value));
        let exclusive = exclusive.collect();
        Ok(PreparedRecords { store, ids: RecordIds { ids, places }, exclusive })
    }
}

impl RecordIds {
    /// The id of a record.
    pub(crate) fn id(&self, record: RecordIndex) -> RecordId {
        self.ids[record.0 as usize]
    }

    /// The place of a record; `None` where it is not among them.
    pub(crate) fn find(&self, record: RecordId) -> Option<RecordIndex> {
        self.places.get(&record).copied()
    }
}
