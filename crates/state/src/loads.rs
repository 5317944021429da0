//! Loads: attempts to land what a source delivers.
//!
//! A load begins here, with the source's new cursor, before anything of it is
//! in the lake; the lake's commit carries its number. After a crash the lake
//! tells which number came last: what is above never happened, and its keys
//! belong to nothing.

use chrono::{DateTime, Utc};
use serde_json::Value;
use vermeil_model::SourceId;
use vermeil_protect::KeyOwner;

use crate::database::{moment, now, unexpected};
use crate::sql;
use crate::{StateDatabase, StateError};

/// A load that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Higher than that of any load before, of any source.
    pub number: i64,
    /// For whom to take the keys of the load's records, quarantined ones included.
    pub owner: KeyOwner,
}

/// How far a source has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// The load that got there.
    pub load: i64,
    /// As the source wrote it.
    pub cursor: Value,
}

/// A load, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadEntry {
    /// The load's number.
    pub number: i64,
    /// The source.
    pub source: SourceId,
    /// What became of it.
    pub status: LoadStatus,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// When it was confirmed or abandoned.
    pub ended_at: Option<DateTime<Utc>>,
    /// The source's cursor after it.
    pub cursor: Value,
}

/// What became of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadStatus {
    /// Under way, or cut short by a crash.
    Begun,
    /// In the lake.
    Confirmed,
    /// Never came into the lake.
    Abandoned,
}

impl LoadStatus {
    const ALL: [LoadStatus; 3] = [Self::Begun, Self::Confirmed, Self::Abandoned];

    /// The status as the database and `status` write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Confirmed => "confirmed",
            Self::Abandoned => "abandoned",
        }
    }
}

impl StateDatabase {
    /// Begins a load that will bring `source` to `cursor` (no personal values).
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_load(&self, source: &SourceId, cursor: &Value) -> Result<Load, StateError> {
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "load", 1).await?;
        let owner = KeyOwner::new(format!("landing/{source}/{number}"));
        sql::query(
            "INSERT INTO loads (load, source, key_owner, cursor_json, status, begun_at)
             VALUES ($1, $2, $3, $4, 'begun', $5)",
        )
        .bind(number)
        .bind(source.as_str())
        .bind(owner.as_str())
        .bind(cursor.to_string())
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        Ok(Load { number, owner })
    }

    /// Corrects the cursor of a load under way, where it is known only once
    /// the source has been read. Comes before the lake's commit.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if the load is not under way.
    pub async fn set_cursor(&self, load: i64, cursor: &Value) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let changed = sql::query("UPDATE loads SET cursor_json = $2 WHERE load = $1 AND status = 'begun'")
            .bind(load)
            .bind(cursor.to_string())
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        one(changed.rows_affected(), load)?;
        self.commit(change).await
    }

    /// States that a load is in the lake. Stating it again is harmless.
    ///
    /// # Errors
    /// [`StateError::OutOfTurn`] if the load never began or is abandoned.
    pub async fn confirm_load(&self, load: i64) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        let changed = sql::query(
            "UPDATE loads SET status = 'confirmed', ended_at = COALESCE(ended_at, $2)
             WHERE load = $1 AND status IN ('begun', 'confirmed')",
        )
        .bind(load)
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        one(changed.rows_affected(), load)?;
        self.commit(change).await
    }

    /// Abandons what a source began above `lake`, the last load that the lake
    /// has of it (0: none), and returns the owners of keys that now belong to
    /// nothing: destroy them. Owners whose keys were not destroyed last time
    /// are named again.
    ///
    /// # Errors
    /// Nothing is abandoned where
    /// - a load above `lake` was confirmed: the lake has lost something ([`StateError::AheadOfLake`]);
    /// - the load `lake` never began: this database has ([`StateError::BehindLake`]).
    pub async fn abandon_loads(&self, source: &SourceId, lake: i64) -> Result<Vec<KeyOwner>, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let confirmed: Option<i64> = sql::query_scalar(
            "SELECT MAX(load) FROM loads WHERE source = $1 AND load > $2 AND status = 'confirmed'",
        )
        .bind(source.as_str())
        .bind(lake)
        .fetch_one(&mut *change)
        .await
        .map_err(failed)?;
        if let Some(load) = confirmed {
            return Err(StateError::AheadOfLake { source_id: source.clone(), load, lake });
        }
        let begun: bool = sql::query_scalar("SELECT EXISTS (SELECT 1 FROM loads WHERE load = $1)")
            .bind(lake)
            .fetch_one(&mut *change)
            .await
            .map_err(failed)?;
        if lake > 0 && !begun {
            let database = self.location().to_string();
            return Err(StateError::BehindLake { database, source_id: source.clone(), lake });
        }
        sql::query(
            "UPDATE loads SET status = 'abandoned', ended_at = $3
             WHERE source = $1 AND load > $2 AND status = 'begun'",
        )
        .bind(source.as_str())
        .bind(lake)
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        let owners: Vec<String> = sql::query_scalar(
            "SELECT key_owner FROM loads WHERE source = $1 AND status = 'abandoned'
             AND EXISTS (SELECT 1 FROM key_pages WHERE owner = key_owner) ORDER BY load",
        )
        .bind(source.as_str())
        .fetch_all(&mut *change)
        .await
        .map_err(failed)?;
        self.commit(change).await?;
        Ok(owners.into_iter().map(KeyOwner::new).collect())
    }

    /// How far a source has been read and confirmed; `None` if never.
    ///
    /// # Errors
    /// The database's own.
    pub async fn last_cursor(&self, source: &SourceId) -> Result<Option<Cursor>, StateError> {
        let row: Option<(i64, String)> = sql::query_as(
            "SELECT load, cursor_json FROM loads WHERE source = $1 AND status = 'confirmed'
             ORDER BY load DESC LIMIT 1",
        )
        .bind(source.as_str())
        .fetch_optional(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        row.map(|(load, cursor)| Ok(Cursor { load, cursor: json(&cursor)? }))
            .transpose()
            .map_err(|cause| self.failed(cause))
    }

    /// The latest loads, newest first.
    ///
    /// # Errors
    /// The database's own.
    pub async fn loads(&self, limit: u32) -> Result<Vec<LoadEntry>, StateError> {
        let rows: Vec<Row> = sql::query_as(
            "SELECT load, source, status, begun_at, ended_at, cursor_json FROM loads ORDER BY load DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        rows.into_iter().map(entry).collect::<Result<_, _>>().map_err(|cause| self.failed(cause))
    }
}

type Row = (i64, String, String, i64, Option<i64>, String);

fn entry((number, source, status, begun_at, ended_at, cursor): Row) -> Result<LoadEntry, sqlx::Error> {
    Ok(LoadEntry {
        number,
        source: source.parse().map_err(|_| unexpected("a source"))?,
        status: LoadStatus::ALL
            .into_iter()
            .find(|known| known.as_str() == status)
            .ok_or_else(|| unexpected("a load's status"))?,
        begun_at: moment(begun_at)?,
        ended_at: ended_at.map(moment).transpose()?,
        cursor: json(&cursor)?,
    })
}

fn json(text: &str) -> Result<Value, sqlx::Error> {
    serde_json::from_str(text).map_err(|_| unexpected("a cursor"))
}

fn one(rows: u64, load: i64) -> Result<(), StateError> {
    if rows == 1 { Ok(()) } else { Err(StateError::OutOfTurn { what: "load", number: load }) }
}

#[cfg(test)]
mod tests;
