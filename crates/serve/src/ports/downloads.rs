//! Answers that people take away with a link.

use std::num::NonZeroU32;

use async_trait::async_trait;
use serde_json::Value;

use super::Asking;
use crate::answers::DownloadLink;
use crate::problem::{Language, Problem};

/// An answer on its way. It has no `Debug`.
pub struct Parcel {
    /// Its number, to say that it went out whole.
    pub number: i64,
    /// The request that it answers.
    pub request: i64,
    /// Name and content of each file.
    pub files: Vec<(&'static str, String)>,
    /// What is in it, in counts.
    pub detail: Value,
}

/// Answers that people take away with a link.
#[async_trait]
pub trait Downloads: Send + Sync {
    /// Gives a link to the answer of a request; what was given before and not taken counts no more.
    async fn issue(
        &self,
        asking: &Asking,
        number: i64,
        language: Language,
        hours: NonZeroU32,
    ) -> Result<DownloadLink, Problem>;

    /// Uses a link up. `None`: it is none, or not any more.
    async fn take(&self, token: &str) -> Result<Option<Parcel>, Problem>;

    /// Notes that an answer went out whole.
    async fn delivered(&self, number: i64, detail: &Value) -> Result<(), Problem>;
}
