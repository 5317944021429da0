//! Merging runs, so that a look-up reads few of them.
//!
//! Runs of about one size make a tier, and as many of one tier as [`FAN_IN`] become one run: of
//! `n` entries there are at most `FAN_IN - 1` runs in each of some `log(n)` tiers, and an entry is
//! written once in each tier that it rises through.
//!
//! A merge goes by steps, each a change of its own. A step reads where the last one ended from
//! what that one wrote, so that whoever asks next goes on, after a crash as well; and it reads and
//! writes in one change, so that an entry that is deleted meanwhile is deleted on both sides. The
//! merged runs answer until the new one is whole: then it takes their place in one change.

use std::collections::BTreeMap;

use super::entries::{CHUNK_ENTRIES, Packed, split};
use super::runs::{Extent, RunNumber, write_entries};
use crate::sql::{self, Connection};
use crate::{StateDatabase, StateError};

/// Runs of one tier that become one.
pub(super) const FAN_IN: usize = 16;

/// Runs below `FAN_IN` times as many entries are of the first tier.
const FIRST_TIER: i64 = 4096;

/// Entries written in one change, some 16 MB: nobody waits long for the database, and few changes
/// wait for the disk.
const STEP_ENTRIES: usize = 1024 * CHUNK_ENTRIES;

/// Chunks of one run that are held in memory.
const CHUNKS_HELD: i64 = 8;

/// What a step left to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// There is more to merge.
    More,
    Nothing,
}

impl StateDatabase {
    /// Merges what runs of `generation` there are too many of.
    pub(super) async fn merge_index_runs(&self, generation: u32) -> Result<(), StateError> {
        while self.merge_index_runs_step(generation).await? == Left::More {}
        self.sweep_index_runs().await
    }

    /// Goes on with the merge that is under way, or begins one.
    pub(super) async fn merge_index_runs_step(&self, generation: u32) -> Result<Left, StateError> {
        let failed = |cause| self.failed(cause);
        let mut change = self.begin().await?;
        let under_way: Option<RunNumber> = sql::query_scalar(
            "SELECT run FROM blind_index_runs WHERE generation = $1 AND status = 'merging'",
        )
        .bind(i64::from(generation))
        .fetch_optional(&mut *change)
        .await
        .map_err(failed)?;
        let run = match under_way {
            Some(run) => run,
            None => match self.begin_merge(&mut change, generation).await? {
                Some(run) => run,
                None => return Ok(Left::Nothing),
            },
        };
        let mut merge = Merge::resume(&mut change, run).await.map_err(failed)?;
        let merged = merge.next_entries(&mut change, STEP_ENTRIES).await.map_err(failed)?;
        write_entries(&mut change, run, merged.iter().copied()).await.map_err(failed)?;
        if merged.len() < STEP_ENTRIES {
            for statement in [
                "UPDATE blind_index_runs SET status = 'retired' WHERE merged_into = $1",
                "UPDATE blind_index_runs SET status = 'live' WHERE run = $1",
            ] {
                sql::query(statement).bind(run).execute(&mut *change).await.map_err(failed)?;
            }
        }
        self.commit(change).await?;
        Ok(Left::More)
    }

    /// Chooses the runs of the lowest tier that is full, and returns the one to merge them into.
    async fn begin_merge(
        &self,
        change: &mut Connection,
        generation: u32,
    ) -> Result<Option<RunNumber>, StateError> {
        // Run, entries, first page, last page.
        type Row = (RunNumber, i64, i64, i64);
        let runs: Vec<Row> = sql::query_as(
            "SELECT run, entries, first_page, last_page FROM blind_index_runs
             WHERE generation = $1 AND status = 'live'",
        )
        .bind(i64::from(generation))
        .fetch_all(&mut *change)
        .await
        .map_err(|cause| self.failed(cause))?;
        let mut tiers: BTreeMap<u32, Vec<Row>> = BTreeMap::new();
        for run in runs {
            tiers.entry(tier(run.1)).or_default().push(run);
        }
        let Some(chosen) = tiers.into_values().find(|runs| runs.len() >= FAN_IN) else { return Ok(None) };
        let pages = |page: fn(&Row) -> i64| chosen.iter().map(page);
        let extent = Extent {
            entries: chosen.iter().map(|(_, entries, ..)| entries).sum(),
            pages: (
                pages(|run| run.2).min().unwrap_or_default(),
                pages(|run| run.3).max().unwrap_or_default(),
            ),
        };
        let merged = self.new_index_run(change, generation, "merging", &extent).await?;
        for (run, ..) in chosen {
            sql::query("UPDATE blind_index_runs SET merged_into = $2 WHERE run = $1")
                .bind(run)
                .bind(merged)
                .execute(&mut *change)
                .await
                .map_err(|cause| self.failed(cause))?;
        }
        Ok(Some(merged))
    }
}

