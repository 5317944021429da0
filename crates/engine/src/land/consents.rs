//! What the rows of a source say of consent.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, StringArray};
use chrono::{DateTime, Utc};
use serde_json::json;
use vermeil_model::consent::{ConsentKey, ConsentScope, ConsentStatus};
use vermeil_model::pipeline::{ConsentMapping, Source};
use vermeil_model::policy::Purpose;
use vermeil_model::{RecordId, Schema};
use vermeil_resolve::normalise::Country;
use vermeil_state::NewConsent;

use super::rows::Rows;
use crate::columns::COUNTRY;
use crate::consent::points;
use crate::engine::Engine;
use crate::error::EngineError;

/// Collects what rows say, until their load is committed.
pub(super) struct SourceConsents<'a> {
    engine: &'a Engine,
    source: &'a Source,
    schema: &'a Schema,
    said: Vec<NewConsent>,
}

impl<'a> SourceConsents<'a> {
    /// # Errors
    /// [`ConsentError::NoBasis`](crate::consent::ConsentError) of a purpose that the source speaks of.
    pub(super) fn new(
        engine: &'a Engine,
        source: &'a Source,
        schema: &'a Schema,
    ) -> Result<Self, EngineError> {
        for mapping in &source.consent {
            engine.basis(&mapping.purpose)?;
        }
        Ok(Self { engine, source, schema, said: Vec::new() })
    }

    /// Takes in what a row says of the record that it becomes a version of.
    pub(super) fn take(&mut self, rows: &Rows<'_>, row: usize, record: RecordId) {
        for mapping in &self.source.consent {
            let Some(status) = value_of(rows, &mapping.field, row).and_then(|value| status(mapping, value))
            else {
                continue;
            };
            let occurred_at = rows.observed_at(row).and_then(DateTime::from_timestamp_micros);
            let of = |key| NewConsent {
                key,
                purpose: Some(mapping.purpose.clone()),
                status,
                occurred_at: occurred_at.unwrap_or_else(Utc::now).min(Utc::now()),
                expires_at: None,
                recorded_by: recorder(self.source),
                detail: json!({ "channel": "import" }),
            };
            let keys = self.keys(rows, row, mapping.contact, record);
            self.said.extend(keys.into_iter().map(of));
        }
    }

    /// Takes down what changed since this source was read last. What it says still is no new word: people
    /// may have said otherwise elsewhere meanwhile, where the source was not told.
    ///
    /// Before the load's commit: what is cut off here is read, and told, again.
    pub(super) async fn record(&mut self) -> Result<(), EngineError> {
        let mut said = std::mem::take(&mut self.said);
        if said.is_empty() {
            return Ok(());
        }
        let keys: BTreeSet<ConsentKey> = said.iter().map(|event| event.key).collect();
        let keys: Vec<ConsentKey> = keys.into_iter().collect();
        let mut last: BTreeMap<(ConsentKey, Option<Purpose>), ConsentStatus> = BTreeMap::new();
        let recorder = recorder(self.source);
        for event in self.engine.state.consent_events(&keys).await? {
            if event.told.recorded_by == recorder {
                last.insert((event.told.key, event.told.purpose), event.told.status);
            }
        }
        said.sort_by_key(|event| event.occurred_at);
        said.retain_mut(|event| {
            let before = last.insert((event.key, event.purpose.clone()), event.status);
            let was_given = before == Some(ConsentStatus::Given);
            let is_no = event.status == ConsentStatus::Refused;
            if is_no && was_given {
                event.status = ConsentStatus::Withdrawn;
            }
            match before {
                Some(ConsentStatus::Given) => is_no,
                Some(_) => !is_no,
                None => true,
            }
        });
        if !said.is_empty() {
            self.engine.state.record_consents(&said).await?;
        }
        Ok(())
    }

    fn keys(
        &self,
        rows: &Rows<'_>,
        row: usize,
        scope: ConsentScope,
        record: RecordId,
    ) -> BTreeSet<ConsentKey> {
        if scope == ConsentScope::Record {
            return [ConsentKey::of_record(record)].into();
        }
        let country = value_of(rows, COUNTRY, row).map(Country::from_hint).unwrap_or_default();
        let fields = self.schema.fields.iter().filter(|field| points::scope_of(field) == Some(scope));
        let values = fields.filter_map(|field| value_of(rows, &field.name, row));
        values.filter_map(|value| points::point(&self.engine.consent_tags, scope, country, value)).collect()
    }
}

/// As what recorded the events of a source.
fn recorder(source: &Source) -> String {
    format!("source/{}", source.id)
}

fn status(mapping: &ConsentMapping, value: &str) -> Option<ConsentStatus> {
    let is_among = |values: &[String]| values.iter().any(|known| known.eq_ignore_ascii_case(value.trim()));
    // A value that says both says no.
    match (is_among(&mapping.refused), is_among(&mapping.given)) {
        (true, _) => Some(ConsentStatus::Refused),
        (false, true) => Some(ConsentStatus::Given),
        (false, false) => None,
    }
}

fn value_of<'r>(rows: &'r Rows<'_>, field: &str, row: usize) -> Option<&'r str> {
    let column: &StringArray =
        rows.fields().iter().find(|(own, _)| own == field).map(|(_, column)| column)?;
    column.is_valid(row).then(|| column.value(row))
}
