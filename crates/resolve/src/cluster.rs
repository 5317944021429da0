//! Joining linked records, and refusing joins that the evidence speaks against.
//!
//! Links alone chain: one wrong link between two people makes one of all their
//! records. So links are taken strongest first, and before two groups become
//! one, the pairs between them are asked. Where their mean evidence speaks
//! against it, the join is refused, counted and kept with its reason.

mod constraints;
mod forest;
mod holding;

use hashbrown::HashMap;
use vermeil_model::Bits;

use crate::features::RecordIndex;
use crate::mix::{SplitMix, chain};

pub use constraints::{Barrier, Constraints, KeptApart, Mark, MustLink, Proof, Wanted};
pub use holding::{HoldingLink, holding_links, merge_risks};

use constraints::{Groups, Joined};

/// A pair of records whose weight reached the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// One record.
    pub left: RecordIndex,
    /// The other.
    pub right: RecordIndex,
    /// Its weight, prior included.
    pub weight: Bits,
}

/// What asking the pairs between two groups may cost, and how it is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterSettings {
    /// Pairs asked between two groups at most.
    pub asked_pairs: usize,
    /// No single pair counts for the join more than this.
    pub most_for: Bits,
    /// No single pair counts against the join more than this.
    pub most_against: Bits,
    /// The mean weight from which two groups are joined.
    ///
    /// Below zero, because the strongest pair asked for the join, and pairs of one person of whom
    /// little is known weigh little: what must be kept apart is far below.
    pub least_mean: Bits,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self { asked_pairs: 64, most_for: Bits(8.0), most_against: Bits(16.0), least_mean: Bits(-3.5) }
    }
}

/// A join that was refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RefusedJoin {
    /// The strongest link that asked for it.
    pub link: Link,
    /// Records in the two groups then, that of the link's left record first.
    pub sizes: (u32, u32),
    /// Mean weight of the pairs asked, each within the bounds.
    pub mean: Bits,
    /// How many pairs were asked.
    pub asked: u32,
}

/// Who belongs together.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// For each record the first record of its cluster.
    first: Vec<RecordIndex>,
    /// Clusters, single records included.
    count: usize,
    largest: usize,
    refused: Vec<RefusedJoin>,
    kept_apart: Vec<KeptApart>,
}

impl Clusters {
    /// The first record of a record's cluster: the same for all of its members.
    pub fn first_of(&self, record: RecordIndex) -> RecordIndex {
        self.first[record.0 as usize]
    }

    /// For each record the first record of its cluster.
    pub fn firsts(&self) -> &[RecordIndex] {
        &self.first
    }

    /// Clusters, single records included.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Records of the largest cluster.
    pub fn largest(&self) -> usize {
        self.largest
    }

    /// Joins that the evidence spoke against, strongest link first.
    pub fn refused(&self) -> &[RefusedJoin] {
        &self.refused
    }

    /// Joins that a constraint forbade: must-links first, then the strongest links, then proofs.
    pub fn kept_apart(&self) -> &[KeptApart] {
        &self.kept_apart
    }
}

/// Clusters `records` records by links, in any order.
///
/// `weight` tells the weight of any pair, linked or not. Links are taken by falling
/// weight, then by record: neither their order nor their number of sources matters.
pub fn cluster(
    records: usize,
    links: &[Link],
    settings: ClusterSettings,
    weight: impl Fn(RecordIndex, RecordIndex) -> Bits,
) -> Clusters {
    cluster_under(records, links, &Constraints::default(), settings, weight)
}

