//! Rectifications in the clear: for publishing, and for readers.

use std::collections::HashMap;

use vermeil_model::{FieldClass, Grant, Plaintext, Policy, RecordId};
use vermeil_protect::{Binding, DataKey, KeyLocation, RecordCipher, payload, subject_tag};

use super::stored::{APPLICATION, REASON, Rectification, damaged, report};
use crate::audit::{ENGINE, Opened, status_of};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::land::FIRST_KEY_EPOCH;
use crate::report::RectificationReport;

/// A value that someone set, in the clear. Personal: no `Debug`.
pub(crate) struct Rectified {
    pub(crate) number: i64,
    pub(crate) record: RecordId,
    pub(crate) field: String,
    pub(crate) value: String,
    pub(crate) author: String,
    pub(crate) at: i64,
}

impl Engine {
    /// Opens for publishing what is in force about the records that `wanted` lets through. What is
    /// sealed under a key that was destroyed is passed over.
    pub(crate) async fn open_rectified(
        &self,
        all: &[Rectification],
        wanted: impl Fn(RecordId) -> bool,
    ) -> Result<Vec<Rectified>, EngineError> {
        let mut latest: HashMap<(RecordId, &str), &Rectification> = HashMap::new();
        for known in all.iter().filter(|known| wanted(known.record)) {
            latest.insert((known.record, &known.field), known);
        }
        latest.retain(|_, known| known.value.is_some());
        if latest.is_empty() {
            return Ok(Vec::new());
        }
        let grant = Policy::publishing();
        let entry = self.begin_opening(ENGINE, &grant, &TableName::Rectifications.to_string()).await?;
        let mut counted = Opened::default();
        let opened = self.open_values(latest.into_values().collect(), &grant, &mut counted).await;
        self.end_opening(entry, counted, status_of(&opened)).await?;
        opened
    }

    async fn open_values(
        &self,
        in_force: Vec<&Rectification>,
        grant: &Grant,
        counted: &mut Opened,
    ) -> Result<Vec<Rectified>, EngineError> {
        let locations: Vec<KeyLocation> = in_force.iter().map(|known| known.key).collect();
        let keys = self.vault.keys(&locations).await?;
        counted.pages.extend(locations.iter().map(|location| location.page));
        let mut opened = Vec::new();
        for (known, key) in in_force.into_iter().zip(keys) {
            // A field that the schema no longer has is shown nowhere.
            let field = self.config.golden_schema().field(&known.field);
            let (Some(key), Some(field), Some(value)) = (key, field, &known.value) else { continue };
            counted.rows += 1;
            let value = self.open_text(known, (field.class, &known.field), &key, value)?;
            opened.push(Rectified {
                number: known.number,
                record: known.record,
                field: known.field.clone(),
                value: value.into_exposed(grant),
                author: known.author.clone(),
                at: known.at,
            });
        }
        Ok(opened)
    }

    /// The rectifications of some records for `actor`, reasons where the class that protects most is open.
    pub(crate) async fn rectifications_of(
        &self,
        records: &[RecordId],
        (actor, grant): (&str, &Grant),
    ) -> Result<Vec<RectificationReport>, EngineError> {
        let mut own = self.rectifications().await?;
        own.retain(|known| records.contains(&known.record));
        if own.is_empty() || !grant.covers(FieldClass::Sensitive) {
            return Ok(own.iter().map(report).collect());
        }
        let entry = self.begin_opening(actor, grant, &TableName::Rectifications.to_string()).await?;
        let mut counted = Opened::default();
        let opened = self.open_reasons(&own, grant, &mut counted).await;
        self.end_opening(entry, counted, status_of(&opened)).await?;
        opened
    }

    async fn open_reasons(
        &self,
        own: &[Rectification],
        grant: &Grant,
        counted: &mut Opened,
    ) -> Result<Vec<RectificationReport>, EngineError> {
        let locations: Vec<KeyLocation> = own.iter().map(|known| known.key).collect();
        let keys = self.vault.keys(&locations).await?;
        counted.pages.extend(locations.iter().map(|location| location.page));
        let mut reports = Vec::with_capacity(own.len());
        for (known, key) in own.iter().zip(keys) {
            let reason = match key {
                Some(key) => {
                    counted.rows += 1;
                    counted.subjects.push(subject_tag(&key));
                    let reason =
                        self.open_text(known, (FieldClass::Sensitive, REASON), &key, &known.reason)?;
                    Some(reason.into_exposed(grant))
                }
                None => None,
            };
            reports.push(RectificationReport { reason, ..report(known) });
        }
        Ok(reports)
    }

    fn open_text(
        &self,
        known: &Rectification,
        (class, name): (FieldClass, &str),
        key: &DataKey,
        sealed: &[u8],
    ) -> Result<Plaintext<String>, EngineError> {
        let binding = self.binding(known.record, class, known.number);
        let payload = RecordCipher::new(key).open(&binding, sealed).map_err(|_| damaged())?;
        let text = payload.map(|payload| {
            let fields = payload::fields(&payload).ok()?;
            fields.into_iter().find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
        });
        // Whether there is one is no secret.
        match text.expose(&Policy::sealing()).is_some() {
            true => Ok(text.map(Option::unwrap_or_default)),
            false => Err(damaged()),
        }
    }

    pub(super) fn binding(&self, record: RecordId, class: FieldClass, number: i64) -> Binding<'_> {
        Binding {
            tenant: &self.config.pipeline.name,
            table: APPLICATION,
            class,
            record: record.to_bytes(),
            version: number,
            key_epoch: FIRST_KEY_EPOCH,
        }
    }
}
