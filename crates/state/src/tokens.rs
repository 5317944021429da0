//! API tokens: who may ask the service, known by the hash of a secret that stands nowhere.

use chrono::{DateTime, Utc};
use vermeil_model::policy::Role;
use vermeil_protect::TokenHash;

use crate::database::{moment, now};
use crate::sql;
use crate::{StateDatabase, StateError};

/// A token that is about to be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiToken {
    /// What it is known by.
    pub hash: TokenHash,
    /// Who asks with it.
    pub actor: String,
    /// In which role.
    pub role: Role,
    /// Who made it.
    pub created_by: String,
    /// From when on it is worth nothing; `None`: it lasts until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Counts up.
    pub number: i64,
    /// Who asks with it.
    pub actor: String,
    /// In which role.
    pub role: Role,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// From when on it is worth nothing.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Who bears a token that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBearer {
    /// The token's number.
    pub number: i64,
    /// Who asks.
    pub actor: String,
    /// In which role.
    pub role: Role,
}

impl StateDatabase {
    /// Keeps a new token, and returns its number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn create_token(&self, token: &NewApiToken) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "api_token", 1).await?;
        sql::query(
            "INSERT INTO api_tokens (token, hash, actor, role, created_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(number)
        .bind(token.hash.as_bytes().to_vec())
        .bind(&token.actor)
        .bind(&token.role.0)
        .bind(&token.created_by)
        .bind(now())
        .bind(token.expires_at.map(|at| at.timestamp_micros()))
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        Ok(number)
    }

    /// Who bears the token of this hash; `None`: there is none, or it has expired or was revoked.
    ///
    /// # Errors
    /// The database's own.
    pub async fn token_bearer(&self, hash: &TokenHash) -> Result<Option<TokenBearer>, StateError> {
        let row: Option<(i64, String, String)> = sql::query_as(
            "SELECT token, actor, role FROM api_tokens
             WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        )
        .bind(hash.as_bytes().to_vec())
        .bind(now())
        .fetch_optional(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        Ok(row.map(|(number, actor, role)| TokenBearer { number, actor, role: Role(role) }))
    }

    /// Every token, by number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn tokens(&self) -> Result<Vec<ApiToken>, StateError> {
        let rows: Vec<Row> = sql::query_as(
            "SELECT token, actor, role, created_by, created_at, expires_at, revoked_at FROM api_tokens
             ORDER BY token",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        rows.into_iter().map(token).collect::<Result<_, _>>().map_err(|cause| self.failed(cause))
    }

    /// Revokes a token, from now on.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if there is no such token, or it was revoked before.
    pub async fn revoke_token(&self, number: i64) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let revoked =
            sql::query("UPDATE api_tokens SET revoked_at = $2 WHERE token = $1 AND revoked_at IS NULL")
                .bind(number)
                .bind(now())
                .execute(&mut *change)
                .await
                .map_err(|cause| self.failed(cause))?;
        if revoked.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "token", number });
        }
        self.commit(change).await
    }
}

type Row = (i64, String, String, String, i64, Option<i64>, Option<i64>);

fn token(
    (number, actor, role, created_by, created_at, expires_at, revoked_at): Row,
) -> Result<ApiToken, sqlx::Error> {
    Ok(ApiToken {
        number,
        actor,
        role: Role(role),
        created_by,
        created_at: moment(created_at)?,
        expires_at: expires_at.map(moment).transpose()?,
        revoked_at: revoked_at.map(moment).transpose()?,
    })
}

#[cfg(test)]
mod tests;
