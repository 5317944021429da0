use proptest::prelude::*;

use super::*;
use crate::cluster::{ClusterSettings, Clusters, Link, cluster_under};

fn link(left: u32, right: u32, weight: f64) -> Link {
    Link { left: RecordIndex(left), right: RecordIndex(right), weight: Bits(weight) }
}

fn must(left: u32, right: u32, reason: u32) -> MustLink {
    MustLink { left: RecordIndex(left), right: RecordIndex(right), reason }
}

fn mark(record: u32, exclusion: u32, side: u64) -> Mark {
    Mark { record: RecordIndex(record), exclusion, side }
}

fn under(records: usize, links: &[Link], constraints: &Constraints, other: f64) -> Clusters {
    cluster_under(records, links, constraints, ClusterSettings::default(), |left, right| {
        let found = links.iter().find(|link| (link.left, link.right) == (left, right));
        found.map_or(Bits(other), |link| link.weight)
    })
}

#[track_caller]
fn check(
    links: &[Link],
    must_links: &[MustLink],
    marks: &[Mark],
    expected: &[u32],
    kept_apart: &[(u32, u32, Wanted, u32)],
) {
    let (must_links, marks) = (must_links.to_vec(), marks.to_vec());
    let constraints = Constraints { must_links, marks, proofs: Vec::new() };
    check_all(links, &constraints, expected, kept_apart);
}

#[track_caller]
fn check_all(
    links: &[Link],
    constraints: &Constraints,
    expected: &[u32],
    kept_apart: &[(u32, u32, Wanted, u32)],
) {
    let clusters = under(expected.len(), links, constraints, -14.0);
    let first: Vec<u32> =
        (0..expected.len() as u32).map(|record| clusters.first_of(RecordIndex(record)).0).collect();
    assert_eq!(first, expected);
    let told: Vec<_> = clusters
        .kept_apart()
        .iter()
        .map(|told| (told.left.0, told.right.0, told.wanted, number_of(told.barrier)))
        .collect();
    assert_eq!(told, kept_apart);
}

const AMBIGUOUS: u32 = u32::MAX;

fn number_of(barrier: Barrier) -> u32 {
    match barrier {
        Barrier::Exclusion(number) => number,
        Barrier::Ambiguous => AMBIGUOUS,
    }
}

fn proof(reason: u32, claimants: &[u32], holders: &[u32]) -> Proof {
    let records = |records: &[u32]| records.iter().map(|record| RecordIndex(*record)).collect();
    Proof { reason, claimants: records(claimants), holders: records(holders) }
}

#[track_caller]
fn check_proofs(
    links: &[Link],
    proofs: &[Proof],
    marks: &[Mark],
    expected: &[u32],
    kept_apart: &[(u32, u32, Wanted, u32)],
) {
    let constraints = Constraints { must_links: Vec::new(), marks: marks.to_vec(), proofs: proofs.to_vec() };
    check_all(links, &constraints, expected, kept_apart);
}

#[test]
fn a_claimant_joins_the_one_who_has_the_proof() {
    check_proofs(&[link(0, 1, 9.0)], &[proof(0, &[3, 4], &[1])], &[], &[0, 0, 2, 0, 0], &[]);
    // Claimants with one login are one, whoever it is.
    check_proofs(&[], &[proof(0, &[1, 2], &[])], &[], &[0, 1, 1], &[]);
}

#[test]
fn a_proof_that_two_have_proves_nothing() {
    let told = (2, 0, Wanted::Proof(0), AMBIGUOUS);
    check_proofs(&[], &[proof(0, &[2], &[0, 1])], &[], &[0, 1, 2], &[told]);
    // Where evidence says that the two are one, it does.
    check_proofs(&[link(0, 1, 9.0)], &[proof(0, &[2], &[0, 1])], &[], &[0, 0, 0], &[]);
}

#[test]
fn a_claimant_never_makes_two_people_one() {
    let proofs = [proof(0, &[2], &[0]), proof(1, &[2], &[1])];
    check_proofs(&[], &proofs, &[], &[0, 1, 0], &[(2, 1, Wanted::Proof(1), AMBIGUOUS)]);
}

#[test]
fn a_proof_breaks_no_exclusion() {
    let marks = [mark(0, 4, 1), mark(1, 4, 2)];
    check_proofs(&[], &[proof(7, &[1], &[0])], &marks, &[0, 1], &[(1, 0, Wanted::Proof(7), 4)]);
}

