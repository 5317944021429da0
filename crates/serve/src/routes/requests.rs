//! What data subjects ask for (GDPR Art. 15 to 21), and what becomes of it.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};
use vermeil_model::Plaintext;
use vermeil_model::decision::Reason as Words;
use vermeil_rights::request::{Ground, IdentityMethod, RequestKind};

use super::{Reason, number};
use crate::answers::SubjectRequest;
use crate::body::{Body, OptionalBody};
use crate::ports::{Caller, Identifiers, NewRequest, RequestChange, WhichRequests};
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// A request that somebody makes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenRequest {
    /// What the caller does it for; `data_subject_rights` unless set.
    #[serde(default)]
    purpose: Option<String>,
    /// What is asked for.
    #[schema(schema_with = kinds)]
    kind: String,
    /// When it was received; today unless set.
    #[serde(default)]
    #[schema(format = Date)]
    received: Option<String>,
    /// Who they say they are: field → value, or `id`.
    #[schema(schema_with = texts)]
    identifiers: BTreeMap<String, String>,
    /// Rectification: field → the value that it should have.
    #[serde(default)]
    #[schema(schema_with = texts)]
    set: BTreeMap<String, String>,
    /// Objection: to which purposes; to all that know objection unless set.
    #[serde(default)]
    object_to: Vec<String>,
}

/// How it was made sure who asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyRequest {
    /// What the caller does it for; `data_subject_rights` unless set.
    #[serde(default)]
    purpose: Option<String>,
    /// How.
    #[schema(schema_with = methods)]
    method: String,
    /// A profile or record, where what they said names several people.
    #[serde(default)]
    #[schema(format = Uuid)]
    subject: Option<String>,
}

/// What becomes of a request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeRequest {
    /// What the caller does it for; `data_subject_rights` unless set.
    #[serde(default)]
    purpose: Option<String>,
    change: Change,
    /// Why; of `extend`, `hold` and `refuse`.
    #[serde(default)]
    reason: Option<String>,
    /// Of `hold`: the law that says so.
    #[serde(default)]
    basis: Option<String>,
    /// Of `hold`: its last day.
    #[serde(default)]
    #[schema(format = Date)]
    until: Option<String>,
    /// Of `refuse`: what the law allows it for.
    #[serde(default)]
    #[schema(schema_with = grounds)]
    ground: Option<String>,
    /// Of `lift`: when the person was told that it would be lifted.
    #[serde(default)]
    #[schema(format = Date)]
    told: Option<String>,
}

/// What is done with a request.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// It is in doubt who asks: the clock stops.
    Pause,
    /// The clock runs on.
    Resume,
    /// Two months more, with a reason.
    Extend,
    /// An erasure waits, and the person is restricted instead.
    Hold,
    /// The hold ended.
    Release,
    /// It is not followed.
    Refuse,
    /// It was called back.
    Cancel,
    /// A restriction ends.
    Lift,
}

/// Which requests are told.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `true`: only those whose last day is near or past.
    #[serde(default)]
    due: bool,
}

/// Requests.
#[derive(Serialize, ToSchema)]
pub(crate) struct Requests {
    requests: Vec<SubjectRequest>,
}

/// Opens a request. Nobody is looked up: whoever is known and whoever is not get the same answer.
#[utoipa::path(post, path = "/v1/requests", tag = "requests", request_body = OpenRequest,
    responses((status = 201, body = SubjectRequest)))]
pub(crate) async fn open(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Body(wanted): Body<OpenRequest>,
) -> Result<(StatusCode, Json<SubjectRequest>), Problem> {
    let custody = |values: BTreeMap<String, String>| -> Identifiers {
        values.into_iter().map(|(field, value)| (field, Plaintext::new(value))).collect()
    };
    let new = NewRequest {
        kind: RequestKind::named(&wanted.kind).ok_or_else(shapeless)?,
        received: wanted.received.map(day).transpose()?,
        identifiers: custody(wanted.identifiers),
        set: custody(wanted.set),
        object_to: wanted.object_to,
    };
    let asking = Reason { purpose: wanted.purpose }.asking(caller);
    Ok((StatusCode::CREATED, Json(service.ports.requests.open(&asking, new).await?)))
}

/// Every request, by number, with what is due when.
#[utoipa::path(get, path = "/v1/requests", tag = "requests", params(Which),
    responses((status = 200, body = Requests)))]
pub(crate) async fn list(
    State(service): State<Service>,
    Query(which): Query<Which>,
) -> Result<Json<Requests>, Problem> {
    let which = if which.due { WhichRequests::Due } else { WhichRequests::All };
    Ok(Json(Requests { requests: service.ports.requests.list(which).await? }))
}

/// One request, and how far it has come.
#[utoipa::path(get, path = "/v1/requests/{number}", tag = "requests",
    params(("number" = i64, Path, minimum = 1)), responses((status = 200, body = SubjectRequest)))]
