//! What a controller has to be able to show: the record of processing (GDPR Art. 30), and whom a breach
//! concerns (Art. 33). Both come from what runs, not from what someone wrote down.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chrono::{DateTime, Utc};
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_audit::{Opening, OpeningFilter};
use vermeil_model::policy::Purpose;
use vermeil_model::{FieldClass, RecordId};

use crate::columns::{KEY_PAGE, PROFILE_ID, RECORD_ID};
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::lake::TableName;
use crate::report::{BreachReport, ProcessingPurpose, ProcessingReport, ProcessingSource, second};
use crate::session::lake_session;
use crate::stored;

/// What measures protect what is kept (Art. 30(1)(g), 32).
const MEASURES: [&str; 5] = [
    "sealed-per-record",
    "keys-destroyed-on-erasure",
    "openings-logged",
    "purpose-bound-access",
    "pseudonyms",
];

/// What happened, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct BreachQuestion {
    /// Pages of keys that someone may have had; those that the log names unless given.
    pub pages: Vec<i64>,
    /// Tables that were opened; every one unless given.
    pub tables: Vec<String>,
    /// Since when.
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    pub to: Option<DateTime<Utc>>,
}

impl Engine {
    /// The record of processing activities: each purpose with its basis, whom and what it is about, who may
    /// open it, for how long it is kept, and where it is from.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub async fn processing(&self) -> Result<ProcessingReport, EngineError> {
        let pipeline = &self.config.pipeline;
        let mut purposes: BTreeMap<String, ProcessingPurpose> = BTreeMap::new();
        let mut sources = Vec::new();
        for source in &pipeline.sources {
            let schema = self.config.schema_of(source);
            let is_read =
                |name: &str| source.columns.contains_key(name) || source.constants.contains_key(name);
            for field in
                schema.fields.iter().filter(|field| field.class.is_personal() && is_read(&field.name))
            {
                for purpose in &field.purposes {
                    let entry = purposes.entry(purpose.clone()).or_default();
                    entry.fields.insert(field.name.clone());
                    entry.classes.insert(field.class.to_string());
                    entry.sources.insert(source.id.to_string());
                    entry.retention.extend(field.retention.clone());
                }
            }
            sources.push(ProcessingSource {
                source: source.id.to_string(),
                schema: schema.id(),
                self_declared: source.self_declared,
                until: pipeline.retention.until.get(&source.id).map(|day| day.0.to_string()),
            });
        }
        for purpose in pipeline.purposes.keys() {
            purposes.entry(purpose.0.clone()).or_default();
        }
        for (name, entry) in &mut purposes {
            let purpose = Purpose(name.clone());
            entry.purpose.clone_from(name);
            entry.basis = pipeline.purposes.get(&purpose).map(|basis| basis.as_str().to_owned());
            for role in self.config.policy.roles() {
                let grant = self.config.policy.grant("", role, Some(&purpose)).ok();
                let opens =
                    grant.filter(|grant| FieldClass::PERSONAL.iter().any(|class| grant.covers(*class)));
                entry.roles.extend(opens.map(|_| role.to_string()));
            }
        }
        let people = self.people_kept().await?;
        Ok(ProcessingReport {
            controller: pipeline.name.clone(),
            made_at: second(Utc::now()),
            persons: people,
            prospects_kept: pipeline.retention.prospects.clone(),
            customers_kept: pipeline.retention.customers.clone(),
            purposes: purposes.into_values().collect(),
            sources,
            measures: MEASURES.map(str::to_owned).into(),
        })
    }

    /// Whom a breach concerns: everyone whose keys lie in pages that were read, as the log tells, or that
    /// someone may have had.
    ///
    /// # Errors
    /// [`EngineError::RequestDenied`], [`EngineError::AuditDenied`]; or the log or the lake cannot be read.
    pub async fn breach(
        &self,
        question: &BreachQuestion,
        reader: &Reader,
    ) -> Result<BreachReport, EngineError> {
        if !self.answering(reader)?.audits() {
            return Err(EngineError::AuditDenied { role: reader.role.to_string() });
        }
        let filter = OpeningFilter { since: question.from, ..OpeningFilter::default() };
        let mut openings = self.audit.openings(filter).await?;
        openings.retain(|opening| question.concerns(opening));
        let mut report = BreachReport { openings: openings.len() as u64, ..BreachReport::default() };
        let mut ranges: Vec<(i64, i64)> = question.pages.iter().map(|page| (*page, *page)).collect();
        for opening in &openings {
            report.accounts.insert(opening.intent.actor.clone());
            report.tables.insert(opening.intent.table.clone());
            report.classes.extend(opening.intent.classes.iter().map(ToString::to_string));
            match &opening.outcome {
                None => report.cut_short += 1,
                Some((_, outcome)) if question.pages.is_empty() => ranges.extend(outcome.pages.ranges()),
                Some(_) => {}
            }
        }
        let (records, persons) = self.behind(&ranges).await?;
        report.records = records;
        report.persons = persons.len() as u64;
        report.ids = persons.iter().map(|id| RecordId(u128::from_be_bytes(*id)).to_string()).collect();
        Ok(report)
    }

    /// How many records and profiles have their keys in some pages, and whose they are.
    async fn behind(&self, pages: &[(i64, i64)]) -> Result<(u64, BTreeSet<[u8; 16]>), EngineError> {
        let (mut records, mut persons) = (0, BTreeSet::new());
        if pages.is_empty() {
            return Ok((records, persons));
        }
        let holders = self.holders().await?;
        let mut tables = Vec::new();
        for source in self.config.record_sources() {
            tables.extend(self.lake.table(&TableName::Landing(source.id.clone())).await?);
        }
        if let Some(publication) = self.publication().await? {
            tables.extend(self.published_table(&publication, &TableName::Profiles).await?);
        }
        for table in tables {
            let id = if *table.name() == TableName::Profiles { PROFILE_ID } else { RECORD_ID };
            let rows = lake_session(&self.lake, SessionConfig::new())?.read_table(table.provider())?;
            let mut batches = rows.select([id, KEY_PAGE].map(col).to_vec())?.execute_stream().await?;
            while let Some(batch) = batches.try_next().await? {
                for own in touched(&batch, pages)? {
                    records += 1;
                    persons.insert(holders.get(&own).copied().unwrap_or(own));
                }
            }
        }
        Ok((records, persons))
    }
}

impl BreachQuestion {
    fn concerns(&self, opening: &Opening) -> bool {
        let is_table = self.tables.is_empty() || self.tables.contains(&opening.intent.table);
        // What did not end may have read any page.
        let has_read = |(_, outcome): &(DateTime<Utc>, vermeil_audit::Outcome)| {
            self.pages.iter().any(|page| outcome.pages.contains(*page))
        };
        let is_page = self.pages.is_empty() || opening.outcome.as_ref().is_none_or(has_read);
        is_table && is_page && self.to.is_none_or(|to| opening.at <= to)
    }
}

/// The ids of rows whose keys lie in some pages.
fn touched(batch: &RecordBatch, pages: &[(i64, i64)]) -> Result<Vec<[u8; 16]>, EngineError> {
    let (ids, own) = (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
    let lies = |page: i64| pages.iter().any(|(first, last)| (*first..=*last).contains(&page));
    let rows = ids.iter().flatten().zip(own.values()).filter(|(_, page)| lies(**page));
    rows.map(|(id, _)| Ok(stored::id(id)?)).collect()
}
