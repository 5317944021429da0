//! What people should be asked about: the pairs whose verdict is the least sure and decides on the most.
//!
//! Each verdict that stands, linked or apart, is wrong with some probability. A decision about
//! the two records of a pair corrects it for every pair of records that it joins or parts, so
//! that asking is worth
//!
//! ```text
//! expected gain = probability that the verdict is wrong × pairs of records whose verdict turns
//! ```
//!
//! pairs of records put right. For a threshold of one half the first factor is `min(p, 1 − p)`:
//! the least confident first.
//!
//! Sources: clerical review of the pairs between link and non-link, Fellegi & Sunter, "A Theory
//! for Record Linkage", JASA 64 (1969); asking first where the model is least sure, Lewis & Gale,
//! "A Sequential Algorithm for Training Text Classifiers", SIGIR 1994; weighing that by how much
//! an answer changes, Sarawagi & Bhamidipaty, "Interactive Deduplication using Active Learning",
//! KDD 2002.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use vermeil_model::{Bits, Probability};

use crate::cluster::{
    ClusterSettings, Clusters, Constraints, HoldingLink, Link, holding_links, mean_between,
};
use crate::features::RecordIndex;

/// Pairs that are apart and less probable than this are not asked about, whatever they decide on:
/// there would be no end of them.
pub const LEAST_PROBABILITY: Probability = Probability(0.01);

/// A pair of records whose verdict may be wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Doubtful {
    /// The pair, and its weight.
    pub link: Link,
    /// Why it is asked about, and what its verdict is.
    pub kind: DoubtKind,
    /// Records that would be joined, or parted: on the left record's side, and the right one's.
    pub sides: (u32, u32),
    /// The mean weight of the pairs between the two clusters; `None`: linked, or both have one
    /// record.
    pub mean: Option<Bits>,
    /// That its verdict is wrong.
    pub wrong: Probability,
}

/// Why a pair is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DoubtKind {
    /// Apart: the strongest pair of two clusters, not far below the threshold.
    Below,
    /// Linked: nothing stronger holds its cluster together here.
    Above,
    /// Linked: of all that hold a cluster of three records or more together, the weakest.
    WeakestLink,
    /// Apart, although it reaches the threshold: the evidence between the two clusters speaks
    /// against it.
    Bridge,
}

impl DoubtKind {
    /// The kind as results write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::Above => "above",
            Self::WeakestLink => "weakest_link",
            Self::Bridge => "bridge",
        }
    }

    /// Whether its verdict is that both records are one.
    pub fn is_linked(self) -> bool {
        matches!(self, Self::Above | Self::WeakestLink)
    }
}

impl Doubtful {
    /// Pairs of records whose verdict a decision turns.
    pub fn pairs(&self) -> u64 {
        u64::from(self.sides.0) * u64::from(self.sides.1)
    }

    /// Pairs of records that asking puts right, on average.
    pub fn expected_gain(&self) -> f64 {
        self.wrong.0 * self.pairs() as f64
    }
}

/// The pairs worth asking about, by falling expected gain, then by record.
///
/// `compared` are the pairs that were found to be of some probability, those from `threshold` on
/// among them; `clusters` is what these became under `constraints`. Pairs on which a constraint
/// has decided are left out: those of clusters that an exclusion keeps apart, and links beside
/// which something else joins both sides. `weight` tells the weight of any pair.
pub fn doubtful(
    compared: &[Link],
    threshold: Bits,
    constraints: &Constraints,
    clusters: &Clusters,
    settings: ClusterSettings,
    weight: impl Fn(RecordIndex, RecordIndex) -> Bits,
) -> Vec<Doubtful> {
    let links: Vec<Link> = compared.iter().filter(|link| link.weight >= threshold).copied().collect();
    let mut found = linked(&holding_links(&links, constraints, clusters.firsts()), clusters);
    let members = members(clusters);
    let exclusions = Exclusions::new(constraints, clusters);
    for ((one, other), link) in strongest_between(compared, clusters) {
        if exclusions.keep_apart(one, other) {
            continue;
        }
        let single = |first: RecordIndex| vec![first.0];
        let [left, right] = [link.left, link.right].map(|record| {
            let first = clusters.first_of(record);
            members.get(&first).cloned().unwrap_or_else(|| single(first))
        });
        let sides = (left.len() as u32, right.len() as u32);
        // Whatever links two clusters, they are not joined where the evidence between them speaks against it.
        let mean = (sides != (1, 1)).then(|| Bits(mean_between(&left, &right, settings, &weight).0));
        let against = mean.filter(|mean| *mean < settings.least_mean);
        let wrong = against.map_or(link.weight, |mean| Bits(mean.0.min(link.weight.0))).to_probability();
        let kind = if link.weight >= threshold { DoubtKind::Bridge } else { DoubtKind::Below };
        if wrong >= LEAST_PROBABILITY || kind == DoubtKind::Bridge {
            found.push(Doubtful { link, kind, sides, mean, wrong });
        }
    }
    found.sort_unstable_by(|one, other| {
        let by_record = || (one.link.left, one.link.right).cmp(&(other.link.left, other.link.right));
        other.expected_gain().total_cmp(&one.expected_gain()).then_with(by_record)
    });
    found
}

