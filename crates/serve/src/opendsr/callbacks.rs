//! Telling controllers how far their requests have come.

use std::time::Duration;

use axum::http::header;
use reqwest::redirect::Policy;
use serde_json::json;

use super::{Dialect, Processor};
use crate::ports::{Callback, Told};
use crate::problem::Problem;
use crate::service::Service;

/// Told in one tick at most.
const AT_ONCE: u32 = 20;
/// How long a controller may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells what is due to be told.
pub(crate) async fn tell(service: &Service) -> Result<(), Problem> {
    let Some(processor) = &service.processor else { return Ok(()) };
    for callback in service.ports.opendsr.take_callbacks(AT_ONCE).await? {
        let told = match say(processor, &callback).await {
            Some(()) => Told::Yes,
            None => {
                tracing::warn!(callback = callback.number, "a controller could not be told");
                Told::No
            }
        };
        service.ports.opendsr.end_callback(callback.number, told).await?;
    }
    Ok(())
}

/// Tells one; `None`: it did not say that it was told.
async fn say(processor: &Processor, callback: &Callback) -> Option<()> {
    let url = processor.addresses.parse(&callback.url)?;
    let body = json!({
        "controller_id": callback.controller,
        "expected_completion_time": callback.expected.as_deref().map(super::midnight),
        "status_callback_url": callback.url,
        "subject_request_id": callback.id,
        "request_status": callback.status,
    })
    .to_string();
    // Whoever sends us elsewhere is not followed.
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy();
    let client = match processor.addresses.is_internal(&url) {
        true => client,
        false => client.https_only(true).dns_resolver(super::addresses::PublicOnly),
    };
    let mut request = client.build().ok()?.post(url).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in processor.vouched(body.as_bytes(), Dialect::OpenDsr)? {
        request = request.header(name, value);
    }
    let answer = request.body(body).send().await.ok()?;
    // 202 is what the specification says; whoever says another success has heard it, too.
    answer.status().is_success().then_some(())
}
