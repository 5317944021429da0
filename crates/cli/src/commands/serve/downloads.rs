//! Answers that people take away, as the service asks it.

use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::TimeDelta;
use serde_json::Value;
use vermeil_engine::Download;
use vermeil_rights::dossier::LetterLanguage;
use vermeil_serve::ports::{Asking, Downloads, Parcel};
use vermeil_serve::{DownloadLink, Language, Problem};

use super::desk::{Desk, reader};
use super::problems::problem;

/// Where the service answers to a link.
pub const PLACE: &str = "/download/";

#[async_trait]
impl Downloads for Desk {
    async fn issue(
        &self,
        asking: &Asking,
        number: i64,
        language: Language,
        hours: NonZeroU32,
    ) -> Result<DownloadLink, Problem> {
        let (engine, reader) = (self.engine.clone(), reader(asking));
        let language = match language {
            Language::French => LetterLanguage::French,
            Language::English => LetterLanguage::English,
        };
        let lasts = TimeDelta::hours(hours.get().into());
        let issued =
            self.to_the_end(async move { engine.issue_download(number, language, lasts, &reader).await });
        let (report, token) = issued.await?;
        let link = format!("{PLACE}{}", token.expose());
        Ok(DownloadLink { request: report.request, link, expires_at: report.expires_at })
    }

    async fn take(&self, token: &str) -> Result<Option<Parcel>, Problem> {
        let (engine, token) = (self.engine.clone(), token.to_owned());
        let taken = self.to_the_end(async move { engine.take_download(&token).await }).await?;
        Ok(taken.map(|download| {
            let detail = download.detail().clone();
            let Download { number, request, package } = download;
            Parcel { number, request, files: package.files, detail }
        }))
    }

    async fn delivered(&self, number: i64, detail: &Value) -> Result<(), Problem> {
        self.engine.deliver_download(number, detail).await.map_err(|error| problem(&error))
    }
}
