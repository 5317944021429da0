//! The audit trail: who opened what, and why.
//!
//! An intent is written before anything is opened, an outcome after. If the
//! intent cannot be written, nothing may be opened. Entries are never changed
//! or deleted, so they hold no personal values: actors by name of account or
//! pseudonym, tables, classes and counts.

use chrono::{DateTime, Utc};
use vermeil_model::FieldClass;
use vermeil_model::policy::{Purpose, Role};

use crate::database::{moment, now, unexpected};
use crate::{StateDatabase, StateError};

/// What someone is about to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditIntent {
    /// Who: an account's name or pseudonym.
    pub actor: String,
    /// In which role.
    pub role: Role,
    /// What for.
    pub purpose: Purpose,
    /// What is done, such as `query`.
    pub action: String,
    /// To which table or tables.
    pub table: String,
    /// Classes that will be opened.
    pub classes: Vec<FieldClass>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditOutcome {
    /// Rows opened.
    pub rows: i64,
    /// Pages of keys read for them.
    pub key_pages: i64,
    /// How it ended.
    pub status: AuditStatus,
}

/// How an audited action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditStatus {
    /// As intended.
    Done,
    /// The policy refused it.
    Refused,
    /// It gave up. Some rows may have been opened.
    Failed,
}

impl AuditStatus {
    const ALL: [AuditStatus; 3] = [Self::Done, Self::Refused, Self::Failed];

    /// The status as the database writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// An intent and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry's number.
    pub number: i64,
    /// When the intent was written.
    pub at: DateTime<Utc>,
    /// What was about to be done.
    pub intent: AuditIntent,
    /// What came of it; `None`: under way, or cut short. Anything may have been opened.
    pub outcome: Option<AuditOutcome>,
}

impl StateDatabase {
    /// Writes an intent, and returns the entry's number.
    ///
    /// # Errors
    /// The database's own. Then nothing may be opened.
    pub async fn append_intent(&self, intent: &AuditIntent) -> Result<i64, StateError> {
        let classes: Vec<&str> = intent.classes.iter().map(|class| class.as_str()).collect();
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "audit", 1).await?;
        sqlx::query(
            "INSERT INTO audit_intents (entry, happened_at, actor, role_name, purpose, action, table_name, classes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(number)
        .bind(now())
        .bind(&intent.actor)
        .bind(&intent.role.0)
        .bind(&intent.purpose.0)
        .bind(&intent.action)
        .bind(&intent.table)
        .bind(classes.join(","))
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        Ok(number)
    }

    /// Writes the outcome of an intent.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if there is no such intent, or it has an outcome.
    pub async fn append_outcome(&self, number: i64, outcome: &AuditOutcome) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let added = sqlx::query(
            "INSERT INTO audit_outcomes (entry, happened_at, row_count, key_page_count, status)
             SELECT entry, $2, $3, $4, $5 FROM audit_intents
             WHERE entry = $1 AND entry NOT IN (SELECT entry FROM audit_outcomes)",
        )
        .bind(number)
        .bind(now())
        .bind(outcome.rows)
        .bind(outcome.key_pages)
        .bind(outcome.status.as_str())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        if added.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "audit entry", number });
        }
        self.commit(change).await
    }

    /// The latest entries, newest first.
    ///
    /// # Errors
    /// The database's own.
    pub async fn audit_entries(&self, limit: u32) -> Result<Vec<AuditEntry>, StateError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT i.entry, i.happened_at, i.actor, i.role_name, i.purpose, i.action, i.table_name, i.classes,
                    o.row_count, o.key_page_count, o.status
             FROM audit_intents i LEFT JOIN audit_outcomes o ON o.entry = i.entry
             ORDER BY i.entry DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        rows.into_iter().map(entry).collect::<Result<_, _>>().map_err(|cause| self.failed(cause))
    }
}

type Row =
    (i64, i64, String, String, String, String, String, String, Option<i64>, Option<i64>, Option<String>);

fn entry(row: Row) -> Result<AuditEntry, sqlx::Error> {
    let (number, at, actor, role, purpose, action, table, classes, rows, key_pages, status) = row;
    let outcome = match (rows, key_pages, status) {
        (Some(rows), Some(key_pages), Some(status)) => {
            let known = AuditStatus::ALL.into_iter().find(|known| known.as_str() == status);
            let status = known.ok_or_else(|| unexpected("an audit status"))?;
            Some(AuditOutcome { rows, key_pages, status })
        }
        _ => None,
    };
    let classes = classes.split(',').filter(|name| !name.is_empty()).map(class);
    let classes = classes.collect::<Result<_, _>>()?;
    let intent = AuditIntent { actor, role: Role(role), purpose: Purpose(purpose), action, table, classes };
    Ok(AuditEntry { number, at: moment(at)?, intent, outcome })
}

fn class(name: &str) -> Result<FieldClass, sqlx::Error> {
    FieldClass::PERSONAL
        .into_iter()
        .chain([FieldClass::Plain])
        .find(|class| class.as_str() == name)
        .ok_or_else(|| unexpected("a field class"))
}

#[cfg(test)]
mod tests;
