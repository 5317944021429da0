//! What people allow and refuse: taking it down, telling it, and who may be seen for a purpose.
//!
//! ```text
//! points      contact points by their keyed tags
//! receipt     what the person is given of it
//! index       who may be seen for a purpose, as bits beside the profiles of one publication
//! ```
//!
//! What is taken down holds before the call returns, in every process: whoever asks who may be seen asks
//! the state database first what is new. Nothing is opened for any of it.

mod error;
mod index;
pub(crate) mod points;
mod receipt;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use vermeil_audit::Intent;
use vermeil_model::consent::{ConsentKey, ConsentScope, ConsentStatus, LegalBasis};
use vermeil_model::policy::Purpose;
use vermeil_model::{FieldClass, Grant, Plaintext};
use vermeil_resolve::normalise::Country;
use vermeil_rights::consent::{Statement, Visible, visible};
use vermeil_state::{ConsentEvent, ConsentState, NewConsent};

pub use self::error::ConsentError;
pub(crate) use self::index::{ConsentIndex, Visibility, VisibleSubjects};
use crate::audit::status_of;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::report::{ConsentAnswer, ConsentEntry, second};

/// How far the clock of whoever tells may be ahead.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Whom a statement is about.
pub enum ConsentSubject {
    /// One contact point.
    Contact {
        /// E-mail or phone.
        scope: ConsentScope,
        /// The address or number, in any spelling.
        value: Plaintext<String>,
        /// The country that a number without one is of (ISO 3166-1 alpha-2).
        country: Option<String>,
    },
    /// The person of a record, or of each record that a profile has now.
    Id(u128),
}

/// A statement to be taken down.
pub struct ConsentStatement {
    /// Whom it is about.
    pub subject: ConsentSubject,
    /// For what; `None` with the statuses that are of every purpose.
    pub purpose: Option<Purpose>,
    /// What was said.
    pub status: ConsentStatus,
    /// When it happened; now unless set.
    pub occurred_at: Option<DateTime<Utc>>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// How it came about.
    pub circumstances: Circumstances,
}

/// How a statement came about. Texts are short tokens, so that nobody writes of the person in them.
#[derive(Default)]
pub struct Circumstances {
    /// Such as `web`, `phone` or `shop`.
    pub channel: Option<String>,
    /// Which version of the text was shown.
    pub text_version: Option<String>,
    /// What proves it, such as a form as it was sent: only its keyed digest is kept.
    pub proof: Option<Plaintext<String>>,
}

/// A question whether someone may be reached or read.
pub struct ConsentQuestion {
    /// Whom it is about.
    pub subject: ConsentSubject,
    /// For what.
    pub purpose: Purpose,
}

impl Engine {
    /// Takes down what people said, all or nothing. It holds before this returns. Returns the number of
    /// the first event; those of one statement follow each other.
    ///
    /// # Errors
    /// - [`ConsentError`]: a statement cannot be taken, or not from this reader;
    /// - the state database or the audit log cannot be written.
    pub async fn record_consents(
        &self,
        statements: &[ConsentStatement],
        reader: &Reader,
    ) -> Result<i64, EngineError> {
        let grant = self.consent_grant(reader)?;
        let now = Utc::now();
        let mut events = Vec::new();
        for (position, statement) in (1..).zip(statements) {
            let keys = self.keys_said(position, &statement.subject, statement.status, &grant).await?;
            if keys.is_empty() {
                return Err(ConsentError::Nobody { position }.into());
            }
            self.check_statement(position, statement, now)?;
            events.extend(keys.into_iter().map(|key| NewConsent {
                key,
                purpose: statement.purpose.clone(),
                status: statement.status,
                occurred_at: statement.occurred_at.unwrap_or(now),
                expires_at: statement.expires_at,
                recorded_by: reader.actor.clone(),
                detail: self.detail(statement, &grant),
            }));
        }
        let entry = self.audit.begin(consent_intent(reader, &grant)).await?;
        let recorded = self.state.record_consents(&events).await.map_err(EngineError::from);
        self.audit.conclude(entry, events.len() as u64, status_of(&recorded)).await?;
        recorded
    }

