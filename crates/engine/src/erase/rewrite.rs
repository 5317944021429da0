//! Taking someone out of every table: rows, the files they stood in, old versions, leftovers, logs.
//!
//! Under the lock of runs. Each table changes in one commit, the publication in one transaction
//! that names the new versions; only then do files go. Cut off anywhere it is done again from the
//! start, where what is done finds nothing left to do.

use std::collections::{BTreeMap, HashSet};

use ahash::AHashMap;
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use datafusion::error::DataFusionError;
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::RecordId;
use vermeil_protect::KeyLocation;
use vermeil_state::RunOutcome;

use super::names::{Names, TableMatch};
use crate::columns::{PROFILE_ID, RECORD_ID};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::golden::APPLICATION;
use crate::lake::{TableName, Transactional};
use crate::link::StageClock;
use crate::progress::{Progress, Stage};
use crate::publication::Publication;
use crate::report::RunReport;
use crate::session::lake_session;
use crate::stored;

/// What a rewrite did.
#[derive(Default)]
pub(super) struct Rewriting {
    pub(super) files_holding: u64,
    pub(super) bytes_holding: u64,
    pub(super) bytes_written: u64,
    pub(super) deleted: u64,
}

/// Profiles of people who are erased.
#[derive(Default)]
struct Profiles {
    count: u64,
    /// Whether one of them holds records of somebody who is not erased.
    are_shared: bool,
}

impl Engine {
    /// Takes whoever `names` name out of every table. `names` grow by what was found: rows that
    /// landed again meanwhile, profiles, keys.
    pub(super) async fn rewrite_without(
        &self,
        names: &mut Names,
        progress: &dyn Progress,
    ) -> Result<Rewriting, EngineError> {
        let torn = self.lake.delete_torn_writes()?;
        let mut done = Rewriting { deleted: torn, ..Rewriting::default() };
        self.follow_landed(names).await?;
        let publication = self.publication().await?;
        let profiles = self.follow_published(publication.as_ref(), names).await?;

        let mut tables = BTreeMap::new();
        for name in self.all_tables() {
            if let Some(found) = self.matches_in(&name, names).await?.filter(TableMatch::is_touched) {
                names.keys.extend(found.matched().filter_map(|row| Some((row.key?, row.request))));
                tables.insert(name, found);
            }
        }
        // Of whatever was written since the keys were destroyed.
        let keys: Vec<KeyLocation> = names.keys.keys().copied().collect();
        self.vault.destroy(&keys).await?;
        let records: Vec<RecordId> = names.ids.keys().map(|id| RecordId(u128::from_be_bytes(*id))).collect();
        self.state.forget_decided_records(&records).await?;
        self.state.unflag_records(&records).await?;
        self.state.forget_in_runs(&records.into_iter().collect()).await?;
        self.destroy_older_profiles(publication.as_ref()).await?;

        let touched: Vec<TableName> = tables.keys().cloned().collect();
        for (name, found) in tables {
            let holding = found.files.iter().filter(|file| !file.matched.is_empty());
            for file in holding {
                done.files_holding += 1;
                done.bytes_holding += file.file.size;
            }
            done.bytes_written += self.rewrite_table(&name, found, publication.as_ref(), names).await?;
        }
        if let Some(publication) = &publication {
            let left = publication.profiles.saturating_sub(profiles.count);
            self.point_to_latest(publication.clone(), &touched, left).await?;
            if profiles.are_shared {
                self.publish_survivors(publication, progress).await?;
            }
        }
        for name in touched {
            if let Some(table) = self.lake.table(&name).await? {
                done.deleted += table.purge().await?;
            }
        }
        self.state.purge().await?;
        Ok(done)
    }

    /// Profiles of publications before the current one may be theirs, in rows that are gone from the
    /// lake and stand in its backups.
    async fn destroy_older_profiles(&self, publication: Option<&Publication>) -> Result<(), EngineError> {
        let Some(editions) = publication.and_then(|publication| publication.editions.as_ref()) else {
            return Ok(());
        };
        self.vault.destroy(&editions.replaced_keys()).await?;
        self.destroy_replaced_keys(None, editions).await
    }

    /// Rows of the same source keys that landed since, and events of theirs.
    async fn follow_landed(&self, names: &mut Names) -> Result<(), EngineError> {
        for source in &self.config.pipeline.sources {
            let name = TableName::Landing(source.id.clone());
            let Some(found) = self.matches_in(&name, names).await? else { continue };
            for row in found.matched() {
                names.ids.extend(row.id.map(|id| (id, row.request)));
                names.tags.extend(row.tag.map(|tag| (tag, row.request)));
            }
        }
        Ok(())
    }

