//! Whoever is in without an account: links to what is kept about them, and the sessions that these begin.
//!
//! A link is of a request of which it is sure whose it is, and lives no longer than the kit of that request: who
//! it is stands there alone, sealed, and nowhere here.

use std::time::Duration;

use chrono::{DateTime, Utc};
use vermeil_protect::TokenHash;
use vermeil_rights::request::RequestState;

use crate::database::now;
use crate::sql;
use crate::{StateDatabase, StateError};

/// A use is noted no more often than this: each would be a write.
const NOTED_EVERY: i64 = 30_000_000;

/// A link that is about to be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubjectLink {
    /// The request that says who it is for.
    pub request: i64,
    /// What the link is known by.
    pub hash: TokenHash,
    /// Who gave it.
    pub issued_by: String,
    /// From when on it is worth nothing.
    pub expires_at: DateTime<Utc>,
}

impl StateDatabase {
    /// Keeps a new link, and returns its number. Of those before it that nobody used none counts any more.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] unless it is sure whose the request is, and it has not ended.
    pub async fn create_subject_link(&self, link: &NewSubjectLink) -> Result<i64, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "subject_link", 1).await?;
        sql::query(
            "UPDATE subject_links SET revoked_at = $2
             WHERE request = $1 AND used_at IS NULL AND revoked_at IS NULL",
        )
        .bind(link.request)
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        let created = sql::query(
            "INSERT INTO subject_links (subject_link, request, hash, issued_by, issued_at, expires_at)
             SELECT $1, request, $3, $4, $5, $6 FROM requests
             WHERE request = $2 AND kit IS NOT NULL AND state <> $7",
        )
        .bind(number)
        .bind(link.request)
        .bind(link.hash.as_bytes().to_vec())
        .bind(&link.issued_by)
        .bind(now())
        .bind(link.expires_at.timestamp_micros())
        .bind(RequestState::IdentityUnverified.as_str())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        if created.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "request", number: link.request });
        }
        self.commit(change).await?;
        Ok(number)
    }

    /// Uses up a link for a session that ends at `ends_at` at the latest. `false`: there is none, or it was used,
    /// replaced, has expired, or its request has ended. Of two who come at once, one gets in.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_subject_session(
        &self,
        link: &TokenHash,
        session: &TokenHash,
        ends_at: DateTime<Utc>,
    ) -> Result<bool, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let used: Option<i64> = sql::query_scalar(
            "UPDATE subject_links SET used_at = $2
             WHERE hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2
             AND EXISTS (SELECT 1 FROM requests WHERE requests.request = subject_links.request
                         AND requests.kit IS NOT NULL AND requests.state <> $3)
             RETURNING subject_link",
        )
        .bind(link.as_bytes().to_vec())
        .bind(now())
        .bind(RequestState::IdentityUnverified.as_str())
        .fetch_optional(&mut *change)
        .await
        .map_err(failed)?;
        let Some(used) = used else { return Ok(false) };
        let number = self.take_numbers(&mut change, "subject_session", 1).await?;
        sql::query(
            "INSERT INTO subject_sessions (subject_session, subject_link, hash, begun_at, seen_at, ends_at)
             VALUES ($1, $2, $3, $4, $4, $5)",
        )
        .bind(number)
        .bind(used)
        .bind(session.as_bytes().to_vec())
        .bind(now())
        .bind(ends_at.timestamp_micros())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        self.commit(change).await?;
        Ok(true)
    }

    /// The request that says who is in with the session of this hash; `None`: there is none, or it has ended, was
    /// not used for `idle`, or its request has ended or its identity is in doubt again.
    ///
    /// # Errors
    /// The database's own.
    pub async fn subject_of_session(
        &self,
        session: &TokenHash,
        idle: Duration,
    ) -> Result<Option<i64>, StateError> {
        let failed = |cause| self.failed(cause);
        let idle = i64::try_from(idle.as_micros()).unwrap_or(i64::MAX);
        let found: Option<(i64, i64, i64)> = sql::query_as(
            "SELECT own.subject_session, own.seen_at, link.request FROM subject_sessions own
             JOIN subject_links link ON link.subject_link = own.subject_link
             JOIN requests ON requests.request = link.request
             WHERE own.hash = $1 AND own.ended_at IS NULL AND own.ends_at > $2 AND own.seen_at > $3
             AND requests.kit IS NOT NULL AND requests.state <> $4",
        )
        .bind(session.as_bytes().to_vec())
        .bind(now())
        .bind(now().saturating_sub(idle))
        .bind(RequestState::IdentityUnverified.as_str())
        .fetch_optional(self.readers())
        .await
        .map_err(failed)?;
        let Some((number, seen_at, request)) = found else { return Ok(None) };
        if seen_at < now() - NOTED_EVERY.min(idle / 2) {
            let mut change = self.begin().await?;
            sql::query("UPDATE subject_sessions SET seen_at = $2 WHERE subject_session = $1")
                .bind(number)
                .bind(now())
                .execute(&mut *change)
                .await
                .map_err(failed)?;
            self.commit(change).await?;
        }
        Ok(Some(request))
    }

    /// Ends a session, if there is one.
    ///
    /// # Errors
    /// The database's own.
    pub async fn end_subject_session(&self, session: &TokenHash) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        sql::query("UPDATE subject_sessions SET ended_at = $2 WHERE hash = $1 AND ended_at IS NULL")
            .bind(session.as_bytes().to_vec())
            .bind(now())
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        self.commit(change).await
    }
}

#[cfg(test)]
mod tests;
