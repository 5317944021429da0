//! Pairs as counts of patterns of levels: a few thousand stand for millions.

use hashbrown::HashMap;

use super::EstimateSettings;
use crate::block::Pair;
use crate::compare::{Comparer, Pattern};
use crate::features::RecordIndex;
use crate::mix::{SplitMix, chain};

/// How many pairs show each pattern.
pub(super) struct PatternCounts {
    /// Sorted by pattern: sums of floats depend on their order.
    pub(super) counts: Vec<(Pattern, f64)>,
    /// Pairs there are for each pair that was counted; 1 or more.
    pub(super) sampled_from: f64,
}

impl PatternCounts {
    /// Counts pairs; a share of them, chosen by a hash of the pair, where there are too many.
    pub(super) fn of_pairs(
        comparer: &Comparer,
        pairs: impl Iterator<Item = Pair>,
        at_most: u64,
        settings: EstimateSettings,
    ) -> Self {
        let share = (settings.max_em_pairs as f64 / at_most.max(1) as f64).min(1.0);
        let limit = (share * u64::MAX as f64) as u64;
        let is_chosen = |pair: &Pair| {
            chain(chain(settings.seed, u64::from(pair.left.0)), u64::from(pair.right.0)) <= limit
        };
        Self::counted(comparer, pairs.filter(is_chosen), 1.0 / share)
    }

    /// Counts random pairs, drawn with replacement; all pairs where there are not more.
    pub(super) fn of_random_pairs(comparer: &Comparer, records: usize, settings: EstimateSettings) -> Self {
        let records = records as u64;
        let pair = |left: u64, right: u64| Pair {
            left: RecordIndex(left.min(right) as u32),
            right: RecordIndex(left.max(right) as u32),
        };
        if records * records.saturating_sub(1) / 2 <= settings.random_pairs {
            let all = (0..records).flat_map(|left| (left + 1..records).map(move |right| pair(left, right)));
            return Self::counted(comparer, all, 1.0);
        }
        let mut random = SplitMix(settings.seed);
        let drawn = (0..settings.random_pairs).map(|_| {
            let left = random.below(records);
            // Any other record, each as likely.
            let right = (left + 1 + random.below(records - 1)) % records;
            pair(left, right)
        });
        Self::counted(comparer, drawn, 1.0)
    }

    fn counted(comparer: &Comparer, pairs: impl Iterator<Item = Pair>, sampled_from: f64) -> Self {
        let mut found: HashMap<Pattern, u64> = HashMap::new();
        for pair in pairs {
            *found.entry(comparer.pattern(pair.left, pair.right)).or_default() += 1;
        }
        let mut counts: Vec<(Pattern, f64)> =
            found.into_iter().map(|(pattern, count)| (pattern, count as f64)).collect();
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
