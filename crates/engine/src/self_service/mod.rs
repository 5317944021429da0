//! What people see and do of their own, without an account: a link for a request of which it is sure whose it is,
//! a short session, and no one but themselves.
//!
//! ```text
//! request, verified ─▶ link ─▶ session ─▶ see     the dossier, as for access
//!                      once    short      correct a request for rectification, carried out at once
//!                                         consent per purpose and contact point, in force at once
//!                                         ask     a request like any other, whose identity is sure
//! ```
//!
//! Everything is done in the role `subject`, under the leave that the policy files give it, and about the records
//! of the request's kit and no others: none of these calls takes the id of anyone. When the request ends, so do
//! its links and sessions.

mod error;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::json;
use vermeil_audit::Intent;
use vermeil_model::consent::{ConsentKey, ConsentScope, ConsentStatus};
use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{FieldClass, Grant, Plaintext, RecordId};
use vermeil_protect::{BearerToken, TokenHash};
use vermeil_rights::consent::knows_objection;
use vermeil_rights::dossier::{Dossier, LetterLanguage};
use vermeil_rights::request::{IdentityMethod, RequestKind};
use vermeil_state::{NewConsent, NewSubjectLink};

pub use self::error::SelfServiceError;
use crate::audit::status_of;
use crate::consent::points;
use crate::engine::{Engine, Reader};
use crate::erase::KitContents;
use crate::error::EngineError;
use crate::progress::Silent;
use crate::report::{SubjectLinkReport, SubjectRequestReport, second};
use crate::requests::{Delivery, NewRequest, Verification};
use crate::{ConsentQuestion, ConsentSubject};

/// Who the trail names, in which role, and what for.
const SUBJECT: &str = "subject";
const RIGHTS: &str = "data_subject_rights";
/// How statements came about.
const CHANNEL: &str = "self-service";

/// Somebody who is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectSession {
    request: i64,
}

/// What somebody sees of their own. Personal: no `Debug`.
pub struct SubjectView {
    /// Everything that is kept about them.
    pub dossier: Dossier,
    /// How they can be reached, and what for.
    pub contacts: Vec<SubjectContact>,
}

/// A contact point of somebody. Personal: no `Debug`.
pub struct SubjectContact {
    /// E-mail or phone.
    pub scope: ConsentScope,
    /// The address or number.
    pub value: String,
    /// Each purpose that they have a say in, and whether they may be reached for it now.
    pub choices: Vec<(Purpose, bool)>,
}

impl Engine {
    /// Gives a link with which whoever made a request sees and does what is theirs; it is told once, here. One
    /// that was given before and not used counts no more.
    ///
    /// # Errors
    /// [`EngineError::Denied`], [`EngineError::Unknown`]; it is not sure whose the request is, or it has ended; or
    /// the state database or the audit log fail.
    pub async fn invite_subject(
        &self,
        number: i64,
        lasts: TimeDelta,
        reader: &Reader,
    ) -> Result<(SubjectLinkReport, BearerToken), EngineError> {
        self.grant(reader)?;
        self.subject_request(number).await?;
        let token = BearerToken::random();
        let expires_at = Utc::now() + lasts;
        let new = NewSubjectLink {
            request: number,
            hash: token.hash(),
            issued_by: reader.actor.clone(),
            expires_at,
        };
        let entry = self.audit.begin(intent(reader, "subject-invite", number)).await?;
        let created = self.state.create_subject_link(&new).await.map_err(EngineError::from);
        self.audit.conclude(entry, 0, status_of(&created)).await?;
        created?;
        Ok((SubjectLinkReport { request: number, expires_at: second(expires_at) }, token))
    }

