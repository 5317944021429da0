//! Suppression: people who were erased and must not come back, as keyed tags.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use vermeil_model::{RecordId, SourceId, Tag};

use crate::database::{moment, now, unexpected};
use crate::sql::{self, QueryBuilder};
use crate::{StateDatabase, StateError};

/// Tags in one statement.
const TAGS_AT_ONCE: usize = 500;

/// A record that landed although an erased person has one of its contact points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlaggedRecord {
    /// The record.
    pub record: RecordId,
    /// Where it is from.
    pub source: SourceId,
    /// When it landed.
    pub flagged_at: DateTime<Utc>,
}

impl StateDatabase {
    /// Suppresses tags, all or none. One that is there already stays. From then on nothing is
    /// published that was begun before.
    ///
    /// # Errors
    /// The database's own.
    pub async fn suppress(&self, tags: &[Tag]) -> Result<(), StateError> {
        let since = now();
        let mut change = self.begin().await?;
        for tags in tags.chunks(TAGS_AT_ONCE) {
            let mut insert = QueryBuilder::new("INSERT INTO suppression (tag, since) ");
            insert.push_values(tags, |mut row, tag| {
                row.push_bind(tag.0.to_vec()).push_bind(since);
            });
            insert.push(" ON CONFLICT (tag) DO NOTHING");
            insert.build().execute(&mut *change).await.map_err(|cause| self.failed(cause))?;
        }
        self.take_numbers(&mut change, "erasure_epoch", 1).await?;
        self.commit(change).await
    }

    /// Whether each tag is suppressed, in order.
    ///
    /// # Errors
    /// The database's own.
    pub async fn suppressed(&self, tags: &[Tag]) -> Result<Vec<bool>, StateError> {
        let mut found = HashSet::new();
        for tags in tags.chunks(TAGS_AT_ONCE) {
            let mut select = QueryBuilder::new("SELECT tag FROM suppression WHERE tag IN (");
            let mut list = select.separated(", ");
            for tag in tags {
                list.push_bind(tag.0.to_vec());
            }
            list.push_unseparated(")");
            let rows = select.build_query_scalar().fetch_all(self.readers()).await;
            found.extend(self.tags(rows)?);
        }
        Ok(tags.iter().map(|tag| found.contains(tag)).collect())
    }

    /// Every suppressed tag, for a run that will ask about most of its records.
    ///
    /// # Errors
    /// The database's own.
    pub async fn suppression(&self) -> Result<HashSet<Tag>, StateError> {
        let rows = sql::query_scalar("SELECT tag FROM suppression").fetch_all(self.readers()).await;
        Ok(self.tags(rows)?.into_iter().collect())
    }

    /// Notes records that landed although an erased person has one of their contact points.
    ///
    /// # Errors
    /// The database's own.
    pub async fn flag_records(&self, source: &SourceId, records: &[RecordId]) -> Result<(), StateError> {
        let at = now();
        let mut change = self.begin().await?;
        for records in records.chunks(TAGS_AT_ONCE) {
            let mut insert = QueryBuilder::new("INSERT INTO suppression_flags (record, source, flagged_at) ");
            insert.push_values(records, |mut row, record| {
                row.push_bind(record.to_bytes().to_vec()).push_bind(source.as_str().to_owned()).push_bind(at);
            });
            insert.push(" ON CONFLICT (record) DO NOTHING");
            insert.build().execute(&mut *change).await.map_err(|cause| self.failed(cause))?;
        }
        self.commit(change).await
    }

    /// The records of [`StateDatabase::flag_records`], the oldest first.
    ///
    /// # Errors
    /// The database's own.
    pub async fn flagged_records(&self) -> Result<Vec<FlaggedRecord>, StateError> {
        let rows: Vec<(Vec<u8>, String, i64)> = sql::query_as(
            "SELECT record, source, flagged_at FROM suppression_flags ORDER BY flagged_at, record",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|cause| self.failed(cause))?;
        let flagged = |(record, source, at): (Vec<u8>, String, i64)| {
            let record = record.try_into().map_err(|_| unexpected("a record's id"))?;
            Ok(FlaggedRecord {
                record: RecordId(u128::from_be_bytes(record)),
                source: source.parse().map_err(|_| unexpected("a source"))?,
                flagged_at: moment(at)?,
            })
        };
        rows.into_iter().map(flagged).collect::<Result<_, _>>().map_err(|cause| self.failed(cause))
    }

    /// Forgets that records were flagged.
    ///
    /// # Errors
    /// The database's own.
    pub async fn unflag_records(&self, records: &[RecordId]) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        for record in records {
            sql::query("DELETE FROM suppression_flags WHERE record = $1")
                .bind(record.to_bytes().to_vec())
                .execute(&mut *change)
                .await
                .map_err(|cause| self.failed(cause))?;
        }
        self.commit(change).await
    }

    fn tags(&self, rows: Result<Vec<Vec<u8>>, sqlx::Error>) -> Result<Vec<Tag>, StateError> {
        let tag = |bytes: Vec<u8>| Ok(Tag(bytes.try_into().map_err(|_| unexpected("a tag"))?));
        rows.and_then(|rows| rows.into_iter().map(tag).collect()).map_err(|cause| self.failed(cause))
    }
}

#[cfg(test)]
mod tests;
