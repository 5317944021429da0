//! Linking: opened records become features, candidate pairs, links and clusters.
//!
//! The kernels are `vermeil_resolve`'s; here they run as DataFusion physical
//! operators ([`score::ScorePairsExec`], [`cluster::ClusterLinksExec`]) over
//! record indexes, so that one plan serves one machine and, later, many.

mod cluster;
mod prepared;
mod score;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::SessionConfig;
use vermeil_model::{Policy, Probability, RecordId};
use vermeil_resolve::cluster::Link;
use vermeil_resolve::estimate::{EstimateSettings, estimate};
use vermeil_resolve::features::RecordIndex;
use vermeil_resolve::{Blocks, MatchModel, MatchPlan};

use self::cluster::ClusterLinksExec;
pub(crate) use self::prepared::PreparedRecords;
use self::prepared::PreparedRecordsBuilder;
use self::score::ScorePairsExec;
use crate::audit::ENGINE;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::land::PlannedRow;
use crate::progress::{Progress, Stage};
use crate::report::{OversizedBlockReport, StageReport};
use crate::session::lake_session;

/// From which probability a pair is linked, unless the pipeline says otherwise.
const DEFAULT_THRESHOLD: f64 = 0.5;
/// Larger blocks are not compared, unless the pipeline says otherwise.
pub(crate) const DEFAULT_MAX_BLOCK_PAIRS: u64 = 1_000_000;

/// Everything that comparing pairs takes. Shared by the partitions of the operators.
pub(crate) struct MatchJob {
    pub(crate) plan: MatchPlan,
    pub(crate) records: PreparedRecords,
    pub(crate) blocks: Blocks,
    pub(crate) model: MatchModel,
    pub(crate) threshold: Probability,
}

/// What linking found.
pub(crate) struct Linkage {
    pub(crate) job: Arc<MatchJob>,
    /// By rising left, then right record.
    pub(crate) links: Vec<Link>,
    /// For each record of the store, the first record of its cluster.
    pub(crate) clusters: Vec<RecordIndex>,
    pub(crate) candidate_pairs: u64,
    pub(crate) oversized: Vec<OversizedBlockReport>,
}

/// Times stages and tells progress.
pub(crate) struct StageClock<'a> {
    pub(crate) progress: &'a dyn Progress,
    pub(crate) stages: Vec<StageReport>,
}

impl StageClock<'_> {
    /// Runs one stage; `work` returns its result and how many rows it made.
    pub(crate) async fn time<T>(
        &mut self,
        stage: Stage,
        work: impl Future<Output = Result<(T, u64), EngineError>>,
    ) -> Result<T, EngineError> {
        self.progress.stage_started(stage);
        let started = Instant::now();
        let (made, rows) = work.await?;
        let seconds = started.elapsed().as_secs_f64();
        self.progress.stage_finished(stage, rows, seconds);
        self.stages.push(StageReport { name: stage.as_str().to_owned(), seconds, rows });
        Ok(made)
    }
}

impl Engine {
    /// The match settings, resolved against the schema.
    pub(crate) fn match_plan(&self) -> Result<MatchPlan, EngineError> {
        MatchPlan::new(self.config.golden_schema(), &self.config.pipeline.matching)
            .map_err(EngineError::MatchPlan)
    }

    pub(crate) fn threshold(&self) -> Probability {
        Probability(self.config.pipeline.matching.threshold.unwrap_or(DEFAULT_THRESHOLD))
    }

