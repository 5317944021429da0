//! The audit log as tables, for those who read for the purpose of auditing.
//!
//! ```text
//! audit.openings    entry, at, ended_at, actor, role, purpose, action, table_name, classes,
//!                   status, rows, key_pages, subjects     one row an intent
//! audit.key_pages   entry, first_page, last_page          one row a range of pages it read
//! ```
//!
//! For the same readers records and profiles show their `key_page`, so that one
//! query joins who looked, at which pages, and whose keys lie there.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{MemTable, SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use vermeil_audit::{Opening, OpeningFilter};

use super::view::View;

/// The name of the schema.
pub(super) const SCHEMA: &str = "audit";
const OPENINGS: &str = "openings";
const KEY_PAGES: &str = "key_pages";

/// The schema `audit`.
#[derive(Debug)]
pub(super) struct TrailSchema(Arc<View>);

impl TrailSchema {
    /// The schema, for a reader who may read the audit log.
    pub(super) fn of(view: &Arc<View>) -> Option<Self> {
        view.grant.audits().then(|| Self(Arc::clone(view)))
    }
}

#[async_trait]
impl SchemaProvider for TrailSchema {
    fn table_names(&self) -> Vec<String> {
        [OPENINGS, KEY_PAGES].map(str::to_owned).into()
    }

    fn table_exist(&self, name: &str) -> bool {
        [OPENINGS, KEY_PAGES].contains(&name)
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let rows = match name {
            OPENINGS => openings_batch,
            KEY_PAGES => key_pages_batch,
            _ => return Ok(None),
        };
        let openings = self.0.audit.openings(OpeningFilter::default()).await;
        let batch = rows(&openings.map_err(|cause| self.0.failure().raise(cause))?)?;
        Ok(Some(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?)))
    }
}

fn openings_batch(openings: &[Opening]) -> DataFusionResult<RecordBatch> {
    let outcomes = || openings.iter().map(|opening| opening.outcome.as_ref());
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("entry", integers(openings.iter().map(|opening| Some(opening.number)))),
        ("at", moments(openings.iter().map(|opening| Some(opening.at.timestamp_micros())))),
        ("ended_at", moments(outcomes().map(|outcome| Some(outcome?.0.timestamp_micros())))),
        ("actor", texts(openings.iter().map(|opening| Some(opening.intent.actor.clone())))),
        ("role", texts(openings.iter().map(|opening| Some(opening.intent.role.to_string())))),
        ("purpose", texts(openings.iter().map(|opening| Some(opening.intent.purpose.to_string())))),
        ("action", texts(openings.iter().map(|opening| Some(opening.intent.action.clone())))),
        ("table_name", texts(openings.iter().map(|opening| Some(opening.intent.table.clone())))),
        ("classes", texts(openings.iter().map(|opening| Some(joined(&opening.intent.classes))))),
        ("status", texts(outcomes().map(|outcome| Some(outcome?.1.status.as_str().to_owned())))),
        ("rows", integers(outcomes().map(|outcome| Some(outcome?.1.rows)))),
        ("key_pages", integers(outcomes().map(|outcome| Some(outcome?.1.key_pages)))),
        ("subjects", texts(outcomes().map(|outcome| Some(joined(&outcome?.1.subjects))))),
    ];
    batch(columns, &["ended_at", "status", "rows", "key_pages", "subjects"])
}

fn key_pages_batch(openings: &[Opening]) -> DataFusionResult<RecordBatch> {
    let rows: Vec<(u64, i64, i64)> = openings
        .iter()
        .filter_map(|opening| Some((opening.number, &opening.outcome.as_ref()?.1.pages)))
        .flat_map(|(entry, pages)| pages.ranges().iter().map(move |(first, last)| (entry, *first, *last)))
        .collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("entry", integers(rows.iter().map(|row| Some(row.0)))),
        ("first_page", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1)))),
        ("last_page", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.2)))),
    ];
    batch(columns, &[])
}

fn batch(columns: Vec<(&str, ArrayRef)>, nullable: &[&str]) -> DataFusionResult<RecordBatch> {
    let field = |(name, values): &(&str, ArrayRef)| {
        Field::new(*name, values.data_type().clone(), nullable.contains(name))
    };
    let schema: SchemaRef = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<Field>>()));
    Ok(RecordBatch::try_new(schema, columns.into_iter().map(|(_, values)| values).collect())?)
}

fn integers(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    let signed = |value| i64::try_from(value).unwrap_or(i64::MAX);
    Arc::new(values.map(|value| value.map(signed)).collect::<Int64Array>())
}

fn moments(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn joined(values: &[impl ToString]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
