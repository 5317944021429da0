//! Pairs that people decided about, as EM takes them: what they are is known, and not guessed.
//!
//! A pair that is known to be one person counts as a match whatever the step, and one that is known
//! to be two never does: its responsibility is fixed at 1 or 0, where EM infers that of the others.
//! It takes part in the sessions of the rules that bring it together, in the place of its own among
//! their samples, and in the share of matches. u comes from random pairs as ever: pairs that people
//! were asked about are no random ones.
//!
//! Sources: Nigam et al., "Text Classification from Labeled and Unlabeled Documents using EM",
//! Machine Learning 39 (2000), for labelled cases in EM and their weight; Enamorado, Fifield & Imai,
//! "Using a Probabilistic Model to Assist Merging of Large-Scale Administrative Records", APSR
//! 113:2 (2019), for probabilistic record linkage by it.

use std::collections::HashSet;

use vermeil_model::decision::Verdict;

use super::em::Decided;
use crate::block::{Blocks, Pair};
use crate::compare::Comparer;
use crate::features::FeatureStore;
use crate::plan::MatchPlan;

/// A decision weighs as much as this many pairs that EM guesses at: a session looks at tens of
/// thousands, among which one that somebody looked at would be lost.
const DECISION_PAIRS: f64 = 10.0;
/// Decisions weigh together at most this share of what a session looks at. People are asked about
/// pairs that are hard to tell, and most pairs are not.
pub(super) const MOST_DECIDED: f64 = 0.25;

/// A pair that somebody decided about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecidedPair {
    /// Two records.
    pub pair: Pair,
    /// One person or two.
    pub verdict: Verdict,
    /// How much of the decision it is, in (0, 1]: one about groups of records is about many pairs.
    pub share: f64,
}

/// All of them, ready for estimation.
pub(super) struct DecidedPairs {
    /// To be left out of samples.
    pub(super) known: HashSet<Pair>,
    decided: Vec<(Decided, Vec<usize>)>,
}

impl DecidedPairs {
    pub(super) fn new(
        (store, plan): (&FeatureStore, &MatchPlan),
        blocks: &Blocks,
        pairs: &[DecidedPair],
    ) -> Self {
        if pairs.is_empty() {
            return Self { known: HashSet::new(), decided: Vec::new() };
        }
        let mut sorted: Vec<DecidedPair> = pairs.to_vec();
        // Sums of floats depend on their order.
        sorted.sort_by_key(|decided| decided.pair);
        sorted.dedup_by_key(|decided| decided.pair);
        let places: Vec<Pair> = sorted.iter().map(|decided| decided.pair).collect();
        let patterns = Comparer::new(store, plan).patterns(&places);
        let decided = sorted.iter().zip(patterns).map(|(decided, pattern)| {
            let weight = DECISION_PAIRS * decided.share;
            let rules = blocks.rules_of(decided.pair.left, decided.pair.right).collect();
            (Decided { pattern, verdict: decided.verdict, weight }, rules)
        });
        Self { decided: decided.collect(), known: places.into_iter().collect() }
    }

    /// Those that a rule brings together.
    pub(super) fn of_rule(&self, rule: usize) -> Vec<Decided> {
        self.decided.iter().filter(|(_, rules)| rules.contains(&rule)).map(|(decided, _)| *decided).collect()
    }

    /// Each as the one pair that it is.
    pub(super) fn all(&self) -> Vec<Decided> {
        self.decided.iter().map(|(decided, _)| Decided { weight: 1.0, ..*decided }).collect()
    }
}
