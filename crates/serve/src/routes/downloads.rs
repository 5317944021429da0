//! Answers that people take away: a link given by whoever deals with the request, a page, an archive.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::body::Body as Content;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Reason, number};
use crate::answers::DownloadLink;
use crate::archive;
use crate::body::OptionalBody;
use crate::door::Peer;
use crate::frame::language;
use crate::pages::{Page, texts};
use crate::ports::{Caller, Downloads, Parcel};
use crate::problem::{Language, Problem, ProblemKind};
use crate::service::Service;

/// Bytes that go out at once: what has gone out is known to within so many.
const CHUNK: usize = 64 * 1024;

/// A link that is asked for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDownload {
    /// What the caller does it for; `data_subject_rights` unless set.
    #[serde(default)]
    purpose: Option<String>,
    /// The language of the letter; French unless set.
    #[serde(default)]
    language: Option<Tongue>,
    /// Hours for which it can be used; `service.download_hours` unless set, and never more.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1)]
    hours: Option<NonZeroU32>,
}

/// A language of letters.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tongue {
    /// French.
    Fr,
    /// English.
    En,
}

/// Gives a link to the answer of a request for access or portability. It works once; what was given before and
/// not used works no more. Once the answer has gone out, `run` ends the request.
#[utoipa::path(post, path = "/v1/requests/{number}/downloads", tag = "requests",
    request_body = Option<NewDownload>, params(("number" = i64, Path, minimum = 1)),
    responses((status = 201, body = DownloadLink)))]
pub(crate) async fn issue(
    State(service): State<Service>,
    Extension(caller): Extension<Caller>,
    Path(text): Path<String>,
    OptionalBody(wanted): OptionalBody<NewDownload>,
) -> Result<(StatusCode, Json<DownloadLink>), Problem> {
    let asking = Reason { purpose: wanted.purpose }.asking(caller);
    let language = match wanted.language {
        None | Some(Tongue::Fr) => Language::French,
        Some(Tongue::En) => Language::English,
    };
    let longest = service.settings.download_hours;
    let hours = wanted.hours.map_or(longest, |hours| hours.min(longest));
    let mut given = service.ports.downloads.issue(&asking, number(&text)?, language, hours).await?;
    given.link = service.outside(&given.link);
    Ok((StatusCode::CREATED, Json(given)))
}

/// The page that a link leads to. It looks nothing up and uses nothing up: its button does.
#[utoipa::path(get, path = "/download/{token}", tag = "requests", security(()),
    params(("token" = String, Path)), responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn page(headers: HeaderMap) -> Page {
    let language = language(&headers);
    let texts = texts(language);
    let body = format!(
        "<p>{}</p>\n<form method=\"post\"><button type=\"submit\">{}</button></form>",
        texts.answer_explained, texts.answer_take
    );
    Page { language, title: texts.answer_title.to_owned(), body }
}

/// Uses a link up: the answer, as an archive.
#[utoipa::path(post, path = "/download/{token}", tag = "requests", security(()),
    params(("token" = String, Path)),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>)))]
pub(crate) async fn take(
    State(service): State<Service>,
    Extension(peer): Extension<Peer>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(parcel) = service.ports.downloads.take(&token).await? else {
        service.pace.count_wrong(peer.0)?;
        let language = language(&headers);
        let texts = texts(language);
        let body = format!("<p>{}</p>", texts.answer_gone_explained);
        let page = Page { language, title: texts.answer_gone.to_owned(), body };
        return Ok(page.with_status(StatusCode::NOT_FOUND));
    };
    let name = format!("attachment; filename=\"request-{}.zip\"", parcel.request);
    let content = sent(Arc::clone(&service.ports.downloads), parcel)?;
    let headers = [(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, content).into_response())
}

/// The archive in pieces; that it went out whole is noted when all of them were asked for.
fn sent(downloads: Arc<dyn Downloads>, parcel: Parcel) -> Result<Content, Problem> {
    let archive = Bytes::from(archive::zip(&parcel.files).ok_or(ProblemKind::Internal)?);
    let Parcel { number, detail, .. } = parcel;
    // No length is told: a client knows by the last piece whether it has all.
    let pieces =
        stream::unfold((archive, downloads, detail), move |(mut left, downloads, detail)| async move {
            if left.is_empty() {
                if let Err(problem) = downloads.delivered(number, &detail).await {
                    tracing::error!(
                        download = number,
                        code = problem.code.as_deref(),
                        "not noted as delivered"
                    );
                }
                return None;
            }
            let piece = left.split_to(CHUNK.min(left.len()));
            Some((Ok::<_, std::convert::Infallible>(piece), (left, downloads, detail)))
        });
    Ok(Content::from_stream(pieces))
}
