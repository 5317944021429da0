//! The match model that runs go by, from one refresh to the next.
//!
//! Were the model estimated at every run, each load would shift the weights of pairs that nobody
//! touched, and profiles would merge and part without a cause that anyone could name. So the first
//! run that has records enough keeps its model, and all later ones go by it, until somebody asks
//! for a new one. Frozen are m, u, the prior, the share of homes, how common values are, and from
//! which size on groups of records are parted. So the weight of a pair is made of its two records
//! and of what is frozen, and what was compared once need not be compared again.

mod frequencies;
mod text;

use std::collections::BTreeMap;

use vermeil_model::RecordId;
use vermeil_resolve::{MatchPlan, RecordIndex};
use vermeil_state::KeptModel;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::link::{KeptWeights, Linkage, ModelChoice, StageClock};
use crate::progress::Progress;
use crate::report::{KeptModelReport, RefreshReport, second};

use frequencies::{read_frequencies, write_frequencies};
pub(crate) use text::kept;
pub use text::{ModelError, read_model, write_model};

/// A model of fewer records is not kept: what it learnt from few pairs should not outlast them.
pub const LEAST_RECORDS: u64 = 1_000;
/// Examples of each kind of change that a refresh tells.
const EXAMPLES: usize = 5;

/// What becomes of a new model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// It is thrown away: only what it would change is of interest.
    Try,
    /// Runs go by it from now on.
    Keep,
}

/// What a new model learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lessons {
    /// Records alone, without labels.
    Records,
    /// And the pairs that people decided about.
    RecordsAndDecisions,
}

/// The model in force, and where it is kept.
pub(crate) struct Frozen {
    pub(crate) number: i64,
    pub(crate) weights: KeptWeights,
}

impl Engine {
    /// The model in force; `None` where none is kept, or what is kept compares something else than
    /// schema and pipeline do now.
    pub(crate) async fn frozen_model(&self, plan: &MatchPlan) -> Result<Option<Frozen>, EngineError> {
        let Some(kept) = self.state.match_model().await? else { return Ok(None) };
        let model = read_model(&kept.content).ok().filter(|model| model.check(plan).is_ok());
        let frequencies = kept.frequencies.as_deref().and_then(read_frequencies);
        let frequencies = frequencies.filter(|kept| kept.len() == plan.comparisons().len());
        let made_of = Some(kept.records);
        Ok(model.map(|model| Frozen {
            number: kept.number,
            weights: KeptWeights { model, frequencies, made_of },
        }))
    }

    /// Keeps the model that a linkage estimated. `None`: it had too few records.
    pub(crate) async fn freeze(&self, linkage: &Linkage) -> Result<Option<KeptModel>, EngineError> {
        let job = &linkage.linked.job;
        let (records, weights) = (job.store.len() as u64, &job.weights);
        let Some(frequencies) = &weights.kept else { return Ok(None) };
        let frequencies = write_frequencies(frequencies);
        Ok(Some(self.state.keep_match_model(records, &write_model(&weights.model), &frequencies).await?))
    }

    /// The model in force, with what it says; `None` where none was kept.
    ///
    /// # Errors
    /// The state database fails.
    pub async fn kept_model(&self) -> Result<Option<KeptModelReport>, EngineError> {
        let Some(kept) = self.state.match_model().await? else { return Ok(None) };
        let plan = self.match_plan()?;
        let model = read_model(&kept.content).ok();
        Ok(Some(KeptModelReport {
            number: kept.number,
            records: kept.records,
            made_at: second(kept.made_at),
            in_force: model.as_ref().is_some_and(|model| model.check(&plan).is_ok()),
            model,
        }))
    }

    /// Estimates a model from all current records, and tells which profiles it would change.
    /// Kept, it is what the next run goes by.
    ///
    /// # Errors
    /// [`EngineError::TooFewRecords`] to keep a model of; or as [`Engine::run`].
    pub async fn refresh_model(
        &self,
        refresh: Refresh,
        lessons: Lessons,
        progress: &dyn Progress,
    ) -> Result<RefreshReport, EngineError> {
        let _lock = self.lock(progress).await?;
        let mut clock = StageClock { progress, stages: Vec::new() };
        let choice = match lessons {
            Lessons::Records => ModelChoice::Estimate,
            Lessons::RecordsAndDecisions => ModelChoice::EstimateWithDecisions,
        };
        let linkage = self.link(&[], choice, &mut clock).await?;
        let changes = self.changes_of(&linkage, EXAMPLES).await?;
        let mut report = RefreshReport {
            kept: None,
            decided_pairs: linkage.learnt_from,
            records: linkage.linked.job.store.len() as u64,
            profiles: changes.profiles,
            merges: changes.merges,
            splits: changes.splits,
            merge_examples: changes.merge_examples,
            split_examples: changes.split_examples,
        };
        if refresh == Refresh::Keep {
            let (found, least) = (report.records, LEAST_RECORDS);
            let kept = self.freeze(&linkage).await?.ok_or(EngineError::TooFewRecords { found, least })?;
            report.kept = Some(kept.number);
        }
        Ok(report)
    }
}

impl Linkage {
    /// The records of each cluster, clusters and records in the order of the store.
    pub(crate) fn groups(&self) -> Vec<Vec<RecordId>> {
        let mut groups: BTreeMap<RecordIndex, Vec<RecordId>> = BTreeMap::new();
        for (record, first) in (0..).map(RecordIndex).zip(&self.linked.clusters) {
            groups.entry(*first).or_default().push(self.ids.id(record));
        }
        groups.into_values().collect()
    }
}