#[test]
fn a_must_link_joins_what_nothing_links() {
    check(&[], &[must(0, 2, 7)], &[], &[0, 1, 0], &[]);
}

#[test]
fn who_is_like_one_of_two_that_must_be_one_comes_along() {
    // 2 is like 0 and nothing like 1.
    check(&[link(0, 2, 9.0)], &[must(0, 1, 1)], &[], &[0, 0, 0], &[]);
    // So it is where there are more of them on either side.
    let links = [link(0, 2, 9.0), link(0, 3, 8.0), link(2, 3, 9.0), link(1, 4, 9.0)];
    check(&links, &[must(0, 1, 1)], &[], &[0, 0, 0, 0, 0], &[]);
}

#[test]
fn an_exclusion_keeps_apart_what_the_strongest_link_joins() {
    let links = [link(0, 1, 40.0)];
    check(&links, &[], &[mark(0, 3, 1), mark(1, 3, 2)], &[0, 1], &[(0, 1, Wanted::Link(Bits(40.0)), 3)]);
    check(&links, &[], &[mark(0, 3, 1), mark(1, 3, 1)], &[0, 0], &[]);
    check(&links, &[], &[mark(0, 3, 1), mark(1, 4, 2)], &[0, 0], &[]);
}

#[test]
fn an_exclusion_holds_through_every_chain() {
    // 0 and 2 exclude each other: 1 goes with the one it is more like.
    let links = [link(0, 1, 9.0), link(1, 2, 8.0)];
    check(&links, &[], &[mark(0, 0, 1), mark(2, 0, 2)], &[0, 0, 2], &[(1, 2, Wanted::Link(Bits(8.0)), 0)]);
    // The other way round it would be joined with 2 first, but is one with 0.
    let links = [link(0, 1, 8.0), link(1, 2, 9.0)];
    check(
        &links,
        &[must(0, 1, 5)],
        &[mark(0, 0, 1), mark(2, 0, 2)],
        &[0, 0, 2],
        &[(1, 2, Wanted::Link(Bits(9.0)), 0)],
    );
}

#[test]
fn of_must_links_that_an_exclusion_contradicts_the_first_holds_and_the_second_is_told() {
    let marks = [mark(0, 2, 1), mark(2, 2, 9)];
    check(&[], &[must(0, 1, 10), must(1, 2, 11)], &marks, &[0, 0, 2], &[(1, 2, Wanted::MustLink(11), 2)]);
    check(&[], &[must(1, 2, 11), must(0, 1, 10)], &marks, &[0, 1, 1], &[(0, 1, Wanted::MustLink(10), 2)]);
}

fn constraints() -> impl Strategy<Value = Constraints> {
    let pairs = prop::collection::vec((0_u32..10, 0_u32..10), 0..6);
    let marks = prop::collection::btree_map((0_u32..10, 0_u32..3), 0_u64..3, 0..12);
    (pairs, marks).prop_map(|(pairs, marks)| Constraints {
        must_links: pairs
            .into_iter()
            .zip(0..)
            .map(|((left, right), reason)| must(left, right, reason))
            .collect(),
        marks: marks.into_iter().map(|((record, exclusion), side)| mark(record, exclusion, side)).collect(),
        proofs: Vec::new(),
    })
}

proptest! {
    #[test]
    fn no_cluster_breaks_a_constraint_and_what_is_not_kept_is_told(
        constraints in constraints(),
        pairs in prop::collection::btree_map((0_u32..10, 0_u32..10), 0_i32..20, 0..30),
        other in -20_i32..4,
    ) {
        let links: Vec<Link> = pairs
            .iter()
            .filter(|((left, right), _)| left < right)
            .map(|((left, right), weight)| link(*left, *right, f64::from(*weight)))
            .collect();
        let clusters = under(10, &links, &constraints, f64::from(other));
        for one in &constraints.marks {
            for two in constraints.marks.iter().filter(|two| two.exclusion == one.exclusion) {
                let together = clusters.first_of(one.record) == clusters.first_of(two.record);
                prop_assert!(!together || one.side == two.side);
            }
        }
        for must in &constraints.must_links {
            let together = clusters.first_of(must.left) == clusters.first_of(must.right);
            let told = clusters.kept_apart().iter().any(|told| told.wanted == Wanted::MustLink(must.reason));
            prop_assert!(together != told);
        }
        let mut turned = links.clone();
        turned.reverse();
        prop_assert_eq!(&clusters, &under(10, &turned, &constraints, f64::from(other)));
    }
}
