//! What weights are made of: which pairs are compared, the model, and how rare values are.

use vermeil_protect::MatchTags;
use vermeil_resolve::block::RuleLimits;
use vermeil_resolve::estimate::{DecidedPair, EstimateSettings, estimate_with};
use vermeil_resolve::frequency::KeptFrequencies;
use vermeil_resolve::index::{CountOfUnseen, IndexedWeights};
use vermeil_resolve::{Blocks, CandidateIndex, FeatureStore, Frequencies, MatchModel, MatchPlan, Scorer};

use crate::error::EngineError;
use crate::match_model::{LEAST_RECORDS, kept};

/// A model that was kept.
pub(crate) struct KeptWeights {
    pub(crate) model: MatchModel,
    /// How common values were then, of a model of these records; a model that came from elsewhere
    /// knows none.
    pub(crate) frequencies: Option<Vec<KeptFrequencies>>,
    /// Of how many records it was made, where that is known.
    pub(crate) made_of: Option<u64>,
}

impl KeptWeights {
    /// Limits go with the records they were made for, as frequencies do.
    fn limits(&self) -> &[RuleLimits] {
        match self.frequencies {
            Some(_) => &self.model.limits,
            None => &[],
        }
    }
}

/// Where the weights of linking come from.
pub(crate) struct WeightSettings {
    pub(crate) max_block_pairs: u64,
    /// `None`: a model is estimated.
    pub(crate) kept: Option<KeptWeights>,
    /// What a model that is estimated learns from beside the records.
    pub(crate) decided: Vec<DecidedPair>,
    /// What names values, so that their frequencies can be kept; `None` where nothing will be.
    pub(crate) tags: Option<MatchTags>,
}

/// All that makes the weight of a pair, beside its two records.
pub(crate) struct Weights {
    pub(crate) blocks: Blocks,
    pub(crate) model: MatchModel,
    frequencies: Frequencies,
    /// What of the frequencies is to be kept with the model.
    pub(crate) kept: Option<Vec<KeptFrequencies>>,
    /// Of how many records a model that was kept was made.
    pub(crate) made_of: Option<u64>,
}

impl Weights {
    /// Finds the blocks, and estimates the model unless one was kept.
    ///
    /// # Errors
    /// [`EngineError::ModelMismatch`]: what was kept is not of this plan.
    pub(crate) fn of(
        store: &FeatureStore,
        plan: &MatchPlan,
        settings: WeightSettings,
    ) -> Result<Weights, EngineError> {
        let WeightSettings { max_block_pairs, kept: before, decided, tags } = settings;
        let limits = before.as_ref().map_or(&[][..], KeptWeights::limits);
        let blocks = Blocks::build(store, plan, max_block_pairs, limits);
        let made_of = before.as_ref().and_then(|before| before.made_of);
        let (model, frequencies) = before.map(|before| (before.model, before.frequencies)).unzip();
        let frequencies: Option<Vec<KeptFrequencies>> = frequencies.flatten();
        let is_estimated = model.is_none();
        // As it would be read again: who goes by it later comes to the same weights, to the last bit.
        let estimated = || estimate_with(store, plan, &blocks, &decided, EstimateSettings::default());
        let model = model.unwrap_or_else(|| kept(&estimated()));
        model.check(plan).map_err(EngineError::ModelMismatch)?;
        let kept = match &tags {
            Some(tags) if is_estimated && store.len() as u64 >= LEAST_RECORDS => {
                let counted = Frequencies::counted(store, plan);
                Some(counted.keep(store, plan, |field, value| tags.value_tag(field, value)))
            }
            _ => frequencies,
        };
        let frequencies = frequencies_of(store, plan, kept.as_deref().zip(tags.as_ref()));
        Ok(Weights { blocks, model, frequencies, kept, made_of })
    }

    /// Weighs pairs of the records that these weights were made for.
    pub(crate) fn scorer<'a>(&'a self, store: &'a FeatureStore, plan: &MatchPlan) -> Scorer<'a> {
        Scorer::new(store, plan, &self.model, &self.frequencies).expect("the model was checked with the plan")
    }
}

/// The records of a store, to be found by some of their values, and weighed as [`Weights::of`] would.
///
/// # Errors
/// [`EngineError::ModelMismatch`]: what was kept is not of this plan.
pub(crate) fn index(
    store: FeatureStore,
    plan: MatchPlan,
    settings: WeightSettings,
) -> Result<CandidateIndex, EngineError> {
    let (max_block_pairs, tags) = (settings.max_block_pairs, settings.tags.clone());
    // With a model in force pairs need not be grouped, which takes more time and memory than an index.
    let (model, kept, limits) = match settings.kept {
        Some(before) => {
            let limits = before.limits().to_vec();
            (before.model, before.frequencies, limits)
        }
        None => {
            let weights = Weights::of(&store, &plan, settings)?;
            (weights.model, weights.kept, weights.blocks.limits().to_vec())
        }
    };
    let frequencies = frequencies_of(&store, &plan, kept.as_deref().zip(tags.as_ref()));
    let fields: Vec<String> = plan.comparisons().iter().map(|planned| planned.field.clone()).collect();
    let unseen: Box<CountOfUnseen> = match kept.zip(tags) {
        Some((kept, tags)) => Box::new(move |comparison, value| {
            kept[comparison].count(tags.value_tag(&fields[comparison], value))
        }),
        // Counted among the records, of which none has it.
        None => Box::new(|_, _| 0),
    };
    let weights = IndexedWeights { model, frequencies, unseen, limits, max_block_pairs };
    CandidateIndex::build(store, plan, weights).map_err(EngineError::ModelMismatch)
}

/// As they were kept, under the names that they were kept by; else as the records have them.
fn frequencies_of(
    store: &FeatureStore,
    plan: &MatchPlan,
    kept: Option<(&[KeptFrequencies], &MatchTags)>,
) -> Frequencies {
    match kept {
        Some((kept, tags)) => {
            Frequencies::kept(store, plan, kept, |field, value| tags.value_tag(field, value))
        }
        None => Frequencies::counted(store, plan),
    }
}
