//! Erasing people: planned, opened, approved by another account, carried out, certified.

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vermeil_model::Plaintext;

use super::{For, RIGHTS, Reason, number};
use crate::answers::{Erasure, ErasurePlan, FlaggedRecord};
use crate::body::{Body, OptionalBody};
use crate::ports::{Asking, Caller, Subject};
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// People in one request at most.
const SUBJECTS: usize = 100;

/// Who is to be erased, each a request of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenErasures {
    /// The purpose; `data_subject_rights` unless set.
    #[serde(default)]
    purpose: Option<String>,
    /// Each by an id or by an identifier that nobody else has.
    #[schema(min_items = 1, max_items = 100)]
    subjects: Vec<ErasureSubject>,
}

/// Somebody: by the id of a record or profile, or by a field and its value.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ErasureSubject {
    /// By an id.
    Id(ById),
    /// By an identifier.
    Identifier(ByIdentifier),
}

/// Somebody by an id.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ById {
    /// Of a record or profile.
    #[schema(format = Uuid)]
    id: String,
}

/// Somebody by an identifier.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByIdentifier {
    /// The field.
    #[schema(example = "email")]
    field: String,
    /// The value, in whatever spelling.
    #[schema(example = "ada@courrier.example")]
    value: String,
}

/// What erasing each would take.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasurePlans {
    plans: Vec<ErasurePlan>,
}

/// Requests.
#[derive(Serialize, ToSchema)]
pub(crate) struct Erasures {
    erasures: Vec<Erasure>,
}

/// Flagged records.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlaggedRecords {
    records: Vec<FlaggedRecord>,
}

/// What erasing somebody would take: tables, rows, files, bytes. Opens no request.
#[utoipa::path(post, path = "/v1/erasures/plan", tag = "erasures", request_body = OpenErasures,
    responses((status = 200, body = ErasurePlans)))]
pub(crate) async fn plan(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<OpenErasures>,
) -> Result<Json<ErasurePlans>, Problem> {
    let (asking, subjects) = wanted.understood(caller)?;
    Ok(Json(ErasurePlans { plans: service.ports.erasures.plan(&asking, &subjects).await? }))
}

/// Opens a request for each; another account has to approve it. Whoever was never known and whoever is erased
/// already get the same answer.
#[utoipa::path(post, path = "/v1/erasures", tag = "erasures", request_body = OpenErasures,
    responses((status = 201, body = Erasures)))]
pub(crate) async fn open(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<OpenErasures>,
) -> Result<(StatusCode, Json<Erasures>), Problem> {
    let (asking, subjects) = wanted.understood(caller)?;
    let erasures = service.ports.erasures.open(&asking, subjects).await?;
    Ok((StatusCode::CREATED, Json(Erasures { erasures })))
}

/// Every request, by number.
#[utoipa::path(get, path = "/v1/erasures", tag = "erasures", responses((status = 200, body = Erasures)))]
pub(crate) async fn list(State(service): State<Service>) -> Result<Json<Erasures>, Problem> {
    Ok(Json(Erasures { erasures: service.ports.erasures.list().await? }))
}

/// One request, and how far it has come.
#[utoipa::path(get, path = "/v1/erasures/{number}", tag = "erasures",
    params(("number" = i64, Path, minimum = 1)), responses((status = 200, body = Erasure)))]
pub(crate) async fn get(
    State(service): State<Service>,
    Path(text): Path<String>,
) -> Result<Json<Erasure>, Problem> {
    Ok(Json(service.ports.erasures.get(number(&text)?).await?))
}

/// Approves a request that another account opened.
#[utoipa::path(post, path = "/v1/erasures/{number}/approve", tag = "erasures", request_body = Option<Reason>,
    params(("number" = i64, Path, minimum = 1)), responses((status = 200, body = Erasure)))]
pub(crate) async fn approve(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(text): Path<String>,
    OptionalBody(reason): OptionalBody<Reason>,
) -> Result<Json<Erasure>, Problem> {
    Ok(Json(service.ports.erasures.approve(&reason.asking(caller), number(&text)?).await?))
}

/// Calls a request back that has not begun, and forgets whom it was about.
#[utoipa::path(post, path = "/v1/erasures/{number}/cancel", tag = "erasures", request_body = Option<Reason>,
    params(("number" = i64, Path, minimum = 1)), responses((status = 200, body = Erasure)))]
pub(crate) async fn cancel(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(text): Path<String>,
    OptionalBody(reason): OptionalBody<Reason>,
) -> Result<Json<Erasure>, Problem> {
    Ok(Json(service.ports.erasures.cancel(&reason.asking(caller), number(&text)?).await?))
}

/// Carries an approved request out, or goes on with one that was cut off. What takes longer than a few seconds
/// goes on after the answer: the request tells how far it has come.
#[utoipa::path(post, path = "/v1/erasures/{number}/run", tag = "erasures", request_body = Option<Reason>,
    params(("number" = i64, Path, minimum = 1)),
    responses((status = 200, body = Erasure), (status = 202, body = Erasure, description = "It goes on.")))]
pub(crate) async fn run(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(text): Path<String>,
    OptionalBody(reason): OptionalBody<Reason>,
) -> Result<(StatusCode, Json<Erasure>), Problem> {
    let (erasures, number) = (&service.ports.erasures, number(&text)?);
    match erasures.run(&reason.asking(caller), number).await? {
        Some(ended) => Ok((StatusCode::OK, Json(ended))),
        None => Ok((StatusCode::ACCEPTED, Json(erasures.get(number).await?))),
    }
}

/// The signed certificate of a request that is complete; `vermeil prove` verifies it offline.
#[utoipa::path(get, path = "/v1/erasures/{number}/certificate", tag = "erasures",
    params(("number" = i64, Path, minimum = 1)), responses((status = 200, body = Object)))]
pub(crate) async fn certificate(
    State(service): State<Service>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let certificate = service.ports.erasures.certificate(number(&text)?).await?;
    // As it was signed, to the byte.
    Ok(([(header::CONTENT_TYPE, "application/json")], certificate).into_response())
}

/// Records that landed although someone erased has one of their contact points.
#[utoipa::path(get, path = "/v1/erasures/flagged", tag = "erasures", params(For),
    responses((status = 200, body = FlaggedRecords)))]
pub(crate) async fn flagged(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Query(reason): Query<For>,
) -> Result<Json<FlaggedRecords>, Problem> {
    let purpose = reason.purpose.or_else(|| Some(RIGHTS.to_owned()));
    let records = service.ports.erasures.flagged(&For { purpose }.asking(caller)).await?;
    Ok(Json(FlaggedRecords { records }))
}

impl OpenErasures {
    fn understood(self, caller: Caller) -> Result<(Asking, Vec<Subject>), Problem> {
        if self.subjects.is_empty() || self.subjects.len() > SUBJECTS {
            return Err(Problem::coded(ProblemKind::Invalid, "subjects-out-of-range"));
        }
        let subjects = self.subjects.into_iter().map(|subject| match subject {
            ErasureSubject::Id(ById { id }) => Subject::Id(id),
            ErasureSubject::Identifier(ByIdentifier { field, value }) => {
                Subject::Identifier { field, value: Plaintext::new(value) }
            }
        });
        Ok((Reason { purpose: self.purpose }.asking(caller), subjects.collect()))
    }
}
