//! The PostgreSQL wire, through clients that are not ours: psql, psycopg 2 and 3, ADBC, and what others sent.

mod catalogue;
mod corpora;
mod reading;
mod refusals;
mod service;
mod sessions;
mod tls;

use serde_json::{Value, json};

use self::service::Service;
use crate::python::{Python, answer};

/// What came of each step of a client's task; `None` where the client is not installed.
fn ask(service: &Service, library: &str, actor: &str, purpose: &str, steps: Value) -> Option<Vec<Value>> {
    let mut connection = service.connection(actor);
    connection["options"] = format!("-c vermeil.purpose={purpose}").into();
    ask_with(library, connection, steps)
}

fn ask_with(library: &str, connection: Value, steps: Value) -> Option<Vec<Value>> {
    let python = Python::find()?;
    let task = json!({ "library": library, "connection": connection, "steps": steps });
    let answered = answer(&mut python.script("postgres_client.py"), &task.to_string());
    Some(answered.as_array().expect("one answer a step").clone())
}

/// One statement, and what came of it.
fn ask_once(library: &str, actor: &str, purpose: &str, step: Value) -> Option<Value> {
    Some(ask(Service::shared(), library, actor, purpose, json!([step]))?.remove(0))
}

fn state(answer: &Value) -> &str {
    answer["error"]["state"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}
