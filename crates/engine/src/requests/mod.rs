//! Requests of data subjects: opened, made sure of, decided, carried out step by step.
//!
//! ```text
//! open ─▶ verify ─▶ (approve: erasure) ─▶ run ─▶ export, rectify, restrict, object or erase ─▶ kit destroyed
//! identifiers   closure, duplicates
//! sealed        looked up here, not before
//! ```
//!
//! Opening looks nobody up: whoever is known and whoever is not get the same answer after the same
//! time, until it is sure who asks. Who it is about stands in the kit alone ([`kit`]), sealed under a key
//! of this request that is destroyed at its end. Each step is noted before and after, and done again
//! where it was cut off. Which way a request may go at all is the matter of [`vermeil_rights::request`].

mod dossier;
mod download;
mod kit;
mod outlived;
mod package;
mod steps;
mod subject;

use std::path::Path;

use chrono::{NaiveDate, Utc};
use vermeil_audit::{Intent, Status};
use vermeil_model::decision::Reason;
use vermeil_model::{FieldClass, Grant, Plaintext};
use vermeil_rights::deadline::day_of;
use vermeil_rights::dossier::LetterLanguage;
use vermeil_rights::request::{Act, Ground, Hold, IdentityMethod, Request, RequestError, RequestKind};
use vermeil_state::{ErasureStatus, KnownRequest, StateError, VerifiedSubject};

pub use self::download::{Download, DownloadError};
use self::kit::{RequestKit, request_owner};
pub use self::package::Package;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::progress::Progress;
use crate::report::SubjectRequestReport;

/// A request that someone makes.
pub struct NewRequest {
    /// What they ask for.
    pub kind: RequestKind,
    /// When it was received; today unless given.
    pub received: Option<NaiveDate>,
    /// Who they say they are: fields that records are found by, or `id`, with values.
    pub identifiers: Vec<(String, Plaintext<String>)>,
    /// Rectification: fields with the values that they should have.
    pub changes: Vec<(String, Plaintext<String>)>,
    /// Objection: to what; to every purpose that knows objection unless given.
    pub purposes: Vec<String>,
}

/// A request that can be opened. Personal: no `Debug`.
pub(crate) struct PreparedRequest {
    request: Request,
    contents: RequestKit,
}

/// How it was made sure who asks.
#[derive(Debug, Clone, Copy)]
pub struct Verification {
    /// How.
    pub method: IdentityMethod,
    /// A profile or record, where what they said names several people.
    pub subject: Option<u128>,
}

/// What becomes of a request, short of carrying it out.
#[derive(Debug, Clone)]
pub enum RequestChange {
    /// It is in doubt who asks: the clock stops until they prove it.
    Pause,
    /// What was asked for came.
    Resume,
    /// Two months more.
    Extend(Reason),
    /// An erasure waits, and the person is restricted instead.
    Hold {
        /// What must be kept.
        reason: Reason,
        /// The law that says so.
        basis: Reason,
        /// The hold's last day.
        until: NaiveDate,
    },
    /// The hold ended: whether to erase is looked at again.
    Release,
    /// It is not followed.
    Refuse {
        /// On what.
        ground: Ground,
        /// Why it is so here.
        reason: Reason,
    },
    /// It was called back.
    Cancel,
    /// A restriction ends.
    Lift {
        /// When the person was told that it would.
        told: NaiveDate,
    },
}

/// Where an answer goes.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// A folder that is made for it; access and portability take one.
    pub to: Option<&'a Path>,
    /// The language of the letter.
    pub language: LetterLanguage,
}

impl Engine {
    /// Opens a request. Nobody is looked up: the answer tells nothing of whether they are known.
    ///
    /// # Errors
    /// - [`EngineError::Denied`], [`EngineError::NotIndexed`], [`EngineError::NotAField`],
    ///   [`EngineError::NotAValue`], [`EngineError::NoIdentifier`], [`EngineError::NotReceivedYet`];
    /// - the keys, the state database or the audit log fail.
    pub async fn open_subject_request(
        &self,
        new: NewRequest,
        reader: &Reader,
    ) -> Result<SubjectRequestReport, EngineError> {
        let grant = self.grant(reader)?;
        let prepared = self.prepare_request(new, reader, &grant)?;
        let number = self.state.begin_request().await?;
        self.open_prepared(number, prepared, reader).await?;
        self.subject_request(number).await
    }