    /// What was said of someone, and what of it holds, by the order in which it was taken down.
    ///
    /// # Errors
    /// [`ConsentError`], or the state database cannot be read.
    pub async fn consents_of(
        &self,
        subject: &ConsentSubject,
        reader: &Reader,
    ) -> Result<Vec<ConsentEntry>, EngineError> {
        let grant = self.consent_grant(reader)?;
        let keys: Vec<ConsentKey> = self.keys_asked(1, subject, &grant).await?.into_iter().collect();
        let holding: BTreeSet<i64> =
            self.state.consent_states(&keys).await?.into_iter().map(|state| state.number).collect();
        let events = self.state.consent_events(&keys).await?.into_iter();
        Ok(events.map(|event| entry(&event, holding.contains(&event.number))).collect())
    }

    /// Whether each may be reached or read, and why not. Asks what holds at this moment, and opens nothing.
    ///
    /// # Errors
    /// [`ConsentError`], or the state database or the lake cannot be read.
    pub async fn check_consents(
        &self,
        questions: &[ConsentQuestion],
        reader: &Reader,
    ) -> Result<Vec<ConsentAnswer>, EngineError> {
        let grant = self.consent_grant(reader)?;
        let now = Utc::now().timestamp_micros();
        let mut visibilities: BTreeMap<&Purpose, Option<Visibility>> = BTreeMap::new();
        let mut keys = Vec::with_capacity(questions.len());
        for (position, question) in (1..).zip(questions) {
            keys.push(self.keys_asked(position, &question.subject, &grant).await?);
            if !visibilities.contains_key(&question.purpose) {
                let rules = (Some(question.purpose.clone()), self.basis(&question.purpose)?);
                visibilities.insert(&question.purpose, self.visibility_by(rules).await?);
            }
        }
        let all: Vec<ConsentKey> = keys.iter().flatten().copied().collect();
        let mut said: BTreeMap<ConsentKey, Vec<ConsentState>> = BTreeMap::new();
        for state in self.state.consent_states(&all).await? {
            said.entry(state.key).or_default().push(state);
        }
        let answers = questions.iter().zip(&keys).map(|(question, keys)| {
            let basis = self.basis(&question.purpose)?;
            let own = keys.iter().filter_map(|key| said.get(key)).flatten();
            let own: Vec<&ConsentState> = own
                .filter(|state| state.purpose.is_none() || state.purpose.as_ref() == Some(&question.purpose))
                .collect();
            let own_word = visible(
                basis,
                self.config.pipeline.consent.contradiction,
                &own.iter().map(|state| statement(state)).collect::<Vec<_>>(),
                now,
            );
            let visibility = visibilities[&question.purpose].as_ref();
            let holders: Vec<bool> = match visibility {
                Some(visibility) => keys.iter().flat_map(|key| visibility.holders(key)).collect(),
                None => Vec::new(),
            };
            // Whoever shares the contact point has a say too; of someone in no profile the own word counts.
            let by_profiles = (!holders.is_empty()).then(|| holders.iter().all(|reached| *reached));
            let by_itself = reaches(own_word, &question.subject);
            let allowed = by_profiles.unwrap_or(by_itself) && (by_itself || basis == LegalBasis::Consent);
            let last = own.iter().max_by_key(|state| (state.occurred_at, state.number));
            Ok(ConsentAnswer {
                purpose: question.purpose.to_string(),
                allowed,
                basis: basis.as_str().to_owned(),
                status: last.map(|state| statement(state).status_at(now).as_str().to_owned()),
                since: last.map(|state| second(state.occurred_at)),
            })
        });
        answers.collect()
    }

