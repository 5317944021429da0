//! What a query opens, for the audit trail.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use vermeil_model::FieldClass;
use vermeil_model::policy::Grant;
use vermeil_state::{AuditIntent, AuditOutcome, AuditStatus, StateDatabase};

use crate::error::EngineError;
use crate::lake::TableName;

/// The opened tables of one query, each with its entry in the audit trail.
pub(super) struct Readings {
    state: Arc<StateDatabase>,
    actor: String,
    grant: Grant,
    tables: Mutex<BTreeMap<TableName, Arc<Reading>>>,
}

/// The opening of one table by one query.
pub(super) struct Reading {
    state: Arc<StateDatabase>,
    actor: String,
    grant: Grant,
    table: TableName,
    classes: Mutex<BTreeSet<FieldClass>>,
    opened: Mutex<Opened>,
    intent: OnceCell<i64>,
}

#[derive(Default)]
struct Opened {
    rows: u64,
    pages: HashSet<i64>,
}

impl Readings {
    pub(super) fn new(state: Arc<StateDatabase>, actor: String, grant: &Grant) -> Self {
        Self { state, actor, grant: grant.clone(), tables: Mutex::default() }
    }

    /// The reading of `table`, which is going to open `classes` too.
    pub(super) fn of(&self, table: &TableName, classes: &[FieldClass]) -> Arc<Reading> {
        let mut tables = lock(&self.tables);
        let reading = tables.entry(table.clone()).or_insert_with(|| {
            Arc::new(Reading {
                state: Arc::clone(&self.state),
                actor: self.actor.clone(),
                grant: self.grant.clone(),
                table: table.clone(),
                classes: Mutex::default(),
                opened: Mutex::default(),
                intent: OnceCell::new(),
            })
        });
        lock(&reading.classes).extend(classes);
        Arc::clone(reading)
    }

    /// Whether something was begun whose end is not written.
    pub(super) fn are_open(&self) -> bool {
        lock(&self.tables).values().any(|reading| reading.intent.initialized())
    }

    /// Writes the outcome of every begun reading. One that is never written leaves
    /// the intent alone in the trail, which reads as cut short.
    ///
    /// # Errors
    /// The state database cannot be written.
    pub(super) async fn end(&self, status: AuditStatus) -> Result<(), EngineError> {
        loop {
            // One at a time, so that a caller who gives up leaves the rest to the next.
            let Some((_, reading)) = lock(&self.tables).pop_first() else { return Ok(()) };
            reading.end(status).await?;
        }
    }
}

impl Reading {
    /// Puts the intent into the audit trail, unless it is there. Nothing may be opened before.
    ///
    /// # Errors
    /// The state database cannot be written.
    pub(super) async fn begin(&self) -> Result<(), EngineError> {
        self.intent.get_or_try_init(|| self.append_intent()).await?;
        Ok(())
    }

    /// Counts opened rows, and the pages that their keys lay in.
    pub(super) fn count(&self, rows: u64, pages: impl Iterator<Item = i64>) {
        let mut opened = lock(&self.opened);
        opened.rows += rows;
        opened.pages.extend(pages);
    }

    async fn append_intent(&self) -> Result<i64, EngineError> {
        let intent = AuditIntent {
            actor: self.actor.clone(),
            role: self.grant.role().clone(),
            purpose: self.grant.purpose().clone(),
            action: "query".to_owned(),
            table: self.table.to_string(),
            classes: lock(&self.classes).iter().copied().collect(),
        };
        Ok(self.state.append_intent(&intent).await?)
    }

    /// Writes the outcome, if the reading was begun.
    async fn end(&self, status: AuditStatus) -> Result<(), EngineError> {
        let Some(intent) = self.intent.get() else { return Ok(()) };
        let outcome = {
            let opened = lock(&self.opened);
            AuditOutcome {
                rows: i64::try_from(opened.rows).unwrap_or(i64::MAX),
                key_pages: i64::try_from(opened.pages.len()).unwrap_or(i64::MAX),
                status,
            }
        };
        Ok(self.state.append_outcome(*intent, &outcome).await?)
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("table", &self.table).finish_non_exhaustive()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change of what is shared is whole, so a panic elsewhere leaves it sound.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
