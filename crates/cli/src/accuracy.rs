//! How well clusters agree with a known truth, under the names that scripts rely on.

use serde::Serialize;
use vermeil_resolve::measure::{Measures, Prevailing};

/// Precision, recall and F1 over pairs and over records (B³), each in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Accuracy {
    /// Of the pairs put together, the share that belong together.
    pub pairwise_precision: f64,
    /// Of the pairs that belong together, the share put together.
    pub pairwise_recall: f64,
    /// Harmonic mean of the two.
    pub pairwise_f1: f64,
    /// Of the records beside a record, the share that belong there; mean over records.
    pub b3_precision: f64,
    /// Of the records that belong beside a record, the share that are; mean over records.
    pub b3_recall: f64,
    /// Harmonic mean of the two.
    pub b3_f1: f64,
    /// Pairs put together that do not belong together.
    pub false_merges: u64,
    /// Pairs that belong together and were left apart.
    pub false_splits: u64,
    /// Which of the two there is more of.
    pub prevailing: Prevailing,
    /// Records of the truth: those measured.
    pub truth_records: u64,
    /// Records of the truth that no cluster holds; each is measured as a cluster of its own.
    pub unclustered: u64,
    /// Records in clusters that the truth lacks; they are left out.
    pub unknown: u64,
}

impl From<Measures> for Accuracy {
    fn from(measures: Measures) -> Self {
        Self {
            pairwise_precision: measures.pairwise.precision,
            pairwise_recall: measures.pairwise.recall,
            pairwise_f1: measures.pairwise.f1,
            b3_precision: measures.b_cubed.precision,
            b3_recall: measures.b_cubed.recall,
            b3_f1: measures.b_cubed.f1,
            false_merges: measures.false_merges,
            false_splits: measures.false_splits,
            prevailing: measures.prevailing,
            truth_records: measures.records,
            unclustered: measures.unclustered,
            unknown: measures.unknown,
        }
    }
}
