//! What records must and must not share a cluster, whatever the evidence says.

use hashbrown::{HashMap, HashSet};
use vermeil_model::Bits;

use super::forest::Forest;
use crate::features::RecordIndex;

/// What is settled before any evidence is asked.
///
/// Reasons and exclusions are numbers of the caller's, who knows what they stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    /// Pairs that share a cluster, in the order in which they are joined: of two that
    /// contradict each other by an exclusion, the first holds and the second is told.
    pub must_links: Vec<MustLink>,
    /// What keeps records apart. An exclusion is stronger than a must-link.
    pub marks: Vec<Mark>,
    /// Who joins others by proof alone, in the order in which they do, after all evidence.
    pub proofs: Vec<Proof>,
}

/// A value that proves who someone is, such as a login, and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Why it is one.
    pub reason: u32,
    /// Records that join others by proof alone. No link may name them.
    pub claimants: Vec<RecordIndex>,
    /// Other records that have the value. Where they are in several clusters it proves nothing.
    pub holders: Vec<RecordIndex>,
}

/// Two records that share a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MustLink {
    /// One record.
    pub left: RecordIndex,
    /// The other.
    pub right: RecordIndex,
    /// Why.
    pub reason: u32,
}

/// On which side of an exclusion a record stands: records on different sides of one
/// never share a cluster (cannot-link). A record has one mark an exclusion at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The record.
    pub record: RecordIndex,
    /// Which exclusion.
    pub exclusion: u32,
    /// Which side.
    pub side: u64,
}

/// A join that was forbidden.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptApart {
    /// One of the records whose clusters were to become one.
    pub left: RecordIndex,
    /// The other.
    pub right: RecordIndex,
    /// What spoke for the join.
    pub wanted: Wanted,
    /// What forbade it.
    pub barrier: Barrier,
}

/// What forbade a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Barrier {
    /// Two sides of that exclusion.
    Exclusion(u32),
    /// By proof the claimant would be one with two who are not one.
    Ambiguous,
}

/// What spoke for a join.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wanted {
    /// A link of that weight.
    Link(Bits),
    /// A must-link with that reason.
    MustLink(u32),
    /// A proof with that reason.
    Proof(u32),
}

/// Clusters as they grow, with the marks of their members.
pub(super) struct Groups {
    clusters: Forest,
    /// What evidence alone has joined; `None` while that is the same.
    ///
    /// The records of a must-link may be nothing like each other. Asked as one group, they
    /// would drive away whoever is like one of them; so each is asked for itself.
    pieces: Option<Forest>,
    /// Of roots that have any, sorted.
    marks: HashMap<u32, Vec<(u32, u64)>>,
    /// Who joins others by proof alone.
    claimants: HashSet<u32>,
}

impl Groups {
    pub(super) fn new(records: usize, constraints: &Constraints) -> Self {
        let mut marks: HashMap<u32, Vec<(u32, u64)>> = HashMap::new();
        for mark in &constraints.marks {
            marks.entry(mark.record.0).or_default().push((mark.exclusion, mark.side));
        }
        marks.values_mut().for_each(|own| own.sort_unstable());
        let claimants = constraints.proofs.iter().flat_map(|proof| &proof.claimants);
        let claimants = claimants.map(|claimant| claimant.0).collect();
        let pieces = (!constraints.must_links.is_empty()).then(|| Forest::new(records));
        Self { clusters: Forest::new(records), pieces, marks, claimants }
    }

    pub(super) fn clusters(&mut self) -> &mut Forest {
        &mut self.clusters
    }

    /// What is asked for evidence.
    pub(super) fn pieces(&mut self) -> &mut Forest {
        self.pieces.as_mut().unwrap_or(&mut self.clusters)
    }

    pub(super) fn are_one(&mut self, left: u32, right: u32) -> bool {
        self.clusters.root(left) == self.clusters.root(right)
    }

    /// The first exclusion that forbids the clusters of two records to become one.
    pub(super) fn exclusion(&mut self, left: u32, right: u32) -> Option<u32> {
        let left = self.marks.get(&self.clusters.root(left))?;
        let right = self.marks.get(&self.clusters.root(right))?;
        let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
        while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
            match one.0.cmp(&other.0) {
                std::cmp::Ordering::Less => left.next(),
                std::cmp::Ordering::Greater => right.next(),
                std::cmp::Ordering::Equal if one.1 != other.1 => return Some(one.0),
                std::cmp::Ordering::Equal => {
                    left.next();
                    right.next()
                }
            };
        }
        None
    }

    /// Joins the claimants of a proof with its holders, and tells whom it did not join.
    pub(super) fn prove(&mut self, proof: &Proof) -> Vec<KeptApart> {
        let mut kept_apart = Vec::new();
        let everyone = || proof.holders.iter().chain(&proof.claimants).copied();
        let Some(target) = everyone().next() else { return kept_apart };
        let is_ambiguous = proof.holders.iter().any(|holder| !self.are_one(target.0, holder.0));
        for claimant in proof.claimants.iter().copied() {
            if self.are_one(claimant.0, target.0) {
                continue;
            }
            let barrier = if is_ambiguous || (self.is_someone(claimant.0) && self.is_someone(target.0)) {
                Some(Barrier::Ambiguous)
            } else {
                self.exclusion(claimant.0, target.0).map(Barrier::Exclusion)
            };
            match barrier {
                None => self.join(claimant.0, target.0, Joined::ByConstraint),
                Some(barrier) => {
                    let wanted = Wanted::Proof(proof.reason);
                    kept_apart.push(KeptApart { left: claimant, right: target, wanted, barrier });
                }
            }
        }
        kept_apart
    }

    /// Whether a record's cluster holds anyone who is more than a claimant.
    fn is_someone(&mut self, record: u32) -> bool {
        let root = self.clusters.root(record);
        self.clusters.members(root).iter().any(|member| !self.claimants.contains(member))
    }

    /// Joins the clusters of two records, and their pieces where evidence is what joins them.
    pub(super) fn join(&mut self, left: u32, right: u32, by: Joined) {
        let (one, other) = (self.clusters.root(left), self.clusters.root(right));
        if one != other {
            self.clusters.join(one, other);
            let gone = if self.clusters.root(one) == one { other } else { one };
            if let Some(moved) = self.marks.remove(&gone) {
                let kept = self.marks.entry(self.clusters.root(one)).or_default();
                kept.extend(moved);
                kept.sort_unstable();
                kept.dedup();
            }
        }
        if let (Some(pieces), Joined::ByEvidence) = (&mut self.pieces, by) {
            let (one, other) = (pieces.root(left), pieces.root(right));
            if one != other {
                pieces.join(one, other);
            }
        }
    }
}

/// What joins two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joined {
    ByEvidence,
    ByConstraint,
}

#[cfg(test)]
mod tests;
