//! What a report shows of how records were matched.

use std::collections::BTreeMap;

use super::doubts::outgrown;
use super::{Linked, doubts};
use crate::report::{ClusterSize, MatchReport, RuleReport, WeightBin};

/// Weights are counted in bins of this many bits, between these two.
const BIN_BITS: f64 = 2.0;
const LEAST_BITS: f64 = -40.0;
const MOST_BITS: f64 = 60.0;
/// Pairs that are weighed in full to estimate how many have which weight: scoring itself stops at
/// the first comparison that leaves a pair without hope.
const SAMPLED_PAIRS: u64 = 200_000;
/// Chooses these pairs.
const SEED: u64 = 1;

impl Linked {
    /// How records were matched, in numbers.
    pub(crate) fn described(&self) -> MatchReport {
        let job = &self.job;
        let threshold_bits = job.threshold.to_bits();
        let (weights, others_sampled_from) = self.weights(threshold_bits.0);
        let mut sizes = BTreeMap::new();
        for records in self.sizes().into_values() {
            *sizes.entry(records).or_default() += 1;
        }
        let rules = job.plan.rules().iter().enumerate().map(|(index, planned)| RuleReport {
            rule: planned.rule.to_string(),
            pairs: job.weights.blocks.pairs_of_rule(index),
        });
        let mut warnings = doubts(&job.weights.model);
        warnings.extend(job.weights.made_of.and_then(|made_of| outgrown(made_of, job.store.len() as u64)));
        MatchReport {
            records: job.store.len() as u64,
            candidate_pairs: self.candidate_pairs,
            links: self.links.len() as u64,
            clusters: sizes.values().sum(),
            prior_bits: job.weights.model.prior().0,
            threshold: job.threshold.0,
            threshold_bits: threshold_bits.0,
            comparisons: job.weights.model.comparisons.clone(),
            training: job.weights.model.training.clone(),
            rules: rules.collect(),
            oversized_blocks: self.oversized.clone(),
            weights,
            others_sampled_from,
            cluster_sizes: sizes
                .into_iter()
                .map(|(records, clusters)| ClusterSize { records, clusters })
                .collect(),
            warnings,
        }
    }

    /// Records by cluster.
    fn sizes(&self) -> BTreeMap<u32, u64> {
        let mut sizes = BTreeMap::new();
        self.clusters.iter().for_each(|first| *sizes.entry(first.0).or_default() += 1);
        sizes
    }

    fn weights(&self, least_of_link: f64) -> (Vec<WeightBin>, f64) {
        let job = &self.job;
        let count = ((MOST_BITS - LEAST_BITS) / BIN_BITS) as usize;
        let from = |bin: usize| LEAST_BITS + bin as f64 * BIN_BITS;
        let bin_of = |bits: f64| (((bits - LEAST_BITS) / BIN_BITS).max(0.0) as usize).min(count - 1);
        let mut bins: Vec<WeightBin> = (0..count)
            .map(|bin| WeightBin { from_bits: from(bin), to_bits: from(bin + 1), links: 0, others: 0 })
            .collect();
        for link in &self.links {
            bins[bin_of(link.weight.0)].links += 1;
        }
        let scorer = job.scorer();
        let sample = job.weights.blocks.sample(SAMPLED_PAIRS, SEED);
        let sampled_from = sample.sampled_from();
        for pair in sample {
            let weight = scorer.weight(pair.left, pair.right).0;
            if weight < least_of_link {
                bins[bin_of(weight)].others += 1;
            }
        }
        for bin in &mut bins {
            bin.others = (bin.others as f64 * sampled_from).round() as u64;
        }
        (bins, sampled_from)
    }
}
