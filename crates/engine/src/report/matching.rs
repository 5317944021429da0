//! How records were matched: what a report on it shows.

use serde::{Deserialize, Serialize};
use vermeil_model::Diagnostic;
use vermeil_resolve::estimate::{ComparisonModel, Training};

use super::OversizedBlockReport;

/// How records were matched. Numbers and names of fields, levels and rules: no value of any
/// record is in it, nor the name of a column, which in a file without a header is a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchReport {
    /// Records compared.
    pub records: u64,
    /// Pairs compared.
    pub candidate_pairs: u64,
    /// Pairs linked.
    pub links: u64,
    /// Clusters, those of one record included.
    pub clusters: u64,
    /// The prior odds of a match, in bits.
    pub prior_bits: f64,
    /// From which probability pairs are linked.
    pub threshold: f64,
    /// The same as odds, in bits.
    pub threshold_bits: f64,
    /// Each comparison with m and u of each level.
    pub comparisons: Vec<ComparisonModel>,
    /// How estimation went; `None` for a model that does not tell.
    pub training: Option<Training>,
    /// Each blocking rule, in the order of the plan.
    pub rules: Vec<RuleReport>,
    /// Blocks too large to compare.
    pub oversized_blocks: Vec<OversizedBlockReport>,
    /// Pairs by weight, by rising weight.
    pub weights: Vec<WeightBin>,
    /// For how many pairs each counts that was looked at for [`WeightBin::others`]; 1: all were.
    pub others_sampled_from: f64,
    /// Clusters by size, by rising size.
    pub cluster_sizes: Vec<ClusterSize>,
    /// What speaks against trusting the result.
    pub warnings: Vec<Diagnostic>,
}

/// What a blocking rule yields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleReport {
    /// The rule.
    pub rule: String,
    /// Pairs that it brings together. Other rules may bring together some of them too.
    pub pairs: u64,
}

/// Pairs of about one weight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WeightBin {
    /// The least weight, in bits; the first bin holds what is below, too.
    pub from_bits: f64,
    /// Where the next bin begins; the last one holds what is above, too.
    pub to_bits: f64,
    /// Pairs that are linked.
    pub links: u64,
    /// Other candidate pairs, estimated from a sample.
    pub others: u64,
}

/// Clusters of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterSize {
    /// Records in each.
    pub records: u64,
    /// How many clusters.
    pub clusters: u64,
}
