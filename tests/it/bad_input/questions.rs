//! Questions that cannot be answered, or may not.

use super::{check_refused, not_run_yet, run_before};

#[test]
fn a_statement_that_is_wrong_is_a_usage_error() {
    let workspace = run_before();
    for (sql, says) in [
        ("SELEKT 1", "the statement cannot be run"),
        ("SELECT * FROM golden.nothing", "the statement cannot be run"),
        ("SELECT nothing FROM golden.profiles", "the statement cannot be run"),
        ("DROP TABLE golden.profiles", "is no query"),
        ("COPY golden.profiles TO '/tmp/profiles.csv'", "is no query"),
        ("", "the statement cannot be run"),
    ] {
        check_refused(&workspace.run(&["query", sql]), 2, &[says]);
    }
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), 10);
}

#[test]
fn a_query_that_fails_while_it_runs_quotes_no_value() {
    let workspace = run_before();
    let sql = "SELECT CAST(family_name AS INT) FROM landing.people";
    let ended = workspace.run(&["query", sql, "--role", "dpo", "--purpose", "data_subject_rights"]);
    check_refused(&ended, 1, &["the query failed while running", "values are not shown"]);
    assert!(!ended.stderr.contains("Personne"), "{}", ended.stderr);
}

#[test]
fn a_role_or_purpose_that_is_not_granted_is_refused() {
    let workspace = run_before();
    let asked = |reader: &[&str]| {
        workspace.run(&[&["query", "SELECT count(*) FROM golden.profiles"], reader].concat())
    };
    check_refused(
        &asked(&["--role", "boss"]),
        4,
        &["there is no role `boss`", "the pipeline declares: analyst, agent, marketer, dpo"],
    );
    let says = ["role `dpo` may not read for purpose `curiosity`", "it may for: data_subject_rights"];
    check_refused(&asked(&["--role", "dpo", "--purpose", "curiosity"]), 4, &says);
    let says = ["role `analyst` may not read for purpose `data_subject_rights`"];
    check_refused(&asked(&["--purpose", "data_subject_rights"]), 4, &says);
}

#[test]
fn before_the_first_run_there_is_nothing_to_ask() {
    let workspace = not_run_yet();
    for arguments in [&["query", "SELECT 1"][..], &["status"], &["quarantine", "ls"], &["optimize"]] {
        check_refused(&workspace.run(arguments), 2, &["there is no lake", "`vermeil run` makes one"]);
    }
    assert!(!workspace.file("lake").exists(), "a question makes no lake");
    assert!(!workspace.file("state").exists(), "a question makes no keys");
}
