//! The blind index: which records hold a value, as keyed tags.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use vermeil_model::{RecordId, SourceId, Tag};
use vermeil_protect::KeyLocation;
use vermeil_protect::blind_index::WrappedIndexSecret;

use crate::database::{now, unexpected};
use crate::{StateDatabase, StateError};

/// Rows in one statement.
const ROWS_AT_ONCE: usize = 128;

/// Rows deleted in one change, so that nobody waits long for the database.
const DELETED_AT_ONCE: i64 = 20_000;

/// That a record holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexEntry {
    /// Stands for field and value.
    pub tag: Tag,
    /// The record.
    pub record: RecordId,
    /// Where its key lies. The entry is deleted when the key is destroyed.
    pub key: KeyLocation,
}

impl StateDatabase {
    /// The secrets of the index, by rising generation.
    ///
    /// # Errors
    /// The database's own.
    pub async fn index_secrets(&self) -> Result<Vec<WrappedIndexSecret>, StateError> {
        let rows: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("SELECT generation, wrapped FROM blind_index_secrets ORDER BY generation")
                .fetch_all(self.readers())
                .await
                .map_err(|cause| self.failed(cause))?;
        let secret = |(generation, bytes): (i64, Vec<u8>)| {
            let generation = generation.try_into().map_err(|_| unexpected("a generation"))?;
            Ok(WrappedIndexSecret { generation, bytes })
        };
        rows.into_iter().map(secret).collect::<Result<_, _>>().map_err(|cause| self.failed(cause))
    }

    /// Keeps the secret of a generation, unless there is one, and returns the one that is there.
    ///
    /// # Errors
    /// The database's own.
    pub async fn keep_index_secret(
        &self,
        secret: &WrappedIndexSecret,
    ) -> Result<WrappedIndexSecret, StateError> {
        let failed = |cause| self.failed(cause);
        let generation = i64::from(secret.generation);
        let mut change = self.begin().await?;
        sqlx::query(
            "INSERT INTO blind_index_secrets (generation, wrapped, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (generation) DO NOTHING",
        )
        .bind(generation)
        .bind(&secret.bytes)
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        let bytes = sqlx::query_scalar("SELECT wrapped FROM blind_index_secrets WHERE generation = $1")
            .bind(generation)
            .fetch_one(&mut *change)
            .await
            .map_err(failed)?;
        self.commit(change).await?;
        Ok(WrappedIndexSecret { generation: secret.generation, bytes })
    }

    /// Adds entries made under the secret of `generation`, all or none. One that is
    /// there already learns where its record's key lies now.
    ///
    /// # Errors
    /// The database's own.
    pub async fn add_index_entries(&self, generation: u32, entries: &[IndexEntry]) -> Result<(), StateError> {
        if entries.is_empty() {
            return Ok(());
        }
        // In the order of the tree that they go into.
        let mut entries = entries.to_vec();
        entries.sort_unstable();
        entries.dedup_by_key(|entry| (entry.tag, entry.record));
        let mut change = self.begin().await?;
        for entries in entries.chunks(ROWS_AT_ONCE) {
            insert(&mut change, generation, entries).await.map_err(|cause| self.failed(cause))?;
        }
        self.commit(change).await
    }

    /// The entries with any of these tags.
    ///
    /// # Errors
    /// The database's own.
    pub async fn find_index_entries(&self, tags: &[Tag]) -> Result<Vec<IndexEntry>, StateError> {
        let mut found = Vec::new();
        for tags in tags.chunks(ROWS_AT_ONCE) {
            let mut select = QueryBuilder::<Sqlite>::new(
                "SELECT tag, record, key_page, key_slot FROM blind_index WHERE tag IN (",
            );
            let mut list = select.separated(", ");
            for tag in tags {
                list.push_bind(tag.0.to_vec());
            }
            list.push_unseparated(")");
            // Tag, record, key page, slot.
            type Row = (Vec<u8>, Vec<u8>, i64, i64);
            let rows: Result<Vec<Row>, _> = select.build_query_as().fetch_all(self.readers()).await;
            let rows = rows.and_then(|rows| rows.into_iter().map(entry).collect::<Result<Vec<_>, _>>());
            found.extend(rows.map_err(|cause| self.failed(cause))?);
        }
        Ok(found)
    }

