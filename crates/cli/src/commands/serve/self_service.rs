//! What people see and do of their own, as the service asks it.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use vermeil_engine::{EngineError, SubjectContact, SubjectSession, SubjectView, form_token};
use vermeil_model::Plaintext;
use vermeil_rights::request::RequestKind;
use vermeil_serve::ports::{Asking, OwnConsent, OwnContact, OwnView, SelfService, SessionSecret};
use vermeil_serve::{Problem, ProblemKind, SubjectLink};

use super::desk::{Desk, reader};
use super::problems::problem;

/// Where the service answers to a link.
pub const PLACE: &str = "/my/enter/";

#[async_trait]
impl SelfService for Desk {
    async fn invite(&self, asking: &Asking, number: i64, hours: NonZeroU32) -> Result<SubjectLink, Problem> {
        let (engine, reader) = (self.engine.clone(), reader(asking));
        let lasts = TimeDelta::hours(hours.get().into());
        let invited = self.to_the_end(async move { engine.invite_subject(number, lasts, &reader).await });
        let (report, token) = invited.await?;
        let link = format!("{PLACE}{}", token.expose());
        Ok(SubjectLink { request: report.request, link, expires_at: report.expires_at })
    }

    async fn enter(&self, link: &str) -> Result<Option<SessionSecret>, Problem> {
        let (engine, link) = (self.engine.clone(), link.to_owned());
        let lasts = TimeDelta::hours(engine.pipeline().service.session_hours.get().into());
        let entered = self.to_the_end(async move { engine.enter_as_subject(&link, lasts).await }).await?;
        Ok(entered.map(|secret| SessionSecret(secret.expose().to_owned())))
    }

    async fn is_in(&self, session: &SessionSecret) -> Result<bool, Problem> {
        Ok(self.session(session).await?.is_some())
    }

    fn form_token(&self, session: &SessionSecret) -> String {
        form_token(&session.0)
    }

    async fn view(&self, session: &SessionSecret) -> Result<OwnView, Problem> {
        let who = self.who(session).await?;
        let seen = self.engine.subject_view(who).await.map_err(|error| problem(&error))?;
        let SubjectView { dossier, contacts } = seen;
        Ok(OwnView { dossier, contacts: contacts.into_iter().map(contact).collect() })
    }

    async fn correct(
        &self,
        session: &SessionSecret,
        field: String,
        value: Plaintext<String>,
    ) -> Result<(), Problem> {
        let (engine, who) = (self.engine.clone(), self.who(session).await?);
        self.to_the_end(async move { engine.subject_correct(who, field, value).await }).await.map(drop)
    }

    async fn consent(&self, session: &SessionSecret, said: OwnConsent) -> Result<(), Problem> {
        let (engine, who) = (self.engine.clone(), self.who(session).await?);
        let OwnConsent { scope, value, purpose, status } = said;
        self.to_the_end(async move { engine.subject_consent(who, (scope, value), purpose, status).await })
            .await
    }

    async fn ask(&self, session: &SessionSecret, kind: RequestKind) -> Result<(), Problem> {
        let (engine, who) = (self.engine.clone(), self.who(session).await?);
        self.to_the_end(async move { engine.subject_ask(who, kind).await }).await.map(drop)
    }

    async fn leave(&self, session: &SessionSecret) -> Result<(), Problem> {
        self.engine.leave_as_subject(&session.0).await.map_err(|error| problem(&error))
    }
}

impl Desk {
    async fn session(&self, session: &SessionSecret) -> Result<Option<SubjectSession>, Problem> {
        let minutes = self.engine.pipeline().service.session_idle_minutes.get();
        let idle = Duration::from_secs(60 * u64::from(minutes));
        self.engine.subject_session(&session.0, idle).await.map_err(|error: EngineError| problem(&error))
    }

    /// Who is in; it may have ended since the door let them pass.
    async fn who(&self, session: &SessionSecret) -> Result<SubjectSession, Problem> {
        let ended = || Problem::coded(ProblemKind::Unauthenticated, "session-ended");
        self.session(session).await?.ok_or_else(ended)
    }
}

fn contact(contact: SubjectContact) -> OwnContact {
    let SubjectContact { scope, value, choices } = contact;
    OwnContact { scope, value, choices }
}
