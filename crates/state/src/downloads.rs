//! Links with which an answer is taken away once, known by the hash of a secret that stands nowhere.

use chrono::{DateTime, Utc};
use serde_json::Value;
use vermeil_model::policy::{Purpose, Role};
use vermeil_protect::TokenHash;
use vermeil_rights::request::RequestState;

use crate::database::now;
use crate::sql;
use crate::{StateDatabase, StateError};

/// A link that is about to be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDownload {
    /// The request whose answer it is.
    pub request: i64,
    /// What the link is known by.
    pub hash: TokenHash,
    /// The language of the letter, as a tag.
    pub language: String,
    /// Under whose leave the answer is made.
    pub issued_by: String,
    /// In which role.
    pub role: Role,
    /// For which purpose.
    pub purpose: Purpose,
    /// From when on it is worth nothing.
    pub expires_at: DateTime<Utc>,
}

/// A link that somebody came with, and that nobody can come with again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenDownload {
    /// Its number.
    pub number: i64,
    /// The request whose answer it is.
    pub request: i64,
    /// The language of the letter, as a tag.
    pub language: String,
    /// Under whose leave the answer is made.
    pub issued_by: String,
    /// In which role.
    pub role: Role,
    /// For which purpose.
    pub purpose: Purpose,
}

impl StateDatabase {
    /// Keeps a new link, and returns its number. Of those before it that nobody took none counts any more.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] unless the request is being carried out.
    pub async fn create_download(&self, download: &NewDownload) -> Result<i64, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "download", 1).await?;
        sql::query(
            "UPDATE downloads SET revoked_at = $2
             WHERE request = $1 AND taken_at IS NULL AND revoked_at IS NULL",
        )
        .bind(download.request)
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        let created = sql::query(
            "INSERT INTO downloads
             (download, request, hash, language, issued_by, role, purpose, issued_at, expires_at)
             SELECT $1, request, $3, $4, $5, $6, $7, $8, $9 FROM requests WHERE request = $2 AND state = $10",
        )
        .bind(number)
        .bind(download.request)
        .bind(download.hash.as_bytes().to_vec())
        .bind(&download.language)
        .bind(&download.issued_by)
        .bind(&download.role.0)
        .bind(&download.purpose.0)
        .bind(now())
        .bind(download.expires_at.timestamp_micros())
        .bind(RequestState::InProgress.as_str())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        if created.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "request", number: download.request });
        }
        self.commit(change).await?;
        Ok(number)
    }

    /// Uses up the link of this hash; `None`: there is none, or it was used, replaced, has expired, or its
    /// request has ended. Of two who come at once, one gets it.
    ///
    /// # Errors
    /// The database's own.
    pub async fn take_download(&self, hash: &TokenHash) -> Result<Option<TakenDownload>, StateError> {
        let mut change = self.begin().await?;
        let row: Option<Row> = sql::query_as(
            "UPDATE downloads SET taken_at = $2
             WHERE hash = $1 AND taken_at IS NULL AND revoked_at IS NULL AND expires_at > $2
             AND EXISTS (SELECT 1 FROM requests
                         WHERE requests.request = downloads.request AND requests.state = $3)
             RETURNING download, request, language, issued_by, role, purpose",
        )
        .bind(hash.as_bytes().to_vec())
        .bind(now())
        .bind(RequestState::InProgress.as_str())
        .fetch_optional(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        Ok(row.map(|(number, request, language, issued_by, role, purpose)| TakenDownload {
            number,
            request,
            language,
            issued_by,
            role: Role(role),
            purpose: Purpose(purpose),
        }))
    }

    /// Notes that all of an answer had gone out, and ends the step that it is with its figures.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] unless the link was taken, and this was not noted before.
    pub async fn deliver_download(
        &self,
        number: i64,
        (step, detail): (&str, &Value),
    ) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let request: Option<i64> = sql::query_scalar(
            "UPDATE downloads SET delivered_at = $2
             WHERE download = $1 AND taken_at IS NOT NULL AND delivered_at IS NULL RETURNING request",
        )
        .bind(number)
        .bind(now())
        .fetch_optional(&mut *change)
        .await
        .map_err(failed)?;
        let request = request.ok_or(StateError::OutOfTurn { what: "download", number })?;
        sql::query(
            "UPDATE request_steps SET ended_at = $3, detail_json = $4
             WHERE request = $1 AND step = $2 AND ended_at IS NULL",
        )
        .bind(request)
        .bind(step)
        .bind(now())
        .bind(detail.to_string())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        self.commit(change).await
    }

    /// How many links a request was given.
    ///
    /// # Errors
    /// The database's own.
    pub async fn downloads_of(&self, request: i64) -> Result<u64, StateError> {
        let count: i64 = sql::query_scalar("SELECT count(*) FROM downloads WHERE request = $1")
            .bind(request)
            .fetch_one(self.readers())
            .await
            .map_err(|cause| self.failed(cause))?;
        Ok(count.unsigned_abs())
    }
}

/// Number, request, language, issuer, role, purpose.
type Row = (i64, i64, String, String, String, String);

#[cfg(test)]
mod tests;
