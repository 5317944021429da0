use super::*;

/// Groups of two records each, each with its risk and whether it is a false merge.
fn of_pairs(groups: &[(f64, bool)]) -> Calibration {
    let clusters: Vec<_> =
        (0..groups.len() * 2).map(|record| (record, record / 2, groups[record / 2].0)).collect();
    let truth: Vec<_> = (0..groups.len() * 2)
        .map(|record| (record, if groups[record / 2].1 { record } else { record / 2 * 2 }))
        .collect();
    calibration(&clusters, &truth).expect("groups")
}

#[test]
fn risks_that_come_true_as_often_as_they_say_have_no_error() {
    let sound = of_pairs(&[(0.25, true), (0.25, false), (0.25, false), (0.25, false)]);
    assert_eq!((sound.clusters, sound.expected_false, sound.observed_false), (4, 1.0, 1));
    assert_eq!(sound.expected_calibration_error, 0.0);
}

#[test]
fn each_bin_errs_by_as_much_as_its_mean_and_its_share_differ() {
    let found = of_pairs(&[(0.0, true), (0.05, false), (1.0, true), (0.95, false)]);
    let bins: Vec<_> =
        found.bins.iter().map(|bin| (bin.from, bin.to, bin.clusters, bin.false_share)).collect();
    assert_eq!(bins, [(0.0, 0.1, 2, 0.5), (0.9, 1.0, 2, 0.5)]);
    assert!((found.expected_calibration_error - (0.475 + 0.475) / 2.0).abs() < 1e-12, "{found:?}");
}

#[test]
fn who_is_alone_or_unknown_to_the_truth_is_left_out() {
    let clusters = [("a", 1, 0.5), ("b", 1, 0.75), ("c", 2, 0.5), ("x", 3, 0.5), ("y", 3, 0.5)];
    let truth = [("a", "ada"), ("b", "ada"), ("c", "bob")];
    let found = calibration(&clusters, &truth).expect("one group");
    assert_eq!((found.clusters, found.expected_false), (1, 0.75), "of two risks the higher one");
    assert_eq!(calibration(&clusters[2..], &truth), None);
}
