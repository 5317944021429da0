//! What deduping a file answers.

use std::collections::BTreeMap;

use serde::Serialize;
use vermeil_model::Diagnostic;
use vermeil_resolve::infer::ColumnMeaning;

use super::{KeptApartReport, OversizedBlockReport, StageReport};

/// What deduping a file did.
#[derive(Debug, Clone, Serialize)]
pub struct DedupeReport {
    /// Rows that were read, each a record.
    pub records: u64,
    /// Rows that could not be read and are in no cluster, by code.
    pub rejected: BTreeMap<String, RejectedRows>,
    /// Rows whose key an earlier row has.
    pub repeated_keys: u64,
    /// Rows without a key.
    pub missing_keys: u64,
    /// Rows that say the same as an earlier row in every column but the key, and are in another cluster.
    pub copies_apart: u64,
    /// What each column was taken for, and why.
    pub columns: Vec<ColumnMeaning>,
    /// Pairs compared.
    pub candidate_pairs: u64,
    /// Pairs compared, for each record.
    pub pairs_per_record: f64,
    /// Blocks too large to compare.
    pub oversized_blocks: Vec<OversizedBlockReport>,
    /// Pairs linked.
    pub links: u64,
    /// Joins of groups that links asked for and an exclusive column forbade.
    pub kept_apart: Vec<KeptApartReport>,
    /// Clusters, those of one record included.
    pub clusters: u64,
    /// Records of the largest cluster.
    pub largest_cluster: u64,
    /// What speaks against trusting the result.
    pub warnings: Vec<Diagnostic>,
    /// Wall-clock time of it all.
    pub seconds: f64,
    /// Each stage, in order.
    pub stages: Vec<StageReport>,
}

/// Rows that could not be read for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RejectedRows {
    /// How many.
    pub rows: u64,
    /// The first one's line, or its number in Parquet, from 1.
    pub first_line: u64,
}
