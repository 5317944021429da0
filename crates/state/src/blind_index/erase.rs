//! Deleting entries: of records whose keys are destroyed, and of whole runs.
//!
//! Entries are ordered by tag, so that those of a record may be anywhere: deleting them reads
//! every run whose records' keys lie around theirs, once for all the keys that are given. That
//! takes about half a second for ten million entries, and changes only the chunks that hold some.

use vermeil_protect::KeyLocation;

use super::entries::{Chunk, key_of, split};
use super::runs::RunNumber;
use crate::sql::{self, Connection};
use crate::{StateDatabase, StateError};

/// Chunks that are read at once.
const CHUNKS_READ: i64 = 64;

/// Chunks deleted in one change, some 16 MB: nobody waits long for the database, and few changes
/// wait for the disk.
const CHUNKS_DELETED: i64 = 1024;

/// Places of keys.
pub(crate) struct KeyPlaces {
    /// Sorted ranges with both ends, none over another.
    ranges: Vec<(KeyLocation, KeyLocation)>,
}

impl KeyPlaces {
    /// Single keys.
    pub(crate) fn keys(keys: &[KeyLocation]) -> Self {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        Self { ranges: keys.into_iter().map(|key| (key, key)).collect() }
    }

    /// Every key of pages, which come by rising number.
    pub(crate) fn pages(pages: &[i64]) -> Self {
        let whole = |run: &[i64]| {
            let first = KeyLocation { page: run[0], slot: 0 };
            (first, KeyLocation { page: run[run.len() - 1], slot: u16::MAX })
        };
        Self { ranges: pages.chunk_by(|page, next| page + 1 == *next).map(whole).collect() }
    }

    fn contain(&self, key: KeyLocation) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= key);
        self.ranges[..after].last().is_some_and(|(_, last)| key <= *last)
    }
}

/// Deletes the entries whose keys lie at `places`, in whatever run, and returns how many there were.
pub(crate) async fn erase_entries(change: &mut Connection, places: &KeyPlaces) -> Result<u64, sqlx::Error> {
    let (Some((first, _)), Some((_, last))) = (places.ranges.first(), places.ranges.last()) else {
        return Ok(0);
    };
    let runs: Vec<RunNumber> = sql::query_scalar(
        "SELECT run FROM blind_index_runs WHERE first_page <= $2 AND last_page >= $1 ORDER BY run",
    )
    .bind(first.page)
    .bind(last.page)
    .fetch_all(&mut *change)
    .await?;
    let mut erased = 0;
    for run in runs {
        erased += erase_from_run(change, run, places).await?;
    }
    Ok(erased)
}

/// Whether there are entries whose keys lie at `places`, in whatever run.
pub(crate) async fn holds_entries(
    connection: &mut Connection,
    places: &KeyPlaces,
) -> Result<bool, sqlx::Error> {
    let (Some((first, _)), Some((_, last))) = (places.ranges.first(), places.ranges.last()) else {
        return Ok(false);
    };
    let mut after: (RunNumber, Vec<u8>) = (RunNumber::default(), Vec::new());
    loop {
        let chunks: Vec<(RunNumber, Vec<u8>, Vec<u8>)> = sql::query_as(
            "SELECT run, first_entry, chunk.entries
             FROM blind_index_chunks AS chunk JOIN blind_index_runs USING (run)
             WHERE first_page <= $2 AND last_page >= $1 AND (run, first_entry) > ($3, $4)
             ORDER BY run, first_entry LIMIT $5",
        )
        .bind(first.page)
        .bind(last.page)
        .bind(after.0)
        .bind(&after.1)
        .bind(CHUNKS_READ)
        .fetch_all(&mut *connection)
        .await?;
        let Some((run, first_entry, _)) = chunks.last() else { return Ok(false) };
        after = (*run, first_entry.clone());
        for (.., entries) in &chunks {
            if split(entries)?.iter().any(|entry| places.contain(key_of(entry))) {
                return Ok(true);
            }
        }
    }
}

async fn erase_from_run(
    change: &mut Connection,
    run: RunNumber,
    places: &KeyPlaces,
) -> Result<u64, sqlx::Error> {
    let (mut erased, mut after) = (0, Vec::new());
    loop {
        let chunks: Vec<(Vec<u8>, Vec<u8>)> = sql::query_as(
            "SELECT first_entry, entries FROM blind_index_chunks WHERE run = $1 AND first_entry > $2
             ORDER BY first_entry LIMIT $3",
        )
        .bind(run)
        .bind(&after)
        .bind(CHUNKS_READ)
        .fetch_all(&mut *change)
        .await?;
        let Some((last, _)) = chunks.last() else { return Ok(erased) };
        after.clone_from(last);
        for (first, entries) in chunks {
            let entries = split(&entries)?;
            if !entries.iter().any(|entry| places.contain(key_of(entry))) {
                continue;
            }
            let kept: Vec<_> =
                entries.iter().filter(|entry| !places.contain(key_of(entry))).copied().collect();
            erased += (entries.len() - kept.len()) as u64;
            replace(change, (run, first), Chunk::new(kept.as_flattened().to_vec())).await?;
        }
    }
}

/// Puts a chunk in the place of the one that began with `first`, which names an entry itself.
async fn replace(
    change: &mut Connection,
    (run, first): (RunNumber, Vec<u8>),
    kept: Option<Chunk>,
) -> Result<(), sqlx::Error> {
    let statement = match kept {
        None => sql::query("DELETE FROM blind_index_chunks WHERE run = $1 AND first_entry = $2")
            .bind(run)
            .bind(first),
        Some(kept) => sql::query(
            "UPDATE blind_index_chunks SET first_entry = $3, entries = $4
             WHERE run = $1 AND first_entry = $2",
        )
        .bind(run)
        .bind(first)
        .bind(kept.first.to_vec())
        .bind(kept.entries),
    };
    statement.execute(change).await.map(drop)
}

impl StateDatabase {
    /// Deletes the retired runs, in several changes. Asking again goes on.
    pub(super) async fn sweep_index_runs(&self) -> Result<(), StateError> {
        let failed = |cause| self.failed(cause);
        while self.has_retired_runs().await.map_err(failed)? {
            let mut change = self.begin().await?;
            let deleted = sql::query(
                "DELETE FROM blind_index_chunks WHERE (run, first_entry) IN
                 (SELECT run, first_entry FROM blind_index_chunks
                  WHERE run IN (SELECT run FROM blind_index_runs WHERE status = 'retired') LIMIT $1)",
            )
            .bind(CHUNKS_DELETED)
            .execute(&mut *change)
            .await
            .map_err(failed)?;
            if deleted.rows_affected() < CHUNKS_DELETED.cast_unsigned() {
                let emptied = "DELETE FROM blind_index_runs WHERE status = 'retired'";
                sql::query(emptied).execute(&mut *change).await.map_err(failed)?;
            }
            self.commit(change).await?;
        }
        Ok(())
    }

    async fn has_retired_runs(&self) -> Result<bool, sqlx::Error> {
        sql::query_scalar("SELECT EXISTS (SELECT 1 FROM blind_index_runs WHERE status = 'retired')")
            .fetch_one(self.readers())
            .await
    }
}