    /// What a request is, before anything of it is written.
    pub(crate) fn prepare_request(
        &self,
        new: NewRequest,
        reader: &Reader,
        grant: &Grant,
    ) -> Result<PreparedRequest, EngineError> {
        let today = self.day_here();
        let received = new.received.unwrap_or(today);
        if received > today {
            return Err(EngineError::NotReceivedYet);
        }
        let request = Request::open(new.kind, received, act(reader));
        Ok(PreparedRequest { request, contents: self.kit_of(new, grant)? })
    }

    /// Opens a request under a number that was taken for it.
    pub(crate) async fn open_prepared(
        &self,
        number: i64,
        PreparedRequest { request, contents }: PreparedRequest,
        reader: &Reader,
    ) -> Result<(), EngineError> {
        let entry = self.audit.begin(intent(reader, "request-open", number)).await?;
        let opened = async {
            let kit = self.seal_request_kit(number, &contents).await?;
            Ok::<_, EngineError>(self.state.open_request(number, &request, &kit).await?)
        };
        let opened = opened.await;
        self.audit.conclude(entry, 0, status(opened.is_ok())).await?;
        opened
    }

    /// It is sure who asks: everything about them is looked up, and whether they asked for the same before.
    ///
    /// # Errors
    /// - [`EngineError::RequestDenied`]: it takes leave to open every class;
    /// - [`EngineError::SeveralPeople`]: what they said names several, of whom one has to be chosen;
    /// - a state that does not allow it; or the lake, the keys, the state database or the audit log fail.
    pub async fn verify_subject_request(
        &self,
        number: i64,
        verification: Verification,
        reader: &Reader,
    ) -> Result<SubjectRequestReport, EngineError> {
        let grant = self.answering(reader)?;
        let known = self.known_request(number).await?;
        let today = self.day_here();
        // Refused before anyone is looked up.
        lawful(known.request.clone().verify(today, verification.method, act(reader)))?;
        let entry = self.audit.begin(intent(reader, "request-verify", number)).await?;
        let verified = self.look_up_subject(&known, verification, (reader, &grant)).await;
        self.audit.conclude(entry, 0, status(verified.is_ok())).await?;
        verified?;
        self.destroy_if_ended(number).await?;
        self.subject_request(number).await
    }

    /// Changes a request.
    ///
    /// # Errors
    /// [`EngineError::RequestDenied`], [`EngineError::Unknown`]; a state or a law that does not allow it; or the
    /// keys, the state database or the audit log fail.
    pub async fn change_subject_request(
        &self,
        number: i64,
        change: RequestChange,
        reader: &Reader,
    ) -> Result<SubjectRequestReport, EngineError> {
        let grant = self.answering(reader)?;
        let known = self.known_request(number).await?;
        let today = self.day_here();
        lawful(apply(&mut known.request.clone(), &change, today, act(reader)))?;
        let entry = self.audit.begin(intent(reader, action(&change), number)).await?;
        let changed = self.make_change(&known, &change, (reader, &grant)).await;
        self.audit.conclude(entry, 0, status(changed.is_ok())).await?;
        changed?;
        self.destroy_if_ended(number).await?;
        self.subject_request(number).await
    }

    /// Another account than the one that opened it approves an erasure: an erasure of everything about the
    /// person is opened and approved with it.
    ///
    /// # Errors
    /// As [`Engine::change_subject_request`], and as [`Engine::open_erasures`].
    pub async fn approve_subject_request(
        &self,
        number: i64,
        reader: &Reader,
    ) -> Result<SubjectRequestReport, EngineError> {
        let grant = self.answering(reader)?;
        let known = self.known_request(number).await?;
        lawful(known.request.clone().approve(act(reader)))?;
        let entry = self.audit.begin(intent(reader, "request-approve", number)).await?;
        let approved = async {
            if let Some(erasure) = self.linked_erasure(&known, (reader, &grant)).await?
                && self.erasure(erasure).await?.status == ErasureStatus::Open.as_str()
            {
                self.approve_erasure(erasure, reader).await?;
            }
            Ok::<_, EngineError>(
                self.state.change_request(number, |request| request.approve(act(reader))).await?,
            )
        };
        let approved = approved.await;
        self.audit.conclude(entry, 0, status(approved.is_ok())).await?;
        approved?;
        self.subject_request(number).await
    }

