//! OpenDSR 2.0 at `/opendsr/v1`, under the names of OpenGDPR too: other controllers hand over what data subjects ask
//! them for. Shapes and names are those of the specification; every answer is signed.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;
use vermeil_model::Plaintext;
use vermeil_model::policy::Purpose;
use vermeil_rights::request::RequestKind;

use super::RIGHTS;
use crate::opendsr::{Dialect, Processor, midnight};
use crate::ports::{Asking, Caller, HandedOver, OpenDsrStatus};
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// Identities and callbacks of one request at most.
const AT_MOST: usize = 20;

/// What is handed over. What else stands in it is passed over, as the specification asks.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SubjectRequestBody {
    /// `gdpr` or `ccpa`.
    regulation: String,
    /// The controller's id of it: a lowercase UUID, version 4.
    #[schema(format = Uuid)]
    subject_request_id: String,
    /// `access`, `portability` or `erasure`.
    subject_request_type: String,
    /// Who asks.
    subject_identities: Vec<SubjectIdentity>,
    /// When it was made.
    #[schema(format = DateTime)]
    submitted_time: String,
    /// Whom to tell of changes.
    #[serde(default)]
    status_callback_urls: Vec<String>,
}

/// Something that somebody is known by.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SubjectIdentity {
    /// Such as `email`.
    identity_type: String,
    /// The value.
    identity_value: String,
    /// `raw`: nothing that was hashed without our keys can be looked for.
    identity_format: String,
}

/// What is taken over here, and what answers are verified with.
#[utoipa::path(get, path = "/opendsr/v1/discovery", tag = "opendsr", security(()),
    responses((status = 200, body = Object)))]
pub(crate) async fn discovery(State(service): State<Service>) -> Result<Response, Problem> {
    let processor = processor(&service)?;
    let identities: Vec<Value> = (processor.settings.identities.keys())
        .map(|identity| json!({ "identity_type": identity, "identity_format": "raw" }))
        .collect();
    let told = json!({
        "api_version": "2.0",
        "supported_identities": identities,
        "supported_subject_request_types": ["access", "portability", "erasure"],
        "processor_certificate": service.outside("/opendsr/v1/certificate"),
    });
    answer(processor, (StatusCode::OK, &told), Dialect::OpenDsr)
}

/// The certificate that answers are verified with, and those that lead to its authority.
#[utoipa::path(get, path = "/opendsr/v1/certificate", tag = "opendsr", security(()),
    responses((status = 200, content_type = "application/x-pem-file", body = Vec<u8>)))]
pub(crate) async fn certificate(State(service): State<Service>) -> Result<Response, Problem> {
    let certificate = processor(&service)?.certificate.clone();
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], certificate).into_response())
}

/// Takes a request over.
#[utoipa::path(post, path = "/opendsr/v1/requests", tag = "opendsr", request_body = SubjectRequestBody,
    responses((status = 201, body = Object)))]
pub(crate) async fn open(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, Problem> {
    take_over(&service, caller, &body, Dialect::OpenDsr).await
}

/// How far a request has come.
#[utoipa::path(get, path = "/opendsr/v1/requests/{request}", tag = "opendsr",
    params(("request" = Uuid, Path)), responses((status = 200, body = Object)))]
pub(crate) async fn status(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    tell(&service, caller, &id, Dialect::OpenDsr).await
}

/// Calls a request back that is pending.
#[utoipa::path(delete, path = "/opendsr/v1/requests/{request}", tag = "opendsr",
    params(("request" = Uuid, Path)), responses((status = 202, body = Object)))]
pub(crate) async fn cancel(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    call_back(&service, caller, &id, Dialect::OpenDsr).await
}

/// Takes a request over, under the names of OpenGDPR.
#[utoipa::path(post, path = "/opendsr/v1/opengdpr_requests", tag = "opendsr", request_body = SubjectRequestBody,
    responses((status = 201, body = Object)))]
pub(crate) async fn open_opengdpr(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, Problem> {
    take_over(&service, caller, &body, Dialect::OpenGdpr).await
}

/// How far a request has come, under the names of OpenGDPR.
#[utoipa::path(get, path = "/opendsr/v1/opengdpr_requests/{request}", tag = "opendsr",
    params(("request" = Uuid, Path)), responses((status = 200, body = Object)))]
pub(crate) async fn status_opengdpr(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    tell(&service, caller, &id, Dialect::OpenGdpr).await
}

/// Calls a request back that is pending, under the names of OpenGDPR.
#[utoipa::path(delete, path = "/opendsr/v1/opengdpr_requests/{request}", tag = "opendsr",
    params(("request" = Uuid, Path)), responses((status = 202, body = Object)))]
pub(crate) async fn cancel_opengdpr(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    call_back(&service, caller, &id, Dialect::OpenGdpr).await
}

async fn take_over(
    service: &Service,
    caller: Caller,
    body: &[u8],
    dialect: Dialect,
) -> Result<Response, Problem> {
    let processor = processor(service)?;
    let read: SubjectRequestBody =
        serde_json::from_slice(body).map_err(|_| wrong("body-of-another-shape"))?;
    let (id, handed) = understood(processor, read, body)?;
    let controller = caller.actor.clone();
    let taken = service.ports.opendsr.take_over(&asking(caller), handed).await?;
    let told = json!({
        "controller_id": controller,
        "expected_completion_time": taken.expected.as_deref().map(midnight),
        "received_time": moment(taken.received_at),
        "encoded_request": STANDARD.encode(body),
        "subject_request_id": id,
    });
    answer(processor, (StatusCode::CREATED, &told), dialect)
}

