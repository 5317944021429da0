//! What is refused, by its SQLSTATE, and told without a value.

use serde_json::json;

use super::service::Service;
use super::{ask, ask_with, state};

const REFUSED: &[(&str, &str)] = &[
    ("INSERT INTO golden.profiles SELECT * FROM golden.profiles", "25006"),
    ("UPDATE golden.profiles SET country = 'Lovelace'", "25006"),
    ("DELETE FROM golden.profiles WHERE family_name = 'Lovelace'", "25006"),
    ("TRUNCATE golden.profiles", "25006"),
    ("DROP TABLE golden.profiles", "25006"),
    ("CREATE TABLE t (a int)", "25006"),
    ("SELECT 1 INTO t", "25006"),
    ("GRANT SELECT ON golden.profiles TO x", "25006"),
    ("EXPLAIN ANALYZE SELECT 1", "25006"),
    ("EXPLAIN (ANALYZE) SELECT 1", "25006"),
    ("COPY golden.profiles TO '/tmp/lovelace'", "42501"),
    ("COPY golden.profiles FROM '/etc/passwd'", "42501"),
    ("COPY golden.profiles TO PROGRAM 'cat'", "42501"),
    ("COPY golden.profiles FROM STDIN", "25006"),
    ("SET ROLE dpo", "42501"),
    ("SET SESSION AUTHORIZATION dpo", "42501"),
    ("SET vermeil.purpose = 'audit'", "42501"),
    ("SET datafusion.execution.batch_size = 1", "42704"),
    ("SET server_version = '1'", "55P02"),
    ("SHOW datafusion.execution.batch_size", "42704"),
    ("CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '/etc/passwd'", "25006"),
    ("SELECT * FROM '/etc/passwd'", "42P01"),
    ("SELECT * FROM \"/tmp/lovelace.parquet\"", "42P01"),
    ("SELECT * FROM read_parquet('/etc/passwd')", "42P01"),
    ("SELECT * FROM pg_ls_dir('/')", "42P01"),
    ("SELECT pg_read_file('/etc/passwd')", "42883"),
    ("SELECT lo_import('/etc/passwd')", "42883"),
    ("SELECT credit_rating FROM golden.profiles WHERE family_name = 'Lovelace'", "42703"),
    ("SELECT * FROM audit.openings", "42P01"),
    ("SELEC 'Lovelace'", "42601"),
    ("SELECT CAST('Lovelace' AS int)", "22000"),
    ("SELECT CAST(family_name AS int) FROM golden.profiles", "22000"),
    ("SELECT family_name::date FROM golden.profiles", "22000"),
    ("SELECT 'Lovelace' || unheard_of('Lovelace')", "42883"),
    ("FETCH 1 FROM nobody", "34000"),
    ("DECLARE c CURSOR FOR SELECT 1", "25P01"),
];

#[test]
fn writing_files_and_what_fails_are_refused_without_a_value() {
    for library in ["psycopg2", "psycopg"] {
        let steps: Vec<_> = REFUSED.iter().map(|(sql, _)| json!({ "sql": sql })).collect();
        let Some(answers) = ask(Service::shared(), library, "agent-e", "customer_care", json!(steps)) else {
            return;
        };
        for ((sql, expected), answer) in REFUSED.iter().zip(&answers) {
            assert_eq!(state(answer), *expected, "{library}: {sql}: {answer}");
            let message = answer["error"]["message"].as_str().expect("a message");
            // psycopg repeats the statement's line itself: only what the server says counts.
            let told = message.split("\nLINE ").next().expect("the first part");
            assert!(!told.contains("Lovelace") && !told.contains("/etc/passwd"), "{sql}: {told}");
        }
    }
}

#[test]
fn a_parameter_that_cannot_be_read_is_not_repeated() {
    for parameter in ["Lovelace", "99999999999999999999"] {
        let sql = "SELECT count(*) FROM golden.profiles WHERE records > %s";
        let steps = json!([{ "sql": sql, "parameters": [parameter] }]);
        let Some(answers) = ask(Service::shared(), "psycopg", "agent-f", "customer_care", steps) else {
            return;
        };
        assert_eq!(state(&answers[0]), "22P02", "{}", answers[0]);
        assert!(!answers[0].to_string().contains(parameter), "{}", answers[0]);
    }
}

#[test]
fn who_does_not_come_in_hears_the_same_whatever_the_reason() {
    let service = Service::shared();
    let right = service.connection("agent-g");
    let mut told = Vec::new();
    let unknown = format!("vermeil_{}", "0".repeat(64));
    for (user, password) in [
        ("agent-g", unknown.as_str()),
        ("agent-g", "Lovelace"),
        ("nobody", unknown.as_str()),
        ("dpo-g", right["password"].as_str().expect("a token")),
    ] {
        let mut connection = right.clone();
        connection["user"] = user.into();
        connection["password"] = password.into();
        let begun = std::time::Instant::now();
        let Some(answers) = ask_with("psycopg", connection, json!([])) else { return };
        assert!(begun.elapsed() >= std::time::Duration::from_secs(1), "{user} was told at once");
        told.push(answers[0]["error"]["message"].as_str().expect("refused").to_owned());
    }
    assert!(told.iter().all(|message| message.contains("password authentication failed")), "{told:?}");
    assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");

    let mut elsewhere = right;
    elsewhere["dbname"] = "postgres".into();
    let answers = ask_with("psycopg", elsewhere, json!([])).expect("installed");
    assert!(answers[0].to_string().contains("the only database"), "{}", answers[0]);
}
