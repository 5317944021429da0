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
fn a_missing_column_is_told_with_those_there_are() {
    match compare_text("name1,other\na,b\n", NamedParty::Person).unwrap_err() {
        CliError::ColumnMissing { wanted, found, .. } => {
            assert_eq!((wanted.as_str(), found.as_str()), ("name2", "name1, other"));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_short_row_is_told_by_its_line() {
    let error = compare_text("name1,name2\na,b\nc\n", NamedParty::Person).unwrap_err();
    assert!(matches!(error, CliError::RowMalformed { line: 3, .. }), "{error}");
}
