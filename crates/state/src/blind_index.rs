//! The blind index: which records hold a value, as keyed tags.
//!
//! Tags come in no order, and a table with a row for each would take a random write for each. So
//! entries that are added together are sorted and written as a run, in chunks of some hundred
//! entries ([`runs`]); runs are merged into larger ones ([`merge`], as in a log-structured merge
//! tree: O'Neil et al., Acta Informatica 33, 1996), and a look-up reads one chunk of each. What is
//! deleted is overwritten where it stands ([`erase`]).

use vermeil_model::{RecordId, SourceId, Tag};
use vermeil_protect::KeyLocation;
use vermeil_protect::blind_index::WrappedIndexSecret;

use crate::database::{now, unexpected};
use crate::sql;
use crate::{StateDatabase, StateError};

mod entries;
mod erase;
mod merge;
mod runs;

pub(crate) use erase::{KeyPlaces, erase_entries, holds_entries};

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
            sql::query_as("SELECT generation, wrapped FROM blind_index_secrets ORDER BY generation")
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
        sql::query(
            "INSERT INTO blind_index_secrets (generation, wrapped, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (generation) DO NOTHING",
        )
        .bind(generation)
        .bind(&secret.bytes)
        .bind(now())
        .execute(&mut *change)
        .await
        .map_err(failed)?;
        let bytes = sql::query_scalar("SELECT wrapped FROM blind_index_secrets WHERE generation = $1")
            .bind(generation)
            .fetch_one(&mut *change)
            .await
            .map_err(failed)?;
        self.commit(change).await?;
        Ok(WrappedIndexSecret { generation: secret.generation, bytes })
    }

    /// Adds entries made under the secret of `generation`, all or none; those that are there already
    /// stay once. Many at once cost little, few at once as much as a change of the database.
    ///
    /// # Errors
    /// The database's own.
    pub async fn add_index_entries(
        &self,
        generation: u32,
        mut entries: Vec<IndexEntry>,
    ) -> Result<(), StateError> {
        if entries.is_empty() {
            return Ok(());
        }
        let sort = move || {
            entries::sort(&mut entries);
            entries
        };
        let sorted = tokio::task::spawn_blocking(sort).await.expect("sorting does not panic");
        self.write_index_run(generation, &sorted).await?;
        drop(sorted);
        self.merge_index_runs(generation).await
    }

    /// The entries with any of these tags.
    ///
    /// # Errors
    /// The database's own.
    pub async fn find_index_entries(&self, tags: &[Tag]) -> Result<Vec<IndexEntry>, StateError> {
        let mut found = Vec::new();
        for tag in tags {
            found.extend(self.search_index_runs(*tag).await.map_err(|cause| self.failed(cause))?);
        }
        Ok(found)
    }

    /// Deletes the entries of the records whose keys lie at `keys`. Reads all of the index that
    /// could hold some, half a second for ten million entries: ask once for many keys.
    ///
    /// # Errors
    /// The database's own.
    pub async fn delete_index_entries(&self, keys: &[KeyLocation]) -> Result<(), StateError> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut change = self.begin().await?;
        let places = KeyPlaces::keys(keys);
        let deleted = erase_entries(&mut change, &places).await.map_err(|cause| self.failed(cause))?;
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
        sql::query(
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
        let rows: Vec<(i64, String)> = sql::query_as("SELECT generation, source FROM blind_index_complete")
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
        let mut change = self.begin().await?;
        sql::query("UPDATE blind_index_runs SET status = 'retired' WHERE generation < $1")
            .bind(generation)
            .execute(&mut *change)
            .await
            .map_err(|cause| self.failed(cause))?;
        self.commit(change).await?;
        self.sweep_index_runs().await?;
        let mut change = self.begin().await?;
        for statement in [
            "DELETE FROM blind_index_complete WHERE generation < $1",
            "DELETE FROM blind_index_secrets WHERE generation < $1",
        ] {
            let done = sql::query(statement).bind(generation).execute(&mut *change).await;
            done.map_err(|cause| self.failed(cause))?;
        }
        self.commit(change).await?;
        self.truncate_log().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
