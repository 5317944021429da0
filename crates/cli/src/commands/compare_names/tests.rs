use vermeil_model::Diagnose;

use super::*;

fn compare_text(text: &str, kind: NamedParty) -> Result<Vec<bool>, CliError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pairs.csv");
    std::fs::write(&file, text).unwrap();
    let likenesses = compare(&file, kind)?;
    Ok(likenesses.into_iter().map(|likeness| likeness >= ALIKE).collect())
}

#[test]
fn pairs_are_compared_row_by_row() {
    let text = "name1,name2\nJean-Pierre Marchand,\"MARCHAND, J.-P.\"\nJean Marchand,Paul Marchand\n";
    assert_eq!(compare_text(text, NamedParty::Person).unwrap(), [true, false]);
}

#[test]
fn the_file_says_what_each_name_is_of() {
    let text = "kind,name1,name2\nPerson,BLM,Bruno Luc Marchand\nCompany,BLM,Boulangeries Levain du Midi\n";
    assert_eq!(compare_text(text, NamedParty::Person).unwrap(), [false, true]);
    let untold = "name1,name2\nBLM,Boulangeries Levain du Midi\n";
    assert_eq!(compare_text(untold, NamedParty::Organisation).unwrap(), [true]);
}

#[test]
fn a_missing_column_is_told_and_not_what_stands_in_its_place() {
    // A file without a header: its first line is two people.
    let error = compare_text("Anne Verrier,Luc Chahour\na,b\n", NamedParty::Person).unwrap_err();
    assert!(matches!(&error, CliError::ColumnMissing { wanted, .. } if wanted == "name1"), "{error}");
    let told = format!("{error} {:?}", error.diagnostic());
    assert!(!told.contains("Verrier") && !told.contains("Chahour"), "{told}");
}

#[test]
fn a_short_row_is_told_by_its_line() {
    let error = compare_text("name1,name2\na,b\nc\n", NamedParty::Person).unwrap_err();
    assert!(matches!(error, CliError::RowMalformed { line: 3, .. }), "{error}");
}