    /// Profiles that hold a record of theirs, and whether they hold others.
    async fn follow_published(
        &self,
        publication: Option<&Publication>,
        names: &mut Names,
    ) -> Result<Profiles, EngineError> {
        let members = match publication {
            Some(publication) => self.published_table(publication, &TableName::Members).await?,
            None => None,
        };
        let Some(members) = members else { return Ok(Profiles::default()) };
        let mut owners: AHashMap<[u8; 16], usize> = AHashMap::new();
        let mut found = Profiles::default();
        let session = lake_session(&self.lake, SessionConfig::new())?;
        for looks_for_others in [false, true] {
            let rows = session.read_table(members.provider())?;
            let rows = rows.select([PROFILE_ID, RECORD_ID].map(col).to_vec())?;
            let mut batches = rows.execute_stream().await?;
            while let Some(batch) = batches.try_next().await? {
                let [profiles, records] = [0, 1].map(|column| batch.column(column).as_string::<i32>());
                for (profile, record) in profiles.iter().flatten().zip(records.iter().flatten()) {
                    let (profile, record) = (stored::id(profile)?, stored::id(record)?);
                    match names.ids.get(&record) {
                        Some(request) => drop(owners.insert(profile, *request)),
                        None if looks_for_others && owners.contains_key(&profile) => {
                            found.are_shared = true;
                        }
                        None => {}
                    }
                }
            }
        }
        found.count = owners.len() as u64;
        names.ids.extend(owners);
        Ok(found)
    }

    /// Rewrites what a table holds of theirs; returns the bytes written. Rows that were superseded go
    /// with the files that they lie in.
    async fn rewrite_table(
        &self,
        name: &TableName,
        found: TableMatch,
        publication: Option<&Publication>,
        names: &Names,
    ) -> Result<u64, EngineError> {
        let TableMatch { table, files } = found;
        if let Some(publication) = publication.filter(|_| TableName::PUBLISHED.contains(name))
            && !self.is_published(&table).await?
        {
            // Beyond the publication lies one that was cut off. What readers see takes its place.
            let Some(published) = self.published_table(publication, name).await? else {
                return Ok(0);
            };
            let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
            let mut batches = session.read_table(published.provider())?.execute_stream().await?;
            let mut writer = table.writer()?;
            while let Some(batch) = batches.try_next().await? {
                writer.write(without(&batch, names)?).await?;
            }
            let written = writer.replace(&Transactional::new(APPLICATION, publication.number)).await?;
            return Ok(written.bytes);
        }
        let superseded = publication.and_then(|publication| publication.superseded.get(&name.to_string()));
        let table = table.without(superseded.cloned().unwrap_or_default());
        let holding = files.into_iter().filter(|file| file.file.is_active && !file.matched.is_empty());
        let holding: Vec<_> = holding.map(|file| file.file).collect();
        let version = table.version();
        if holding.is_empty() {
            return Ok(0);
        }
        let mut streams = Vec::with_capacity(holding.len());
        for file in &holding {
            streams.push(self.rows_of(&table, file).await?);
        }
        let mut writer = table.writer()?;
        for mut batches in streams {
            while let Some(batch) = batches.try_next().await? {
                writer.write(without(&batch, names)?).await?;
            }
        }
        let replaced: HashSet<_> = holding.into_iter().map(|file| file.path).collect();
        let number = i64::try_from(version).unwrap_or(i64::MAX);
        // A sequence of its own: numbers of loads and publications stay as they are.
        let written = writer.replace_files(replaced, &Transactional::new("erase", number)).await?;
        Ok(written.bytes)
    }

    /// Gives those who shared a profile with someone erased one of their own.
    async fn publish_survivors(
        &self,
        publication: &Publication,
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        // Whoever is cut off here leaves it to the next run.
        self.state.outdate_publication(publication.number).await?;
        let run = self.state.begin_run("erase").await?;
        let mut clock = StageClock { progress, stages: Vec::new() };
        let mut report = RunReport::default();
        let resolved = self.link_and_publish((run, Stage::Publish), &mut clock, &mut report).await;
        let outcome = if resolved.is_ok() { RunOutcome::Done } else { RunOutcome::Failed };
        report.stages = clock.stages;
        let summary = serde_json::to_value(&report).expect("a report always serialises");
        let noted = self.state.finish_run(run, outcome, &summary).await;
        // Where both fail, for a full disk say, the first failure is the one to know.
        resolved?;
        Ok(noted?)
    }
}

fn without(batch: &RecordBatch, names: &Names) -> Result<RecordBatch, EngineError> {
    let kept: BooleanArray = names.owners(batch)?.into_iter().map(|owner| Some(owner.is_none())).collect();
    filter_record_batch(batch, &kept).map_err(|cause| DataFusionError::from(cause).into())
}
