//! Who opened what, on the real binary: listed, verified, appended to by several
//! processes at once, and by ones that are killed.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::{Ended, Workspace};

const PIPELINE: &str = r#"
name: guichet
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: people
    path: data/people.csv
    format: delimited
    key: [id]
    columns: { family_name: name, email: email }
quarantine: { limit: 1 }
"#;

const OPENING: [&str; 6] =
    ["query", "SELECT email FROM golden.profiles", "--role", "agent", "--purpose", "customer_care"];
const AUDITOR: [&str; 2] = ["--role", "dpo"];

/// Two people, published.
fn published() -> Workspace {
    let workspace = Workspace::new(PIPELINE);
    workspace
        .write("data/people.csv", "id,name,email\n1,Quill,zoe@quill.example\n2,Oake,marin@oake.example\n");
    workspace.land_and_publish();
    workspace
}

/// The newest segment: the only one, unless a month ends while this runs.
fn segment(workspace: &Workspace) -> String {
    let entries = fs::read_dir(workspace.file("state/audit")).expect("a log");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let newest = names.filter(|name| name.ends_with(".log")).max().expect("a segment");
    format!("state/audit/{newest}")
}

fn checkpoint(workspace: &Workspace) -> PathBuf {
    workspace.file(&segment(workspace)).with_extension("checkpoint")
}

fn listed(workspace: &Workspace, filter: &[&str]) -> Vec<Value> {
    workspace.json_lines(&[&["audit", "list"], &AUDITOR[..], filter].concat())
}

/// Verifies a log that must be sound, and counts the openings of profiles by queries.
#[track_caller]
fn check_sound(workspace: &Workspace) -> usize {
    let found = workspace.json(&["audit", "verify"]);
    assert_eq!(found["faults"], json!([]), "{found}");
    assert_eq!(found["entries"], found["signed"], "{found}");
    let openings = listed(workspace, &["--table", "golden.profiles"]);
    openings.iter().filter(|opening| opening["action"] == "query").count()
}

/// Verifies a log that is not: exit code 1, and each of these codes among the faults.
#[track_caller]
fn check_unsound(ended: &Ended, codes: &[&str]) {
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let found: Value = serde_json::from_str(&ended.stdout).expect("a report");
    let faults: Vec<&str> = found["faults"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|fault| fault["code"].as_str())
        .collect();
    assert_eq!(faults, codes, "{found}");
}

#[test]
fn an_opening_is_listed_with_its_pages_and_the_log_verifies() {
    let workspace = published();
    assert_eq!(workspace.json_lines(&OPENING).len(), 2);
    assert_eq!(check_sound(&workspace), 1);
    let openings = listed(&workspace, &["--table", "golden.profiles"]);
    let opening = openings.last().expect("an opening");
    assert_eq!(
        (&opening["role"], &opening["purpose"], &opening["classes"], &opening["status"]),
        (&json!("agent"), &json!("customer_care"), &json!("contact"), &json!("done"))
    );
    assert_eq!((&opening["rows"], &opening["key_pages"]), (&json!(2), &json!(1)));
    let page = opening["pages"][0][0].as_i64().expect("a page");
    assert_eq!(opening["pages"], json!([[page, page]]));
    let entry = &opening["entry"];
    let of_page = |page: i64| -> Vec<Value> {
        listed(&workspace, &["--page", &page.to_string()])
            .into_iter()
            .map(|found| found["entry"].clone())
            .collect()
    };
    assert!(of_page(page).contains(entry));
    assert!(!of_page(page + 1_000).contains(entry));
    assert_eq!(listed(&workspace, &["--since", "2200-01-01"]), [] as [Value; 0]);
    let seen = workspace.json_lines(
        &[&["query", "SELECT count(*) AS openings FROM audit.openings WHERE role = 'agent'"][..], &AUDITOR]
            .concat(),
    );
    assert_eq!(seen, [json!({ "openings": 1 })]);
}

#[test]
fn a_person_who_was_looked_at_alone_is_named_by_a_tag() {
    let workspace = published();
    let sql = "SELECT profile_id FROM golden.profiles";
    let officer = ["--role", "dpo", "--purpose", "data_subject_rights"];
    let rows = workspace.json_lines(&[&["query", sql][..], &officer].concat());
    for row in &rows {
        let id = row["profile_id"].as_str().expect("an id");
        workspace.json(&[&["explain", id][..], &officer].concat());
    }
    let openings = listed(&workspace, &["--table", "golden.profiles"]);
    let tags: Vec<&str> = openings.iter().filter_map(|opening| opening["subjects"][0].as_str()).collect();
    assert_eq!(tags.len(), 2, "{openings:?}");
    assert_ne!(tags[0], tags[1]);
    assert!(tags.iter().all(|tag| tag.len() == 32), "{tags:?}");
}

#[test]
fn others_may_not_read_the_log() {
    let workspace = published();
    for reader in [&["--role", "analyst"][..], &["--role", "agent", "--purpose", "customer_care"]] {
        let ended = workspace.run(&[&["audit", "list"][..], reader].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains("may not read the audit log"), "{}", ended.stderr);
    }
}

