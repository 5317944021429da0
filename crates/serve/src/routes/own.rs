//! What people see and do of their own: a link, a short session, one page.

use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use std::num::NonZeroU32;
use utoipa::{IntoParams, ToSchema};
use vermeil_model::Plaintext;
use vermeil_model::consent::ConsentStatus;
use vermeil_model::policy::Purpose;
use vermeil_rights::request::RequestKind;

use super::{Reason, number};
use crate::answers::SubjectLink;
use crate::body::OptionalBody;
use crate::door::Peer;
use crate::frame::language;
use crate::pages::own::{ASKED_HERE, Done, page, scope_named};
use crate::pages::{Page, texts};
use crate::ports::{Caller, OwnConsent, SessionSecret};
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// The cookie of a session: of this host alone, over TLS alone, out of reach of scripts.
pub(crate) const COOKIE: &str = "__Host-vermeil-subject";

const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");

/// A link that is asked for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitation {
    /// What the caller does it for; `data_subject_rights` unless set.
    #[serde(default)]
    purpose: Option<String>,
    /// Hours for which it can be used; `service.subject_link_hours` unless set, and never more.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1)]
    hours: Option<NonZeroU32>,
}

/// What every form bears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndForm {
    /// That it is a form of this session.
    form: String,
}

/// A value that should be another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CorrectionForm {
    /// That it is a form of this session.
    form: String,
    /// Which.
    field: String,
    /// What it should be.
    value: String,
}

/// Whether a contact point may be used for a purpose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentForm {
    /// That it is a form of this session.
    form: String,
    /// `email` or `phone`.
    scope: String,
    /// The address or number.
    contact: String,
    /// What for.
    purpose: String,
    say: Say,
}

/// What is said.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Say {
    /// It may be.
    Give,
    /// It may not be, or not any more.
    Withdraw,
}

/// What is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskForm {
    /// That it is a form of this session.
    form: String,
    /// `erasure`, `portability`, `restriction` or `objection`.
    kind: String,
}

/// What was just done.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct After {
    /// What.
    #[serde(default)]
    done: Option<String>,
}

/// Gives a link with which whoever made a request sees, corrects, allows and asks. It takes a request of which it is
/// sure whose it is, works once, and ends with the request.
#[utoipa::path(post, path = "/v1/requests/{number}/invitations", tag = "requests",
    request_body = Option<NewInvitation>, params(("number" = i64, Path, minimum = 1)),
    responses((status = 201, body = SubjectLink)))]
pub(crate) async fn invite(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(text): Path<String>,
    OptionalBody(wanted): OptionalBody<NewInvitation>,
) -> Result<(StatusCode, Json<SubjectLink>), Problem> {
    let asking = Reason { purpose: wanted.purpose }.asking(caller);
    let longest = service.settings.subject_link_hours;
    let hours = wanted.hours.map_or(longest, |hours| hours.min(longest));
    let mut given = service.ports.self_service.invite(&asking, number(&text)?, hours).await?;
    given.link = service.outside(&given.link);
    Ok((StatusCode::CREATED, Json(given)))
}

/// The page that a link leads to. It looks nothing up and uses nothing up: its button does.
#[utoipa::path(get, path = "/my/enter/{token}", tag = "subjects", security(()),
    params(("token" = String, Path)), responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn door(headers: HeaderMap) -> Page {
    let language = language(&headers);
    let texts = texts(language);
    let body = format!(
        "<p>{}</p>\n<form method=\"post\"><button type=\"submit\">{}</button></form>",
        texts.own_door_explained, texts.own_door_open
    );
    Page { language, title: texts.own_title.to_owned(), body }
}

/// Uses a link up for a session in a cookie.
#[utoipa::path(post, path = "/my/enter/{token}", tag = "subjects", security(()),
    params(("token" = String, Path)), responses((status = 303)))]
pub(crate) async fn enter(
    State(service): State<Service>,
    Extension(peer): Extension<Peer>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(SessionSecret(secret)) = service.ports.self_service.enter(&token).await? else {
        service.pace.count_wrong(peer.0)?;
        let language = language(&headers);
        let texts = texts(language);
        let body = format!("<p>{}</p>", texts.own_gone_explained);
        return Ok(
            Page { language, title: texts.answer_gone.to_owned(), body }.with_status(StatusCode::NOT_FOUND)
        );
    };
    let cookie = format!("{COOKIE}={secret}; Path=/; HttpOnly; Secure; SameSite=Strict");
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/my".to_owned()), (header::SET_COOKIE, cookie)])
        .into_response())
}

