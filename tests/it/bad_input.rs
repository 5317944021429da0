//! Bad input gets a clear message and loses nothing.

mod files;
mod key_providers;
mod keys;
mod questions;
mod storage;

use serde_json::Value;

use crate::common::{Ended, Workspace};

const PIPELINE: &str = r#"
name: guichet
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: people
    path: data/people.csv
    format: delimited
    key: [id]
    columns:
      family_name: name
      email: email
      birth_date: born
quarantine: { limit: 1 }
"#;

const HEADER: &str = "id,name,email,born\n";

/// An invented person as the file has it.
fn row(number: usize) -> String {
    let born = format!("{}-{:02}-{:02}", 1950 + number % 50, number % 12 + 1, number % 28 + 1);
    format!("{number},Personne{number},p{number}@guichet.example,{born}\n")
}

fn rows(numbers: std::ops::Range<usize>) -> String {
    numbers.map(row).collect()
}

/// Ten people, not landed yet.
fn not_run_yet() -> Workspace {
    let workspace = Workspace::new(PIPELINE);
    workspace.write("data/people.csv", HEADER.to_owned() + &rows(0..10));
    workspace
}

/// Ten people who landed, and an eleventh who waits in the file.
fn run_before() -> Workspace {
    let workspace = not_run_yet();
    assert_eq!(workspace.land_and_publish()["records_landed"], 10);
    workspace.append("data/people.csv", row(10));
    workspace
}

/// The numbers of those who landed, each version once.
fn landed(workspace: &Workspace) -> Vec<usize> {
    let rows = workspace.query("SELECT email FROM landing.people");
    let number = |row: &Value| {
        let email = row["email"].as_str().expect("an address");
        email[1..].split('@').next().expect("a part").parse().expect("a number")
    };
    let mut numbers: Vec<usize> = rows.iter().map(number).collect();
    numbers.sort_unstable();
    let stored = workspace.stored("landing/people").expect("landed");
    assert_eq!(stored.rows.num_rows(), numbers.len(), "a record has a version too many");
    numbers
}

/// Whatever stood in the way is out of it: the next run lands what is missing.
#[track_caller]
fn check_mended(workspace: &Workspace, people: usize) {
    workspace.land_and_publish();
    assert_eq!(landed(workspace), Vec::from_iter(0..people));
    assert_eq!(workspace.land_and_publish()["unchanged"], people);
}

/// The command ends with `code`, says all of `texts`, and prints no result.
#[track_caller]
fn check_refused(ended: &Ended, code: i32, texts: &[&str]) {
    for text in texts {
        assert!(ended.stderr.contains(text), "{text:?} is not in:\n{}", ended.stderr);
    }
    assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{}", ended.stderr);
    // Where the storage is full, `deltalake-core` aborts a file that `object_store` has closed
    // already; that panics in a task of its own, of which nothing else depends.
    let closed = ended.stderr.contains("Already shut down") && ended.stderr.contains("is full");
    assert!(closed || !ended.stderr.contains("panicked"), "{}", ended.stderr);
}

/// The same command with messages in French.
fn in_french(workspace: &Workspace, arguments: &[&str]) -> Ended {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vermeil"));
    command.arg("-p").arg(workspace.path()).args(["--lang", "fr"]).args(arguments);
    command.output().expect("the binary starts").into()
}
