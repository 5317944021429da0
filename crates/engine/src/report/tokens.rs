//! Who may ask the services, and what these did on time.

use chrono::Utc;
use serde::Serialize;
use vermeil_state::{ApiToken, JobOutcome, JobRun};

use super::second;

/// A token that was handed out; never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenReport {
    /// Its number.
    pub token: i64,
    /// Who asks with it.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// `valid`, `expired` or `revoked`.
    pub status: String,
    /// Who made it.
    pub created_by: String,
    /// When, RFC 3339, UTC.
    pub created_at: String,
    /// From when on it is worth nothing.
    pub expires_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
}

/// A job that was begun for a tick of its schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobReport {
    /// Counts up.
    pub number: i64,
    /// Which job.
    pub job: String,
    /// The tick, RFC 3339, UTC.
    pub due_at: String,
    /// `running`, `done`, `failed` or `interrupted`.
    pub status: String,
    /// Of a failure: its code.
    pub code: Option<String>,
    /// Which process did it.
    pub owner: String,
    /// When it was begun.
    pub begun_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
}

impl TokenReport {
    pub(crate) fn of(token: ApiToken) -> Self {
        let has_expired = token.expires_at.is_some_and(|at| at <= Utc::now());
        let status = match token.revoked_at {
            Some(_) => "revoked",
            None if has_expired => "expired",
            None => "valid",
        };
        Self {
            token: token.number,
            actor: token.actor,
            role: token.role.0,
            status: status.to_owned(),
            created_by: token.created_by,
            created_at: second(token.created_at),
            expires_at: token.expires_at.map(second),
            revoked_at: token.revoked_at.map(second),
        }
    }
}

impl JobReport {
    pub(crate) fn of(run: JobRun) -> Self {
        let status = run.status().to_owned();
        let code = match run.outcome {
            Some(JobOutcome::Failed { code }) => Some(code),
            _ => None,
        };
        Self {
            number: run.number,
            job: run.job,
            due_at: second(run.due_at),
            status,
            code,
            owner: run.owner,
            begun_at: second(run.begun_at),
            ended_at: run.ended_at.map(second),
        }
    }
}
