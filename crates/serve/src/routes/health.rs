//! Whether this process lives, whether it can answer, and its figures.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ports::Caller;
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// That it is so.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

/// Who a service takes somebody for.
#[derive(Serialize, ToSchema)]
pub(crate) struct Known {
    /// The account, as the audit log names it.
    actor: String,
    /// The role that it asks in.
    role: String,
    /// What kind of work that role does here; none: only what every role may.
    kind: Option<&'static str>,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/health/live", tag = "service", security(()), responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether it can answer: the state database and the lake do, and it is not about to end.
#[utoipa::path(get, path = "/health/ready", tag = "service", security(()), responses((status = 200, body = Health)))]
pub(crate) async fn ready(State(service): State<Service>) -> Result<Json<Health>, Problem> {
    if service.is_ending() {
        return Err(Problem::coded(ProblemKind::Unavailable, "ending"));
    }
    let ready = service.ports.health.ready().await;
    ready.map_err(|problem| Problem { kind: ProblemKind::Unavailable, ..problem })?;
    Ok(Json(Health { status: "ok" }))
}

/// The figures of this process, for Prometheus. No label names a person.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(State(service): State<Service>) -> Response {
    // Where it cannot be asked, the other figures say so: they are told all the same.
    if let Ok(waiting) = service.ports.jobs.waiting().await {
        service.metrics.wait(waiting);
    }
    ([(header::CONTENT_TYPE, OPEN_METRICS)], service.metrics.text()).into_response()
}

/// Who the service takes the caller for.
#[utoipa::path(get, path = "/v1/whoami", tag = "service", responses((status = 200, body = Known)))]
pub(crate) async fn whoami(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
) -> Json<Known> {
    let kind = service.settings.kind_of(&caller.role).map(|kind| kind.as_str());
    Json(Known { actor: caller.actor, role: caller.role.0, kind })
}
