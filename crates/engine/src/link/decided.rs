//! What people decided, as pairs that estimation learns from.

use std::collections::HashSet;

use vermeil_resolve::block::Pair;
use vermeil_resolve::decisions::Settled;
use vermeil_resolve::estimate::DecidedPair;

use super::RecordIds;

/// Pairs of one decision about groups of records, at most: more of them say nothing new.
const PAIRS_OF_A_DECISION: usize = 100;

/// The pairs of the records that there are, each once; a decision's by rising ids.
pub(super) fn pairs(settled: &[Settled<'_>], ids: &RecordIds) -> Vec<DecidedPair> {
    let mut known: HashSet<Pair> = HashSet::new();
    let mut decided = Vec::new();
    for decision in settled {
        let across =
            decision.one.iter().flat_map(|one| decision.other.iter().map(move |other| (*one, *other)));
        let places = across.filter_map(|(one, other)| Some((ids.find(one)?, ids.find(other)?)));
        let pairs = places.map(|(one, other)| Pair { left: one.min(other), right: one.max(other) });
        let own: Vec<Pair> = pairs.filter(|pair| !known.contains(pair)).take(PAIRS_OF_A_DECISION).collect();
        let share = 1.0 / own.len() as f64;
        known.extend(&own);
        decided.extend(own.into_iter().map(|pair| DecidedPair { pair, verdict: decision.verdict, share }));
    }
    decided
}
