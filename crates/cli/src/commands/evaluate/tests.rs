use vermeil_model::Diagnose;

use super::*;

fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn evaluate_texts(clusters: &str, truth: &str) -> Result<Evaluated, CliError> {
    let folder = tempfile::tempdir().unwrap();
    let clusters = write(folder.path(), "clusters.csv", clusters);
    let truth = write(folder.path(), "truth.csv", truth);
    evaluate(&clusters, &truth, "record_id")
}

#[test]
fn two_files_are_compared_by_record() {
    let Evaluated { accuracy, calibration } = evaluate_texts(
        "record_id,cluster_id\na,1\nb,1\nc,2\nd,2\nx,9\n",
        "entity_id,record_id\nada,a\nada,b\nada,c\nbob,d\neve,e\n",
    )
    .unwrap();
    // Joined: ab, cd; belonging: ab, ac, bc.
    assert_eq!(accuracy.pairwise_precision, 0.5);
    assert_eq!(accuracy.pairwise_recall, 1.0 / 3.0);
    assert_eq!((accuracy.truth_records, accuracy.unclustered, accuracy.unknown), (5, 1, 1));
    assert_eq!(calibration, None);
}

#[test]
fn risks_are_compared_with_what_came_true() {
    let truth = "entity_id,record_id\nada,a\nada,b\nada,c\nbob,d\neve,e\n";
    let clusters = "risk,record_id,cluster_id\n0.25,a,1\n0.25,b,1\n0.75,c,2\n0.75,d,2\n0,e,3\n";
    let calibration = evaluate_texts(clusters, truth).unwrap().calibration.unwrap();
    assert_eq!((calibration.clusters, calibration.expected_false, calibration.observed_false), (2, 1.0, 1));
    assert_eq!(calibration.expected_calibration_error, 0.25);
    for risk in ["1.5", "-0.1", "NaN", "", "ada"] {
        let error = evaluate_texts(&format!("record_id,cluster_id,risk\na,1,{risk}\n"), truth).unwrap_err();
        assert!(matches!(error, CliError::RiskInvalid { line: 2, .. }), "{risk}: {error}");
    }
}

#[test]
fn a_missing_column_is_told_and_not_what_stands_in_its_place() {
    let error = evaluate_texts("x17,cluster_id\na,1\n", "record_id,entity_id\na,ada\n").unwrap_err();
    assert!(matches!(&error, CliError::ColumnMissing { wanted, .. } if wanted == "record_id"), "{error}");
    let told = format!("{error} {:?}", error.diagnostic());
    assert!(!told.contains("x17"), "{told}");
}

#[test]
fn a_record_that_stands_twice_is_told_by_its_line() {
    let error =
        evaluate_texts("record_id,cluster_id\na,1\na,2\n", "record_id,entity_id\na,ada\n").unwrap_err();
    assert!(matches!(error, CliError::RecordTwice { line: 3, .. }), "{error}");
}

#[test]
fn a_short_row_is_told_by_its_line() {
    let error = evaluate_texts("record_id,cluster_id\na,1\nb\n", "record_id,entity_id\na,ada\n").unwrap_err();
    assert!(matches!(error, CliError::RowMalformed { line: 3, .. }), "{error}");
}

#[test]
fn files_without_a_common_record_are_an_error() {
    let error = evaluate_texts("record_id,cluster_id\na,1\n", "record_id,entity_id\nz,ada\n").unwrap_err();
    assert!(matches!(error, CliError::NothingInCommon { .. }), "{error}");
}