#[test]
fn files_and_public_key_are_enough_to_verify() {
    let workspace = published();
    let printed = workspace.json(&["audit", "key"])["key"].as_str().expect("a key").to_owned();
    let beside = fs::read_to_string(workspace.file("state/audit/key.pub")).expect("a key");
    assert_eq!(beside.trim_end(), printed);
    // Elsewhere, with neither pipeline nor keyring.
    let elsewhere = Workspace::new("name: [\n");
    let copied = elsewhere.file("copied");
    fs::create_dir(&copied).expect("a folder");
    for entry in fs::read_dir(workspace.file("state/audit")).expect("a log") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), copied.join(entry.file_name())).expect("copied");
    }
    elsewhere.write("key", &printed);
    let folder = copied.to_str().expect("UTF-8");
    for key in [printed.as_str(), elsewhere.file("key").to_str().expect("UTF-8")] {
        assert_eq!(elsewhere.json(&["audit", "verify", folder, "--key", key])["faults"], json!([]));
    }
    let other = published().json(&["audit", "key"])["key"].as_str().expect("a key").to_owned();
    let ended = elsewhere.run(&["audit", "verify", folder, "--key", &other, "--format", "json"]);
    check_unsound(&ended, &["audit-checkpoint-invalid"]);
    let ended = elsewhere.run(&["audit", "verify", folder, "--key", &printed[1..]]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
}

#[test]
fn a_changed_entry_is_found_and_shown() {
    let workspace = published();
    workspace.json_lines(&OPENING);
    workspace.edit(&segment(&workspace), "customer_care", "customer_love");
    check_unsound(&workspace.run(&["audit", "verify", "--format", "json"]), &["audit-entry-changed"]);
    let ended = workspace.run(&["audit", "verify"]);
    assert_eq!(ended.code, 1);
    assert!(ended.stdout.contains("fault: ") && ended.stdout.contains(".log:"), "{}", ended.stdout);
    assert!(ended.stdout.contains("1 fault: the log is not as it was signed"), "{}", ended.stdout);
}

#[test]
fn nothing_is_opened_while_the_log_is_cut_off() {
    let workspace = published();
    workspace.json_lines(&OPENING);
    let name = segment(&workspace);
    let whole = fs::read(workspace.file(&name)).expect("a segment");
    workspace.write(&name, &whole[..whole.len() - 10]);
    check_unsound(&workspace.run(&["audit", "verify", "--format", "json"]), &["audit-entry-unreadable"]);
    let refused = workspace.run(&OPENING);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("is not as it was signed"), "{}", refused.stderr);
    workspace.json_lines(&["query", "SELECT country FROM golden.profiles"]);
    workspace.write(&name, whole);
    workspace.json_lines(&OPENING);
    assert_eq!(check_sound(&workspace), 2);
}

#[test]
fn a_log_that_was_put_back_is_told_by_a_remembered_checkpoint() {
    let workspace = published();
    let older = workspace.content_of("state/audit");
    workspace.json_lines(&OPENING);
    fs::copy(checkpoint(&workspace), workspace.file("remembered")).expect("copied");
    let remembered = workspace.file("remembered");
    let verify = ["audit", "verify", "--remembered", remembered.to_str().expect("UTF-8"), "--format", "json"];
    assert_eq!(workspace.run(&verify).code, 0);
    for (file, content) in older {
        fs::write(file, content).expect("put back");
    }
    assert_eq!(check_sound(&workspace), 0, "files and key alone show nothing");
    check_unsound(&workspace.run(&verify), &["audit-put-back"]);
}

fn start(workspace: &Workspace) -> Child {
    let mut command = workspace.command(&OPENING);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
}

#[test]
fn processes_that_append_at_once_wait_for_each_other() {
    const PROCESSES: usize = 6;
    let workspace = published();
    let queries: Vec<Child> = (0..PROCESSES).map(|_| start(&workspace)).collect();
    for mut query in queries {
        assert!(query.wait().expect("a child").success());
    }
    assert_eq!(check_sound(&workspace), PROCESSES);
}

#[test]
fn a_process_killed_while_it_appends_leaves_a_log_that_verifies() {
    let workspace = published();
    let log = workspace.file(&segment(&workspace));
    let length = || fs::metadata(&log).expect("a segment").len();
    let mut signed = 0;
    // At once after the first bytes of the intent or of the outcome, and a little later each time.
    for (lines, pause) in (0..20).map(|turn| (1 + turn % 2, Duration::from_micros(150 * turn / 2))) {
        let before = length();
        let mut query = start(&workspace);
        let mut seen = 0;
        let mut last = before;
        let deadline = Instant::now() + Duration::from_secs(60);
        while seen < lines && query.try_wait().expect("a child").is_none() && Instant::now() < deadline {
            if length() != last {
                last = length();
                seen += 1;
            }
        }
        std::thread::sleep(pause);
        // An error here means that it has ended meanwhile.
        let _ = query.kill();
        query.wait().expect("a child");
        let found = workspace.json(&["audit", "verify"]);
        assert_eq!(found["faults"], json!([]), "after {lines} appends and {pause:?}: {found}");
        let now = found["signed"].as_u64().expect("a number");
        assert!(now >= signed, "what was signed is there for good");
        signed = now;
    }
    let openings = check_sound_before_next(&workspace);
    workspace.json_lines(&OPENING);
    // And the last intent, where it was killed between signing and putting the checkpoint in its place.
    let now = check_sound(&workspace);
    assert!([openings + 1, openings + 2].contains(&now), "{now} after {openings}");
}

/// Counts openings where the last append may have been cut short.
fn check_sound_before_next(workspace: &Workspace) -> usize {
    let openings = listed(workspace, &["--table", "golden.profiles"]);
    let queries = openings.iter().filter(|opening| opening["action"] == "query").count();
    assert!(queries > 0, "not one intent was signed before a kill");
    queries
}
