//! How a pipeline stands.

use std::collections::BTreeMap;

use chrono::Utc;
use datafusion::prelude::{SessionConfig, col, lit};
use vermeil_model::pipeline::Source;
use vermeil_protect::ProcessProtection;
use vermeil_protect::process::MemoryLock;
use vermeil_state::{LoadEntry, LoadStatus};

use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::report::{OpeningStatus, ProcessStatus, QuarantineCount, RunStatus, SourceStatus, StatusReport};
use crate::session::lake_session;

const RUNS_SHOWN: u32 = 5;
const OPENINGS_SHOWN: usize = 10;
/// Enough to find the last load of every source.
const LOADS_LOOKED_AT: u32 = 10_000;

impl Engine {
    /// The last runs, loads and openings, what is quarantined and published.
    ///
    /// # Errors
    /// The state database or the lake cannot be read.
    pub async fn status(&self) -> Result<StatusReport, EngineError> {
        let publication = self.publication().await?;
        let loads = self.state.loads(LOADS_LOOKED_AT).await?;
        let mut sources = Vec::new();
        for source in &self.config.pipeline.sources {
            sources.push(self.source_status(source, &loads).await?);
        }
        Ok(StatusReport {
            runs: self.run_statuses().await?,
            sources,
            quarantine: self.quarantine_counts().await?,
            profiles: publication.as_ref().map_or(0, |publication| publication.profiles),
            publication: publication.map(|publication| publication.number),
            openings: self.openings().await?,
            lake: self.lake_location().to_owned(),
            process: process_status(),
        })
    }

    async fn run_statuses(&self) -> Result<Vec<RunStatus>, EngineError> {
        let runs = self.state.last_runs(RUNS_SHOWN).await?;
        let status = |run: vermeil_state::Run| RunStatus {
            run: run.id,
            started_at: run.begun_at.to_rfc3339(),
            ended_at: run.ended_at.map(|at| at.to_rfc3339()),
            outcome: run.status().to_owned(),
            report: run.summary.and_then(|summary| serde_json::from_value(summary).ok()),
        };
        Ok(runs.into_iter().map(status).collect())
    }

    async fn source_status(&self, source: &Source, loads: &[LoadEntry]) -> Result<SourceStatus, EngineError> {
        let (records, versions) = self.landed_counts(source).await?;
        let last = loads.iter().find(|load| load.source == source.id && load.status == LoadStatus::Confirmed);
        let ended_at = last.and_then(|load| load.ended_at);
        Ok(SourceStatus {
            source: source.id.to_string(),
            records,
            versions,
            last_load: last.map(|load| load.number),
            last_load_at: ended_at.map(|at| at.to_rfc3339()),
            lag_seconds: ended_at.map(|at| (Utc::now() - at).as_seconds_f64()),
        })
    }

    async fn quarantine_counts(&self) -> Result<Vec<QuarantineCount>, EngineError> {
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        for entry in self.quarantine_entries().await? {
            if entry.replayed_at.is_none() {
                *counts.entry((entry.source, entry.diagnostic.code)).or_default() += 1;
            }
        }
        Ok(counts.into_iter().map(|((source, code), rows)| QuarantineCount { source, code, rows }).collect())
    }

    async fn openings(&self) -> Result<Vec<OpeningStatus>, EngineError> {
        Ok(self.audit.latest(OPENINGS_SHOWN).await?.into_iter().map(OpeningStatus::of).collect())
    }

    /// Records and versions of a source.
    async fn landed_counts(&self, source: &Source) -> Result<(u64, u64), EngineError> {
        let Some(table) = self.lake.table(&TableName::Landing(source.id.clone())).await? else {
            return Ok((0, 0));
        };
        let session = lake_session(&self.lake, SessionConfig::new())?;
        let rows = session.read_table(table.provider())?;
        let versions = rows.clone().count().await?;
        // A record's first version has the number 1.
        let first = rows.filter(col(columns::VERSION).eq(lit(1_i64)))?;
        Ok((first.count().await? as u64, versions as u64))
    }
}

fn process_status() -> ProcessStatus {
    let ProcessProtection { core_dumps, memory_lock } = ProcessProtection::now();
    ProcessStatus {
        core_dumps: core_dumps.as_str().to_owned(),
        memory_lock: memory_lock.as_str().to_owned(),
        memory_lock_limit: match memory_lock {
            MemoryLock::UpTo { bytes } => Some(bytes),
            MemoryLock::Whole | MemoryLock::Refused => None,
        },
    }
}