    /// Carries a request out, or goes on where it was cut off.
    ///
    /// # Errors
    /// - [`EngineError::RequestDenied`], [`EngineError::Unknown`], a state that does not allow it;
    /// - [`EngineError::NoFolder`], [`EngineError::FolderTaken`]: an export takes a folder that is not there yet,
    ///   unless it was taken away with a link ([`EngineError::Download`] while it was not);
    /// - what rectifying and erasing refuse;
    /// - the lake, the keys, the state database or the audit log fail. Asking again goes on.
    pub async fn run_subject_request(
        &self,
        number: i64,
        delivery: Delivery<'_>,
        reader: &Reader,
        progress: &dyn Progress,
    ) -> Result<SubjectRequestReport, EngineError> {
        let grant = self.answering(reader)?;
        let known = self.known_request(number).await?;
        lawful(known.request.clone().start())?;
        self.check_delivery(&known, delivery).await?;
        let entry = self.audit.begin(intent(reader, "request-run", number)).await?;
        let ran = self.carry_out(&known, delivery, (reader, &grant), (entry, progress)).await;
        self.audit.conclude(entry, 0, status(ran.is_ok())).await?;
        ran?;
        self.subject_request(number).await
    }

    /// Every request, by number.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn subject_requests(&self) -> Result<Vec<SubjectRequestReport>, EngineError> {
        let (today, soon) = (self.day_here(), self.config.pipeline.requests.soon_days);
        let all = self.state.requests().await?.into_iter();
        Ok(all.map(|known| SubjectRequestReport::of(known, today, soon)).collect())
    }

    /// One request.
    ///
    /// # Errors
    /// [`EngineError::Unknown`], or the state database cannot be read.
    pub async fn subject_request(&self, number: i64) -> Result<SubjectRequestReport, EngineError> {
        let known = self.known_request(number).await?;
        Ok(SubjectRequestReport::of(known, self.day_here(), self.config.pipeline.requests.soon_days))
    }

    async fn look_up_subject(
        &self,
        known: &KnownRequest,
        verification: Verification,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<(), EngineError> {
        let mut contents = self.open_request_kit(known.number, grant).await?;
        contents.records.clear();
        let closure = self.closure_of(&contents, verification.subject, (reader, grant)).await?;
        let summary = subject::summary(closure.as_ref());
        contents.records = closure.map(|closure| closure.records).unwrap_or_default();
        let kit = self.seal_request_kit(known.number, &contents).await?;
        let subject = VerifiedSubject { kit, tags: self.request_tags_of(&contents.records), summary };
        let today = self.day_here();
        let make = |request: &mut Request, other: Option<i64>| {
            request.verify(today, verification.method, act(reader))?;
            other.map_or(Ok(()), |other| request.repeats(other, act(reader)))
        };
        Ok(self.state.verify_request(known.number, &subject, make).await?)
    }

    async fn make_change(
        &self,
        known: &KnownRequest,
        change: &RequestChange,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<(), EngineError> {
        let ends_restriction = matches!(
            change,
            RequestChange::Lift { .. } | RequestChange::Refuse { .. } | RequestChange::Cancel
        );
        if ends_restriction && known.steps.iter().any(|step| step.step == steps::RESTRICT) {
            self.release_subject(known, (reader, grant)).await?;
        }
        if let (RequestChange::Hold { .. }, Some(erasure)) = (change, known.erasure) {
            let linked = self.state.erasure(erasure).await?.map(|erasure| erasure.status);
            if matches!(linked, Some(ErasureStatus::Open | ErasureStatus::Approved)) {
                self.cancel_erasure(erasure, reader).await?;
            }
            self.state.link_erasure(known.number, None).await?;
        }
        let today = self.day_here();
        let make = |request: &mut Request| apply(request, change, today, act(reader));
        Ok(self.state.change_request(known.number, make).await?)
    }

    pub(crate) async fn known_request(&self, number: i64) -> Result<KnownRequest, EngineError> {
        let found = self.state.request(number).await?;
        found.ok_or_else(|| EngineError::Unknown { what: "request", id: number.to_string() })
    }

    /// Destroys the key of a kit that is gone.
    async fn destroy_if_ended(&self, number: i64) -> Result<(), EngineError> {
        if self.known_request(number).await?.request.state().is_final() {
            self.vault.destroy_owner(&request_owner(number)).await?;
        }
        Ok(())
    }

    /// Leave to deal with requests: whoever may open every class.
    pub(crate) fn answering(&self, reader: &Reader) -> Result<Grant, EngineError> {
        let grant = self.grant(reader)?;
        if FieldClass::PERSONAL.iter().all(|class| grant.covers(*class)) {
            return Ok(grant);
        }
        let (role, purpose) = (grant.role().to_string(), grant.purpose().to_string());
        Err(EngineError::RequestDenied { role, purpose })
    }

    /// The day that it is where the controller is.
    pub(crate) fn day_here(&self) -> NaiveDate {
        day_of(Utc::now(), self.config.pipeline.requests.utc_offset.0)
    }

    fn kit_of(&self, new: NewRequest, grant: &Grant) -> Result<RequestKit, EngineError> {
        let mut contents = RequestKit::default();
        for (field, value) in new.identifiers {
            let value = value.into_exposed(grant).trim().to_owned();
            if field == subject::ID {
                value.parse::<vermeil_model::RecordId>().map_err(|_| not_a_value(&field))?;
            } else {
                self.sources_indexed_by(&field)?;
            }
            if value.is_empty() {
                return Err(not_a_value(&field));
            }
            contents.identifiers.push((field, value));
        }
        if contents.identifiers.is_empty() {
            return Err(EngineError::NoIdentifier);
        }
        for (field, value) in new.changes {
            let schema = self.config.golden_schema();
            let field = schema.field(&field).ok_or_else(|| EngineError::NotAField { schema: schema.id() })?;
            let value = crate::rectify::canonical(field, value.expose(grant))?;
            contents.changes.push((field.name.clone(), value));
        }
        contents.purposes = new.purposes;
        match (new.kind == RequestKind::Rectification, contents.changes.is_empty()) {
            (true, true) => Err(EngineError::NothingToRectify),
            _ => Ok(contents),
        }
    }
}

fn apply(
    request: &mut Request,
    change: &RequestChange,
    today: NaiveDate,
    act: Act,
) -> Result<(), RequestError> {
    match change {
        RequestChange::Pause => request.pause(today),
        RequestChange::Resume => request.resume(today),
        RequestChange::Extend(reason) => request.extend(today, reason, act),
        RequestChange::Hold { reason, basis, until } => {
            let (reason, basis) = (reason.as_str().to_owned(), basis.as_str().to_owned());
            request.place_hold(Hold { act, reason, basis, until: *until }, today)
        }
        RequestChange::Release => request.release(),
        RequestChange::Refuse { ground, reason } => request.refuse(*ground, reason, act),
        RequestChange::Cancel => request.cancel(act),
        RequestChange::Lift { told } => request.lift(*told, today, act),
    }
}

fn action(change: &RequestChange) -> &'static str {
    match change {
        RequestChange::Pause => "request-pause",
        RequestChange::Resume => "request-resume",
        RequestChange::Extend(_) => "request-extend",
        RequestChange::Hold { .. } => "request-hold",
        RequestChange::Release => "request-release",
        RequestChange::Refuse { .. } => "request-refuse",
        RequestChange::Cancel => "request-cancel",
        RequestChange::Lift { .. } => "request-lift",
    }
}

/// What the audit log calls giving a link to an answer.
const GIVING_A_LINK: &str = "request-link";
/// What it calls handing the answer over.
const HANDING_OVER: &str = "request-answer";

/// What the audit log tells of a step: who, what, and the number of the request.
fn intent(reader: &Reader, action: &str, number: i64) -> Intent {
    Intent { table: format!("requests/{number}"), ..crate::erase::intent(reader, action, None) }
}

fn act(reader: &Reader) -> Act {
    Act { by: reader.actor.clone(), at: Utc::now() }
}

fn status(done: bool) -> Status {
    if done { Status::Done } else { Status::Failed }
}

fn lawful(outcome: Result<(), RequestError>) -> Result<(), EngineError> {
    outcome.map_err(|refused| StateError::from(refused).into())
}

fn not_a_value(field: &str) -> EngineError {
    EngineError::NotAValue { field: field.to_owned() }
}
