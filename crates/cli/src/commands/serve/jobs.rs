//! What is done on time.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vermeil_engine::{
    EngineError, JobReport, Reader, Silent, Stage, SubjectRequestReport, WhichDeliveries, WhichErasures,
};
use vermeil_model::policy::{Purpose, Role};
use vermeil_serve::ports::{Jobs, Waiting};
use vermeil_serve::{Job, JobRun, Problem, ProblemKind};

use super::desk::Desk;
use super::problems::problem;

/// Who the audit log names when nobody asked but the clock.
const SCHEDULER: &str = "scheduler";

#[async_trait]
impl Jobs for Desk {
    async fn claim(&self, job: Job, due_at: DateTime<Utc>, lease: Duration) -> Result<Option<i64>, Problem> {
        let claimed = self.engine.claim_job(job.as_str(), due_at, &self.instance, lease).await;
        claimed.map_err(|error| problem(&error))
    }

    async fn renew(&self, run: i64, lease: Duration) -> Result<bool, Problem> {
        self.engine.renew_job(run, lease).await.map_err(|error| problem(&error))
    }

    async fn perform(&self, job: Job) -> Result<(), Problem> {
        self.perform_job(job).await.map_err(|error| problem(&error))?
    }

    async fn finish(&self, run: i64, failure: Option<String>) -> Result<(), Problem> {
        self.engine.finish_job(run, failure).await.map_err(|error| problem(&error))
    }

    async fn waiting(&self) -> Result<Waiting, Problem> {
        let requests = self.engine.subject_requests().await.map_err(|error| problem(&error))?;
        let recipients = self.engine.pending_deliveries().await.map_err(|error| problem(&error))?;
        let number =
            |is: fn(&SubjectRequestReport) -> bool| requests.iter().filter(|one| is(one)).count() as u64;
        Ok(Waiting {
            requests_overdue: number(|one| one.overdue),
            requests_due_soon: number(|one| one.due_soon),
            recipients: recipients.len() as u64,
        })
    }

    async fn history(&self, limit: u32) -> Result<Vec<JobRun>, Problem> {
        let runs = self.engine.job_runs(limit).await.map_err(|error| problem(&error))?;
        Ok(runs.into_iter().map(job_run).collect())
    }
}

impl Desk {
    async fn perform_job(&self, job: Job) -> Result<Result<(), Problem>, EngineError> {
        let engine = &self.engine;
        match job {
            Job::Run => {
                let report = engine.run(Stage::Publish, &Silent).await?;
                if report.quarantine_limit_exceeded {
                    return Ok(Err(Problem::coded(ProblemKind::Conflict, "quarantine-over-limit")));
                }
            }
            Job::Optimize => drop(engine.optimize(&Silent).await?),
            Job::Erase => {
                let report = engine.run_erasures(&WhichErasures::AllApproved, &scheduler(), &Silent).await?;
                if report.erasures.iter().any(|one| one.status != "complete" && !one.awaits_recipients()) {
                    return Ok(Err(Problem::coded(ProblemKind::Conflict, "erasure-not-proven")));
                }
            }
            Job::RotateKeys => drop(engine.rotate_keys(SCHEDULER, &Silent).await?),
            Job::Recipients => drop(engine.tell_recipients(WhichDeliveries::Due, &scheduler()).await?),
            Job::Retention => drop(engine.open_due_erasures(&scheduler()).await?),
            Job::Deadlines => {
                if engine.subject_requests().await?.iter().any(|request| request.overdue) {
                    return Ok(Err(Problem::coded(ProblemKind::Conflict, "request-overdue")));
                }
            }
            // The service's own: it speaks HTTP, the engine does not.
            Job::Callbacks => {}
        }
        Ok(Ok(()))
    }
}

/// As `vermeil erase run` does it unless told otherwise: the policy decides whether it may.
fn scheduler() -> Reader {
    Reader {
        actor: SCHEDULER.to_owned(),
        role: Role("dpo".to_owned()),
        purpose: Some(Purpose("data_subject_rights".to_owned())),
    }
}

fn job_run(report: JobReport) -> JobRun {
    let JobReport { number, job, due_at, status, code, owner, begun_at, ended_at } = report;
    JobRun { number, job, due_at, status, code, owner, begun_at, ended_at }
}
