//! How good clusters are where the truth is known.

mod calibration;

use std::collections::BTreeMap;

use serde::Serialize;

pub use calibration::{BINS, Calibration, CalibrationBin, calibration};

/// Precision and recall, each in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Of what was joined, the share that belongs together.
    pub precision: f64,
    /// Of what belongs together, the share that was joined.
    pub recall: f64,
    /// Their harmonic mean; 0 where both are 0.
    pub f1: f64,
}

/// The kind of error that prevails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prevailing {
    /// More pairs were joined wrongly than missed.
    FalseMerges,
    /// More pairs were missed than joined wrongly.
    FalseSplits,
    /// As many of either.
    Neither,
}

/// Clusters compared with the truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measures {
    /// Over pairs of records. Large clusters weigh by the square of their size.
    pub pairwise: Score,
    /// Over records: the mean, over each record, of the share of its cluster and of its
    /// true entity that are right.
    ///
    /// Source: Bagga & Baldwin, "Entity-Based Cross-Document Coreferencing Using the
    /// Vector Space Model", COLING-ACL 1998.
    pub b_cubed: Score,
    /// Pairs joined that do not belong together.
    pub false_merges: u64,
    /// Pairs that belong together and were not joined.
    pub false_splits: u64,
    /// Which of the two prevails.
    pub prevailing: Prevailing,
    /// Records measured: those of the truth.
    pub records: u64,
    /// Records of the truth that are in no cluster; each counts as a cluster of its own.
    pub unclustered: u64,
    /// Records in clusters that the truth does not know; they are left out.
    pub unknown: u64,
}

/// Compares clusters with the truth, both as (record, group). Of a record that
/// stands twice in one of them the last entry counts.
pub fn measure<Id: Ord, Cluster: Ord, Entity: Ord>(
    clusters: &[(Id, Cluster)],
    truth: &[(Id, Entity)],
) -> Measures {
    let cluster_of: BTreeMap<&Id, &Cluster> = clusters.iter().map(|(id, cluster)| (id, cluster)).collect();
    let entity_of: BTreeMap<&Id, &Entity> = truth.iter().map(|(id, entity)| (id, entity)).collect();
    let unclustered = entity_of.keys().filter(|id| !cluster_of.contains_key(**id)).count() as u64;
    let unknown = cluster_of.keys().filter(|id| !entity_of.contains_key(**id)).count() as u64;

    let mut cluster_sizes: BTreeMap<&Cluster, u64> = BTreeMap::new();
    let mut entity_sizes: BTreeMap<&Entity, u64> = BTreeMap::new();
    let mut shared_sizes: BTreeMap<(&Cluster, &Entity), u64> = BTreeMap::new();
    for (id, entity) in &entity_of {
        *entity_sizes.entry(entity).or_default() += 1;
        if let Some(cluster) = cluster_of.get(*id) {
            *cluster_sizes.entry(cluster).or_default() += 1;
            *shared_sizes.entry((cluster, entity)).or_default() += 1;
        }
    }
    let joined: u64 = cluster_sizes.values().map(|size| pairs(*size)).sum();
    let belonging: u64 = entity_sizes.values().map(|size| pairs(*size)).sum();
    let right: u64 = shared_sizes.values().map(|size| pairs(*size)).sum();

    // Each of the `size` records that share both groups has `size` right companions, itself
    // included; a record without a cluster has itself.
    let mut precision = unclustered as f64;
    let mut recall: f64 = entity_of
        .iter()
        .filter(|(id, _)| !cluster_of.contains_key(**id))
        .map(|(_, entity)| 1.0 / entity_sizes[entity] as f64)
        .sum();
    for ((cluster, entity), size) in &shared_sizes {
        let size = *size as f64;
        precision += size * size / cluster_sizes[cluster] as f64;
        recall += size * size / entity_sizes[entity] as f64;
    }
    let records = entity_of.len() as u64;
    let (false_merges, false_splits) = (joined - right, belonging - right);
    Measures {
        pairwise: Score::new(share(right as f64, joined as f64), share(right as f64, belonging as f64)),
        b_cubed: Score::new(share(precision, records as f64), share(recall, records as f64)),
        false_merges,
        false_splits,
        prevailing: match false_merges.cmp(&false_splits) {
            std::cmp::Ordering::Greater => Prevailing::FalseMerges,
            std::cmp::Ordering::Less => Prevailing::FalseSplits,
            std::cmp::Ordering::Equal => Prevailing::Neither,
        },
        records,
        unclustered,
        unknown,
    }
}

impl Score {
    fn new(precision: f64, recall: f64) -> Self {
        let f1 =
            if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        Self { precision, recall, f1 }
    }
}

fn pairs(records: u64) -> u64 {
    records * records.saturating_sub(1) / 2
}

/// Nothing out of nothing is all right.
fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 1.0 } else { part / whole }
}

#[cfg(test)]
mod tests;
