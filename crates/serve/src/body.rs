//! Bodies of requests: JSON, whose complaints tell where and never what.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use crate::problem::{Problem, ProblemKind};

/// The body of a request, read as JSON.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let told = request.headers().get(header::CONTENT_TYPE).and_then(|told| told.to_str().ok());
        let essence = told.and_then(|told| told.split(';').next()).map(str::trim);
        if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
            return Err(ProblemKind::UnsupportedType.into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ProblemKind::TooLarge),
                _ => Problem::new(ProblemKind::Malformed),
            }
        })?;
        parse(&bytes).map(Self)
    }
}

/// A body that may be absent: then it says what its type says by default.
pub(crate) struct OptionalBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_absent = request.headers().get(header::CONTENT_TYPE).is_none();
        if !is_absent {
            return Body::from_request(request, state).await.map(|Body(value)| Self(value));
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|_| Problem::new(ProblemKind::TooLarge))?;
        match bytes.is_empty() {
            true => Ok(Self(T::default())),
            false => Err(ProblemKind::UnsupportedType.into()),
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // The parser's own words quote what it read.
    serde_json::from_slice(bytes).map_err(|cause| match cause.classify() {
        serde_json::error::Category::Data => Problem::coded(ProblemKind::Invalid, "body-of-another-shape"),
        _ => Problem::coded(ProblemKind::Malformed, "body-not-json"),
    })
}
