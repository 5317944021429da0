use super::*;

#[track_caller]
fn check(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}

#[test]
fn perfect_clusters_score_one() {
    let truth = [(1, "a"), (2, "a"), (3, "b")];
    let found = measure(&[(1, 10), (2, 10), (3, 30)], &truth);
    check(found.pairwise.f1, 1.0);
    check(found.b_cubed.f1, 1.0);
    assert_eq!(found.prevailing, Prevailing::Neither);
}

#[test]
fn a_wrong_merge_costs_precision() {
    // Joined: 12 13 23 45; right among them: 12 45. Belonging: 12 45.
    let truth = [(1, "a"), (2, "a"), (3, "b"), (4, "c"), (5, "c")];
    let found = measure(&[(1, 1), (2, 1), (3, 1), (4, 4), (5, 4)], &truth);
    check(found.pairwise.precision, 0.5);
    check(found.pairwise.recall, 1.0);
    check(found.pairwise.f1, 2.0 / 3.0);
    // Records 1 and 2: 2/3 each, record 3: 1/3, records 4 and 5: 1.
    check(found.b_cubed.precision, (2.0 / 3.0 + 2.0 / 3.0 + 1.0 / 3.0 + 2.0) / 5.0);
    check(found.b_cubed.recall, 1.0);
    assert_eq!((found.false_merges, found.false_splits, found.prevailing), (2, 0, Prevailing::FalseMerges));
}

#[test]
fn a_split_costs_recall() {
    let truth = [(1, "a"), (2, "a"), (3, "a"), (4, "a")];
    let found = measure(&[(1, 1), (2, 1), (3, 3), (4, 3)], &truth);
    check(found.pairwise.precision, 1.0);
    check(found.pairwise.recall, 2.0 / 6.0);
    check(found.b_cubed.recall, 0.5);
    assert_eq!((found.false_merges, found.false_splits, found.prevailing), (0, 4, Prevailing::FalseSplits));
}

#[test]
fn the_example_of_bagga_and_baldwin_is_met() {
    // Truth: {1..5} {6 7} {8..12}; the second and third chain joined by mistake.
    let truth: Vec<(u32, u32)> = (1..=12)
        .map(|id| {
            (
                id,
                if id <= 5 {
                    1
                } else if id <= 7 {
                    2
                } else {
                    3
                },
            )
        })
        .collect();
    let joined = |from: u32, into: u32| -> Vec<(u32, u32)> {
        truth.iter().map(|(id, entity)| (*id, if *entity == from { into } else { *entity })).collect()
    };
    check(measure(&joined(2, 3), &truth).b_cubed.precision, 16.0 / 21.0);
    check(measure(&joined(1, 3), &truth).b_cubed.precision, 7.0 / 12.0);
}

#[test]
fn records_without_a_cluster_stand_alone_and_unknown_ones_are_left_out() {
    let found = measure(&[(1, 1), (9, 1)], &[(1, "a"), (2, "a")]);
    assert_eq!((found.records, found.unclustered, found.unknown), (2, 1, 1));
    check(found.pairwise.recall, 0.0);
    check(found.pairwise.precision, 1.0);
    check(found.b_cubed.precision, 1.0);
    check(found.b_cubed.recall, 0.5);
}

#[test]
fn nothing_to_measure_is_all_right() {
    let found = measure::<u32, u32, u32>(&[], &[]);
    check(found.pairwise.f1, 1.0);
}
