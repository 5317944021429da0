//! Whether predicted risks come true.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// Risks are counted in as many bins of equal width.
pub const BINS: usize = 10;

/// Predicted risks of false merges beside what the truth says, over clusters of two records or more.
///
/// Source: Guo, Pleiss, Sun & Weinberger, "On Calibration of Modern Neural Networks", ICML 2017,
/// arXiv:1706.04599.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Clusters of which the truth knows two records or more.
    pub clusters: u64,
    /// Of these, how many the predictions expect to be false merges.
    pub expected_false: f64,
    /// Of these, how many are: they hold records of two entities.
    pub observed_false: u64,
    /// The mean, over clusters, of the distance between the mean risk of their bin and the share
    /// of false merges there.
    pub expected_calibration_error: f64,
    /// Bins by rising risk; those without a cluster are left out.
    pub bins: Vec<CalibrationBin>,
}

/// Clusters of about the same risk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// The least risk.
    pub from: f64,
    /// Up to which risk; the last bin holds 1.
    pub to: f64,
    /// Clusters.
    pub clusters: u64,
    /// Their mean risk.
    pub mean_risk: f64,
    /// The share of them that are false merges.
    pub false_share: f64,
}

/// Compares risks with the truth: `clusters` are (record, group, risk of the group). Of rows of
/// one group that disagree about its risk the highest counts. `None`: there is no group of which
/// the truth knows two records.
pub fn calibration<Id: Ord, Cluster: Ord, Entity: Ord>(
    clusters: &[(Id, Cluster, f64)],
    truth: &[(Id, Entity)],
) -> Option<Calibration> {
    let entity_of: BTreeMap<&Id, &Entity> = truth.iter().map(|(id, entity)| (id, entity)).collect();
    let mut groups: BTreeMap<&Cluster, (u64, BTreeSet<&Entity>, f64)> = BTreeMap::new();
    for (id, cluster, risk) in clusters {
        if let Some(entity) = entity_of.get(id) {
            let (records, entities, highest) = groups.entry(cluster).or_insert((0, BTreeSet::new(), 0.0));
            *records += 1;
            entities.insert(*entity);
            *highest = risk.max(*highest);
        }
    }
    let mut bins = [(0_u64, 0.0, 0_u64); BINS];
    for (_, entities, risk) in groups.values().filter(|(records, ..)| *records > 1) {
        let (clusters, risks, wrong) = &mut bins[((risk * BINS as f64) as usize).min(BINS - 1)];
        *clusters += 1;
        *risks += risk;
        *wrong += u64::from(entities.len() > 1);
    }
    let clusters: u64 = bins.iter().map(|(clusters, ..)| clusters).sum();
    if clusters == 0 {
        return None;
    }
    let edge = |bin: usize| bin as f64 / BINS as f64;
    let filled = bins.iter().enumerate().filter(|(_, (clusters, ..))| *clusters > 0);
    let bins: Vec<CalibrationBin> = filled
        .map(|(bin, (clusters, risks, wrong))| CalibrationBin {
            from: edge(bin),
            to: edge(bin + 1),
            clusters: *clusters,
            mean_risk: risks / *clusters as f64,
            false_share: *wrong as f64 / *clusters as f64,
        })
        .collect();
    let sum =
        |of: fn(&CalibrationBin) -> f64| bins.iter().map(|bin| of(bin) * bin.clusters as f64).sum::<f64>();
    Some(Calibration {
        clusters,
        expected_false: sum(|bin| bin.mean_risk),
        observed_false: sum(|bin| bin.false_share).round() as u64,
        expected_calibration_error: sum(|bin| (bin.mean_risk - bin.false_share).abs()) / clusters as f64,
        bins,
    })
}

#[cfg(test)]
mod tests;
