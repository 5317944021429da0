//! What services do on time: each job once for each tick, by one process at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use vermeil_state::{JobOutcome, StateError};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::report::JobReport;

impl Engine {
    /// Takes a job for a tick, under a lease that ends unless it is renewed; the number of its run. `None`: it was
    /// taken for this tick, or is under way.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn claim_job(
        &self,
        job: &str,
        due_at: DateTime<Utc>,
        owner: &str,
        lease: Duration,
    ) -> Result<Option<i64>, EngineError> {
        Ok(self.state.claim_job(job, due_at, owner, lease).await?)
    }

    /// Renews the lease of a run that goes on. `false`: another process has taken the job.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn renew_job(&self, number: i64, lease: Duration) -> Result<bool, EngineError> {
        match self.state.renew_job(number, lease).await {
            Err(StateError::OutOfTurn { .. }) => Ok(false),
            renewed => Ok(renewed.map(|()| true)?),
        }
    }

    /// Ends a run; `failure` is the code of what went wrong.
    ///
    /// # Errors
    /// The state database fails, or the run has ended.
    pub async fn finish_job(&self, number: i64, failure: Option<String>) -> Result<(), EngineError> {
        let outcome = failure.map_or(JobOutcome::Done, |code| JobOutcome::Failed { code });
        Ok(self.state.finish_job(number, &outcome).await?)
    }

    /// The latest runs of jobs, newest first.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn job_runs(&self, limit: u32) -> Result<Vec<JobReport>, EngineError> {
        Ok(self.state.job_runs(limit).await?.into_iter().map(JobReport::of).collect())
    }
}