/// The links that hold a cluster together.
fn linked(holding: &[HoldingLink], clusters: &Clusters) -> Vec<Doubtful> {
    let mut held_by: HashMap<RecordIndex, u32> = HashMap::new();
    for held in holding {
        *held_by.entry(clusters.first_of(held.link.left)).or_default() += 1;
    }
    let mut weakest_seen = BTreeSet::new();
    // From the weakest on: the first of a cluster is its weakest.
    let doubtful = holding.iter().rev().map(|held| {
        let cluster = clusters.first_of(held.link.left);
        let is_weakest = weakest_seen.insert(cluster) && held_by[&cluster] > 1;
        let p = held.link.weight.to_probability().0;
        Doubtful {
            link: held.link,
            kind: if is_weakest { DoubtKind::WeakestLink } else { DoubtKind::Above },
            sides: held.sides,
            mean: None,
            wrong: Probability(1.0 - p),
        }
    });
    doubtful.filter(|doubtful| doubtful.expected_gain() >= LEAST_PROBABILITY.0).collect()
}

/// Of clusters that are two, by their first records: the strongest pair between them.
fn strongest_between(compared: &[Link], clusters: &Clusters) -> BTreeMap<(RecordIndex, RecordIndex), Link> {
    let mut strongest: BTreeMap<(RecordIndex, RecordIndex), Link> = BTreeMap::new();
    for link in compared {
        let (one, other) = (clusters.first_of(link.left), clusters.first_of(link.right));
        if one == other {
            continue;
        }
        let kept = strongest.entry((one.min(other), one.max(other))).or_insert(*link);
        let first = |link: &Link| (link.left, link.right);
        if (link.weight.0, first(kept)) > (kept.weight.0, first(link)) {
            *kept = *link;
        }
    }
    strongest
}

/// The records of each cluster of more than one, by its first.
fn members(clusters: &Clusters) -> HashMap<RecordIndex, Vec<u32>> {
    let mut members: HashMap<RecordIndex, Vec<u32>> = HashMap::new();
    for (record, first) in (0..).zip(clusters.firsts()) {
        if first.0 != record {
            members.entry(*first).or_insert_with(|| vec![first.0]).push(record);
        }
    }
    members
}

/// On which sides of which exclusions clusters stand.
struct Exclusions(HashMap<RecordIndex, BTreeMap<u32, u64>>);

impl Exclusions {
    fn new(constraints: &Constraints, clusters: &Clusters) -> Self {
        let mut sides: HashMap<RecordIndex, BTreeMap<u32, u64>> = HashMap::new();
        for mark in &constraints.marks {
            sides.entry(clusters.first_of(mark.record)).or_default().insert(mark.exclusion, mark.side);
        }
        Self(sides)
    }

    fn keep_apart(&self, one: RecordIndex, other: RecordIndex) -> bool {
        let (Some(one), Some(other)) = (self.0.get(&one), self.0.get(&other)) else { return false };
        one.iter().any(|(exclusion, side)| other.get(exclusion).is_some_and(|opposite| opposite != side))
    }
}

#[cfg(test)]
mod tests;
