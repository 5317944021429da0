//! Answers that are taken away with a link: once, before it expires, made when they are taken.
//!
//! ```text
//! issue ─▶ link ─▶ taken (used up) ─▶ made, sent ─▶ delivered ─▶ run: completed, kit destroyed
//!   ▲                                   │ torn
//!   └───────────── another ◀────────────┘
//! ```
//!
//! Nothing of the answer waits on a disk. Until whoever deals with the request carries it out to its end, its
//! kit is there, so that what was torn on its way can be given again.

use chrono::{TimeDelta, Utc};
use serde_json::Value;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};
use vermeil_protect::{BearerToken, TokenHash};
use vermeil_rights::dossier::LetterLanguage;
use vermeil_rights::request::{Request, RequestKind};
use vermeil_state::{KnownRequest, NewDownload};

use super::package::Package;
use super::steps::EXPORT;
use super::{GIVING_A_LINK, HANDING_OVER, intent, lawful, status};
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::report::{DownloadReport, second};

/// Why an answer is not taken away with a link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// What was asked for is done, not handed over.
    #[error("a request for {} has no answer to take away", kind.as_str())]
    NothingToTake {
        /// What was asked for.
        kind: RequestKind,
    },
    /// The link was given, and the answer has not gone out whole.
    #[error("the answer of request {number} was not taken yet")]
    NotTaken {
        /// The request.
        number: i64,
    },
}

impl Diagnose for DownloadError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::NothingToTake { kind } => {
                Diagnostic::new("download-nothing-to-take").with("kind", kind.as_str())
            }
            Self::NotTaken { number } => Diagnostic::new("download-not-taken").with("number", number),
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

/// An answer on its way. Personal: no `Debug`.
pub struct Download {
    /// Its number, to say that it went out whole.
    pub number: i64,
    /// The request that it answers.
    pub request: i64,
    /// What goes out.
    pub package: Package,
}

impl Download {
    /// What is in it, in counts.
    pub fn detail(&self) -> &Value {
        &self.package.detail
    }
}

impl Engine {
    /// Gives a link to the answer of a request for access or portability; it is told once, here. One that was
    /// given before and not taken counts no more.
    ///
    /// # Errors
    /// [`EngineError::RequestDenied`], [`EngineError::Unknown`], [`DownloadError::NothingToTake`], a state that does
    /// not allow it; or the state database or the audit log fail.
    pub async fn issue_download(
        &self,
        number: i64,
        language: LetterLanguage,
        lasts: TimeDelta,
        reader: &Reader,
    ) -> Result<(DownloadReport, BearerToken), EngineError> {
        let grant = self.answering(reader)?;
        let known = self.known_request(number).await?;
        let kind = known.request.kind();
        if !has_answer(kind) {
            return Err(DownloadError::NothingToTake { kind }.into());
        }
        lawful(known.request.clone().start())?;
        let token = BearerToken::random();
        let expires_at = Utc::now() + lasts;
        let new = NewDownload {
            request: number,
            hash: token.hash(),
            language: tag(language).to_owned(),
            issued_by: reader.actor.clone(),
            role: reader.role.clone(),
            purpose: grant.purpose().clone(),
            expires_at,
        };
        let entry = self.audit.begin(intent(reader, GIVING_A_LINK, number)).await?;
        let issued = async {
            self.state.change_request(number, Request::start).await?;
            self.state.begin_request_step(number, EXPORT).await?;
            self.state.create_download(&new).await
        };
        let issued = issued.await;
        self.audit.conclude(entry, 0, status(issued.is_ok())).await?;
        let report = DownloadReport { download: issued?, request: number, expires_at: second(expires_at) };
        Ok((report, token))
    }

    /// Uses a link up, and makes the answer under the leave of whoever gave it. `None`: it is none, or not any
    /// more.
    ///
    /// # Errors
    /// [`EngineError::RequestDenied`]: that leave was taken back; or the lake, the keys, the state database or the
    /// audit log fail. The link is used up then, and another can be given.
    pub async fn take_download(&self, token: &str) -> Result<Option<Download>, EngineError> {
        let Some(hash) = TokenHash::of(token) else { return Ok(None) };
        let Some(taken) = self.state.take_download(&hash).await? else { return Ok(None) };
        let reader = Reader { actor: taken.issued_by, role: taken.role, purpose: Some(taken.purpose) };
        let grant = self.answering(&reader)?;
        let known = self.known_request(taken.request).await?;
        let entry = self.audit.begin(intent(&reader, HANDING_OVER, taken.request)).await?;
        let language = language_of(&taken.language);
        let made = self.make_package(&known, language, (&reader, &grant), entry).await;
        self.audit.conclude(entry, 0, status(made.is_ok())).await?;
        Ok(Some(Download { number: taken.number, request: taken.request, package: made? }))
    }

    /// Notes that an answer went out whole.
    ///
    /// # Errors
    /// It was not taken, or noted before; or the state database fails.
    pub async fn deliver_download(&self, number: i64, detail: &Value) -> Result<(), EngineError> {
        Ok(self.state.deliver_download(number, (EXPORT, detail)).await?)
    }

    /// Whether an answer that goes into no folder was taken away.
    pub(super) async fn check_taken(&self, known: &KnownRequest) -> Result<(), EngineError> {
        if known.steps.iter().any(|step| step.step == EXPORT && step.ended_at.is_some()) {
            return Ok(());
        }
        match self.state.downloads_of(known.number).await? {
            0 => Err(EngineError::NoFolder),
            _ => Err(DownloadError::NotTaken { number: known.number }.into()),
        }
    }
}

/// Whether requests of a kind are answered with something to take away.
pub(super) fn has_answer(kind: RequestKind) -> bool {
    matches!(kind, RequestKind::Access | RequestKind::Portability)
}

fn tag(language: LetterLanguage) -> &'static str {
    match language {
        LetterLanguage::French => "fr",
        LetterLanguage::English => "en",
    }
}

fn language_of(tag: &str) -> LetterLanguage {
    match tag {
        "fr" => LetterLanguage::French,
        _ => LetterLanguage::English,
    }
}
