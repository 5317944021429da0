//! Learning, without labels, how often levels of agreement occur among pairs of
//! one person (m) and among pairs of two people (u).
//!
//! - u comes from random pairs, nearly all of which are two people. What few
//!   matches are among them is discounted once m is known.
//! - m comes from EM over the pairs that blocking yields, one session per
//!   rule. Pairs of a rule agree on its keys whether or not they match, so a
//!   session leaves out the comparisons its rule foretells; they are learnt in
//!   the sessions of other rules. A comparison's m is the mean over sessions,
//!   weighted by the matches each expects.
//! - lambda, the share of matches among all pairs, is the value at which the
//!   posterior probabilities of all candidate pairs add up to as many matches
//!   as lambda says there are.
//! - People of one home agree on family name, address and phone together, which
//!   Fellegi and Sunter's independence between fields does not foresee: a whole
//!   household would pass for one person. So EM knows three kinds of pairs, one person,
//!   two people of one home, and strangers; see [`MatchModel::same_home`].
//!
//! Pairs enter as counts of patterns, sorted before anything is summed: the same
//! records and seed give the same model to the last bit.
//!
//! Sources: Fellegi & Sunter, JASA 64 (1969); Winkler, "Using the EM Algorithm for
//! Weight Computation in the Fellegi-Sunter Model of Record Linkage", ASA 1988;
//! sessions per rule and u from random pairs after Linacre et al., "Splink",
//! IJPDS 7:3 (2022).

mod decided;
mod em;
mod monotone;
mod patterns;
mod training;

use std::num::NonZeroUsize;
use std::thread;

use serde::{Deserialize, Serialize};
use vermeil_model::{Bits, Probability};

use crate::block::{Blocks, RuleLimits};
use crate::compare::{Level, level_set};
use crate::features::FeatureStore;
use crate::plan::MatchPlan;
use crate::weight::match_weight;

pub use decided::DecidedPair;
use decided::DecidedPairs;
use em::{Evidence, Session, Shares};
use patterns::{Compared, PatternCounts, Sample};
pub use training::{Origin, Training, TrainingSession};

/// How to estimate. The defaults suit anything from hundreds of records to millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstimateSettings {
    /// Chooses the random pairs.
    pub seed: u64,
    /// Random pairs for u; all pairs where there are fewer.
    pub random_pairs: u64,
    /// Pairs per rule, and candidate pairs in all, that EM looks at.
    pub max_em_pairs: u64,
    /// EM steps per session at most. A session that has not converged by then teaches nothing.
    pub iterations: u32,
    /// On how many threads pairs are compared. The model is the same on any number.
    pub threads: NonZeroUsize,
}

impl Default for EstimateSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            random_pairs: 1_000_000,
            max_em_pairs: 50_000,
            iterations: 500,
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

/// See [`TermFrequency::prior_records`]: felt among dozens of records, lost among thousands.
const PRIOR_RECORDS: f64 = 100.0;

/// P(two people of one home were born on one day).
///
/// One birth in 60 to 80 is one of twins, and not every two of a home are brother and sister.
/// Where first names differ, a common day of birth in one home is a reason to think of twins,
/// though among strangers it would all but prove one person.
pub const BORN_TOGETHER: f64 = 0.02;

/// How many times likelier two days of birth are in one home than among strangers, if they are
/// `ratio` times likelier of one person: twins' days are as alike as those of one person.
pub(crate) fn born_together(ratio: f64) -> f64 {
    (1.0 + BORN_TOGETHER * (ratio - 1.0)).max(1.0)
}

/// What was learnt: numbers only, never a value, so it may be kept and shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchModel {
    /// P(two records drawn at random are one person).
    pub lambda: f64,
    /// P(two records drawn at random are two people of one home).
    ///
    /// Family name, address and phone agree together where people live together, so
    /// their bits may not simply be added: all of them together say at most
    /// `1 / same_home`, and who of the home it is, first name, birth date and the
    /// other fields must tell.
    pub same_home: f64,
    /// In the order of the plan.
    pub comparisons: Vec<ComparisonModel>,
    /// How the frequency of a shared value changes its weight.
    pub term_frequency: TermFrequency,
    /// From which size on groups of records are parted; empty for a model that does not tell.
    #[serde(default)]
    pub limits: Vec<RuleLimits>,
    /// How estimation went; `None` for a model that does not tell.
    #[serde(default)]
    pub training: Option<Training>,
}

