//! Linking: opened records become features, candidate pairs, links and clusters.
//!
//! The kernels are `vermeil_resolve`'s; here they run as DataFusion physical
//! operators ([`score::ScorePairsExec`], [`cluster::ClusterLinksExec`]) over
//! record indexes, so that one plan serves one machine and, later, many.

mod before;
mod cluster;
mod decided;
mod described;
mod doubts;
mod prepared;
mod risk;
mod rules;
mod score;
mod weights;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::{ExecutionPlan, collect};
use vermeil_model::{Policy, Probability, RecordId};
use vermeil_protect::KeyLocation;
use vermeil_resolve::block::Touched;
use vermeil_resolve::cluster::{Constraints, KeptApart, Link};
use vermeil_resolve::features::RecordIndex;
use vermeil_resolve::{FeatureStore, MatchPlan, Scorer};

pub(crate) use self::before::Before;
use self::cluster::ClusterLinksExec;
pub(crate) use self::doubts::doubts;
use self::prepared::PreparedRecordsBuilder;
pub(crate) use self::prepared::{PreparedRecords, RecordIds};
pub(crate) use self::rules::{ExclusiveField, JoinsBy, LinkRules};
use self::score::ScorePairsExec;
pub(crate) use self::weights::{KeptWeights, WeightSettings, Weights, index};
use crate::audit::ENGINE;
use crate::constraints::ConstraintBook;
use crate::decisions::settled;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::land::PlannedRow;
use crate::progress::{Progress, Stage};
use crate::report::{OversizedBlockReport, StageReport};
use crate::session::task_context;

/// From which probability a pair is linked, unless the pipeline says otherwise.
pub(crate) const DEFAULT_THRESHOLD: f64 = 0.5;
/// Larger blocks are not compared, unless the pipeline says otherwise.
pub(crate) const DEFAULT_MAX_BLOCK_PAIRS: u64 = 1_000_000;

/// Everything that comparing pairs takes. Shared by the partitions of the operators.
pub(crate) struct MatchJob {
    pub(crate) plan: MatchPlan,
    pub(crate) store: FeatureStore,
    pub(crate) weights: Weights,
    pub(crate) threshold: Probability,
    pub(crate) constraints: Constraints,
    /// What the records say, so that the next linkage knows which have changed; `None` where it
    /// will not ask.
    pub(crate) tags: Option<Vec<i64>>,
    /// The records whose pairs are compared; `None`: all.
    pub(crate) touched: Option<Touched>,
    /// Links of other records, found before.
    links_before: Vec<Link>,
}

impl MatchJob {
    pub(crate) fn scorer(&self) -> Scorer<'_> {
        self.weights.scorer(&self.store, &self.plan)
    }
}

/// How to compare, beside the plan.
pub(crate) struct LinkSettings {
    /// From which probability on a pair is linked.
    pub(crate) threshold: Probability,
    pub(crate) weights: WeightSettings,
    /// What is settled whatever the evidence says.
    pub(crate) constraints: Constraints,
    /// What the same weights found before.
    pub(crate) before: Option<Before>,
}

/// What linking found among the records of a store.
pub(crate) struct Linked {
    pub(crate) job: Arc<MatchJob>,
    /// By rising left, then right record.
    pub(crate) links: Vec<Link>,
    /// For each record of the store, the first record of its cluster.
    pub(crate) clusters: Vec<RecordIndex>,
    /// Joins that a constraint forbade.
    pub(crate) kept_apart: Vec<KeptApart>,
    pub(crate) candidate_pairs: u64,
    pub(crate) oversized: Vec<OversizedBlockReport>,
}

/// Which model the records of a lake are linked by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelChoice {
    /// The one in force, or a new one where none is.
    Frozen,
    /// A new one.
    Estimate,
    /// A new one that learns from what people decided too.
    EstimateWithDecisions,
}

/// What linking found among the records of a lake.
pub(crate) struct Linkage {
    /// The number of the model in force that it went by; `None`: it was estimated.
    pub(crate) model: Option<i64>,
    /// Pairs that people decided about, from which it was estimated too.
    pub(crate) learnt_from: u64,
    pub(crate) ids: RecordIds,
    /// The version of each record that the linkage before went by; empty where none is known.
    versions_before: Vec<Option<i64>>,
    pub(crate) linked: Linked,
    pub(crate) book: ConstraintBook,
}