/// Everything of whoever is in.
#[utoipa::path(get, path = "/my", tag = "subjects", security(("subject" = [])), params(After),
    responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn own(
    State(service): State<Service>,
    Extension(session): Extension<SessionSecret>,
    Query(after): Query<After>,
    headers: HeaderMap,
) -> Result<Page, Problem> {
    let own = &service.ports.self_service;
    let view = own.view(&session).await?;
    let done = after.done.as_deref().and_then(Done::named);
    Ok(page(&view, &own.form_token(&session), done, language(&headers)))
}

/// Sets a value right; profiles show it from the next run on.
#[utoipa::path(post, path = "/my/corrections", tag = "subjects", security(("subject" = [])),
    request_body(content = CorrectionForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303)))]
pub(crate) async fn correct(
    State(service): State<Service>,
    Extension(session): Extension<SessionSecret>,
    Form(form): Form<CorrectionForm>,
) -> Result<Response, Problem> {
    must_be_ours(&service, &session, &form.form)?;
    service.ports.self_service.correct(&session, form.field, Plaintext::new(form.value)).await?;
    Ok(back(Done::Corrected))
}

/// Allows or withdraws, for one contact point and purpose; it holds before the answer.
#[utoipa::path(post, path = "/my/consents", tag = "subjects", security(("subject" = [])),
    request_body(content = ConsentForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303)))]
pub(crate) async fn consent(
    State(service): State<Service>,
    Extension(session): Extension<SessionSecret>,
    Form(form): Form<ConsentForm>,
) -> Result<Response, Problem> {
    must_be_ours(&service, &session, &form.form)?;
    let status = match form.say {
        Say::Give => ConsentStatus::Given,
        Say::Withdraw => ConsentStatus::Withdrawn,
    };
    let said = OwnConsent {
        scope: scope_named(&form.scope).ok_or_else(shapeless)?,
        value: Plaintext::new(form.contact),
        purpose: Purpose(form.purpose),
        status,
    };
    service.ports.self_service.consent(&session, said).await?;
    Ok(back(Done::Said))
}

/// Opens a request of whoever is in.
#[utoipa::path(post, path = "/my/requests", tag = "subjects", security(("subject" = [])),
    request_body(content = AskForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303)))]
pub(crate) async fn ask(
    State(service): State<Service>,
    Extension(session): Extension<SessionSecret>,
    Form(form): Form<AskForm>,
) -> Result<Response, Problem> {
    must_be_ours(&service, &session, &form.form)?;
    let kind =
        RequestKind::named(&form.kind).filter(|kind| ASKED_HERE.contains(kind)).ok_or_else(shapeless)?;
    service.ports.self_service.ask(&session, kind).await?;
    Ok(back(Done::Asked))
}

/// Ends the session.
#[utoipa::path(post, path = "/my/end", tag = "subjects", security(("subject" = [])),
    request_body(content = EndForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn end(
    State(service): State<Service>,
    Extension(session): Extension<SessionSecret>,
    headers: HeaderMap,
    Form(form): Form<EndForm>,
) -> Result<Response, Problem> {
    must_be_ours(&service, &session, &form.form)?;
    service.ports.self_service.leave(&session).await?;
    let language = language(&headers);
    let texts = texts(language);
    let title = texts.own_title.to_owned();
    let page = Page { language, title, body: format!("<p>{}</p>", texts.own_ended) };
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0");
    Ok(([(header::SET_COOKIE, cookie), (CLEAR, "\"cache\"".to_owned())], page).into_response())
}

fn must_be_ours(service: &Service, session: &SessionSecret, form: &str) -> Result<(), Problem> {
    // What is compared is a digest, so that how long it takes tells nothing that would help.
    match service.ports.self_service.form_token(session) == form {
        true => Ok(()),
        false => Err(Problem::coded(ProblemKind::Forbidden, "form-of-another-session")),
    }
}

fn back(done: Done) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("/my?done={}", done.as_str()))]).into_response()
}

fn shapeless() -> Problem {
    Problem::coded(ProblemKind::Invalid, "body-of-another-shape")
}
