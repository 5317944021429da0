//! The links that hold clusters together, and what each of them alone keeps from falling apart.

use vermeil_model::Bits;

use super::{Constraints, Link};
use crate::features::RecordIndex;

/// A link without which its cluster would be two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HoldingLink {
    /// The link.
    pub link: Link,
    /// Records on the side of its left record, and on that of its right one.
    pub sides: (u32, u32),
}

/// The links of the strongest tree of each cluster, strongest first. `clusters` has, for each
/// record, the first record of its cluster.
///
/// Whoever demanded more and more evidence would see a cluster fall apart along these links, the
/// weakest first, and every other link between the two sides is as weak or weaker. So too would
/// a decision that keeps the two records of such a link apart part the cluster: records come to
/// the side to which the stronger links take them. What must-links and proofs join is joined
/// before any link and by no link: a link beside them holds nothing.
///
/// Source: maximum spanning tree, Kruskal, "On the Shortest Spanning Subtree of a Graph", Proc.
/// AMS 7 (1956).
pub fn holding_links(
    links: &[Link],
    constraints: &Constraints,
    clusters: &[RecordIndex],
) -> Vec<HoldingLink> {
    let are_one =
        |one: RecordIndex, other: RecordIndex| clusters[one.0 as usize] == clusters[other.0 as usize];
    let mut within: Vec<Link> = links.iter().filter(|link| are_one(link.left, link.right)).copied().collect();
    within.sort_unstable_by(|one, other| {
        (other.weight.0.total_cmp(&one.weight.0)).then((one.left, one.right).cmp(&(other.left, other.right)))
    });
    let mut tree = Tree::new(clusters.len());
    let settled = constraints.must_links.iter().map(|link| (link.left, link.right));
    let proven = constraints.proofs.iter().flat_map(|proof| {
        let mut everyone = proof.holders.iter().chain(&proof.claimants).copied();
        let first = everyone.next();
        everyone.filter_map(move |other| Some((first?, other)))
    });
    for (one, other) in settled.chain(proven).filter(|(one, other)| are_one(*one, *other)) {
        tree.join(one.0, other.0);
    }
    within.retain(|link| tree.join(link.left.0, link.right.0));
    let sizes = tree.sizes();
    let sides = |link: &Link| {
        let all = sizes.of_tree(link.left.0);
        // Of the two ends one hangs on the other.
        match sizes.parent[link.left.0 as usize] == link.right.0 {
            true => (sizes.below[link.left.0 as usize], all - sizes.below[link.left.0 as usize]),
            false => (all - sizes.below[link.right.0 as usize], sizes.below[link.right.0 as usize]),
        }
    };
    within.iter().map(|link| HoldingLink { link: *link, sides: sides(link) }).collect()
}

/// For each record the risk that its cluster holds two people: that one at least of the links
/// that hold it together is wrong, `1 − ∏ p` over the links of its strongest tree, each taken to
/// be wrong independently of the others. 0 for who is alone, or held by must-links only.
///
/// Weaker links between the same records are no evidence of their own here: they mostly say what
/// the stronger ones said. Probabilities are taken as the model gives them. Where the truth is
/// known they err to either side, so that no one correction, blind to labels, would help all data.
pub fn merge_risks(holding: &[HoldingLink], clusters: &[RecordIndex]) -> Vec<f64> {
    // Logarithms of the probability that all are right: of a product of many numbers near 1, the
    // difference to 1 would be lost.
    let mut sound = vec![0.0; clusters.len()];
    for held in holding {
        let wrong = Bits(-held.link.weight.0).to_probability().0;
        sound[clusters[held.link.left.0 as usize].0 as usize] += (-wrong).ln_1p();
    }
    clusters.iter().map(|first| -f64::exp_m1(sound[first.0 as usize])).map(f64::abs).collect()
}

/// Trees over records `0..n`, as they grow.
struct Tree {
    roots: Vec<u32>,
    edges: Vec<(u32, u32)>,
}

/// Trees that hang on one record each.
struct Hanging {
    /// The record on which a record hangs: itself for that on which all do.
    parent: Vec<u32>,
    /// Records that hang on a record, itself included.
    below: Vec<u32>,
    /// The record on which a record's whole tree hangs.
    top: Vec<u32>,
}

impl Tree {
    fn new(records: usize) -> Self {
        Self { roots: (0..records as u32).collect(), edges: Vec::new() }
    }

    fn root(&mut self, mut record: u32) -> u32 {
        while self.roots[record as usize] != record {
            let grandparent = self.roots[self.roots[record as usize] as usize];
            self.roots[record as usize] = grandparent;
            record = grandparent;
        }
        record
    }

    /// Joins the trees of two records by an edge; `false`: they are one already.
    fn join(&mut self, one: u32, other: u32) -> bool {
        let (left, right) = (self.root(one), self.root(other));
        if left == right {
            return false;
        }
        self.roots[left.max(right) as usize] = left.min(right);
        self.edges.push((one, other));
        true
    }

    fn sizes(&self) -> Hanging {
        let records = self.roots.len();
        // The neighbours of record r are `neighbours[begins[r]..begins[r + 1]]`.
        let mut begins = vec![0_usize; records + 1];
        for (one, other) in &self.edges {
            begins[*one as usize + 1] += 1;
            begins[*other as usize + 1] += 1;
        }
        for record in 0..records {
            begins[record + 1] += begins[record];
        }
        let mut free = begins.clone();
        let mut neighbours = vec![0_u32; 2 * self.edges.len()];
        for (one, other) in &self.edges {
            for (record, neighbour) in [(*one, *other), (*other, *one)] {
                neighbours[free[record as usize]] = neighbour;
                free[record as usize] += 1;
            }
        }
        let mut parent: Vec<u32> = vec![u32::MAX; records];
        let mut top: Vec<u32> = (0..records as u32).collect();
        let mut order = Vec::with_capacity(records);
        for first in 0..records as u32 {
            if parent[first as usize] != u32::MAX {
                continue;
            }
            parent[first as usize] = first;
            let begin = order.len();
            order.push(first);
            let mut at = begin;
            while let Some(record) = order.get(at).copied() {
                at += 1;
                for neighbour in &neighbours[begins[record as usize]..begins[record as usize + 1]] {
                    if parent[*neighbour as usize] == u32::MAX {
                        parent[*neighbour as usize] = record;
                        top[*neighbour as usize] = first;
                        order.push(*neighbour);
                    }
                }
            }
        }
        let mut below = vec![1_u32; records];
        for record in order.into_iter().rev() {
            let above = parent[record as usize];
            if above != record {
                below[above as usize] += below[record as usize];
            }
        }
        Hanging { parent, below, top }
    }
}

impl Hanging {
    /// Records of the tree that a record is in.
    fn of_tree(&self, record: u32) -> u32 {
        self.below[self.top[record as usize] as usize]
    }
}

#[cfg(test)]
mod tests;