/// What was learnt about one comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonModel {
    /// The canonical field.
    pub field: String,
    /// Where its m comes from.
    #[serde(default)]
    pub m_origin: Origin,
    /// From "nothing alike" up to "equal".
    pub levels: Vec<LevelModel>,
}

/// What was learnt about one level. Both probabilities lie in (0, 1) and are given
/// that both records have a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelModel {
    /// As in [`level_set`].
    pub name: String,
    /// P(level | one person).
    pub m: f64,
    /// P(level | two people).
    pub u: f64,
}

/// How the frequency of a shared value changes its weight.
///
/// Two strangers share a value that is carried by the share f of records with
/// probability f, so f takes the place of u: `log2(m / f)`.
///
/// Source: Winkler, "Frequency-Based Matching in Fellegi-Sunter Model of Record
/// Linkage", 2000.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TermFrequency {
    /// 1 takes frequencies at their word, 0 not at all.
    pub strength: f64,
    /// How much of a value's frequency counts where two values are alike, not equal: two
    /// writings of a rare name speak for one person more than two of a common one, but a
    /// rare writing may be a slip of a common name.
    pub of_alike: f64,
    /// No value is taken to be rarer than this.
    pub minimum: f64,
    /// u counts for as many records as this beside those that were counted: where records
    /// are few, two who share a name would make it look like a name that everyone has.
    pub prior_records: f64,
}

/// A model was made for another plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the match model compares `{model}`, but the schema and pipeline compare `{plan}`")]
pub struct ModelMismatch {
    /// What the model compares.
    pub model: String,
    /// What the plan compares.
    pub plan: String,
}

impl MatchModel {
    /// The evidence of a level, in bits, before frequencies; `None` where there is no such level.
    pub fn match_weight(&self, comparison: usize, level: Level) -> Option<Bits> {
        let level = self.comparisons.get(comparison)?.levels.get(usize::from(level.0))?;
        match_weight(level.m, level.u).ok()
    }

    /// The evidence that any pair starts from: the odds of lambda, in bits.
    pub fn prior(&self) -> Bits {
        Probability(self.lambda).to_bits()
    }

    /// Checks that a model that was kept still fits.
    ///
    /// # Errors
    /// [`ModelMismatch`] where it compares other fields or levels than the plan.
    pub fn check(&self, plan: &MatchPlan) -> Result<(), ModelMismatch> {
        let of_model = self.comparisons.iter().map(|comparison| {
            let names = comparison.levels.iter().map(|level| level.name.as_str()).collect();
            described(&comparison.field, names)
        });
        let of_plan = plan
            .comparisons()
            .iter()
            .map(|planned| described(&planned.field, level_set(planned.comparison).names.to_vec()));
        let [model, plan] = [of_model.collect::<Vec<_>>(), of_plan.collect()].map(|all| all.join(", "));
        if model == plan { Ok(()) } else { Err(ModelMismatch { model, plan }) }
    }
}

/// Learns a model from the records and the pairs that blocking finds.
pub fn estimate(
    store: &FeatureStore,
    plan: &MatchPlan,
    blocks: &Blocks,
    settings: EstimateSettings,
) -> MatchModel {
    estimate_with(store, plan, blocks, &[], settings)
}

