//! The main job: land every source, link, publish.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::Instant;

use vermeil_state::{HeldLock, RunOutcome};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::link::{ModelChoice, StageClock};
use crate::progress::{Progress, Stage};
use crate::report::{MatchReport, RunReport, SourceReport};

/// Enough to find the one that published, but where very many found nothing new.
const RUNS_LOOKED_AT: u32 = 1_000;

/// Held while a run writes; the operating system lets go of it when the process
/// ends, however it ends.
pub(crate) enum RunLock {
    File { _file: File },
    Server { _held: HeldLock },
}

impl Engine {
    /// Runs the pipeline up to `until`. Repeatable: what is known is recognised,
    /// and what is up to date is left alone. Resumable: a run that was cut off at
    /// any point is completed by the next.
    ///
    /// # Errors
    /// A source, the lake, the state database or the keys fail. What was committed stays.
    pub async fn run(&self, until: Stage, progress: &dyn Progress) -> Result<RunReport, EngineError> {
        let _lock = self.lock(progress).await?;
        let run = self.state.begin_run("run").await?;
        let outcome = self.run_stages(run, until, progress).await;
        let (ended, summary) = match &outcome {
            Ok(report) => {
                let ended = match report.quarantine_limit_exceeded {
                    true => RunOutcome::OverLimit,
                    false => RunOutcome::Done,
                };
                (ended, serde_json::to_value(report).expect("a report always serialises"))
            }
            Err(_) => (RunOutcome::Failed, serde_json::Value::Null),
        };
        let noted = self.state.finish_run(run, ended, &summary).await;
        // Where both fail, for a full disk say, the first failure is the one to know.
        let report = outcome?;
        noted?;
        Ok(report)
    }

    async fn run_stages(
        &self,
        run: i64,
        until: Stage,
        progress: &dyn Progress,
    ) -> Result<RunReport, EngineError> {
        let started = Instant::now();
        let mut clock = StageClock { progress, stages: Vec::new() };
        self.complete_blind_index().await?;
        let sources = clock.time(Stage::Land, self.land_all(progress)).await?;
        let mut report = totals(&sources);
        report.sources = sources;
        check_totals(&report)?;
        let tolerated = self.config.pipeline.quarantine.limit * report.records_in as f64;
        report.quarantine_limit_exceeded = report.quarantined as f64 > tolerated;
        if until > Stage::Land {
            // Someone was to be erased meanwhile: what was read before is not published.
            while let Err(cause) = self.link_and_publish((run, until), &mut clock, &mut report).await {
                if !cause.is_outdated() {
                    return Err(cause);
                }
            }
        }
        report.stages = clock.stages;
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }

    async fn land_all(&self, progress: &dyn Progress) -> Result<(Vec<SourceReport>, u64), EngineError> {
        let mut reports = Vec::new();
        for source in &self.config.pipeline.sources {
            reports.push(self.land(source, progress).await?);
        }
        let rows = reports.iter().map(|report| report.records_in).sum();
        Ok((reports, rows))
    }

    pub(crate) async fn link_and_publish(
        &self,
        (run, until): (i64, Stage),
        clock: &mut StageClock<'_>,
        report: &mut RunReport,
    ) -> Result<(), EngineError> {
        let current = self.publication().await?;
        let inputs = self.inputs().await?;
        let frozen = self.frozen_model(&self.match_plan()?).await?.map(|frozen| frozen.number);
        let fingerprint = self.fingerprint(&inputs, frozen);
        if let Some(current) = current.as_ref().filter(|current| current.fingerprint == fingerprint) {
            report.up_to_date = true;
            report.profiles = current.profiles;
            report.model = frozen;
            report.matched(self.last_matching().await?);
            return Ok(());
        }
        let linkage = self.link(&[], ModelChoice::Frozen, clock).await?;
        report.model = match linkage.model {
            Some(number) => Some(number),
            None => self.freeze(&linkage).await?.map(|kept| kept.number),
        };
        report.model_estimated = linkage.model.is_none();
        let fingerprint = self.fingerprint(&inputs, report.model);
        report.touched_records = linkage.linked.job.touched.as_ref().map(|touched| touched.count() as u64);
        report.candidate_pairs = linkage.linked.candidate_pairs;
        report.links = linkage.linked.links.len() as u64;
        report.oversized_blocks.clone_from(&linkage.linked.oversized);
        report.kept_apart = linkage.book.kept_apart(&linkage.linked.kept_apart);
        report.conflicts = linkage.book.conflicts(&linkage.ids, &linkage.linked.kept_apart);
        report.matched(Some(linkage.linked.described()));
        if until < Stage::Publish {
            return Ok(());
        }
        let published = clock
            .time(Stage::Publish, async {
                let published =
                    self.publish(&linkage, (&fingerprint, report.model), current.as_ref(), run).await?;
                let profiles = published.profiles;
                Ok::<_, EngineError>((published, profiles))
            })
            .await?;
        report.profiles = published.profiles;
        report.merges = published.merges;
        report.splits = published.splits;
        Ok(())
    }

