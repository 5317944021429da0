//! What a service does on time: which job was done for which tick, and who does it now.
//!
//! A job is begun once for each tick, whoever asks, and by one at a time: who does it holds a lease, and renews it.
//! Whoever dies does not, so that after a while another may. Leases end by the clocks of those who
//! ask; between machines these must agree to well within a lease.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::database::{moment, now, unexpected};
use crate::sql;
use crate::{StateDatabase, StateError};

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// It did what it should.
    Done,
    /// It gave up; the code says why.
    Failed {
        /// Of the diagnostic, no text.
        code: String,
    },
}

/// A job that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    /// Counts up.
    pub number: i64,
    /// What was done.
    pub job: String,
    /// The tick that it was due at.
    pub due_at: DateTime<Utc>,
    /// Which process did it.
    pub owner: String,
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How; `None`: it is under way, or was interrupted.
    pub outcome: Option<JobOutcome>,
    /// Whether someone holds its lease.
    pub is_under_way: bool,
}

impl JobRun {
    /// `done`, `failed`, `running` or `interrupted`.
    pub fn status(&self) -> &'static str {
        match (&self.outcome, self.is_under_way) {
            (Some(JobOutcome::Done), _) => "done",
            (Some(JobOutcome::Failed { .. }), _) => "failed",
            (None, true) => "running",
            (None, false) => "interrupted",
        }
    }
}

impl StateDatabase {
    /// Takes a job for a tick, and returns the number of its run. `None`: it was taken for this tick or a later
    /// one, or someone does it still.
    ///
    /// # Errors
    /// The database's own.
    pub async fn claim_job(
        &self,
        job: &str,
        due_at: DateTime<Utc>,
        owner: &str,
        lease: Duration,
    ) -> Result<Option<i64>, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let is_taken: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM job_runs WHERE job = $1 AND due_at >= $2)
             OR EXISTS (SELECT 1 FROM job_leases WHERE job = $1 AND expires_at > $3)",
        )
        .bind(job)
        .bind(due_at.timestamp_micros())
        .bind(now())
        .fetch_one(&mut *change)
        .await
        .map_err(failed)?;
        if is_taken {
            return Ok(None);
        }
        let number = self.take_numbers(&mut change, "job_run", 1).await?;
        sql::query(
            "INSERT INTO job_runs (job_run, job, due_at, owner, begun_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(number)
        .bind(job)
        .bind(due_at.timestamp_micros())
        .bind(owner)
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        sql::query(
            "INSERT INTO job_leases (job, job_run, owner, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (job) DO UPDATE SET job_run = $2, owner = $3, expires_at = $4",
        )
        .bind(job)
        .bind(number)
        .bind(owner)
        .bind(until(lease))
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        self.commit(change).await?;
        Ok(Some(number))
    }

    /// Renews the lease of a run that goes on.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if another has taken the job meanwhile.
    pub async fn renew_job(&self, number: i64, lease: Duration) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let renewed = sql::query("UPDATE job_leases SET expires_at = $2 WHERE job_run = $1")
            .bind(number)
            .bind(until(lease))
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        if renewed.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "job", number });
        }
        self.commit(change).await
    }

    /// Ends a run, and leaves the job to whoever asks next.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if it has ended.
    pub async fn finish_job(&self, number: i64, outcome: &JobOutcome) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let (name, code) = match outcome {
            JobOutcome::Done => ("done", None),
            JobOutcome::Failed { code } => ("failed", Some(code)),
        };
        let mut change = self.begin().await?;
        let ended = sql::query(
            "UPDATE job_runs SET ended_at = $2, outcome = $3, code = $4
             WHERE job_run = $1 AND ended_at IS NULL",
        )
        .bind(number)
        .bind(now())
        .bind(name)
        .bind(code)
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        if ended.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "job", number });
        }
        sql::query("DELETE FROM job_leases WHERE job_run = $1")
            .bind(number)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        self.commit(change).await
    }

    /// The latest runs, newest first.
    ///
    /// # Errors
    /// The database's own.
    pub async fn job_runs(&self, limit: u32) -> Result<Vec<JobRun>, StateError> {
        let rows: Vec<Row> = sql::query_as(
            "SELECT job_run, job, due_at, owner, begun_at, ended_at, outcome, code,
             EXISTS (SELECT 1 FROM job_leases lease
                     WHERE lease.job_run = job_runs.job_run AND lease.expires_at > $2)
             FROM job_runs ORDER BY job_run DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .bind(now())
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        rows.into_iter().map(job_run).collect::<Result<_, _>>().map_err(|cause| self.failed(cause))
    }
}

fn until(lease: Duration) -> i64 {
    now().saturating_add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX))
}

/// Number, job, tick, owner, begun, ended, outcome, code, whether its lease is held.
type Row = (i64, String, i64, String, i64, Option<i64>, Option<String>, Option<String>, bool);

fn job_run(
    (number, job, due_at, owner, begun_at, ended_at, outcome, code, is_under_way): Row,
) -> Result<JobRun, sqlx::Error> {
    let outcome = match (outcome.as_deref(), code) {
        (None, _) => None,
        (Some("done"), _) => Some(JobOutcome::Done),
        (Some("failed"), Some(code)) => Some(JobOutcome::Failed { code }),
        _ => return Err(unexpected("a job's outcome")),
    };
    Ok(JobRun {
        number,
        job,
        due_at: moment(due_at)?,
        owner,
        begun_at: moment(begun_at)?,
        ended_at: ended_at.map(moment).transpose()?,
        outcome,
        is_under_way,
    })
}

#[cfg(test)]
mod tests;
