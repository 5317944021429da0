//! Runs: what commands did, and whether they came to an end.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::Value;
use vermeil_model::RecordId;

use crate::database::{moment, now, unexpected};
use crate::sql;
use crate::{StateDatabase, StateError};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// It did what it should.
    Done,
    /// It did, but more was quarantined than the limit allows.
    OverLimit,
    /// It gave up.
    Failed,
}

impl RunOutcome {
    const ALL: [RunOutcome; 3] = [Self::Done, Self::OverLimit, Self::Failed];

    /// The outcome as the database and `status` write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::OverLimit => "over_limit",
            Self::Failed => "failed",
        }
    }
}

/// A run, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The run's number.
    pub id: i64,
    /// What was run, such as `run`.
    pub kind: String,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended; `None`: interrupted, or still under way in another process.
    pub outcome: Option<RunOutcome>,
    /// Its figures.
    pub summary: Option<Value>,
}

impl Run {
    /// The outcome, or `interrupted`.
    pub fn status(&self) -> &'static str {
        self.outcome.map_or("interrupted", RunOutcome::as_str)
    }
}

impl StateDatabase {
    /// Begins a run, and returns its number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_run(&self, kind: &str) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let id = self.take_numbers(&mut change, "run", 1).await?;
        sql::query("INSERT INTO runs (run, kind, begun_at) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(kind)
            .bind(now())
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        Ok(id)
    }

    /// Ends a run. `summary` holds figures, no personal values.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if the run never began or has ended.
    pub async fn finish_run(&self, id: i64, outcome: RunOutcome, summary: &Value) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let changed = sql::query(
            "UPDATE runs SET ended_at = $2, outcome = $3, summary_json = $4 WHERE run = $1 AND ended_at IS NULL",
        )
        .bind(id)
        .bind(now())
        .bind(outcome.as_str())
        .bind(summary.to_string())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        if changed.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "run", number: id });
        }
        self.commit(change).await
    }

    /// Takes out of the figures of runs whatever names one of these records: conflicts do, by the
    /// ids of two.
    ///
    /// # Errors
    /// The database's own.
    pub async fn forget_in_runs(&self, records: &HashSet<RecordId>) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let rows: Vec<(i64, String)> =
            sql::query_as("SELECT run, summary_json FROM runs WHERE summary_json LIKE '%\"conflicts\":[{%'")
                .fetch_all(&mut *change)
                .await
                .map_err(failed)?;
        let is_named = |text: &str| text.parse().is_ok_and(|record| records.contains(&record));
        let names_one = |conflict: &Value| {
            let members = conflict.as_object().into_iter().flat_map(|members| members.values());
            members.filter_map(Value::as_str).any(is_named)
        };
        for (run, text) in rows {
            let summary: Result<Value, _> = serde_json::from_str(&text);
            let mut summary = summary.map_err(|_| failed(unexpected("a run's summary")))?;
            let Some(conflicts) = summary["conflicts"].as_array_mut() else { continue };
            let before = conflicts.len();
            conflicts.retain(|conflict| !names_one(conflict));
            if conflicts.len() < before {
                sql::query("UPDATE runs SET summary_json = $2 WHERE run = $1")
                    .bind(run)
                    .bind(summary.to_string())
                    .execute(&mut *change)
                    .await
                    .map_err(failed)?;
            }
        }
        self.commit(change).await
    }

    /// The latest runs, newest first.
    ///
    /// # Errors
    /// The database's own.
    pub async fn last_runs(&self, limit: u32) -> Result<Vec<Run>, StateError> {
        let rows: Vec<Row> = sql::query_as(
            "SELECT run, kind, begun_at, ended_at, outcome, summary_json FROM runs ORDER BY run DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        rows.into_iter().map(run).collect::<Result<_, _>>().map_err(|cause| self.failed(cause))
    }
}

type Row = (i64, String, i64, Option<i64>, Option<String>, Option<String>);

fn run((id, kind, begun_at, ended_at, outcome, summary): Row) -> Result<Run, sqlx::Error> {
    let outcome = outcome.map(|outcome| {
        let known = RunOutcome::ALL.into_iter().find(|known| known.as_str() == outcome);
        known.ok_or_else(|| unexpected("a run's outcome"))
    });
    let summary = summary.map(|text| serde_json::from_str(&text).map_err(|_| unexpected("a run's summary")));
    Ok(Run {
        id,
        kind,
        begun_at: moment(begun_at)?,
        ended_at: ended_at.map(moment).transpose()?,
        outcome: outcome.transpose()?,
        summary: summary.transpose()?,
    })
}

#[cfg(test)]
mod tests;
