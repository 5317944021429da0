//! Which cluster keeps which profile id: ids last.
//!
//! An old profile's heir is the cluster that holds the largest part of it. A
//! cluster that is heir of several old profiles keeps the oldest's id (a
//! merge); a cluster that holds a part of an old profile without being its heir
//! came out of it (a split). Everything else is new.

use std::collections::{BTreeMap, HashMap};

use vermeil_model::{ProfileId, RecordId};

/// A published profile: since when its id exists, in microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FormerProfile {
    pub(crate) profile: ProfileId,
    pub(crate) created_at: i64,
}

/// What happened to published profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// `other` went into `profile`.
    Merge { profile: ProfileId, other: ProfileId },
    /// `other` came out of `profile`.
    Split { profile: ProfileId, other: ProfileId },
}

/// Ids for clusters.
pub(crate) struct Assignment {
    /// For each cluster its profile, in the order given.
    pub(crate) profiles: Vec<FormerProfile>,
    /// In a fixed order.
    pub(crate) changes: Vec<Change>,
}

/// Gives every cluster of `clusters` (its records) an id.
///
/// `former` tells where each record was published. Ties go to the lower record,
/// then to the lower id, so that the order of clusters never matters.
pub(crate) fn assign(
    clusters: &[Vec<RecordId>],
    former: &HashMap<RecordId, FormerProfile>,
    now: i64,
) -> Assignment {
    let parts = Parts::of(clusters, former);
    let heirs = parts.heirs();
    let mut profiles = Vec::with_capacity(clusters.len());
    let mut changes = Vec::new();
    for (cluster, held) in parts.by_cluster.iter().enumerate() {
        let inherited = held.keys().filter(|profile| heirs[*profile] == cluster);
        let oldest = inherited.min_by_key(|profile| (parts.created_at[*profile], **profile));
        let kept = match oldest {
            Some(profile) => FormerProfile { profile: *profile, created_at: parts.created_at[profile] },
            None => FormerProfile { profile: ProfileId::random(), created_at: now },
        };
        for other in held.keys().copied().filter(|other| *other != kept.profile) {
            changes.push(if heirs[&other] == cluster {
                Change::Merge { profile: kept.profile, other }
            } else {
                Change::Split { profile: other, other: kept.profile }
            });
        }
        profiles.push(kept);
    }
    changes.sort_unstable();
    Assignment { profiles, changes }
}

/// Which cluster holds how much of which old profile.
struct Parts {
    /// Per cluster: old profile → (records held, lowest record held).
    by_cluster: Vec<BTreeMap<ProfileId, (usize, RecordId)>>,
    created_at: HashMap<ProfileId, i64>,
}

impl Parts {
    fn of(clusters: &[Vec<RecordId>], former: &HashMap<RecordId, FormerProfile>) -> Self {
        let mut created_at = HashMap::new();
        let by_cluster = clusters
            .iter()
            .map(|records| {
                let mut held: BTreeMap<ProfileId, (usize, RecordId)> = BTreeMap::new();
                for record in records {
                    let Some(was) = former.get(record) else { continue };
                    created_at.insert(was.profile, was.created_at);
                    let (count, lowest) = held.entry(was.profile).or_insert((0, *record));
                    *count += 1;
                    *lowest = (*lowest).min(*record);
                }
                held
            })
            .collect();
        Self { by_cluster, created_at }
    }

    fn heirs(&self) -> HashMap<ProfileId, usize> {
        let mut largest: HashMap<ProfileId, (usize, (usize, RecordId))> = HashMap::new();
        for (cluster, held) in self.by_cluster.iter().enumerate() {
            for (profile, (count, lowest)) in held {
                let part = (*count, *lowest);
                let best = largest.entry(*profile).or_insert((cluster, part));
                let larger = part.0 > best.1.0 || (part.0 == best.1.0 && part.1 < best.1.1);
                if larger {
                    *best = (cluster, part);
                }
            }
        }
        largest.into_iter().map(|(profile, (cluster, _))| (profile, cluster)).collect()
    }
}

#[cfg(test)]
mod tests;
