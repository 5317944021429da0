use super::problems;

const GOOD: &str = r#"{"records_in": 12, "records_landed": 8, "unchanged": 0, "duplicates": 1, "quarantined": 2,
    "suppressed": 1, "profiles": 5, "pairwise_f1": 0.97, "stages": [{"name": "land", "rows": 8}]}"#;

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(GOOD.contains(from), "the change must change something");
    let found = problems(&GOOD.replacen(from, to, 1));
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn good_figures_pass() {
    check("12", "12", &[]);
}

#[test]
fn a_lost_record_is_seen() {
    check("\"records_in\": 12", "\"records_in\": 13", &["13 records came in, 12 are accounted for"]);
}

#[test]
fn poor_linkage_is_seen() {
    check("0.97", "0.31", &["pairwise F1 is 0.31"]);
}

#[test]
fn a_demo_without_profiles_is_seen() {
    check("\"profiles\": 5", "\"profiles\": 0", &["no profile"]);
}

#[test]
fn a_quarantine_that_lets_everything_through_is_seen() {
    let accounted = GOOD
        .replace("\"quarantined\": 2", "\"quarantined\": 0")
        .replace("\"records_landed\": 8", "\"records_landed\": 10");
    assert_eq!(problems(&accounted).len(), 1);
}

#[test]
fn a_missing_figure_is_no_success() {
    check("pairwise_f1", "f1", &["`pairwise_f1` is not in the output", "pairwise F1 is NaN"]);
}