async fn tell(service: &Service, caller: Caller, id: &str, dialect: Dialect) -> Result<Response, Problem> {
    let processor = processor(service)?;
    let controller = caller.actor.clone();
    let found = service.ports.opendsr.status(&asking(caller), &uuid(id)?).await?;
    let OpenDsrStatus { expected, status, state, .. } = found.ok_or(ProblemKind::NotFound)?;
    let domain = &processor.settings.domain;
    let told = json!({
        "controller_id": controller,
        "expected_completion_time": expected.as_deref().map(midnight),
        "subject_request_id": id,
        "request_status": status,
        "api_version": "2.0",
        // What its four states do not say.
        "extensions": { domain: { "state": state } },
    });
    answer(processor, (StatusCode::OK, &told), dialect)
}

async fn call_back(
    service: &Service,
    caller: Caller,
    id: &str,
    dialect: Dialect,
) -> Result<Response, Problem> {
    let processor = processor(service)?;
    let controller = caller.actor.clone();
    let found = service.ports.opendsr.call_back(&asking(caller), &uuid(id)?).await?;
    let called_back = found.ok_or(ProblemKind::NotFound)?;
    let told = json!({
        "controller_id": controller,
        "received_time": moment(called_back.received_at),
        "subject_request_id": id,
    });
    answer(processor, (StatusCode::ACCEPTED, &told), dialect)
}

fn understood(
    processor: &Processor,
    read: SubjectRequestBody,
    body: &[u8],
) -> Result<(String, HandedOver), Problem> {
    if !matches!(read.regulation.as_str(), "gdpr" | "ccpa") {
        return Err(wrong("opendsr-regulation"));
    }
    let id = uuid(&read.subject_request_id)?;
    let kind = match read.subject_request_type.as_str() {
        "access" => RequestKind::Access,
        "portability" => RequestKind::Portability,
        "erasure" => RequestKind::Erasure,
        _ => return Err(wrong("opendsr-request-type")),
    };
    DateTime::parse_from_rfc3339(&read.submitted_time).map_err(|_| wrong("opendsr-submitted-time"))?;
    let counts = [read.subject_identities.len(), read.status_callback_urls.len()];
    if counts[0] == 0 || counts.iter().any(|count| *count > AT_MOST) {
        return Err(wrong("opendsr-too-many-or-none"));
    }
    if read.status_callback_urls.iter().any(|url| processor.addresses.parse(url).is_none()) {
        return Err(wrong("opendsr-callback-address"));
    }
    let identifier = |identity: SubjectIdentity| {
        let field = processor.settings.identities.get(&identity.identity_type);
        let field = field.filter(|_| identity.identity_format == "raw");
        let field = field.ok_or_else(|| wrong("opendsr-identity-type"))?;
        Ok((field.clone(), Plaintext::new(identity.identity_value)))
    };
    let identifiers = read.subject_identities.into_iter().map(identifier).collect::<Result<_, Problem>>()?;
    let sent = std::str::from_utf8(body).map_err(|_| wrong("body-of-another-shape"))?;
    let sent = Plaintext::new(sent.to_owned());
    let callbacks = read.status_callback_urls;
    Ok((id.clone(), HandedOver { id, kind, identifiers, sent, callbacks }))
}

/// An answer that is signed.
fn answer(
    processor: &Processor,
    (status, told): (StatusCode, &Value),
    dialect: Dialect,
) -> Result<Response, Problem> {
    let body = told.to_string();
    let vouched = processor.vouched(body.as_bytes(), dialect).ok_or(ProblemKind::Internal)?;
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    response.headers_mut().extend(vouched);
    Ok(response)
}

/// An error as the specification shapes it.
pub(crate) fn error(status: StatusCode, (title, code): (&str, Option<&str>)) -> Response {
    let reason = code.unwrap_or("error");
    let told = json!({ "error": {
        "code": status.as_u16(),
        "message": title,
        "errors": [{ "domain": "vermeil", "reason": reason, "message": title }],
    }});
    (status, Json(told)).into_response()
}

fn processor(service: &Service) -> Result<&Processor, Problem> {
    service.processor.as_ref().ok_or_else(|| Problem::coded(ProblemKind::NotFound, "opendsr-not-configured"))
}

fn asking(caller: Caller) -> Asking {
    Asking { caller, purpose: Some(Purpose(RIGHTS.to_owned())) }
}

/// A lowercase UUID of version 4, as the specification asks for.
fn uuid(text: &str) -> Result<String, Problem> {
    let id = Uuid::parse_str(text).ok().filter(|id| id.get_version_num() == 4);
    let id = id.map(|id| id.hyphenated().to_string()).filter(|canonical| canonical == text);
    id.ok_or_else(|| wrong("opendsr-request-id"))
}

fn moment(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Whatever is wrong in what was sent is told as 400.
fn wrong(code: &'static str) -> Problem {
    Problem::coded(ProblemKind::Malformed, code)
}