    /// Uses a link up: the secret of a session that lasts no longer than `lasts`. `None`: it is no link, or not
    /// any more.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn enter_as_subject(
        &self,
        link: &str,
        lasts: TimeDelta,
    ) -> Result<Option<BearerToken>, EngineError> {
        let Some(link) = TokenHash::of(link) else { return Ok(None) };
        let session = BearerToken::random();
        let is_in = self.state.begin_subject_session(&link, &session.hash(), Utc::now() + lasts).await?;
        Ok(is_in.then_some(session))
    }

    /// Who is in with this secret; `None`: nobody, or not any more.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn subject_session(
        &self,
        secret: &str,
        idle: Duration,
    ) -> Result<Option<SubjectSession>, EngineError> {
        let Some(hash) = TokenHash::of(secret) else { return Ok(None) };
        let request = self.state.subject_of_session(&hash, idle).await?;
        Ok(request.map(|request| SubjectSession { request }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn leave_as_subject(&self, secret: &str) -> Result<(), EngineError> {
        let Some(hash) = TokenHash::of(secret) else { return Ok(()) };
        Ok(self.state.end_subject_session(&hash).await?)
    }

    /// Everything that is kept about whoever is in, and nothing of anybody else.
    ///
    /// # Errors
    /// [`EngineError::RequestDenied`]: the policy files do not let subjects see; or the lake, the keys, the state
    /// database or the audit log fail.
    pub async fn subject_view(&self, session: SubjectSession) -> Result<SubjectView, EngineError> {
        let (reader, grant) = self.acting_subject()?;
        let entry = self.audit.begin(intent(&reader, "subject-see", session.request)).await?;
        let seen = self.seen_by(session, (&reader, &grant)).await;
        self.audit.conclude(entry, 0, status_of(&seen)).await?;
        seen
    }

    /// Sets a value right at the word of whoever is in. Golden profiles follow with the next run.
    ///
    /// # Errors
    /// As [`Engine::open_subject_request`] and [`Engine::run_subject_request`]; [`EngineError::NobodyFound`].
    pub async fn subject_correct(
        &self,
        session: SubjectSession,
        field: String,
        value: Plaintext<String>,
    ) -> Result<SubjectRequestReport, EngineError> {
        let opened = self.open_for(session, RequestKind::Rectification, vec![(field, value)]).await?;
        self.carry_out_for_subject(opened).await
    }

    /// Opens a request of whoever is in. An objection is in force before this returns.
    ///
    /// # Errors
    /// As [`Engine::open_subject_request`]; [`EngineError::NobodyFound`].
    pub async fn subject_ask(
        &self,
        session: SubjectSession,
        kind: RequestKind,
    ) -> Result<SubjectRequestReport, EngineError> {
        let opened = self.open_for(session, kind, Vec::new()).await?;
        match kind {
            RequestKind::Objection => self.carry_out_for_subject(opened).await,
            _ => Ok(opened),
        }
    }

    /// Takes down whether whoever is in may be reached at one of their contact points for a purpose. It holds
    /// before this returns, in every process.
    ///
    /// # Errors
    /// [`SelfServiceError::NotYours`], [`SelfServiceError::NoSay`]; or the lake, the keys, the state database or the
    /// audit log fail.
    pub async fn subject_consent(
        &self,
        session: SubjectSession,
        (scope, value): (ConsentScope, Plaintext<String>),
        purpose: Purpose,
        status: ConsentStatus,
    ) -> Result<(), EngineError> {
        let (reader, grant) = self.acting_subject()?;
        if !knows_objection(self.basis(&purpose)?) {
            return Err(SelfServiceError::NoSay { purpose: purpose.to_string() }.into());
        }
        let closure = self.subject_closure(session, (&reader, &grant)).await?;
        let own: BTreeSet<ConsentKey> = closure.contacts.into_iter().collect();
        let readings = points::readings(&self.consent_tags, scope, value.expose(&grant));
        // A no counts for every reading of a number; a yes for those of their own records.
        let keys: Vec<ConsentKey> = match status {
            ConsentStatus::Given => readings.intersection(&own).copied().collect(),
            _ if readings.is_disjoint(&own) => Vec::new(),
            _ => readings.into_iter().collect(),
        };
        if keys.is_empty() {
            return Err(SelfServiceError::NotYours.into());
        }
        let occurred_at = Utc::now();
        let events: Vec<NewConsent> = keys
            .into_iter()
            .map(|key| NewConsent {
                key,
                purpose: Some(purpose.clone()),
                status,
                occurred_at,
                expires_at: None,
                recorded_by: reader.actor.clone(),
                detail: json!({ "channel": CHANNEL, "request": session.request }),
            })
            .collect();
        let entry = self.audit.begin(intent(&reader, "consent", session.request)).await?;
        let recorded = self.state.record_consents(&events).await.map_err(EngineError::from);
        self.audit.conclude(entry, events.len() as u64, status_of(&recorded)).await?;
        recorded.map(drop)
    }

    async fn seen_by(
        &self,
        session: SubjectSession,
        (reader, grant): (&Reader, &Grant),
    ) -> Result<SubjectView, EngineError> {
        let known = self.known_request(session.request).await?;
        let closure = match self.subject_closure(session, (reader, grant)).await {
            Err(EngineError::NobodyFound) => None,
            found => Some(found?),
        };
        let dossier = self.gather_dossier((&known, RequestKind::Access), closure, (reader, grant)).await?;
        let mut contacts = Vec::new();
        for (scope, value) in self.contact_points_of(&dossier) {
            contacts.push(self.choices_at(scope, value, reader).await?);
        }
        Ok(SubjectView { dossier, contacts })
    }

    async fn choices_at(
        &self,
        scope: ConsentScope,
        value: String,
        reader: &Reader,
    ) -> Result<SubjectContact, EngineError> {
        let purposes = self.config.pipeline.purposes.iter();
        let purposes: Vec<Purpose> = purposes
            .filter(|(_, basis)| knows_objection(**basis))
            .map(|(purpose, _)| purpose.clone())
            .collect();
        let question = |purpose: &Purpose| {
            let subject =
                ConsentSubject::Contact { scope, value: Plaintext::new(value.clone()), country: None };
            ConsentQuestion { subject, purpose: purpose.clone() }
        };
        let questions: Vec<ConsentQuestion> = purposes.iter().map(question).collect();
        let answers = self.check_consents(&questions, reader).await?;
        let choices = purposes.into_iter().zip(answers.iter().map(|answer| answer.allowed)).collect();
        Ok(SubjectContact { scope, value, choices })
    }

    /// Addresses and numbers of the latest versions of somebody's records.
    fn contact_points_of(&self, dossier: &Dossier) -> BTreeSet<(ConsentScope, String)> {
        let latest = dossier.records.iter().rev();
        let mut seen = BTreeSet::new();
        let mut found = BTreeSet::new();
        for row in latest.filter(|row| seen.insert(row.id.as_str())) {
            let source = self.config.pipeline.sources.iter().find(|source| source.id.as_str() == row.source);
            let Some(schema) = source.map(|source| self.config.schema_of(source)) else { continue };
            for (name, value) in &row.values {
                let scope = schema.field(name).and_then(points::scope_of);
                let is_one =
                    |scope: &ConsentScope| !points::readings(&self.consent_tags, *scope, value).is_empty();
                found.extend(scope.filter(is_one).map(|scope| (scope, value.clone())));
            }
        }
        found
    }

    async fn subject_closure(
        &self,
        session: SubjectSession,
        reading: (&Reader, &Grant),
    ) -> Result<KitContents, EngineError> {
        let contents = self.open_request_kit(session.request, reading.1).await?;
        if contents.records.is_empty() {
            return Err(EngineError::NobodyFound);
        }
        self.closure_of(&contents, None, reading).await?.ok_or(EngineError::NobodyFound)
    }

    /// Opens a request about whoever is in, of whom it is sure who they are.
    async fn open_for(
        &self,
        session: SubjectSession,
        kind: RequestKind,
        changes: Vec<(String, Plaintext<String>)>,
    ) -> Result<SubjectRequestReport, EngineError> {
        let (reader, grant) = self.acting_subject()?;
        let contents = self.open_request_kit(session.request, &grant).await?;
        let record = contents.records.first().ok_or(EngineError::NobodyFound)?;
        let id = RecordId(u128::from_be_bytes(*record)).to_string();
        let identifiers = vec![("id".to_owned(), Plaintext::new(id))];
        let new = NewRequest { kind, received: None, identifiers, changes, purposes: Vec::new() };
        let opened = self.open_subject_request(new, &reader).await?;
        let verification = Verification { method: IdentityMethod::Session, subject: None };
        self.verify_subject_request(opened.number, verification, &reader).await
    }

    async fn carry_out_for_subject(
        &self,
        opened: SubjectRequestReport,
    ) -> Result<SubjectRequestReport, EngineError> {
        // One that repeats another that is open is not carried out a second time.
        if opened.duplicate_of.is_some() {
            return Ok(opened);
        }
        let delivery = Delivery { to: None, language: LetterLanguage::French };
        self.run_subject_request(opened.number, delivery, &subject(), &Silent).await
    }

    fn acting_subject(&self) -> Result<(Reader, Grant), EngineError> {
        let reader = subject();
        let grant = self.answering(&reader)?;
        Ok((reader, grant))
    }
}

fn subject() -> Reader {
    Reader {
        actor: SUBJECT.to_owned(),
        role: Role(SUBJECT.to_owned()),
        purpose: Some(Purpose(RIGHTS.to_owned())),
    }
}

fn intent(reader: &Reader, action: &str, number: i64) -> Intent {
    Intent {
        table: format!("requests/{number}"),
        classes: FieldClass::PERSONAL.to_vec(),
        ..crate::erase::intent(reader, action, None)
    }
}
