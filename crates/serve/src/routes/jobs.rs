//! What is done on time, and what was.

use axum::Json;
use axum::extract::State;
use chrono::{SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::JobRun;
use crate::problem::Problem;
use crate::service::Service;

/// Runs that are shown.
const SHOWN: u32 = 100;

/// Jobs on time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Jobs {
    /// What this instance has on its schedule.
    schedule: Vec<JobSchedule>,
    /// The latest runs in any instance, newest first.
    runs: Vec<JobRun>,
}

/// A job of the schedule.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobSchedule {
    /// Which job.
    job: &'static str,
    /// When, as cron expressions say it, in UTC.
    cron: String,
    /// The next tick; none: there is none any more.
    #[schema(format = DateTime)]
    next_at: Option<String>,
}

/// What is done on time, and what was.
#[utoipa::path(get, path = "/v1/jobs", tag = "service", responses((status = 200, body = Jobs)))]
pub(crate) async fn list(State(service): State<Service>) -> Result<Json<Jobs>, Problem> {
    let runs = service.ports.jobs.history(SHOWN).await?;
    let schedule = service.schedule.jobs().iter().map(|scheduled| JobSchedule {
        job: scheduled.job.as_str(),
        cron: scheduled.expression().to_owned(),
        next_at: scheduled.next_after(Utc::now()).map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
    });
    Ok(Json(Jobs { schedule: schedule.collect(), runs }))
}