pub(crate) async fn get(
    State(service): State<Service>,
    Path(text): Path<String>,
) -> Result<Json<SubjectRequest>, Problem> {
    Ok(Json(service.ports.requests.get(number(&text)?).await?))
}

/// It is sure who asks: everything about them is looked up.
#[utoipa::path(post, path = "/v1/requests/{number}/verify", tag = "requests", request_body = VerifyRequest,
    params(("number" = i64, Path, minimum = 1)), responses((status = 200, body = SubjectRequest)))]
pub(crate) async fn verify(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(text): Path<String>,
    Body(wanted): Body<VerifyRequest>,
) -> Result<Json<SubjectRequest>, Problem> {
    let number = number(&text)?;
    let method = IdentityMethod::named(&wanted.method).ok_or_else(shapeless)?;
    let asking = Reason { purpose: wanted.purpose }.asking(caller);
    Ok(Json(service.ports.requests.verify(&asking, number, method, wanted.subject).await?))
}

/// Pauses, extends, holds, refuses, calls back: whatever becomes of a request but its approval and its end.
#[utoipa::path(post, path = "/v1/requests/{number}/changes", tag = "requests", request_body = ChangeRequest,
    params(("number" = i64, Path, minimum = 1)), responses((status = 200, body = SubjectRequest)))]
pub(crate) async fn change(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(text): Path<String>,
    Body(mut wanted): Body<ChangeRequest>,
) -> Result<Json<SubjectRequest>, Problem> {
    let number = number(&text)?;
    let asking = Reason { purpose: wanted.purpose.take() }.asking(caller);
    Ok(Json(service.ports.requests.change(&asking, number, wanted.understood()?).await?))
}

/// Approves an erasure that another account opened.
#[utoipa::path(post, path = "/v1/requests/{number}/approve", tag = "requests", request_body = Option<Reason>,
    params(("number" = i64, Path, minimum = 1)), responses((status = 200, body = SubjectRequest)))]
pub(crate) async fn approve(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(text): Path<String>,
    OptionalBody(reason): OptionalBody<Reason>,
) -> Result<Json<SubjectRequest>, Problem> {
    Ok(Json(service.ports.requests.approve(&reason.asking(caller), number(&text)?).await?))
}

/// Carries a request out, or goes on where it was cut off. What takes longer than a few seconds goes on after the
/// answer. Access and portability make a folder, which only the command line does.
#[utoipa::path(post, path = "/v1/requests/{number}/run", tag = "requests", request_body = Option<Reason>,
    params(("number" = i64, Path, minimum = 1)),
    responses((status = 200, body = SubjectRequest),
              (status = 202, body = SubjectRequest, description = "It goes on.")))]
pub(crate) async fn run(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(text): Path<String>,
    OptionalBody(reason): OptionalBody<Reason>,
) -> Result<(StatusCode, Json<SubjectRequest>), Problem> {
    let (requests, number) = (&service.ports.requests, number(&text)?);
    match requests.run(&reason.asking(caller), number).await? {
        Some(ended) => Ok((StatusCode::OK, Json(ended))),
        None => Ok((StatusCode::ACCEPTED, Json(requests.get(number).await?))),
    }
}

impl ChangeRequest {
    fn understood(self) -> Result<RequestChange, Problem> {
        let words = |text: Option<String>| -> Result<Words, Problem> {
            text.and_then(|text| text.parse().ok()).ok_or_else(shapeless)
        };
        let date = |text: Option<String>| day(text.ok_or_else(shapeless)?);
        Ok(match self.change {
            Change::Pause => RequestChange::Pause,
            Change::Resume => RequestChange::Resume,
            Change::Extend => RequestChange::Extend(words(self.reason)?),
            Change::Hold => RequestChange::Hold {
                reason: words(self.reason)?,
                basis: words(self.basis)?,
                until: date(self.until)?,
            },
            Change::Release => RequestChange::Release,
            Change::Refuse => {
                let ground = self.ground.and_then(|ground| Ground::named(&ground)).ok_or_else(shapeless)?;
                RequestChange::Refuse { ground, reason: words(self.reason)? }
            }
            Change::Cancel => RequestChange::Cancel,
            Change::Lift => RequestChange::Lift { told: date(self.told)? },
        })
    }
}

fn day(text: String) -> Result<NaiveDate, Problem> {
    text.parse().map_err(|_| Problem::coded(ProblemKind::Invalid, "not-a-day"))
}

fn shapeless() -> Problem {
    Problem::coded(ProblemKind::Invalid, "body-of-another-shape")
}

fn kinds() -> Object {
    one_of(RequestKind::ALL.iter().map(|kind| kind.as_str()))
}

fn methods() -> Object {
    one_of(IdentityMethod::ALL.iter().map(|method| method.as_str()))
}

fn grounds() -> Object {
    one_of(Ground::ALL.iter().map(|ground| ground.as_str()))
}

fn one_of(names: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

fn texts() -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(Schema::Object(text))).build()
}
