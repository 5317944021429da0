//! What a query opens, for the audit log.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use vermeil_audit::{Intent, Status};
use vermeil_model::FieldClass;
use vermeil_model::policy::Grant;

use crate::audit::{AuditTrail, Opened, OpeningEntry};
use crate::error::EngineError;
use crate::lake::TableName;

/// The opened tables of one query, each with its entries in the audit log.
pub(super) struct Readings {
    audit: AuditTrail,
    actor: String,
    grant: Grant,
    tables: Mutex<BTreeMap<TableName, Arc<Reading>>>,
}

/// The opening of one table by one query.
pub(super) struct Reading {
    audit: AuditTrail,
    actor: String,
    grant: Grant,
    table: TableName,
    classes: Mutex<BTreeSet<FieldClass>>,
    opened: Mutex<Opened>,
    entry: OnceCell<OpeningEntry>,
}

impl Readings {
    pub(super) fn new(audit: AuditTrail, actor: String, grant: &Grant) -> Self {
        Self { audit, actor, grant: grant.clone(), tables: Mutex::default() }
    }

    /// The reading of `table`, which is going to open `classes` too.
    pub(super) fn of(&self, table: &TableName, classes: &[FieldClass]) -> Arc<Reading> {
        let mut tables = lock(&self.tables);
        let reading = tables.entry(table.clone()).or_insert_with(|| {
            Arc::new(Reading {
                audit: self.audit.clone(),
                actor: self.actor.clone(),
                grant: self.grant.clone(),
                table: table.clone(),
                classes: Mutex::default(),
                opened: Mutex::default(),
                entry: OnceCell::new(),
            })
        });
        lock(&reading.classes).extend(classes);
        Arc::clone(reading)
    }

    /// Whether something was begun whose end is not written.
    pub(super) fn are_open(&self) -> bool {
        lock(&self.tables).values().any(|reading| reading.entry.initialized())
    }

    /// Writes the outcome of every begun reading. One that is never written leaves
    /// the intent alone in the log, which reads as cut short.
    ///
    /// # Errors
    /// The audit log cannot be written.
    pub(super) async fn end(&self, status: Status) -> Result<(), EngineError> {
        let tables = std::mem::take(&mut *lock(&self.tables));
        let ended = tables.values().filter_map(|reading| reading.end()).collect();
        self.audit.end(ended, status).await
    }
}

impl Reading {
    /// Puts the intent into the audit log, unless it is there. Nothing may be opened before.
    ///
    /// # Errors
    /// The audit log cannot be written.
    pub(super) async fn begin(&self) -> Result<(), EngineError> {
        let intent = || Intent {
            actor: self.actor.clone(),
            role: self.grant.role().clone(),
            purpose: self.grant.purpose().clone(),
            action: "query".to_owned(),
            table: self.table.to_string(),
            classes: lock(&self.classes).iter().copied().collect(),
        };
        self.entry.get_or_try_init(|| self.audit.begin(intent())).await?;
        Ok(())
    }

    /// Counts opened rows, and the pages that their keys lay in.
    pub(super) fn count(&self, rows: u64, pages: impl Iterator<Item = i64>) {
        let mut opened = lock(&self.opened);
        opened.rows += rows;
        opened.pages.extend(pages);
    }

    /// What was opened, if the reading was begun.
    fn end(&self) -> Option<(OpeningEntry, Opened)> {
        let entry = self.entry.get()?;
        Some((*entry, std::mem::take(&mut *lock(&self.opened))))
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
