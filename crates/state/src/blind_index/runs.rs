//! Runs of sorted entries: writing one, and finding tags in all of them.

use vermeil_model::Tag;

use super::IndexEntry;
use super::entries::{Chunk, Packed, bounds, chunks, of_tag, pack, split};
use crate::sql::{self, Connection, QueryBuilder};
use crate::{StateDatabase, StateError};

/// Chunks in one statement.
const CHUNKS_AT_ONCE: usize = 16;

/// The number of a run: higher than that of any before.
pub(super) type RunNumber = i64;

/// What is known of a run without reading it.
pub(super) struct Extent {
    /// At most so many entries.
    pub(super) entries: i64,
    /// The first and the last page of keys.
    pub(super) pages: (i64, i64),
}

impl StateDatabase {
    /// Writes sorted entries as a run, all or none.
    pub(super) async fn write_index_run(
        &self,
        generation: u32,
        sorted: &[IndexEntry],
    ) -> Result<(), StateError> {
        let pages = sorted.iter().map(|entry| entry.key.page);
        let (Some(first), Some(last)) = (pages.clone().min(), pages.max()) else { return Ok(()) };
        let extent = Extent { entries: sorted.len() as i64, pages: (first, last) };
        let mut change = self.begin().await?;
        let run = self.new_index_run(&mut change, generation, "live", &extent).await?;
        write_entries(&mut change, run, sorted.iter().map(pack)).await.map_err(|cause| self.failed(cause))?;
        self.commit(change).await
    }

    pub(super) async fn new_index_run(
        &self,
        change: &mut Connection,
        generation: u32,
        status: &str,
        extent: &Extent,
    ) -> Result<RunNumber, StateError> {
        let run = self.take_numbers(change, "blind_index_run", 1).await?;
        sql::query(
            "INSERT INTO blind_index_runs (run, generation, status, entries, first_page, last_page)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(run)
        .bind(i64::from(generation))
        .bind(status)
        .bind(extent.entries)
        .bind(extent.pages.0)
        .bind(extent.pages.1)
        .execute(change)
        .await
        .map_err(|cause| self.failed(cause))?;
        Ok(run)
    }

    /// The entries with a tag, in order and once each, as one moment's runs have them.
    pub(super) async fn search_index_runs(&self, tag: Tag) -> Result<Vec<IndexEntry>, sqlx::Error> {
        let (least, greatest) = bounds(tag);
        // One statement, so that it reads runs and chunks of one moment, whoever merges meanwhile.
        let chunks: Vec<Vec<u8>> = sql::query_scalar(
            "SELECT chunks.entries
             FROM blind_index_runs AS runs JOIN blind_index_chunks AS chunks ON chunks.run = runs.run
             WHERE runs.status = 'live' AND chunks.first_entry <= $2 AND chunks.first_entry >= COALESCE(
                 (SELECT first_entry FROM blind_index_chunks
                  WHERE run = runs.run AND first_entry <= $1 ORDER BY first_entry DESC LIMIT 1), $1)",
        )
        .bind(least.to_vec())
        .bind(greatest.to_vec())
        .fetch_all(self.readers())
        .await?;
        let mut found = Vec::new();
        for chunk in &chunks {
            found.extend(of_tag(split(chunk)?, tag));
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

/// Adds sorted entries to a run that has none after the first of them.
pub(super) async fn write_entries(
    change: &mut Connection,
    run: RunNumber,
    sorted: impl Iterator<Item = Packed>,
) -> Result<(), sqlx::Error> {
    let mut chunks = chunks(sorted).peekable();
    while chunks.peek().is_some() {
        insert_chunks(change, run, chunks.by_ref().take(CHUNKS_AT_ONCE)).await?;
    }
    Ok(())
}

async fn insert_chunks(
    change: &mut Connection,
    run: RunNumber,
    chunks: impl Iterator<Item = Chunk>,
) -> Result<(), sqlx::Error> {
    let mut insert = QueryBuilder::new("INSERT INTO blind_index_chunks (run, first_entry, entries) ");
    insert.push_values(chunks, |mut row, chunk| {
        row.push_bind(run).push_bind(chunk.first.to_vec()).push_bind(chunk.entries);
    });
    insert.build().execute(change).await.map(drop)
}