    /// Links all current records, with `planned` rows in the place of the records they would change.
    pub(crate) async fn link(
        &self,
        planned: &[(u32, &[PlannedRow])],
        clock: &mut StageClock<'_>,
    ) -> Result<Linkage, EngineError> {
        let plan = self.match_plan()?;
        let records = clock.time(Stage::Prepare, self.prepare(&plan, planned)).await?;
        let job = clock.time(Stage::Estimate, self.estimate(plan, records)).await?;
        let (links, candidate_pairs) = clock.time(Stage::Score, self.score(&job)).await?;
        let clusters = clock.time(Stage::Cluster, self.cluster(&job, &links)).await?;
        let rule = |index: usize| job.plan.rules()[index].rule.to_string();
        let oversized = job
            .blocks
            .oversized()
            .iter()
            .map(|block| OversizedBlockReport {
                rule: rule(block.rule),
                blocks: block.blocks,
                records: block.records,
                pairs: block.pairs,
            })
            .collect();
        let links = score::links_of(&links);
        Ok(Linkage { job, links, clusters, candidate_pairs, oversized })
    }

    /// Opens all current records into a feature store.
    pub(crate) async fn prepare(
        &self,
        plan: &MatchPlan,
        planned: &[(u32, &[PlannedRow])],
    ) -> Result<(PreparedRecords, u64), EngineError> {
        let grant = Policy::matching();
        let mut builder = PreparedRecordsBuilder::new(plan);
        let replaced: HashSet<RecordId> =
            planned.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.record)).collect();
        let mut count = 0;
        for source in self.config.record_sources() {
            let place = (&source.id, self.source_position(&source.id));
            count += self
                .open_records(source, ENGINE, &grant, &mut |record| {
                    if !replaced.contains(&record.record) {
                        builder.push(record.record, place, record.fields.iter().copied());
                    }
                })
                .await?;
        }
        for (position, rows) in planned {
            let place = (&self.config.pipeline.sources[*position as usize].id, *position);
            // Of two versions of one record the later row is the current one.
            let mut latest = BTreeMap::new();
            latest.extend(rows.iter().map(|row| (row.record, &row.values)));
            for (record, row) in latest {
                let fields = row.expose(&grant).iter().map(|(name, value)| (name.as_str(), value.as_str()));
                builder.push(record, place, fields);
                count += 1;
            }
        }
        Ok((builder.finish()?, count))
    }

    async fn estimate(
        &self,
        plan: MatchPlan,
        records: PreparedRecords,
    ) -> Result<(Arc<MatchJob>, u64), EngineError> {
        let threshold = self.threshold();
        let max_block_pairs =
            self.config.pipeline.matching.max_block_pairs.unwrap_or(DEFAULT_MAX_BLOCK_PAIRS);
        blocking(move || {
            let blocks = Blocks::build(&records.store, &plan, max_block_pairs);
            let model = estimate(&records.store, &plan, &blocks, EstimateSettings::default());
            let count = records.store.len() as u64;
            Ok((Arc::new(MatchJob { plan, records, blocks, model, threshold }), count))
        })
        .await
    }

    async fn score(&self, job: &Arc<MatchJob>) -> Result<((Vec<RecordBatch>, u64), u64), EngineError> {
        let partitions = std::thread::available_parallelism().map_or(1, usize::from);
        let operator = Arc::new(ScorePairsExec::new(Arc::clone(job), partitions));
        let plan: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(Arc::clone(&operator) as _));
        let links = score::sorted(&collect(plan, self.task_context()?).await?)?;
        let compared = operator.candidate_pairs();
        Ok(((links, compared), compared))
    }

    async fn cluster(
        &self,
        job: &Arc<MatchJob>,
        links: &[RecordBatch],
    ) -> Result<(Vec<RecordIndex>, u64), EngineError> {
        let links = score::links_plan(links)?;
        let plan: Arc<dyn ExecutionPlan> = Arc::new(ClusterLinksExec::new(Arc::clone(job), links));
        let clusters = cluster::clusters_of(&collect(plan, self.task_context()?).await?);
        let mut distinct: Vec<u32> = clusters.iter().map(|first| first.0).collect();
        distinct.sort_unstable();
        distinct.dedup();
        Ok((clusters, distinct.len() as u64))
    }

    fn task_context(&self) -> Result<Arc<TaskContext>, EngineError> {
        Ok(lake_session(&self.lake, SessionConfig::new())?.task_ctx())
    }
}

/// Runs a computation without holding up the runtime.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}