    /// Who may be seen under a grant; `None`: everyone.
    ///
    /// # Errors
    /// [`ConsentError::NoBasis`], or the state database or the lake cannot be read.
    pub(crate) async fn visibility(&self, grant: &Grant) -> Result<Option<Visibility>, EngineError> {
        let rules = match grant.declared_purpose() {
            Some(purpose) => (Some(purpose.clone()), self.basis(purpose)?),
            // Those whose processing is restricted are in no statistic either.
            None => (None, LegalBasis::Contract),
        };
        self.visibility_by(rules).await
    }

    async fn visibility_by(
        &self,
        (purpose, basis): (Option<Purpose>, LegalBasis),
    ) -> Result<Option<Visibility>, EngineError> {
        if basis == LegalBasis::LegalObligation {
            return Ok(None);
        }
        if basis != LegalBasis::Consent && !self.state.anyone_said_no(purpose.as_ref()).await? {
            return Ok(None);
        }
        let now = Utc::now().timestamp_micros();
        let mut kept = self.consents.lock().await;
        let publication = self.publication().await?;
        let index = match kept.take().zip(publication.as_ref()) {
            Some((index, publication)) if index.is_of(publication) => index,
            _ => ConsentIndex::of(self, publication.as_ref()).await?,
        };
        let index = kept.insert(index);
        index.follow(self, now).await?;
        let rules = (purpose, basis, self.config.pipeline.consent.contradiction);
        Ok(Some(index.visibility(rules, now)))
    }

    /// Why a purpose may be pursued.
    pub(crate) fn basis(&self, purpose: &Purpose) -> Result<LegalBasis, ConsentError> {
        let basis = self.config.pipeline.purposes.get(purpose).copied();
        basis.ok_or_else(|| ConsentError::NoBasis { purpose: purpose.to_string() })
    }

    /// Leave to say and to ask what people allow: whoever may open contact points.
    fn consent_grant(&self, reader: &Reader) -> Result<Grant, EngineError> {
        let grant = self.grant(reader)?;
        if grant.covers(FieldClass::Contact) {
            return Ok(grant);
        }
        let (role, purpose) = (grant.role().to_string(), grant.purpose().to_string());
        Err(ConsentError::Denied { role, purpose }.into())
    }

    fn check_statement(
        &self,
        position: usize,
        statement: &ConsentStatement,
        now: DateTime<Utc>,
    ) -> Result<(), ConsentError> {
        match (&statement.purpose, statement.status.is_of_every_purpose()) {
            (Some(purpose), false) => drop(self.basis(purpose)?),
            (None, true) if matches!(statement.subject, ConsentSubject::Id(_)) => {}
            _ => return Err(ConsentError::PurposeUnfit { position }),
        }
        if statement.occurred_at.is_some_and(|at| at > now + CLOCK_TOLERANCE) {
            return Err(ConsentError::InTheFuture { position });
        }
        let Circumstances { channel, text_version, .. } = &statement.circumstances;
        for (key, text) in [("channel", channel), ("text_version", text_version)] {
            if text.as_ref().is_some_and(|text| !is_token(text)) {
                return Err(ConsentError::NotAToken { position, key });
            }
        }
        Ok(())
    }

    fn detail(&self, statement: &ConsentStatement, grant: &Grant) -> serde_json::Value {
        let Circumstances { channel, text_version, proof } = &statement.circumstances;
        let basis = statement.purpose.as_ref().and_then(|purpose| self.basis(purpose).ok());
        let proof = proof.as_ref().map(|proof| self.consent_tags.consent_tag("proof", proof.expose(grant)));
        json!({
            "basis": basis.map(LegalBasis::as_str),
            "channel": channel,
            "text_version": text_version,
            "proof": proof.map(|digest| digest.to_string()),
        })
    }