/// Clusters as [`cluster`] does, within constraints: must-links are joined before any link is
/// taken, proofs after all links, and no join breaks an exclusion.
pub fn cluster_under(
    records: usize,
    links: &[Link],
    constraints: &Constraints,
    settings: ClusterSettings,
    weight: impl Fn(RecordIndex, RecordIndex) -> Bits,
) -> Clusters {
    let mut links: Vec<Link> = links.to_vec();
    links.sort_unstable_by(|one, other| {
        (other.weight.0.total_cmp(&one.weight.0)).then((one.left, one.right).cmp(&(other.left, other.right)))
    });
    let mut groups = Groups::new(records, constraints);
    let mut kept_apart = Vec::new();
    for MustLink { left, right, reason } in constraints.must_links.iter().copied() {
        match groups.exclusion(left.0, right.0) {
            _ if groups.are_one(left.0, right.0) => {}
            Some(exclusion) => {
                let wanted = Wanted::MustLink(reason);
                kept_apart.push(KeptApart { left, right, wanted, barrier: Barrier::Exclusion(exclusion) });
            }
            None => groups.join(left.0, right.0, Joined::ByConstraint),
        }
    }
    let mut refused = Vec::new();
    // Groups only grow: a refusal holds until either of the two has changed.
    let mut judged: HashMap<(u32, u32), (u32, u32)> = HashMap::new();
    for link in links {
        let pieces = groups.pieces();
        let (left, right) = (pieces.root(link.left.0), pieces.root(link.right.0));
        if left == right {
            continue;
        }
        let sizes = (pieces.size(left), pieces.size(right));
        let (pair, ordered) =
            if left < right { ((left, right), sizes) } else { ((right, left), (sizes.1, sizes.0)) };
        if judged.get(&pair) == Some(&ordered) {
            continue;
        }
        if !groups.are_one(left, right)
            && let Some(exclusion) = groups.exclusion(left, right)
        {
            judged.insert(pair, ordered);
            let wanted = Wanted::Link(link.weight);
            let barrier = Barrier::Exclusion(exclusion);
            kept_apart.push(KeptApart { left: link.left, right: link.right, wanted, barrier });
            continue;
        }
        if sizes == (1, 1) {
            groups.join(left, right, Joined::ByEvidence);
            continue;
        }
        let pieces = groups.pieces();
        let (mean, asked) = mean_between(pieces.members(left), pieces.members(right), settings, &weight);
        if mean >= settings.least_mean.0 {
            groups.join(left, right, Joined::ByEvidence);
        } else {
            judged.insert(pair, ordered);
            refused.push(RefusedJoin { link, sizes, mean: Bits(mean), asked });
        }
    }
    for proof in &constraints.proofs {
        kept_apart.extend(groups.prove(proof));
    }
    let clusters = groups.clusters();
    let first: Vec<RecordIndex> =
        (0..records as u32).map(|record| RecordIndex(clusters.first(record))).collect();
    Clusters {
        count: first.iter().zip(0..).filter(|(first, record)| first.0 == *record).count(),
        largest: clusters.largest(),
        first,
        refused,
        kept_apart,
    }
}

/// The mean weight of the pairs between two groups of records, both by rising index, and how
/// many were asked: all of them, or a sample that depends on the groups' members alone.
pub(crate) fn mean_between(
    left: &[u32],
    right: &[u32],
    settings: ClusterSettings,
    weight: impl Fn(RecordIndex, RecordIndex) -> Bits,
) -> (f64, u32) {
    let pairs = left.len() as u64 * right.len() as u64;
    let asked = pairs.min(settings.asked_pairs.max(1) as u64);
    let mut random = SplitMix(chain(u64::from(left[0]), u64::from(right[0])));
    let mut total = 0.0;
    for turn in 0..asked {
        // One pair out of each of `asked` stretches of equal length.
        let (from, until) = (turn * pairs / asked, (turn + 1) * pairs / asked);
        let place = from + random.below(until - from);
        let one = RecordIndex(left[(place / right.len() as u64) as usize]);
        let other = RecordIndex(right[(place % right.len() as u64) as usize]);
        let weight = weight(one.min(other), one.max(other)).0;
        total += weight.clamp(-settings.most_against.0, settings.most_for.0);
    }
    (total / asked as f64, asked as u32)
}

#[cfg(test)]
mod tests;