/// Learns a model from these, and from pairs that people decided about. From none of them it
/// learns what [`estimate`] does, to the last bit.
pub fn estimate_with(
    store: &FeatureStore,
    plan: &MatchPlan,
    blocks: &Blocks,
    decided: &[DecidedPair],
    settings: EstimateSettings,
) -> MatchModel {
    let decided = DecidedPairs::new((store, plan), blocks, decided);
    // Records that may not be compared are no pairs of anybody.
    let compared = Compared::of(store);
    let all_pairs = compared.pairs();
    let EstimateSettings { seed, max_em_pairs, .. } = settings;
    let mut samples = vec![Sample::Of(blocks.sample(max_em_pairs, seed))];
    samples.extend(
        (0..plan.rules().len()).map(|rule| Sample::Of(blocks.sample_of_rule(rule, max_em_pairs, seed))),
    );
    samples.extend(Sample::random(&compared, settings));
    let mut counted =
        patterns::count_all((store, plan), samples, &decided.known, settings.threads).into_iter();
    let candidates = counted.next().expect("as many counts as samples");
    let sessions: Vec<Session> = plan
        .rules()
        .iter()
        .zip(&mut counted)
        .enumerate()
        .map(|(place, (rule, pairs))| Session {
            foretold: &rule.foretold,
            pairs,
            decided: decided.of_rule(place),
        })
        .collect();
    let random = PatternCounts::sum(counted.collect());

    let levels: Vec<usize> =
        plan.comparisons().iter().map(|planned| level_set(planned.comparison).names.len()).collect();
    let names = (0..plan.comparisons().len())
        .filter(|&index| plan.comparisons()[index].is_of_persons_names())
        .collect();
    let tells = plan.comparisons().iter().map(|planned| planned.tells).collect();
    let mut evidence = Evidence::expected(&levels, tells, names);
    let expected = evidence.clone();
    evidence.u = random.shares(&levels, &expected.u, |_| 1.0);
    // The second round knows the matches among the random pairs.
    let known = decided.all();
    let mut round = || {
        evidence.m.clone_from(&expected.m);
        let learnt = em::m_over_sessions(&sessions, &levels, &evidence, settings.iterations);
        evidence.m.clone_from(&learnt.m);
        monotone::pool(&mut evidence);
        let (shares, end) = em::shares_of_all(&candidates, &known, &evidence, all_pairs);
        evidence.u = random
            .shares(&levels, &expected.u, |pattern| shares.given(evidence.ratios(pattern, &[])).strangers());
        (learnt, shares, end)
    };
    round();
    let (mut learnt, shares, end) = round();
    for (comparison, origin) in learnt.origins.iter_mut().enumerate() {
        if candidates.counts.iter().all(|(pattern, _)| pattern.level(comparison).is_none()) {
            *origin = Origin::Unused;
        }
    }
    monotone::pool(&mut evidence);
    let training = Training {
        sessions: TrainingSession::of(plan, &sessions, &learnt.ends),
        lambda_iterations: end.iterations,
        lambda_converged: end.converged,
    };
    let limits = blocks.limits().to_vec();
    MatchModel {
        limits,
        training: Some(training),
        ..model(plan, &evidence, (shares, &learnt.origins), store.len())
    }
}

fn model(
    plan: &MatchPlan,
    evidence: &Evidence,
    (shares, origins): (Shares, &[Origin]),
    records: usize,
) -> MatchModel {
    let comparisons = plan.comparisons().iter().enumerate().map(|(index, planned)| ComparisonModel {
        field: planned.field.clone(),
        m_origin: origins[index],
        levels: level_set(planned.comparison)
            .names
            .iter()
            .enumerate()
            .map(|(level, name)| LevelModel {
                name: (*name).to_owned(),
                m: evidence.m[index][level],
                u: evidence.u[index][level],
            })
            .collect(),
    });
    MatchModel {
        lambda: shares.matches,
        same_home: shares.same_home,
        comparisons: comparisons.collect(),
        term_frequency: TermFrequency {
            strength: 1.0,
            of_alike: 0.5,
            minimum: 1.0 / records.max(1) as f64,
            prior_records: PRIOR_RECORDS,
        },
        limits: Vec::new(),
        training: None,
    }
}

fn described(field: &str, levels: Vec<&str>) -> String {
    format!("{field} ({})", levels.join(" < "))
}

#[cfg(test)]
mod tests;
