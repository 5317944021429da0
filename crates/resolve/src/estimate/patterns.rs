//! Pairs as counts of patterns of levels: a few thousand stand for millions.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use hashbrown::HashMap;

use super::EstimateSettings;
use crate::block::{Pair, PairSample};
use crate::compare::{Comparer, Pattern};
use crate::features::{FeatureStore, RecordIndex};
use crate::mix::{SplitMix, chain};
use crate::parallel;
use crate::plan::MatchPlan;

/// How many pairs show each pattern.
pub(super) struct PatternCounts {
    /// Sorted by pattern: sums of floats depend on their order.
    pub(super) counts: Vec<(Pattern, f64)>,
    /// Pairs there are for each pair that was counted; 1 or more.
    pub(super) sampled_from: f64,
}

/// The records that have anything to compare. What may not be linked has no values.
pub(super) enum Compared {
    /// All of so many.
    All(u64),
    These(Vec<RecordIndex>),
}

impl Compared {
    pub(super) fn of(store: &FeatureStore) -> Self {
        let records = (0..store.len() as u32).map(RecordIndex);
        let compared: Vec<RecordIndex> = records.filter(|record| store.has_values(*record)).collect();
        if compared.len() == store.len() { Self::All(store.len() as u64) } else { Self::These(compared) }
    }

    /// How many pairs there are of them.
    pub(super) fn pairs(&self) -> f64 {
        let records = self.len() as f64;
        records * (records - 1.0) / 2.0
    }

    fn len(&self) -> u64 {
        match self {
            Self::All(records) => *records,
            Self::These(records) => records.len() as u64,
        }
    }

    /// The pair of two of them, by their places.
    fn pair(&self, one: u64, other: u64) -> Pair {
        let (left, right) = (one.min(other), one.max(other));
        let record = |place: u64| match self {
            Self::All(_) => RecordIndex(place as u32),
            Self::These(records) => records[place as usize],
        };
        Pair { left: record(left), right: record(right) }
    }
}

/// Pairs that are counted together, by one thread.
pub(super) enum Sample<'a> {
    /// Candidate pairs, or those of a rule.
    Of(PairSample<'a>),
    /// All pairs of records.
    All(&'a Compared),
    /// Random pairs, drawn with replacement: records, how many pairs, and the seed.
    Random { records: &'a Compared, pairs: u64, seed: u64 },
}

/// Random pairs in one sample.
const RANDOM_PAIRS: u64 = 1 << 16;
/// Pairs that are compared at once; see [`crate::score::Scorer::find_links`].
const BATCH: usize = 256;

impl<'a> Sample<'a> {
    /// Random pairs in samples of bearable size; all pairs where there are not more.
    pub(super) fn random(records: &'a Compared, settings: EstimateSettings) -> Vec<Sample<'a>> {
        let (count, wanted) = (records.len(), settings.random_pairs);
        if count * count.saturating_sub(1) / 2 <= wanted {
            return vec![Sample::All(records)];
        }
        let sample = |part: u64| Sample::Random {
            records,
            pairs: RANDOM_PAIRS.min(wanted - part * RANDOM_PAIRS),
            seed: chain(settings.seed, part),
        };
        (0..wanted.div_ceil(RANDOM_PAIRS)).map(sample).collect()
    }

    fn count(self, comparer: &Comparer, known: &HashSet<Pair>) -> PatternCounts {
        match self {
            Sample::Of(pairs) => {
                let sampled_from = pairs.sampled_from();
                let unknown = pairs.filter(|pair| known.is_empty() || !known.contains(pair));
                PatternCounts::counted(comparer, sampled_from, unknown)
            }
            Sample::All(records) => {
                let count = records.len();
                let all = (0..count).flat_map(|left| (left + 1..count).map(move |right| (left, right)));
                PatternCounts::counted(comparer, 1.0, all.map(|(left, right)| records.pair(left, right)))
            }
            Sample::Random { records, pairs, seed } => {
                let count = records.len();
                let mut random = SplitMix(seed);
                let drawn = (0..pairs).map(|_| {
                    let left = random.below(count);
                    // Any other record, each as likely.
                    records.pair(left, (left + 1 + random.below(count - 1)) % count)
                });
                PatternCounts::counted(comparer, 1.0, drawn)
            }
        }
    }
}

/// Counts samples, several at a time, without the candidate pairs that are `known`. Comes to the same
/// on any number of threads.
pub(super) fn count_all(
    (store, plan): (&FeatureStore, &MatchPlan),
    samples: Vec<Sample>,
    known: &HashSet<Pair>,
    threads: NonZeroUsize,
) -> Vec<PatternCounts> {
    let comparer = || Comparer::new(store, plan);
    parallel::map_with(threads, samples.into_iter(), comparer, |comparer, sample| {
        sample.count(comparer, known)
    })
}

impl PatternCounts {
    fn counted(comparer: &Comparer, sampled_from: f64, mut pairs: impl Iterator<Item = Pair>) -> Self {
        let mut found: HashMap<Pattern, u64> = HashMap::new();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.clear();
            batch.extend(pairs.by_ref().take(BATCH));
            if batch.is_empty() {
                break;
            }
            for pattern in comparer.patterns(&batch) {
                *found.entry(pattern).or_default() += 1;
            }
        }
        Self::sorted(found.into_iter().map(|(pattern, count)| (pattern, count as f64)), sampled_from)
    }

    /// Several together.
    pub(super) fn sum(all: Vec<PatternCounts>) -> Self {
        let mut found: HashMap<Pattern, f64> = HashMap::new();
        for (pattern, count) in all.iter().flat_map(|counts| &counts.counts) {
            // Whole numbers: their sums are exact in any order.
            *found.entry(*pattern).or_default() += count;
        }
        Self::sorted(found.into_iter(), all.first().map_or(1.0, |counts| counts.sampled_from))
    }

    fn sorted(counts: impl Iterator<Item = (Pattern, f64)>, sampled_from: f64) -> Self {
        let mut counts: Vec<(Pattern, f64)> = counts.collect();
        counts.sort_unstable_by_key(|(pattern, _)| *pattern);
        Self { counts, sampled_from }
    }

    /// The share of each level per comparison among pairs that have a value, where
    /// each pattern counts by `weight` in [0, 1].
    ///
    /// One pair of `expected`, and half a pair of every level, is added to what was seen: what
    /// was never seen among so many pairs may still occur.
    pub(super) fn shares(
        &self,
        levels: &[usize],
        expected: &[Vec<f64>],
        weight: impl Fn(Pattern) -> f64,
    ) -> Vec<Vec<f64>> {
        let mut sums: Vec<Vec<f64>> = expected.to_vec();
        sums.iter_mut().flatten().for_each(|sum| *sum += 0.5);
        for (pattern, count) in &self.counts {
            let weighted = count * weight(*pattern);
            for (comparison, sums) in sums.iter_mut().enumerate().take(levels.len()) {
                if let Some(level) = pattern.level(comparison) {
                    sums[level] += weighted;
                }
            }
        }
        for sums in &mut sums {
            let total: f64 = sums.iter().sum();
            sums.iter_mut().for_each(|sum| *sum /= total);
        }
        sums
    }
}
