use proptest::prelude::*;

use super::*;

fn link(left: u32, right: u32, weight: f64) -> Link {
    Link { left: RecordIndex(left), right: RecordIndex(right), weight: Bits(weight) }
}

/// The weight of linked pairs, and `other` for the rest.
fn weights(links: &[Link], other: f64) -> impl Fn(RecordIndex, RecordIndex) -> Bits {
    move |left, right| {
        let found = links.iter().find(|link| (link.left, link.right) == (left, right));
        found.map_or(Bits(other), |link| link.weight)
    }
}

#[track_caller]
fn check(records: usize, links: &[Link], other: f64, expected: &[u32]) -> Clusters {
    let clusters = cluster(records, links, ClusterSettings::default(), weights(links, other));
    let first: Vec<u32> =
        (0..records as u32).map(|record| clusters.first_of(RecordIndex(record)).0).collect();
    assert_eq!(first, expected);
    clusters
}

#[test]
fn linked_records_come_together() {
    let clusters = check(5, &[link(0, 3, 6.0), link(1, 4, 8.0)], -20.0, &[0, 1, 2, 0, 1]);
    assert_eq!((clusters.count(), clusters.largest()), (3, 2));
    assert!(clusters.refused().is_empty());
}

#[test]
fn without_records_there_is_nothing() {
    let clusters = check(0, &[], 0.0, &[]);
    assert_eq!((clusters.count(), clusters.largest()), (0, 0));
}

#[test]
fn a_chain_whose_ends_agree_well_enough_is_one_cluster() {
    check(3, &[link(0, 1, 9.0), link(1, 2, 8.0)], -2.0, &[0, 0, 0]);
}

#[test]
fn a_bridge_between_two_people_is_refused_and_told() {
    // 0 1 and 2 3 are two people; 1 and 2 look alike, all else speaks against.
    let links = [link(0, 1, 12.0), link(2, 3, 11.0), link(1, 2, 5.0)];
    let clusters = check(4, &links, -9.0, &[0, 0, 2, 2]);
    let refused = clusters.refused();
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].link, refused[0].sizes, refused[0].asked), (links[2], (2, 2), 4));
    // (5 - 9 - 9 - 9) / 4
    assert_eq!(refused[0].mean, Bits(-5.5));
}

#[test]
fn a_single_record_is_kept_out_of_a_group_that_it_does_not_fit() {
    check(3, &[link(0, 1, 12.0), link(1, 2, 5.0)], -14.0, &[0, 0, 2]);
}

#[test]
fn one_pair_cannot_outvote_all_others() {
    // A weight of 90 counts as 8: (8 - 12 - 12) / 3 is below -3.5.
    check(4, &[link(0, 1, 99.0), link(0, 2, 98.0), link(1, 2, 97.0), link(2, 3, 90.0)], -12.0, &[0, 0, 0, 3]);
}

#[test]
fn strong_links_are_taken_first_and_ties_by_record() {
    // 1 fits with 0 or with 2, which exclude each other.
    check(3, &[link(1, 2, 6.0), link(0, 1, 6.0)], -40.0, &[0, 0, 2]);
    check(3, &[link(0, 1, 6.0), link(1, 2, 7.0)], -40.0, &[0, 1, 1]);
}

#[test]
fn large_groups_are_asked_by_a_sample() {
    let halves = |half: u32| (1..50).map(move |record| link(half, half + record, 20.0));
    let mut links: Vec<Link> = halves(0).chain(halves(50)).collect();
    links.push(link(3, 70, 4.0));
    let same_half = |left: RecordIndex, right: RecordIndex| (left.0 < 50) == (right.0 < 50);
    let clusters = cluster(100, &links, ClusterSettings::default(), |left, right| {
        Bits(if same_half(left, right) { 20.0 } else { -8.0 })
    });
    assert_eq!((clusters.count(), clusters.largest()), (2, 50));
    assert_eq!(clusters.refused()[0].asked, 64);
}

proptest! {
    #[test]
    fn the_order_of_links_changes_nothing(
        pairs in prop::collection::btree_map((0_u32..12, 0_u32..12), -3_i32..9, 0..30),
        turned_by in 0_usize..30,
    ) {
        let links: Vec<Link> = pairs
            .iter()
            .filter(|((left, right), _)| left < right)
            .map(|((left, right), weight)| link(*left, *right, f64::from(*weight)))
            .collect();
        let mut turned = links.clone();
        turned.rotate_left(if links.is_empty() { 0 } else { turned_by % links.len() });
        turned.reverse();
        let settings = ClusterSettings { asked_pairs: 3, ..ClusterSettings::default() };
        let one = cluster(12, &links, settings, weights(&links, -4.0));
        prop_assert_eq!(&one, &cluster(12, &turned, settings, weights(&links, -4.0)));
        // Only linked records can come together.
        for record in (0..12).map(RecordIndex) {
            let is_linked = links.iter().any(|link| link.left == record || link.right == record);
            prop_assert!(is_linked || one.first_of(record) == record);
        }
    }
}
