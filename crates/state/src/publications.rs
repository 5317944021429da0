//! Publications: versions of the golden tables, of which one is current.
//!
//! A publication is written beside the current one, under a number and keys of
//! its own, and takes its place in one transaction. Readers open the versions
//! that the current snapshot names, and so never see half of two.

use chrono::{DateTime, Utc};
use serde_json::Value;
use vermeil_protect::KeyOwner;

use crate::database::{moment, now, unexpected};
use crate::sql;
use crate::{StateDatabase, StateError};

/// For whom to take the keys of a publication's profiles.
pub fn golden_owner(publication: i64) -> KeyOwner {
    KeyOwner::new(format!("golden/{publication}"))
}

/// The current version of the golden tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Its number.
    pub number: i64,
    /// Which table versions readers must open.
    pub snapshot: Value,
    /// Names what it was made from and how: equal fingerprints, equal content.
    pub fingerprint: String,
    /// When it became current.
    pub published_at: DateTime<Utc>,
}

impl StateDatabase {
    /// Begins a publication, and returns its number, higher than any before.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_publication(&self) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "publication", 1).await?;
        let insert = "INSERT INTO publications (publication, begun_at, epoch)
             SELECT $1, $2, next FROM counters WHERE name = 'erasure_epoch'";
        sql::query(insert)
            .bind(number)
            .bind(now())
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        Ok(number)
    }

    /// Makes a publication the current one.
    ///
    /// # Errors
    /// [`StateError::Outdated`] if someone was to be erased since it began: it may hold what was
    /// read before. [`StateError::OutOfTurn`] if it never began, is published or discarded
    /// already, or a later one is current.
    pub async fn publish(&self, number: i64, snapshot: &Value, fingerprint: &str) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let is_outdated: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM publications, counters WHERE publication = $1
             AND name = 'erasure_epoch' AND epoch <> next)",
        )
        .bind(number)
        .fetch_one(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        if is_outdated {
            return Err(StateError::Outdated { publication: number });
        }
        let changed = sql::query(
            "UPDATE publications SET published_at = $2, snapshot_json = $3, fingerprint = $4
             WHERE publication = $1 AND published_at IS NULL AND NOT EXISTS
             (SELECT 1 FROM publications WHERE published_at IS NOT NULL AND publication > $1)",
        )
        .bind(number)
        .bind(now())
        .bind(snapshot.to_string())
        .bind(fingerprint)
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        if changed.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "publication", number });
        }
        self.commit(change).await
    }

    /// Lets the current publication name other versions of its tables, which hold
    /// the same rows.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if `number` is not the current one.
    pub async fn repoint_publication(&self, number: i64, snapshot: &Value) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let changed = sql::query(
            "UPDATE publications SET snapshot_json = $2 WHERE publication = $1 AND publication =
             (SELECT MAX(publication) FROM publications WHERE published_at IS NOT NULL)",
        )
        .bind(number)
        .bind(snapshot.to_string())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        if changed.rows_affected() != 1 {
            return Err(StateError::OutOfTurn { what: "publication", number });
        }
        self.commit(change).await
    }

    /// Lets the next run publish anew, whatever it finds. Asking again is harmless.
    ///
    /// # Errors
    /// The database's own.
    pub async fn outdate_publication(&self, number: i64) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        sql::query("UPDATE publications SET fingerprint = '' WHERE publication = $1")
            .bind(number)
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        self.commit(change).await
    }

    /// The current publication; `None` before the first.
    ///
    /// # Errors
    /// The database's own.
    pub async fn current_publication(&self) -> Result<Option<Publication>, StateError> {
        let row: Option<(i64, String, String, i64)> = sql::query_as(
            "SELECT publication, snapshot_json, fingerprint, published_at FROM publications
             WHERE published_at IS NOT NULL ORDER BY publication DESC LIMIT 1",
        )
        .fetch_optional(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        row.map(|(number, snapshot, fingerprint, published_at)| {
            Ok(Publication {
                number,
                snapshot: serde_json::from_str(&snapshot).map_err(|_| unexpected("a snapshot"))?,
                fingerprint,
                published_at: moment(published_at)?,
            })
        })
        .transpose()
        .map_err(|cause| self.failed(cause))
    }

    /// Publications that began and were never published, oldest first. Ask
    /// before beginning one, where no other can be under way: these were cut
    /// short, and their keys and rows belong to nothing.
    ///
    /// # Errors
    /// The database's own.
    pub async fn abandoned_publications(&self) -> Result<Vec<i64>, StateError> {
        sql::query_scalar(
            "SELECT publication FROM publications WHERE published_at IS NULL ORDER BY publication",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))
    }

    /// Publications that were current once, oldest first. Their keys live until
    /// their last readers are done.
    ///
    /// # Errors
    /// The database's own.
    pub async fn superseded_publications(&self) -> Result<Vec<i64>, StateError> {
        sql::query_scalar(
            "SELECT publication FROM publications WHERE published_at IS NOT NULL AND publication <
             (SELECT MAX(publication) FROM publications WHERE published_at IS NOT NULL) ORDER BY publication",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))
    }

    /// Forgets an abandoned or superseded publication, once its keys are
    /// destroyed. Forgetting it again is harmless.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if it is the current one.
    pub async fn discard_publication(&self, number: i64) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let current: Option<i64> =
            sql::query_scalar("SELECT MAX(publication) FROM publications WHERE published_at IS NOT NULL")
                .fetch_one(&mut *change)
                .await
                .map_err(failed)?;
        if current == Some(number) {
            return Err(StateError::OutOfTurn { what: "publication", number });
        }
        sql::query("DELETE FROM publications WHERE publication = $1")
            .bind(number)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
        self.commit(change).await
    }
}

#[cfg(test)]
mod tests;
