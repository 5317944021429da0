use proptest::prelude::*;
use vermeil_model::Bits;

use super::*;
use crate::cluster::{ClusterSettings, Clusters, MustLink, Proof, cluster_under};

fn link(left: u32, right: u32, weight: f64) -> Link {
    Link { left: RecordIndex(left), right: RecordIndex(right), weight: Bits(weight) }
}

/// What clustering joins when nothing speaks against it.
fn joined(records: usize, links: &[Link], constraints: &Constraints) -> Clusters {
    cluster_under(records, links, constraints, ClusterSettings::default(), |_, _| Bits(0.0))
}

/// Left and right record and the sides of each holding link, strongest first.
#[track_caller]
fn check(records: usize, links: &[Link], constraints: &Constraints, expected: &[(u32, u32, (u32, u32))]) {
    let held = holding_links(links, constraints, joined(records, links, constraints).firsts());
    let found: Vec<_> = held.iter().map(|held| (held.link.left.0, held.link.right.0, held.sides)).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_strongest_tree_holds_and_each_link_parts_it_in_two() {
    let links = [link(0, 1, 9.0), link(1, 2, 8.0), link(0, 2, 7.0), link(2, 3, 2.0), link(5, 6, 4.0)];
    let expected = [(0, 1, (1, 3)), (1, 2, (2, 2)), (5, 6, (1, 1)), (2, 3, (3, 1))];
    check(7, &links, &Constraints::default(), &expected);
    check(2, &[], &Constraints::default(), &[]);
}

#[test]
fn of_equally_strong_links_those_of_the_first_records_hold() {
    let links = [link(1, 2, 5.0), link(0, 2, 5.0), link(0, 1, 5.0)];
    check(3, &links, &Constraints::default(), &[(0, 1, (2, 1)), (0, 2, (2, 1))]);
}

#[test]
fn beside_a_decision_or_a_proof_no_link_holds_anything() {
    let decided = Constraints {
        must_links: vec![MustLink { left: RecordIndex(0), right: RecordIndex(1), reason: 0 }],
        proofs: vec![Proof { reason: 1, claimants: vec![RecordIndex(4)], holders: vec![RecordIndex(0)] }],
        ..Constraints::default()
    };
    // Record 4 is held by its proof, and stands on the side of who holds it.
    check(5, &[link(0, 1, 1.0), link(1, 2, 3.0)], &decided, &[(1, 2, (3, 1))]);
}

#[test]
fn a_must_link_that_was_forbidden_holds_nothing() {
    let links = [link(0, 1, 6.0)];
    let mut constraints = Constraints {
        must_links: vec![MustLink { left: RecordIndex(0), right: RecordIndex(2), reason: 0 }],
        ..Constraints::default()
    };
    let mark = |record, side| crate::cluster::Mark { record: RecordIndex(record), exclusion: 0, side };
    constraints.marks = vec![mark(0, 1), mark(2, 2)];
    check(3, &links, &constraints, &[(0, 1, (1, 1))]);
}

#[test]
fn the_risk_of_a_cluster_is_that_any_link_that_holds_it_is_wrong() {
    // Odds of 3 to 1 and of 1 to 1; the third link holds nothing.
    let links = [link(0, 1, 3_f64.log2()), link(1, 2, 0.0), link(0, 2, 0.0), link(3, 4, 60.0)];
    let clusters = joined(6, &links, &Constraints::default());
    let held = holding_links(&links, &Constraints::default(), clusters.firsts());
    let risks = merge_risks(&held, clusters.firsts());
    for record in 0..3 {
        assert!((risks[record] - (1.0 - 0.75 * 0.5)).abs() < 1e-12, "{risks:?}");
    }
    assert!((risks[3] / (-60_f64).exp2() - 1.0).abs() < 1e-9, "small, and not lost: {risks:?}");
    assert_eq!(risks[5], 0.0);
}

proptest! {
    #[test]
    fn without_a_holding_link_its_cluster_is_the_two_sides(
        pairs in prop::collection::vec((0u32..9, 0u32..9, 1u8..9), 0..25),
    ) {
        let links: Vec<Link> = pairs
            .iter()
            .filter(|(left, right, _)| left < right)
            .map(|(left, right, weight)| link(*left, *right, f64::from(*weight)))
            .collect();
        let none = Constraints::default();
        let clusters = joined(9, &links, &none);
        let held = holding_links(&links, &none, clusters.firsts());
        prop_assert_eq!(held.len(), 9 - clusters.count());
        for own in &held {
            let others: Vec<Link> = held.iter().filter(|other| *other != own).map(|held| held.link).collect();
            let parted = joined(9, &others, &none);
            let side = |record: RecordIndex| {
                (0..9).filter(|other| parted.first_of(RecordIndex(*other)) == parted.first_of(record)).count()
            };
            prop_assert_eq!((side(own.link.left), side(own.link.right)), (own.sides.0 as usize, own.sides.1 as usize));
            // No stronger link leads from the one side to the other.
            let across = links.iter().filter(|link| {
                let sides = [link.left, link.right].map(|record| parted.first_of(record));
                let ends = [own.link.left, own.link.right].map(|record| parted.first_of(record));
                sides == ends || sides == [ends[1], ends[0]]
            });
            prop_assert!(across.into_iter().all(|link| link.weight <= own.link.weight));
        }
    }
}