    /// How the records of the published profiles were matched, where that is not too long ago.
    async fn last_matching(&self) -> Result<Option<MatchReport>, EngineError> {
        let runs = self.state.last_runs(RUNS_LOOKED_AT).await?;
        let reports = runs.into_iter().filter_map(|run| serde_json::from_value(run.summary?).ok());
        let published =
            |report: &RunReport| report.stages.iter().any(|stage| stage.name == Stage::Publish.as_str());
        let mut published = reports.filter(published);
        Ok(published.next().and_then(|report| report.matching))
    }

    /// Changes whenever a publication would: the last load of every source of
    /// records, the match and golden settings, the schema they refer to, the decisions and the model in force.
    fn fingerprint(&self, inputs: &[String], model: Option<i64>) -> String {
        let model = format!("{model:?}");
        self.change_tags.content_tag("publication", inputs.iter().chain([&model])).to_string()
    }

    async fn inputs(&self) -> Result<Vec<String>, EngineError> {
        let mut parts = vec![
            env!("CARGO_PKG_VERSION").to_owned(),
            format!("{:?}", self.config.pipeline.matching),
            format!("{:?}", self.config.pipeline.golden),
            format!("{:?}", self.config.golden_schema()),
        ];
        for decision in self.state.decisions().await?.iter().filter(|decision| decision.undone.is_none()) {
            // An erasure may have taken records out of it.
            parts.push(format!("{} {} {}", decision.number, decision.one.len(), decision.other.len()));
        }
        let rectified = self.last_rectification().await?;
        parts.extend(rectified.map(|number| format!("{} {number}", TableName::Rectifications)));
        for source in self.config.record_sources() {
            let name = TableName::Landing(source.id.clone());
            let last = match self.lake.table(&name).await? {
                Some(table) => table.last_number(&name.to_string()).await?,
                None => None,
            };
            parts.push(format!("{name} {last:?} {} {:?}", source.self_declared, source.link));
        }
        Ok(parts)
    }

    /// Waits for another run on the same state database to end.
    pub(crate) async fn lock(&self, progress: &dyn Progress) -> Result<RunLock, EngineError> {
        let file = self.config.path_of(self.config.pipeline.state.file().unwrap_or_default());
        self.lock_of("run", file.with_extension("lock"), progress).await
    }

    /// Waits for others that hold the lock of that name.
    pub(crate) async fn lock_beside(
        &self,
        name: &str,
        progress: &dyn Progress,
    ) -> Result<RunLock, EngineError> {
        let file = self.config.path_of(self.config.pipeline.state.file().unwrap_or_default());
        self.lock_of(name, file.with_file_name(name), progress).await
    }

    /// A lock of the state database's server, or where there is none on a file beside it.
    async fn lock_of(
        &self,
        name: &str,
        path: PathBuf,
        progress: &dyn Progress,
    ) -> Result<RunLock, EngineError> {
        if let Some(held) = self.state.lock(name, || progress.waiting_for_other_run()).await? {
            return Ok(RunLock::Server { _held: held });
        }
        let fail = |cause| EngineError::Lock { path: path.display().to_string(), cause };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => Ok(RunLock::File { _file: file }),
            Err(TryLockError::Error(cause)) => Err(fail(cause)),
            Err(TryLockError::WouldBlock) => {
                progress.waiting_for_other_run();
                let file = tokio::task::spawn_blocking(move || file.lock().map(|()| file))
                    .await
                    .expect("locking a file does not panic")
                    .map_err(fail)?;
                Ok(RunLock::File { _file: file })
            }
        }
    }
}

impl RunReport {
    fn matched(&mut self, matching: Option<MatchReport>) {
        self.warnings = matching.as_ref().map_or_else(Vec::new, |matching| matching.warnings.clone());
        self.matching = matching;
    }
}

fn totals(sources: &[SourceReport]) -> RunReport {
    let sum = |count: fn(&SourceReport) -> u64| sources.iter().map(count).sum();
    RunReport {
        records_in: sum(|source| source.records_in),
        records_landed: sum(|source| source.records_landed),
        unchanged: sum(|source| source.unchanged),
        duplicates: sum(|source| source.duplicates),
        quarantined: sum(|source| source.quarantined.values().sum()),
        suppressed: sum(|source| source.suppressed),
        ..RunReport::default()
    }
}

/// Every row read must have become something: the one equation no run may break.
fn check_totals(report: &RunReport) -> Result<(), EngineError> {
    let RunReport { records_in, records_landed, unchanged, duplicates, quarantined, suppressed, .. } = report;
    if *records_in == records_landed + unchanged + duplicates + quarantined + suppressed {
        return Ok(());
    }
    Err(EngineError::CountsDoNotAddUp {
        counts: format!(
            "{records_in} in, {records_landed} landed, {unchanged} unchanged, {duplicates} duplicates, {quarantined} quarantined, {suppressed} suppressed"
        ),
    })
}
