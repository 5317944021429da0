use super::*;
use crate::cluster::{Mark, MustLink, cluster_under};

fn link(left: u32, right: u32, weight: f64) -> Link {
    Link { left: RecordIndex(left), right: RecordIndex(right), weight: Bits(weight) }
}

/// What is asked about among `records` records, where every other pair weighs `otherwise` and
/// pairs are linked from 0 bits on.
fn asked(records: usize, compared: &[Link], otherwise: f64, constraints: &Constraints) -> Vec<Doubtful> {
    let weight = |left, right| {
        let found = compared.iter().find(|link| (link.left, link.right) == (left, right));
        found.map_or(Bits(otherwise), |link| link.weight)
    };
    let links: Vec<Link> = compared.iter().filter(|link| link.weight.0 >= 0.0).copied().collect();
    let settings = ClusterSettings::default();
    let clusters = cluster_under(records, &links, constraints, settings, weight);
    doubtful(compared, Bits(0.0), constraints, &clusters, settings, weight)
}

/// Left and right record, kind and pairs decided on, in the order in which they are asked.
type Expected<'a> = &'a [(u32, u32, DoubtKind, u64)];

#[track_caller]
fn check(
    records: usize,
    compared: &[Link],
    otherwise: f64,
    constraints: &Constraints,
    expected: Expected<'_>,
) {
    let asked = asked(records, compared, otherwise, constraints);
    let found: Vec<_> = asked
        .iter()
        .map(|asked| (asked.link.left.0, asked.link.right.0, asked.kind, asked.pairs()))
        .collect();
    assert_eq!(found, expected, "{asked:#?}");
}

use DoubtKind::{Above, Below, Bridge, WeakestLink};

#[test]
fn the_nearest_to_the_threshold_is_asked_first_on_either_side_of_it() {
    let compared = [link(0, 1, 2.0), link(2, 3, -1.0), link(4, 5, 0.5), link(6, 7, 30.0), link(8, 9, -9.0)];
    let expected = [(4, 5, Above, 1), (2, 3, Below, 1), (0, 1, Above, 1)];
    check(10, &compared, -20.0, &Constraints::default(), &expected);
    let asked = asked(10, &compared, -20.0, &Constraints::default());
    assert!((asked[1].expected_gain() - 1.0 / 3.0).abs() < 1e-12, "odds of 1 to 2");
    assert!((asked[2].expected_gain() - 1.0 / 5.0).abs() < 1e-12, "odds of 4 to 1");
}

#[test]
fn what_decides_on_more_pairs_goes_before_what_is_less_sure() {
    // Two clusters of two that one weak link joins, and a pair on the very threshold.
    let compared = [link(0, 1, 12.0), link(2, 3, 12.0), link(1, 2, 1.0), link(4, 5, 0.0)];
    check(6, &compared, -1.0, &Constraints::default(), &[(1, 2, WeakestLink, 4), (4, 5, Above, 1)]);
    // They would be one, were the pair between them a link.
    let compared = [link(0, 1, 12.0), link(2, 3, 12.0), link(1, 2, -1.0), link(4, 5, 0.0)];
    check(6, &compared, -2.0, &Constraints::default(), &[(1, 2, Below, 4), (4, 5, Above, 1)]);
}

#[test]
fn of_two_clusters_only_the_strongest_pair_is_asked_about() {
    let compared = [link(0, 1, 12.0), link(1, 2, -3.0), link(0, 2, -2.0)];
    check(3, &compared, -20.0, &Constraints::default(), &[(0, 2, Below, 2)]);
}

#[test]
fn a_bridge_that_was_cut_is_as_doubtful_as_what_cut_it() {
    let compared = [link(0, 1, 12.0), link(2, 3, 12.0), link(1, 2, 8.0)];
    let asked = asked(4, &compared, -9.0, &Constraints::default());
    let [bridge] = asked.as_slice() else { panic!("{asked:#?}") };
    assert_eq!((bridge.kind, bridge.sides, bridge.mean), (Bridge, (2, 2), Some(Bits(-4.75))));
    assert_eq!(bridge.wrong, Bits(-4.75).to_probability());
}

#[test]
fn a_pair_between_clusters_that_are_nothing_like_each_other_is_not_asked_about() {
    let compared = [link(0, 1, 12.0), link(2, 3, 12.0), link(1, 2, -0.5)];
    check(4, &compared, -16.0, &Constraints::default(), &[]);
}

#[test]
fn what_is_decided_is_not_asked_again() {
    let compared = [link(0, 1, 0.5), link(2, 3, -0.5), link(4, 5, 0.25)];
    let mark = |record, exclusion, side| Mark { record: RecordIndex(record), exclusion, side };
    let decided = Constraints {
        must_links: vec![MustLink { left: RecordIndex(0), right: RecordIndex(1), reason: 0 }],
        marks: vec![mark(2, 0, 1), mark(3, 0, 2)],
        ..Constraints::default()
    };
    check(6, &compared, -20.0, &decided, &[(4, 5, Above, 1)]);
    // Whatever the decision turned, the verdict is a decision now.
    let turned = Constraints {
        must_links: vec![MustLink { left: RecordIndex(2), right: RecordIndex(3), reason: 0 }],
        marks: vec![mark(0, 0, 1), mark(1, 0, 2)],
        ..Constraints::default()
    };
    check(6, &compared, -20.0, &turned, &[(4, 5, Above, 1)]);
}
