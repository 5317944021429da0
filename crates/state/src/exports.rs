//! What was handed to whom, and when.

use chrono::{DateTime, Utc};
use vermeil_model::Tag;
use vermeil_model::policy::{Purpose, Role};

use crate::database::{moment, now};
use crate::sql::{self, QueryBuilder};
use crate::{StateDatabase, StateError};

/// Profiles that were handed to a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Counts up.
    pub number: i64,
    /// Who received them.
    pub recipient: String,
    /// What for.
    pub purpose: Purpose,
    /// In which role they were read.
    pub role: Role,
    /// By which account.
    pub actor: String,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// When it ended, and how many profiles it held; `None`: it failed or was cut off.
    pub ended: Option<(DateTime<Utc>, u64)>,
    /// Whether it is kept who was in it.
    pub has_handles: bool,
}

/// Tags in one statement at most: three databases' limits of bound values are above.
const TAGS_AT_ONCE: usize = 400;

type Row = (i64, String, String, String, String, i64, Option<i64>, Option<i64>, i64);

impl StateDatabase {
    /// Notes an export before its first row is written. Returns its number.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_export(
        &self,
        recipient: &str,
        purpose: &Purpose,
        role: &Role,
        actor: &str,
    ) -> Result<i64, StateError> {
        let mut change = self.begin().await?;
        let number = self.take_numbers(&mut change, "export", 1).await?;
        sql::query(
            "INSERT INTO exports (export, recipient, purpose, role, actor, begun_at, has_handles) \
             VALUES ($1, $2, $3, $4, $5, $6, 1)",
        )
        .bind(number)
        .bind(recipient)
        .bind(&purpose.0)
        .bind(&role.0)
        .bind(actor)
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        Ok(number)
    }

    /// Keeps, before rows are handed over, by which handles the recipient will know whom, as tags.
    ///
    /// # Errors
    /// [`StateError::Overtaken`] if someone was to be erased since `epoch` was asked for: the rows may be theirs.
    pub async fn keep_handles(&self, number: i64, epoch: i64, tags: &[Tag]) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let is_overtaken: bool = sql::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM counters WHERE name = 'erasure_epoch' AND next <> $1)",
        )
        .bind(epoch)
        .fetch_one(&mut *change)
        .await
        .map_err(failed)?;
        if is_overtaken {
            return Err(StateError::Overtaken { export: number });
        }
        for tags in tags.chunks(TAGS_AT_ONCE) {
            let mut insert = QueryBuilder::new("INSERT INTO export_handles (tag) ");
            insert.push_values(tags, |mut row, tag| {
                row.push_bind(tag.0.to_vec());
            });
            insert.push(" ON CONFLICT (tag) DO NOTHING");
            insert.build().execute(&mut *change).await.map_err(failed)?;
        }
        self.commit(change).await
    }

    /// Which of these handles are known to a recipient.
    ///
    /// # Errors
    /// The database's own.
    pub async fn known_handles(&self, tags: &[Tag]) -> Result<Vec<Tag>, StateError> {
        let mut known = Vec::new();
        for tags in tags.chunks(TAGS_AT_ONCE) {
            let mut select = QueryBuilder::new("SELECT tag FROM export_handles WHERE tag IN (");
            let mut list = select.separated(", ");
            for tag in tags {
                list.push_bind(tag.0.to_vec());
            }
            list.push_unseparated(")");
            let found: Vec<Vec<u8>> = select
                .build_query_scalar()
                .fetch_all(self.readers())
                .await
                .map_err(|cause| self.failed(cause))?;
            known.extend(tags.iter().filter(|tag| found.iter().any(|found| *found == tag.0)));
        }
        Ok(known)
    }

    /// Notes that an export is whole.
    ///
    /// # Errors
    /// The database's own.
    pub async fn end_export(&self, number: i64, profiles: u64) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        sql::query("UPDATE exports SET ended_at = $1, profiles = $2 WHERE export = $3 AND ended_at IS NULL")
            .bind(now())
            .bind(i64::try_from(profiles).unwrap_or(i64::MAX))
            .bind(number)
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        self.commit(change).await
    }

    /// Every export, the oldest first.
    ///
    /// # Errors
    /// The database's own.
    pub async fn exports(&self) -> Result<Vec<Export>, StateError> {
        let rows: Vec<Row> = sql::query_as(
            "SELECT export, recipient, purpose, role, actor, begun_at, ended_at, profiles, \
             has_handles FROM exports ORDER BY export",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        rows.into_iter().map(|row| export(row).map_err(|cause| self.failed(cause))).collect()
    }
}

fn export(row: Row) -> Result<Export, sqlx::Error> {
    let (number, recipient, purpose, role, actor, begun_at, ended_at, profiles, has_handles) = row;
    let ended = ended_at.map(moment).transpose()?.zip(profiles);
    Ok(Export {
        number,
        recipient,
        purpose: Purpose(purpose),
        role: Role(role),
        actor,
        begun_at: moment(begun_at)?,
        ended: ended.map(|(at, profiles)| (at, profiles.unsigned_abs())),
        has_handles: has_handles != 0,
    })
}

#[cfg(test)]
mod tests;
