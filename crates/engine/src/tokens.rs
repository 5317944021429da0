//! API tokens: who may ask the services of a pipeline.
//!
//! Making and revoking one is written to the audit log before and after; that somebody asked with it is not:
//! what they open is.

use chrono::{DateTime, Utc};
use vermeil_audit::{Intent, Status};
use vermeil_model::pipeline::RoleKind;
use vermeil_model::policy::{Purpose, Role};
use vermeil_protect::{BearerToken, TokenHash};
use vermeil_state::{NewApiToken, StateError};

use crate::audit::OpeningEntry;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::report::TokenReport;
use crate::self_service::SelfServiceError;

/// In which role and for which purpose the trail names those who hand out tokens.
const OPERATOR: &str = "operator";
const OPERATION: &str = "operation";

/// Who asks a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name of the account, for the audit trail.
    pub actor: String,
    /// The role that its token is for.
    pub role: Role,
}

impl Identity {
    /// This account, reading for a purpose.
    pub fn reading_for(&self, purpose: Option<Purpose>) -> Reader {
        Reader { actor: self.actor.clone(), role: self.role.clone(), purpose }
    }
}

impl Engine {
    /// Makes a token for an account in a role. It is told once, here.
    ///
    /// # Errors
    /// [`EngineError::Denied`]: the policy files know no such role, or it may not even read;
    /// [`SelfServiceError::RoleWithoutAccount`]; or the audit log or the
    /// state database fail.
    pub async fn create_token(
        &self,
        identity: &Identity,
        expires_at: Option<DateTime<Utc>>,
        created_by: &str,
    ) -> Result<(TokenReport, BearerToken), EngineError> {
        if self.config.pipeline.service.kind_of(&identity.role) == Some(RoleKind::Subject) {
            let role = identity.role.to_string();
            return Err(SelfServiceError::RoleWithoutAccount { role }.into());
        }
        self.grant(&identity.reading_for(None))?;
        let token = BearerToken::random();
        let new = NewApiToken {
            hash: token.hash(),
            actor: identity.actor.clone(),
            role: identity.role.clone(),
            created_by: created_by.to_owned(),
            expires_at,
        };
        let entry = self.announce_token(created_by, "token-create").await?;
        let created = self.state.create_token(&new).await;
        self.conclude_token(entry, created.is_ok()).await?;
        Ok((self.token(created?).await?, token))
    }

    /// Who bears a token; `None`: nobody, or it has expired or was revoked, in whatever process.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn authenticate_token(&self, token: &str) -> Result<Option<Identity>, EngineError> {
        let Some(hash) = TokenHash::of(token) else { return Ok(None) };
        let bearer = self.state.token_bearer(&hash).await?;
        Ok(bearer.map(|bearer| Identity { actor: bearer.actor, role: bearer.role }))
    }

    /// Every token, by number; never the secret itself, which nobody has but its bearer.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn tokens(&self) -> Result<Vec<TokenReport>, EngineError> {
        Ok(self.state.tokens().await?.into_iter().map(TokenReport::of).collect())
    }

    /// Revokes a token: from now on it is worth nothing, in any process.
    ///
    /// # Errors
    /// [`EngineError::Unknown`]: there is none of that number in force; or the audit log or the state database fail.
    pub async fn revoke_token(&self, number: i64, revoked_by: &str) -> Result<TokenReport, EngineError> {
        let entry = self.announce_token(revoked_by, "token-revoke").await?;
        let revoked = self.state.revoke_token(number).await;
        self.conclude_token(entry, revoked.is_ok()).await?;
        revoked.map_err(|cause| match cause {
            StateError::OutOfTurn { .. } => unknown(number),
            cause => cause.into(),
        })?;
        self.token(number).await
    }

    async fn token(&self, number: i64) -> Result<TokenReport, EngineError> {
        let found = self.state.tokens().await?.into_iter().find(|token| token.number == number);
        found.map(TokenReport::of).ok_or_else(|| unknown(number))
    }

    async fn announce_token(&self, actor: &str, action: &str) -> Result<OpeningEntry, EngineError> {
        let intent = Intent {
            actor: actor.to_owned(),
            role: Role(OPERATOR.to_owned()),
            purpose: Purpose(OPERATION.to_owned()),
            action: action.to_owned(),
            table: "tokens".to_owned(),
            classes: Vec::new(),
        };
        self.audit.begin(intent).await
    }

    async fn conclude_token(&self, entry: OpeningEntry, done: bool) -> Result<(), EngineError> {
        let status = if done { Status::Done } else { Status::Failed };
        self.audit.conclude(entry, 0, status).await
    }
}

fn unknown(number: i64) -> EngineError {
    EngineError::Unknown { what: "token", id: number.to_string() }
}
