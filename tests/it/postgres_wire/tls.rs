//! What protects a connection, and the statements of others.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::service::{Service, published};
use super::{ask, ask_with, state};
use crate::python::{Python, answer};

#[test]
fn with_a_certificate_nobody_reads_along() {
    let Some(python) = Python::find() else { return };
    let workspace = published();
    let made = answer(&mut python.script("certificate.py"), "");
    for key in ["certificate", "key", "authority", "stranger"] {
        workspace.write(&format!("{key}.pem"), made[key].as_str().expect("PEM"));
    }
    let file = |name: &str| workspace.file(name).to_str().expect("UTF-8").to_owned();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(file);
    let [authority, stranger] = ["authority.pem", "stranger.pem"].map(file);
    let service = Service::over(workspace, &["--tls-cert", &certificate, "--tls-key", &key]);
    let connection = |mode: &str, authority: &str| {
        let mut connection = service.connection("agent-t");
        connection["host"] = json!("localhost");
        connection["sslmode"] = json!(mode);
        connection["sslrootcert"] = json!(authority);
        connection
    };
    let one = || json!([{ "sql": "SELECT 1" }]);
    for library in ["psycopg", "psycopg2"] {
        let answers = ask_with(library, connection("verify-full", &authority), one()).expect("installed");
        assert_eq!(answers[0]["rows"], json!([[1]]), "{library}: {answers:?}");
        let refused = ask_with(library, connection("verify-full", &stranger), one()).expect("installed");
        assert!(refused[0]["error"]["message"].is_string(), "{library}: any authority was taken");
    }
}

#[test]
fn who_does_not_know_the_secret_of_a_session_cancels_nothing() {
    let service = Service::shared();
    // A request to cancel (PostgreSQL, Frontend/Backend Protocol, 54.2.8) with any number and any secret.
    for number in 0..64_i32 {
        let mut wire = TcpStream::connect(("127.0.0.1", service.port)).expect("connected");
        wire.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        let words = [16, 80_877_102, number, 0x1234_5678];
        let request: Vec<u8> = words.iter().flat_map(|word: &i32| word.to_be_bytes()).collect();
        wire.write_all(&request).expect("sent");
        let mut told = Vec::new();
        // It may hang up with a reset.
        let _ = wire.read_to_end(&mut told);
        assert!(told.is_empty(), "it tells who is there: {told:?}");
    }
    let steps = json!([{ "sql": "SELECT 3" }]);
    let Some(answers) = ask(service, "psycopg", "agent-v", "customer_care", steps) else { return };
    assert_eq!(answers[0]["rows"], json!([[3]]));
}

#[test]
fn a_client_cancels_its_own_statement_and_goes_on() {
    let service = Service::shared();
    // More than anybody waits for.
    let tables: Vec<String> = (0..8).map(|number| format!("golden.profiles p{number}")).collect();
    let long = json!({ "sql": format!("SELECT count(*) FROM {}", tables.join(", ")), "cancel_after": 0.7 });
    for library in ["psycopg", "psycopg2"] {
        let steps = json!([long, { "sql": "SELECT 3" }]);
        let Some(answers) = ask(service, library, "agent-w", "customer_care", steps) else { return };
        assert_eq!(state(&answers[0]), "57014", "{library}: {answers:?}");
        assert_eq!(answers[1]["rows"], json!([[3]]), "{library}: {answers:?}");
    }
}