    /// Deletes the entries of the records whose keys lie at `keys`.
    ///
    /// # Errors
    /// The database's own.
    pub async fn delete_index_entries(&self, keys: &[KeyLocation]) -> Result<(), StateError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut deleted = 0;
        let mut change = self.begin().await?;
        for key in keys {
            let done = sqlx::query("DELETE FROM blind_index WHERE key_page = $1 AND key_slot = $2")
                .bind(key.page)
                .bind(i64::from(key.slot))
                .execute(&mut *change)
                .await
                .map_err(|cause| self.failed(cause))?;
            deleted += done.rows_affected();
        }
        self.commit(change).await?;
        if deleted > 0 {
            self.truncate_log().await;
        }
        Ok(())
    }

    /// Notes that every record of a source has its entries under `generation`.
    ///
    /// # Errors
    /// The database's own.
    pub async fn complete_index(&self, generation: u32, source: &SourceId) -> Result<(), StateError> {
        let mut change = self.begin().await?;
        sqlx::query(
            "INSERT INTO blind_index_complete (generation, source) VALUES ($1, $2)
             ON CONFLICT (generation, source) DO NOTHING",
        )
        .bind(i64::from(generation))
        .bind(source.as_str())
        .execute(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        self.commit(change).await
    }

    /// Under which generations the index of which source is complete.
    ///
    /// # Errors
    /// The database's own.
    pub async fn complete_indexes(&self) -> Result<Vec<(u32, SourceId)>, StateError> {
        let rows: Vec<(i64, String)> = sqlx::query_as("SELECT generation, source FROM blind_index_complete")
            .fetch_all(self.readers())
            .await
            .map_err(|cause| self.failed(cause))?;
        let complete = |(generation, source): (i64, String)| {
            let generation = generation.try_into().map_err(|_| unexpected("a generation"))?;
            Ok((generation, source.parse().map_err(|_| unexpected("a source"))?))
        };
        rows.into_iter().map(complete).collect::<Result<_, _>>().map_err(|cause| self.failed(cause))
    }

    /// Deletes the entries made under generations before `generation`, in several
    /// changes, and then their secrets. Asking again goes on.
    ///
    /// # Errors
    /// The database's own.
    pub async fn retire_indexes_before(&self, generation: u32) -> Result<(), StateError> {
        let generation = i64::from(generation);
        loop {
            let mut change = self.begin().await?;
            let deleted = sqlx::query(
                "DELETE FROM blind_index WHERE (tag, record) IN
                 (SELECT tag, record FROM blind_index WHERE generation < $1 LIMIT $2)",
            )
            .bind(generation)
            .bind(DELETED_AT_ONCE)
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
            self.commit(change).await?;
            if deleted.rows_affected() == 0 {
                break;
            }
        }
        let mut change = self.begin().await?;
        for statement in [
            "DELETE FROM blind_index_complete WHERE generation < $1",
            "DELETE FROM blind_index_secrets WHERE generation < $1",
        ] {
            let done = sqlx::query(statement).bind(generation).execute(&mut *change).await;
            done.map_err(|cause| self.failed(cause))?;
        }
        self.commit(change).await?;
        self.truncate_log().await;
        Ok(())
    }
}

async fn insert(
    change: &mut SqliteConnection,
    generation: u32,
    entries: &[IndexEntry],
) -> Result<(), sqlx::Error> {
    let mut insert =
        QueryBuilder::<Sqlite>::new("INSERT INTO blind_index (generation, tag, record, key_page, key_slot) ");
    insert.push_values(entries, |mut row, entry| {
        row.push_bind(i64::from(generation))
            .push_bind(entry.tag.0.to_vec())
            .push_bind(entry.record.to_bytes().to_vec())
            .push_bind(entry.key.page)
            .push_bind(i64::from(entry.key.slot));
    });
    insert.push(
        " ON CONFLICT (tag, record) DO UPDATE SET key_page = excluded.key_page, key_slot = excluded.key_slot",
    );
    insert.build().execute(change).await.map(drop)
}

fn entry((tag, record, page, slot): (Vec<u8>, Vec<u8>, i64, i64)) -> Result<IndexEntry, sqlx::Error> {
    let wrong = |_| unexpected("an entry of the index");
    Ok(IndexEntry {
        tag: Tag(tag.try_into().map_err(wrong)?),
        record: RecordId(u128::from_be_bytes(record.try_into().map_err(wrong)?)),
        key: KeyLocation { page, slot: slot.try_into().map_err(|_| unexpected("a key slot"))? },
    })
}

#[cfg(test)]
mod tests;
