//! `keys rewrap`: the keyring under another secret, and nothing lost on the way.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{PEOPLE, PIPELINE, check_refused, published};
use crate::common::{Ended, Workspace};

const UNDER_OLD: &str = "keyring: { provider: { passphrase: { passphrase_variable: OLD_PHRASE } } }\n";
const UNDER_NEW: &str = "keyring: { provider: { passphrase: { passphrase_variable: NEW_PHRASE } } }\n";
const OLD: (&str, &str) = ("OLD_PHRASE", "ten small horses");
const NEW: (&str, &str) = ("NEW_PHRASE", "nine tall giraffes");

/// A command on the pipeline file `file`, with these variables.
fn run(workspace: &Workspace, file: &str, arguments: &[&str], secrets: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vermeil"));
    command.arg("-p").arg(workspace.file(file)).args(["--lang", "en"]).args(arguments);
    let ended: Ended = command.envs(secrets.iter().copied()).output().expect("the binary starts").into();
    for (_, secret) in secrets {
        assert!(!ended.stderr.contains(secret), "a secret is quoted:\n{}", ended.stderr);
    }
    ended
}

fn rewrap(workspace: &Workspace, from: &str, to: &str, secrets: &[(&str, &str)]) -> Ended {
    let to = workspace.file(to);
    run(
        workspace,
        from,
        &["keys", "rewrap", "--to", to.to_str().expect("UTF-8"), "--format", "json"],
        secrets,
    )
}

/// Whether everything opens with the pipeline file `file` and these variables.
fn opens(workspace: &Workspace, file: &str, secrets: &[(&str, &str)]) -> bool {
    let sql = "SELECT count(DISTINCT email) AS emails FROM landing.people";
    let reader = ["--role", "dpo", "--purpose", "data_subject_rights", "--format", "json"];
    let ended = run(workspace, file, &[&["query", sql], &reader[..]].concat(), secrets);
    if ended.code == 0 {
        let row: Value = serde_json::from_str(&ended.stdout).expect("one row");
        assert_eq!(row, json!({ "emails": PEOPLE }));
    }
    ended.code == 0
}

/// A pipeline that is published under a plain keyring, and its file with others.
fn with_files() -> Workspace {
    let workspace = published();
    workspace.write("old.yaml", PIPELINE.to_owned() + UNDER_OLD);
    workspace.write("new.yaml", PIPELINE.to_owned() + UNDER_NEW);
    workspace
}

#[test]
fn a_keyring_changes_from_plain_to_a_passphrase_and_to_another() {
    let workspace = with_files();
    let plain = workspace.file("state/keyring.json");
    let before = std::fs::read(&plain).expect("a keyring");
    let missing = rewrap(&workspace, "pipeline.yaml", "old.yaml", &[]);
    check_refused(&missing, 2, &["OLD_PHRASE", "is not set"]);
    assert_eq!(std::fs::read(&plain).expect("a keyring"), before, "what was refused changed nothing");

    let ended = rewrap(&workspace, "pipeline.yaml", "old.yaml", &[OLD]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("a report");
    assert_eq!(report["provider"], json!("passphrase"));
    assert!(opens(&workspace, "old.yaml", &[OLD]));
    assert!(!opens(&workspace, "pipeline.yaml", &[]));

    let ended = rewrap(&workspace, "old.yaml", "new.yaml", &[OLD, NEW]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(opens(&workspace, "new.yaml", &[NEW]));
    assert!(!opens(&workspace, "old.yaml", &[OLD]));
    assert!(!opens(&workspace, "new.yaml", &[("NEW_PHRASE", "nine small giraffes")]));

    let announced = workspace.audited("rewrap");
    assert_eq!(announced.len(), 2, "what was refused before anything was asked is none: {announced:?}");
    let is_done = |outcome: &Option<Value>| outcome.as_ref().is_some_and(|told| told["status"] == "done");
    assert!(announced.iter().all(|(_, outcome)| is_done(outcome)), "{announced:?}");
}

#[test]
fn a_keyring_whose_passphrase_is_wrong_is_not_handed_over() {
    let workspace = with_files();
    assert_eq!(rewrap(&workspace, "pipeline.yaml", "old.yaml", &[OLD]).code, 0);
    let wrong = ("OLD_PHRASE", "ten big horses");
    let refused = rewrap(&workspace, "old.yaml", "new.yaml", &[wrong, NEW]);
    check_refused(&refused, 1, &["the passphrase does not open the keyring"]);
    assert!(opens(&workspace, "old.yaml", &[OLD]));
}

/// Kills a rewrapping once `reached` holds, and asks for it again.
#[track_caller]
fn check_killed(mut reached: impl FnMut(&Workspace) -> bool) {
    let workspace = with_files();
    let to = workspace.file("new.yaml");
    let mut command = workspace.command(&["keys", "rewrap", "--to", to.to_str().expect("UTF-8")]);
    command.envs([NEW]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the binary starts");
    while child.try_wait().expect("a child").is_none() && !reached(&workspace) {
        std::thread::sleep(Duration::from_micros(200));
    }
    // An error here means that it has ended meanwhile.
    let _ = child.kill();
    child.wait().expect("a child");
    let (old, new) = (opens(&workspace, "pipeline.yaml", &[]), opens(&workspace, "new.yaml", &[NEW]));
    assert!(old != new, "one of the two opens it: {old}, {new}");
    if old {
        assert_eq!(rewrap(&workspace, "pipeline.yaml", "new.yaml", &[NEW]).code, 0);
        assert!(opens(&workspace, "new.yaml", &[NEW]));
    }
}

#[test]
fn a_rewrapping_that_is_killed_leaves_the_keyring_with_one_of_the_two() {
    check_killed(|workspace| workspace.file("state/.keyring.json.unfinished").exists());
    // What is announced is about to be done.
    check_killed(|workspace| !workspace.audited("rewrap").is_empty());
    for milliseconds in [20, 60, 180] {
        let mut started = None;
        check_killed(|_| {
            started.get_or_insert_with(Instant::now).elapsed() >= Duration::from_millis(milliseconds)
        });
    }
}
