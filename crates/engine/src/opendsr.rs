//! Requests of data subjects that other controllers hand over: OpenDSR 2.0.
//!
//! They enter the way of all requests. Whose they are is sure only where the pipeline takes the word of that
//! controller; else they wait like any other. Of the states here its four are told.

use chrono::{DateTime, Utc};
use vermeil_model::Plaintext;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};
use vermeil_rights::request::{IdentityMethod, Request, RequestKind, RequestState};
pub use vermeil_state::{DueCallback, Told as ToldController};
use vermeil_state::{KnownOpenDsr, NewOpenDsr};

use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::requests::{NewRequest, RequestChange, Verification};

/// What a controller hands over.
pub struct HandedOver {
    /// Its id of the request.
    pub id: String,
    /// What is asked for.
    pub kind: RequestKind,
    /// Fields that records are found by, with values.
    pub identifiers: Vec<(String, Plaintext<String>)>,
    /// All that it sent, so that the same is known again.
    pub sent: Plaintext<String>,
    /// Whom to tell of changes.
    pub callbacks: Vec<String>,
}

/// How far a request has come that a controller handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDsrStatus {
    /// Our number of it.
    pub request: i64,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The last day to answer on; the day on which it ended where it has.
    pub expected: Option<String>,
    /// `pending`, `in_progress`, `completed` or `cancelled`.
    pub status: &'static str,
    /// The state here, which says more.
    pub state: String,
}

/// Why something of a controller is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenDsrError {
    /// Another request came under the same id.
    #[error("another request came under this id")]
    AnotherUnderThisId,
    /// It is being carried out, or has ended.
    #[error("request {number} is not pending any more")]
    NotPending {
        /// Our number of it.
        number: i64,
    },
}

impl Diagnose for OpenDsrError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::AnotherUnderThisId => Diagnostic::new("opendsr-another-under-this-id"),
            Self::NotPending { number } => Diagnostic::new("opendsr-not-pending").with("number", number),
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

impl Engine {
    /// Takes over a request of a controller, the account of `reader`. The same under the same id is the same request,
    /// however often it comes and wherever it was cut off before.
    ///
    /// # Errors
    /// [`OpenDsrError::AnotherUnderThisId`]; as [`Engine::open_subject_request`].
    pub async fn take_over(&self, handed: HandedOver, reader: &Reader) -> Result<OpenDsrStatus, EngineError> {
        let grant = self.answering(reader)?;
        let new = NewRequest {
            kind: handed.kind,
            received: None,
            identifiers: handed.identifiers,
            changes: Vec::new(),
            purposes: Vec::new(),
        };
        let prepared = self.prepare_request(new, reader, &grant)?;
        let noted = NewOpenDsr {
            controller: reader.actor.clone(),
            id: handed.id,
            sent: self.consent_tags.consent_tag("opendsr", handed.sent.expose(&grant)),
            callbacks: handed.callbacks,
        };
        let known = self.state.note_opendsr(&noted).await?;
        if known.sent != noted.sent {
            return Err(OpenDsrError::AnotherUnderThisId.into());
        }
        if self.state.request(known.request).await?.is_none() {
            let opened = self.open_prepared(known.request, prepared, reader).await;
            // Of two who came at once the other may have opened it.
            if opened.is_err() && self.state.request(known.request).await?.is_none() {
                opened?;
            }
        }
        self.trust(&known, reader).await?;
        self.opendsr_status_of(known).await
    }

    /// How far a request has come that this account handed over under an id; `None`: it handed none over.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn opendsr_status(
        &self,
        id: &str,
        reader: &Reader,
    ) -> Result<Option<OpenDsrStatus>, EngineError> {
        match self.state.opendsr(&reader.actor, id).await? {
            Some(known) => self.opendsr_status_of(known).await.map(Some),
            None => Ok(None),
        }
    }

    /// Calls a request back that this account handed over, as long as nothing of it was begun.
    ///
    /// # Errors
    /// [`OpenDsrError::NotPending`]; as [`Engine::change_subject_request`].
    pub async fn call_back(&self, id: &str, reader: &Reader) -> Result<Option<OpenDsrStatus>, EngineError> {
        let Some(known) = self.state.opendsr(&reader.actor, id).await? else { return Ok(None) };
        let number = known.request;
        if self.opendsr_status_of(known.clone()).await?.status != PENDING {
            return Err(OpenDsrError::NotPending { number }.into());
        }
        self.change_subject_request(number, RequestChange::Cancel, reader).await?;
        self.opendsr_status_of(known).await.map(Some)
    }

    /// What controllers are to be told now, at most `limit`, each with the last day to answer on; whoever takes it
    /// tells them within a minute.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn take_callbacks(
        &self,
        limit: u32,
    ) -> Result<Vec<(DueCallback, Option<String>)>, EngineError> {
        for (request, told) in self.state.opendsr_to_follow().await? {
            let Some(known) = self.state.request(request).await? else { continue };
            let status = status_of(known.request.state());
            if status != told {
                self.state.note_opendsr_change(request, (&told, status)).await?;
            }
        }
        let mut due = Vec::new();
        for callback in self.state.take_callbacks(limit).await? {
            let request = self.known_request(callback.request).await?.request;
            due.push((callback, expected(&request)));
        }
        Ok(due)
    }

    /// Notes that a controller was told, or that it could not be.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn end_callback(&self, number: i64, was_told: ToldController) -> Result<(), EngineError> {
        Ok(self.state.end_callback(number, was_told).await?)
    }

    /// The account whose word is taken says who asks. What names several people, or was decided meanwhile, waits
    /// for an officer.
    async fn trust(&self, known: &KnownOpenDsr, reader: &Reader) -> Result<(), EngineError> {
        let settings = self.config.pipeline.opendsr.as_ref();
        let is_trusted = settings.is_some_and(|told| told.verified_controllers.contains(&reader.actor));
        let state = self.known_request(known.request).await?.request.state();
        if !is_trusted || state != RequestState::IdentityUnverified {
            return Ok(());
        }
        let verification = Verification { method: IdentityMethod::Session, subject: None };
        match self.verify_subject_request(known.request, verification, reader).await {
            Ok(_) | Err(EngineError::SeveralPeople { .. }) => Ok(()),
            Err(cause) => Err(cause),
        }
    }

    async fn opendsr_status_of(&self, known: KnownOpenDsr) -> Result<OpenDsrStatus, EngineError> {
        let request = self.known_request(known.request).await?.request;
        Ok(OpenDsrStatus {
            request: known.request,
            received_at: known.received_at,
            expected: expected(&request),
            status: status_of(request.state()),
            state: request.state().as_str().to_owned(),
        })
    }
}

/// The last day to answer on; the day on which it ended where it has.
fn expected(request: &Request) -> Option<String> {
    let ended = request.ended().map(|act| act.at.date_naive());
    ended.or_else(|| request.clock().due()).map(|day| day.to_string())
}

const PENDING: &str = "pending";

/// What a state is called there. What is refused, or asked twice, ends without having been done.
fn status_of(state: RequestState) -> &'static str {
    match state {
        RequestState::IdentityUnverified | RequestState::Pending | RequestState::Approved => PENDING,
        RequestState::InProgress | RequestState::Restricted => "in_progress",
        RequestState::Completed => "completed",
        RequestState::Refused | RequestState::Cancelled | RequestState::Duplicate => "cancelled",
    }
}