impl Linkage {
    /// Whether a record says what it said when the linkage before was published.
    pub(crate) fn is_as_it_was(&self, record: RecordIndex) -> bool {
        let before = self.versions_before.get(record.0 as usize).copied().flatten();
        before == Some(self.ids.version(record))
    }
}

/// Times stages and tells progress.
pub(crate) struct StageClock<'a> {
    pub(crate) progress: &'a dyn Progress,
    pub(crate) stages: Vec<StageReport>,
}

impl StageClock<'_> {
    /// Runs one stage; `work` returns its result and how many rows it made.
    pub(crate) async fn time<T, E>(
        &mut self,
        stage: Stage,
        work: impl Future<Output = Result<(T, u64), E>>,
    ) -> Result<T, E> {
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

    /// Where the weights of the pipeline's records come from, given the model in force.
    pub(crate) fn weight_settings(&self, kept: Option<KeptWeights>) -> WeightSettings {
        let max_block_pairs =
            self.config.pipeline.matching.max_block_pairs.unwrap_or(DEFAULT_MAX_BLOCK_PAIRS);
        WeightSettings { max_block_pairs, kept, decided: Vec::new(), tags: Some(self.match_tags.clone()) }
    }

    /// Changes whenever equal records could be linked otherwise, given the number of the model in force.
    pub(crate) fn linking(&self, model: i64) -> String {
        let parts = [
            env!("CARGO_PKG_VERSION").to_owned(),
            format!("{:?}", self.config.pipeline.matching),
            format!("{:?}", self.config.golden_schema()),
            model.to_string(),
        ];
        self.change_tags.content_tag("linking", parts).to_string()
    }

    pub(crate) fn threshold(&self) -> Probability {
        Probability(self.config.pipeline.matching.threshold.unwrap_or(DEFAULT_THRESHOLD))
    }

    /// Links all current records, with `planned` rows in the place of the records they would change.
    pub(crate) async fn link(
        &self,
        planned: &[(u32, &[PlannedRow])],
        choice: ModelChoice,
        clock: &mut StageClock<'_>,
    ) -> Result<Linkage, EngineError> {
        let plan = self.match_plan()?;
        let frozen = match choice {
            ModelChoice::Frozen => self.frozen_model(&plan).await?,
            ModelChoice::Estimate | ModelChoice::EstimateWithDecisions => None,
        };
        let (model, frozen) = frozen.map(|frozen| (frozen.number, frozen.weights)).unzip();
        let records = clock.time(Stage::Prepare, self.prepare(&plan, planned)).await?;
        let before = match model {
            Some(number) => {
                let published = self.publication().await?;
                self.linked_before(published.as_ref(), &self.linking(number), &records.ids).await?
            }
            None => None,
        };
        let versions_before = before.as_ref().map_or_else(Vec::new, Before::versions);
        let decisions = self.state.decisions().await?;
        let book = ConstraintBook::new(&records, &self.link_rules()?, &decisions);
        let decided = match choice {
            ModelChoice::EstimateWithDecisions => decided::pairs(&settled(&decisions), &records.ids),
            ModelChoice::Frozen | ModelChoice::Estimate => Vec::new(),
        };
        let learnt_from = decided.len() as u64;
        let settings = LinkSettings {
            threshold: self.threshold(),
            weights: WeightSettings { decided, ..self.weight_settings(frozen) },
            constraints: book.constraints.clone(),
            before,
        };
        let linked = link(plan, records.store, settings, clock).await?;
        Ok(Linkage { model, learnt_from, ids: records.ids, versions_before, linked, book })
    }

    /// Opens all current records into a feature store.
    pub(crate) async fn prepare(
        &self,
        plan: &MatchPlan,
        planned: &[(u32, &[PlannedRow])],
    ) -> Result<(PreparedRecords, u64), EngineError> {
        self.prepare_noting(plan, planned, &mut |_, _| {}).await
    }

    /// As [`Engine::prepare`]; `note` is told where the key of each record lies.
    pub(crate) async fn prepare_noting(
        &self,
        plan: &MatchPlan,
        planned: &[(u32, &[PlannedRow])],
        note: &mut (dyn FnMut(RecordId, KeyLocation) + Send),
    ) -> Result<(PreparedRecords, u64), EngineError> {
        let grant = Policy::matching();
        let rules = self.link_rules()?;
        let mut builder = PreparedRecordsBuilder::new(plan, &rules);
        let replaced: HashSet<RecordId> =
            planned.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.record)).collect();
        let mut count = 0;
        for source in self.config.record_sources() {
            let place = (&source.id, self.source_position(&source.id));
            count += self
                .open_records(source, ENGINE, &grant, &mut |record| {
                    if !replaced.contains(&record.record) {
                        note(record.record, record.key);
                        builder.push((record.record, record.version), place, record.fields.iter().copied());
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
                builder.push((record, 0), place, fields);
                count += 1;
            }
        }
        Ok((builder.finish()?, count))
    }
}

