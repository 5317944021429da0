//! What ends a statement or a session before its end.

use std::time::Duration;

use serde_json::{Value, json};

use super::service::{Service, published};
use super::{ask, state};
use crate::python::Python;

/// Rows without end, as far as a client goes.
const LONG: &str =
    "SELECT a.family_name, b.email FROM golden.profiles a, golden.profiles b, golden.profiles c,
    golden.profiles d";

#[test]
fn a_revoked_token_ends_at_the_next_statement() {
    let service = Service::over(published(), &[]);
    let revoke = service.workspace.command(&["token", "revoke", "1"]);
    let revoke: Vec<String> = std::iter::once(revoke.get_program())
        .chain(revoke.get_args())
        .map(|word| word.to_str().expect("UTF-8").to_owned())
        .collect();
    let steps = json!([
        { "sql": "SELECT 1" },
        { "shell": revoke },
        { "sql": "SELECT 1" },
    ]);
    let Some(answers) = ask(&service, "psycopg", "agent-h", "customer_care", steps) else { return };
    assert_eq!(answers[0]["rows"], json!([[1]]));
    assert_eq!(state(&answers[1]), "28000", "{}", answers[1]);
}

#[test]
fn a_statement_takes_no_longer_than_the_client_says() {
    let steps = json!([
        { "sql": "SET statement_timeout = '300ms'" },
        { "sql": format!("SELECT count(*) FROM ({LONG}) rows") },
        { "sql": "SELECT 1" },
    ]);
    let Some(answers) = ask(Service::shared(), "psycopg", "agent-i", "customer_care", steps) else { return };
    assert_eq!(state(&answers[1]), "57014", "{}", answers[1]);
    assert_eq!(answers[2]["rows"], json!([[1]]), "the session goes on");
}

#[test]
fn a_client_that_dies_ends_what_it_asked_for() {
    let Some(python) = Python::find() else { return };
    let service = Service::shared();
    let mut connection = service.connection("agent-j");
    connection["options"] = "-c vermeil.purpose=customer_care".into();
    let steps = json!([{ "sql": LONG, "die_after_rows": true }]);
    let task = json!({ "library": "psycopg", "connection": connection, "steps": steps });
    let mut script = python.script("postgres_client.py");
    let mut client = script
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("Python starts");
    serde_json::to_writer(client.stdin.take().expect("piped"), &task).expect("written");
    assert!(!client.wait().expect("it ends").success(), "it was to be killed");
    let ended = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let opened = service.opened_by("agent-j");
        !opened.is_empty() && opened.iter().all(|(_, status)| status.as_deref() == Some("failed"))
    });
    assert!(ended, "{:?}", service.opened_by("agent-j"));
}

#[test]
fn a_failed_transaction_is_over_once_it_is_rolled_back() {
    let steps = json!([
        { "sql": "BEGIN" },
        { "sql": "SELECT nothing FROM golden.profiles" },
        { "sql": "SELECT 1" },
        { "sql": "ROLLBACK" },
        { "sql": "SELECT 1" },
        { "sql": "DISCARD ALL" },
        { "sql": "SHOW transaction isolation level" },
    ]);
    let Some(answers) = ask(Service::shared(), "psycopg2", "agent-k", "customer_care", steps) else { return };
    let states: Vec<&Value> = answers.iter().map(|answer| &answer["error"]["state"]).collect();
    let (fine, failed) = (&Value::Null, (json!("42703"), json!("25P02")));
    assert_eq!(states, [fine, &failed.0, &failed.1, fine, fine, fine, fine], "{answers:?}");
}
