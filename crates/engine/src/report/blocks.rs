//! What linking tells of its blocks.

use serde::{Deserialize, Serialize};

/// The blocks of one rule that were too large to compare all their pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OversizedBlockReport {
    /// The blocking rule.
    pub rule: String,
    /// How many blocks.
    pub blocks: u64,
    /// Records in the largest.
    pub records: u64,
    /// Pairs in all of them: compared are those that agree on one more field.
    pub pairs: u64,
}
