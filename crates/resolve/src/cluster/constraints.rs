//! What records must and must not share a cluster, whatever the evidence says.

use hashbrown::HashMap;
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

/// A join that an exclusion forbade.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptApart {
    /// One of the records whose clusters were to become one.
    pub left: RecordIndex,
    /// The other.
    pub right: RecordIndex,
    /// What spoke for the join.
    pub wanted: Wanted,
    /// What forbade it.
    pub exclusion: u32,
}

/// What spoke for a join.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wanted {
    /// A link of that weight.
    Link(Bits),
    /// A must-link with that reason.
    MustLink(u32),
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
}

impl Groups {
    pub(super) fn new(records: usize, constraints: &Constraints) -> Self {
        let mut marks: HashMap<u32, Vec<(u32, u64)>> = HashMap::new();
        for mark in &constraints.marks {
            marks.entry(mark.record.0).or_default().push((mark.exclusion, mark.side));
        }
        marks.values_mut().for_each(|own| own.sort_unstable());
        let pieces = (!constraints.must_links.is_empty()).then(|| Forest::new(records));
        Self { clusters: Forest::new(records), pieces, marks }
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
