//! Errors as `application/problem+json` (RFC 9457): what kind, a code and a request id; never a text from inside,
//! which might tell a value.

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem.
    pub kind: ProblemKind,
    /// The stable code of a diagnostic that says more than the kind.
    pub code: Option<Cow<'static, str>>,
    /// Seconds after which asking again may help.
    pub retry_after: Option<u64>,
}

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The request is not understood.
    Malformed,
    /// Nobody is known by these credentials.
    Unauthenticated,
    /// Not for this role, or not for this purpose.
    Forbidden,
    /// There is nothing of that name.
    NotFound,
    /// Nothing answers to this method here.
    MethodNotAllowed,
    /// Not as things stand.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// The body is of another type than JSON.
    UnsupportedType,
    /// The request is understood, and cannot be followed.
    Invalid,
    /// Too many requests.
    TooMany,
    /// A defect, or a disk, or a database.
    Internal,
    /// Too much is asked at once, or something behind does not answer.
    Unavailable,
    /// It took too long, and was given up.
    TimedOut,
}

/// What people read problems in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

/// A problem as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:vermeil:problem:` and what kind.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The kind in a line, in the language asked for.
    pub(crate) title: String,
    /// The status of the answer.
    pub(crate) status: u16,
    /// A stable code that says more than the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// What logs know this request by.
    pub(crate) request_id: String,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(kind: ProblemKind) -> Self {
        Self { kind, code: None, retry_after: None }
    }

    /// A problem of a kind, with the code of a diagnostic.
    pub fn coded(kind: ProblemKind, code: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, code: Some(code.into()), retry_after: None }
    }

    /// The same problem, with the seconds after which asking again may help.
    pub fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// What an answer that was made elsewhere is a problem of.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let known = ProblemKind::ALL.into_iter().find(|kind| kind.status() == status);
        Self::new(known.unwrap_or(match status.is_client_error() {
            true => ProblemKind::Malformed,
            false => ProblemKind::Internal,
        }))
    }
}

impl ProblemKind {
    /// All of them.
    pub const ALL: [ProblemKind; 13] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::TooLarge,
        Self::UnsupportedType,
        Self::Invalid,
        Self::TooMany,
        Self::Internal,
        Self::Unavailable,
        Self::TimedOut,
    ];

    /// The kind, as `type` ends with it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::TooLarge => "too-large",
            Self::UnsupportedType => "unsupported-type",
            Self::Invalid => "invalid",
            Self::TooMany => "too-many",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed-out",
        }
    }

    /// The status of an answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self::new(kind)
    }
}

/// Only the status and the problem itself: [`crate::frame`] writes the body, knowing request and language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