/// Links the records of a store: the one way, for a lake and for a file.
///
/// # Errors
/// A model that was kept does not fit the plan, or an operator fails.
pub(crate) async fn link(
    plan: MatchPlan,
    store: FeatureStore,
    settings: LinkSettings,
    clock: &mut StageClock<'_>,
) -> Result<Linked, EngineError> {
    let context = task_context()?;
    let partitions = std::thread::available_parallelism().map_or(1, usize::from);
    let job = clock.time(Stage::Estimate, prepare_job(plan, store, settings)).await?;
    let (links, candidate_pairs) = clock.time(Stage::Score, score(&job, partitions, &context)).await?;
    let (clusters, kept_apart) = clock.time(Stage::Cluster, cluster(&job, &links, &context)).await?;
    let rule = |index: usize| job.plan.rules()[index].rule.to_string();
    let oversized = job
        .weights
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
    Ok(Linked { job, links, clusters, kept_apart, candidate_pairs, oversized })
}

/// Makes all that comparing pairs takes.
async fn prepare_job(
    plan: MatchPlan,
    store: FeatureStore,
    settings: LinkSettings,
) -> Result<(Arc<MatchJob>, u64), EngineError> {
    blocking(move || {
        let LinkSettings { threshold, weights, constraints, before } = settings;
        let named_by = weights.tags.clone();
        let weights = Weights::of(&store, &plan, weights)?;
        let tags = named_by
            .filter(|_| weights.kept.is_some())
            .map(|named_by| before::record_tags(&store, &weights.blocks, &named_by));
        let before = before.zip(tags.as_deref());
        let touched = before.as_ref().map(|(before, tags)| before.touched(tags));
        let links_before = match (&before, &touched) {
            (Some((before, _)), Some(touched)) => before.links(touched).collect(),
            _ => Vec::new(),
        };
        let count = store.len() as u64;
        let job = MatchJob { plan, store, weights, threshold, constraints, tags, touched, links_before };
        Ok((Arc::new(job), count))
    })
    .await
}

async fn score(
    job: &Arc<MatchJob>,
    partitions: usize,
    context: &Arc<TaskContext>,
) -> Result<((Vec<RecordBatch>, u64), u64), EngineError> {
    let operator = Arc::new(ScorePairsExec::new(Arc::clone(job), partitions));
    let plan: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(Arc::clone(&operator) as _));
    let mut links = collect(plan, Arc::clone(context)).await?;
    links.push(score::batch_of(&job.links_before));
    let links = score::sorted(&links)?;
    let compared = operator.candidate_pairs();
    Ok(((links, compared), compared))
}

async fn cluster(
    job: &Arc<MatchJob>,
    links: &[RecordBatch],
    context: &Arc<TaskContext>,
) -> Result<((Vec<RecordIndex>, Vec<KeptApart>), u64), EngineError> {
    let links = score::links_plan(links)?;
    let operator = Arc::new(ClusterLinksExec::new(Arc::clone(job), links));
    let clusters = cluster::clusters_of(&collect(Arc::clone(&operator) as _, Arc::clone(context)).await?);
    let mut distinct: Vec<u32> = clusters.iter().map(|first| first.0).collect();
    distinct.sort_unstable();
    distinct.dedup();
    Ok(((clusters, operator.kept_apart()), distinct.len() as u64))
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

#[cfg(test)]
mod tests;