/// Runs of fewer than `FAN_IN` times as many entries have the same.
fn tier(entries: i64) -> u32 {
    (entries / FIRST_TIER).max(1).ilog(FAN_IN as i64)
}

/// Several runs read as one.
struct Merge {
    sources: Vec<Source>,
}

/// A run that is read in order.
struct Source {
    run: RunNumber,
    /// What was read last of it, the next entry at the end.
    entries: Vec<Packed>,
    /// The first entry of the last chunk that was read.
    last_chunk: Vec<u8>,
}

impl Merge {
    /// The runs that become `run`, from the entry after its last on.
    async fn resume(change: &mut Connection, run: RunNumber) -> Result<Self, sqlx::Error> {
        let last: Option<Vec<u8>> = sql::query_scalar(
            "SELECT entries FROM blind_index_chunks WHERE run = $1 ORDER BY first_entry DESC LIMIT 1",
        )
        .bind(run)
        .fetch_optional(&mut *change)
        .await?;
        let last = last.as_deref().map(split).transpose()?.and_then(<[Packed]>::last);
        let runs: Vec<RunNumber> =
            sql::query_scalar("SELECT run FROM blind_index_runs WHERE merged_into = $1 ORDER BY run")
                .bind(run)
                .fetch_all(&mut *change)
                .await?;
        let mut sources = Vec::with_capacity(runs.len());
        for run in runs {
            sources.push(Source::after(change, run, last).await?);
        }
        Ok(Self { sources })
    }

    /// The next entries in order, each once: fewer than `count` where there are no more.
    async fn next_entries(
        &mut self,
        change: &mut Connection,
        count: usize,
    ) -> Result<Vec<Packed>, sqlx::Error> {
        let mut merged: Vec<Packed> = Vec::with_capacity(count);
        while merged.len() < count {
            let heads = self.sources.iter_mut().filter(|source| !source.entries.is_empty());
            let Some(source) = heads.min_by(|one, other| one.entries.last().cmp(&other.entries.last()))
            else {
                break;
            };
            let next = source.entries.pop();
            merged.extend(next.filter(|next| merged.last() != Some(next)));
            if source.entries.is_empty() {
                source.read_on(change).await?;
            }
        }
        Ok(merged)
    }
}

impl Source {
    async fn after(
        change: &mut Connection,
        run: RunNumber,
        last: Option<&Packed>,
    ) -> Result<Self, sqlx::Error> {
        let last = last.map_or(&[][..], |last| last);
        // The chunk that the entry would be in, and else the first.
        let chunk: Option<Vec<u8>> = sql::query_scalar(
            "SELECT first_entry FROM blind_index_chunks WHERE run = $1 AND first_entry <= $2
             ORDER BY first_entry DESC LIMIT 1",
        )
        .bind(run)
        .bind(last)
        .fetch_optional(&mut *change)
        .await?;
        let mut source = Self { run, entries: Vec::new(), last_chunk: chunk.unwrap_or_default() };
        source.read(change, "first_entry >= $2").await?;
        while source.entries.last().is_some_and(|entry| entry.as_slice() <= last) {
            source.entries.pop();
        }
        if source.entries.is_empty() {
            source.read_on(change).await?;
        }
        Ok(source)
    }

    async fn read_on(&mut self, change: &mut Connection) -> Result<(), sqlx::Error> {
        self.read(change, "first_entry > $2").await
    }

    async fn read(&mut self, change: &mut Connection, which: &'static str) -> Result<(), sqlx::Error> {
        let select = format!(
            "SELECT first_entry, entries FROM blind_index_chunks WHERE run = $1 AND {which}
             ORDER BY first_entry LIMIT $3"
        );
        let mut chunks: Vec<(Vec<u8>, Vec<u8>)> = sql::query_as(sqlx::AssertSqlSafe(select))
            .bind(self.run)
            .bind(&self.last_chunk)
            .bind(CHUNKS_HELD)
            .fetch_all(&mut *change)
            .await?;
        for (_, entries) in chunks.iter().rev() {
            self.entries.extend(split(entries)?.iter().rev());
        }
        if let Some((first, _)) = chunks.pop() {
            self.last_chunk = first;
        }
        Ok(())
    }
}