    /// The keys that a statement is kept under. A no counts for every reading of a number, a yes for that of
    /// its country, and for the same digits in records that do not say theirs.
    async fn keys_said(
        &self,
        position: usize,
        subject: &ConsentSubject,
        status: ConsentStatus,
        grant: &Grant,
    ) -> Result<BTreeSet<ConsentKey>, EngineError> {
        let ConsentSubject::Contact { scope, value, country } = subject else {
            return self.keys_asked(position, subject, grant).await;
        };
        if status != ConsentStatus::Given {
            return self.keys_asked(position, subject, grant).await;
        }
        let value = value.expose(grant);
        let country = country.as_deref().map(Country::from_hint).unwrap_or_default();
        let not_one = ConsentError::NotAContactPoint { position, scope: scope.as_str() };
        let key = points::point(&self.consent_tags, *scope, country, value).ok_or(not_one)?;
        if points::readings(&self.consent_tags, *scope, value).len() > 1 && country == Country::Unknown {
            return Err(ConsentError::CountryMissing { position }.into());
        }
        let as_written = points::point(&self.consent_tags, *scope, Country::Unknown, value);
        Ok(as_written.into_iter().chain([key]).collect())
    }

    /// The keys that someone's statements may be kept under.
    async fn keys_asked(
        &self,
        position: usize,
        subject: &ConsentSubject,
        grant: &Grant,
    ) -> Result<BTreeSet<ConsentKey>, EngineError> {
        match subject {
            ConsentSubject::Contact { scope, value, country } => {
                let value = value.expose(grant);
                let country = country.as_deref().map(Country::from_hint).unwrap_or_default();
                let keys = match country {
                    Country::Unknown => points::readings(&self.consent_tags, *scope, value),
                    country => {
                        points::point(&self.consent_tags, *scope, country, value).into_iter().collect()
                    }
                };
                if keys.is_empty() {
                    let scope = scope.as_str();
                    return Err(ConsentError::NotAContactPoint { position, scope }.into());
                }
                Ok(keys)
            }
            ConsentSubject::Id(id) => {
                let records = self.decided_records(*id).await?;
                Ok(records.into_iter().map(ConsentKey::of_record).collect())
            }
        }
    }
}

fn reaches(seen: Visible, subject: &ConsentSubject) -> bool {
    match subject {
        ConsentSubject::Contact { scope: ConsentScope::Email, .. } => seen.email,
        ConsentSubject::Contact { scope: ConsentScope::Phone, .. } => seen.phone,
        _ => seen.profile,
    }
}

fn statement(state: &ConsentState) -> Statement {
    Statement {
        scope: state.key.scope,
        status: state.status,
        occurred_at: state.occurred_at.timestamp_micros(),
        expires_at: state.expires_at.map(|end| end.timestamp_micros()),
    }
}

fn entry(event: &ConsentEvent, holds: bool) -> ConsentEntry {
    let told = &event.told;
    ConsentEntry {
        number: event.number,
        scope: told.key.scope.as_str().to_owned(),
        purpose: told.purpose.as_ref().map(ToString::to_string),
        status: told.status.as_str().to_owned(),
        holds,
        occurred_at: second(told.occurred_at),
        recorded_at: second(event.recorded_at),
        expires_at: told.expires_at.map(second),
        recorded_by: told.recorded_by.clone(),
        detail: told.detail.clone(),
    }
}

fn consent_intent(reader: &Reader, grant: &Grant) -> Intent {
    Intent {
        actor: reader.actor.clone(),
        role: grant.role().clone(),
        purpose: grant.purpose().clone(),
        action: "consent".to_owned(),
        table: "consents".to_owned(),
        classes: vec![FieldClass::Contact],
    }
}

/// Short names and versions, and no sentence, address or number of a person.
pub(crate) fn is_token(text: &str) -> bool {
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || ".-_/:".contains(letter);
    (1..=64).contains(&text.len()) && text.chars().all(is_fit)
}
