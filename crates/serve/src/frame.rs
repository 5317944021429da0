//! What every answer has: a request id, figures, a line in the log, and where it is a problem, no text from inside.

use std::time::Instant;

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::api::OPENDSR;
use crate::pages::{IsPage, Page, is_for_people};
use crate::problem::{Language, Problem, ProblemBody, ProblemKind};
use crate::routes::opendsr;
use crate::service::Service;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where no endpoint is: figures must not grow with what is asked for.
const NOWHERE: &str = "none";

/// What no answer needs: guessing types, being framed, being stored by whom it passes.
const ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];
const NOTHING_LOADED: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// The pages of the documentation load their own scripts, and style themselves.
const OWN_PAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'",
);

/// Gives a request its id and an answer its frame.
pub(crate) async fn frame(State(service): State<Service>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    // Not the caller's own id, should there be one: it could be anything.
    let id = Uuid::new_v4().to_string();
    let language = language(request.headers());
    let method = method(request.method());
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = matched.as_deref().unwrap_or(NOWHERE);
    let is_page = path.starts_with("/docs");
    service.metrics.begin();
    let mut response = next.run(request).await;
    let went_wrong = response.status().is_client_error() || response.status().is_server_error();
    if went_wrong && response.extensions().get::<IsPage>().is_none() {
        response = told(&service, response, (&id, path), language);
    }
    let is_ours = response.extensions().get::<IsPage>().is_some();
    let headers = response.headers_mut();
    headers.extend(ALWAYS);
    if !is_ours {
        headers.insert(header::CONTENT_SECURITY_POLICY, if is_page { OWN_PAGES } else { NOTHING_LOADED });
    }
    headers.insert(REQUEST_ID, HeaderValue::from_str(&id).expect("hexadecimal digits and hyphens"));
    let (status, took) = (response.status().as_u16(), started.elapsed());
    service.metrics.end(method, path, status, took);
    tracing::info!(
        request_id = id,
        method,
        path,
        status,
        milliseconds = took.as_secs_f64() * 1e3,
        "answered"
    );
    response
}

/// A problem with its body; what else stood in one is dropped: it may quote what was sent.
fn told(service: &Service, response: Response, (id, path): (&str, &str), language: Language) -> Response {
    let status = response.status();
    let problem =
        response.extensions().get::<Problem>().cloned().unwrap_or_else(|| Problem::of_status(status));
    let kind = problem.kind;
    let title = service.ports.phrases.title(kind, language);
    let to_people = is_for_people(path);
    let mut told = match path {
        _ if to_people => Page::of_problem(language, (kind, &title), id).with_status(kind.status()),
        path if path.starts_with(OPENDSR) => opendsr::error(kind.status(), (&title, problem.code.as_deref())),
        _ => {
            let body = ProblemBody {
                kind: format!("urn:vermeil:problem:{}", kind.as_str()),
                title,
                status: kind.status().as_u16(),
                code: problem.code.map(|code| code.into_owned()),
                request_id: id.to_owned(),
            };
            let mut told = (kind.status(), Json(body)).into_response();
            let headers = told.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
            headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.as_str()));
            told
        }
    };
    let headers = told.headers_mut();
    if kind == ProblemKind::Unauthenticated && !to_people {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allowed) = response.headers().get(header::ALLOW) {
        headers.insert(header::ALLOW, allowed.clone());
    }
    told
}

/// A method as figures name it: any text may stand in its place.
fn method(method: &Method) -> &'static str {
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
        .iter()
        .zip(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        .find(|(known, _)| *known == method)
        .map_or("other", |(_, name)| name)
}

/// The first of the languages asked for that there is; English otherwise.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let wanted =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|wanted| wanted.to_str().ok()).unwrap_or_default();
    let known = wanted.split(',').find_map(|range| {
        let tag = range.split(';').next().unwrap_or_default().trim();
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "fr" => Some(Language::French),
            "en" => Some(Language::English),
            _ => None,
        }
    });
    known.unwrap_or(Language::English)
}

impl Language {
    /// Its tag (BCP 47).
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &'static str, expected: Language) {
        let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(wanted))]);
        assert_eq!(language(&headers), expected, "{wanted}");
    }

    #[test]
    fn the_first_language_that_there_is_is_taken() {
        check("fr-FR,fr;q=0.9,en;q=0.8", Language::French);
        check("de, FR;q=0.5", Language::French);
        check("en-GB,fr", Language::English);
        check("frr", Language::English);
        check("", Language::English);
    }
}
