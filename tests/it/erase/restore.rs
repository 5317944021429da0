//! A backup of before an erasure, restored: nothing of whoever was erased since is served, and it is done again.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;

use super::{erased, found_in, values_of};
use crate::common::Workspace;
use crate::pipeline::{PEOPLE, person, profile_of, record_of, silos};

const DATABASE: &str = "state/vermeil.db";
/// Where what was written last stands, until it is folded into the file.
const LOG: &str = "state/vermeil.db-wal";
/// What is backed up, and restored: neither the keyring nor the audit log.
const BACKED_UP: [&str; 3] = ["lake", DATABASE, LOG];

fn copy(from: &Path, to: &Path) {
    if !from.exists() {
        return;
    }
    if !from.is_dir() {
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(from, to).expect("copied");
        return;
    }
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

fn back_up(workspace: &Workspace) {
    for part in BACKED_UP {
        copy(&workspace.file(part), &workspace.file("backup").join(part));
    }
}

fn restore(workspace: &Workspace) {
    for log in [LOG, "state/vermeil.db-shm"] {
        // There may be none.
        let _ = fs::remove_file(workspace.file(log));
    }
    fs::remove_dir_all(workspace.file("lake")).expect("a lake");
    for part in BACKED_UP {
        copy(&workspace.file("backup").join(part), &workspace.file(part));
    }
}

#[track_caller]
fn check_gone(workspace: &Workspace, number: usize, profile: &str) {
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
    let requests = workspace.json_lines(&["erase", "status"]);
    assert!(requests.iter().all(|request| request["status"] == "complete"), "{requests:?}");
    let replayed = requests.iter().find(|request| request["opened_by"] == "vermeil/restored");
    let replayed = replayed.unwrap_or_else(|| panic!("done again: {requests:?}"))["number"].to_string();
    assert_eq!(workspace.run(&["erase", "certificate", &replayed]).code, 0);
    let mut values = values_of(&person(number));
    values.push(profile.to_owned());
    for folder in ["lake", "state"] {
        assert_eq!(found_in(workspace, folder, &values), Vec::<String>::new(), "in {folder}");
    }
    let again = workspace.land_and_publish();
    assert_eq!((&again["records_landed"], &again["suppressed"]), (&json!(0), &json!(4)), "{again}");
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
}

#[test]
fn a_restored_backup_erases_again_before_it_serves() {
    let workspace = silos();
    workspace.land_and_publish();
    back_up(&workspace);
    let profile = profile_of(&workspace, "shop", "S8");
    erased(&workspace, &profile);
    restore(&workspace);
    // A preview says so, and writes nothing.
    let plan = workspace.run(&["plan", "--log", "json"]);
    assert!(plan.code == 2 && plan.stderr.contains("restored-backup"), "{}", plan.stderr);
    check_gone(&workspace, 8, &profile);
}

#[test]
fn a_replay_that_is_killed_is_begun_again() {
    for delay in [60, 150, 250, 400, 700] {
        let workspace = silos();
        workspace.land_and_publish();
        back_up(&workspace);
        let profile = profile_of(&workspace, "shop", "S8");
        erased(&workspace, &profile);
        restore(&workspace);
        let mut command = workspace.command(&["erase", "status"]);
        let mut replaying =
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        std::thread::sleep(Duration::from_millis(delay));
        // An error here means that it has ended meanwhile.
        let _ = replaying.kill();
        replaying.wait().expect("a child");
        let reader = ["--role", "dpo", "--purpose", "data_subject_rights"];
        let sql = "SELECT email FROM landing.shop";
        let shown = workspace.run(&[&["query", sql, "--format", "json"][..], &reader].concat());
        assert!(!shown.stdout.contains(&person(8).email), "after {delay} ms: {}", shown.stdout);
        // What the killed one had begun is ended by whoever carries out requests.
        let pending = workspace.json_lines(&["erase", "status"]);
        if pending.iter().any(|request| request["status"] == "running") {
            workspace.json(&["erase", "run", "--all"]);
        }
        check_gone(&workspace, 8, &profile);
    }
}

#[test]
fn whoever_was_one_with_the_erased_in_the_backup_stays() {
    let workspace = silos();
    workspace.land_and_publish();
    let [one, other] = ["S3", "S4"].map(|key| profile_of(&workspace, "shop", key));
    let reason = ["--reason", "seen at the counter"];
    let decision = workspace.json(&[&["merge", &one, &other][..], &reason].concat());
    workspace.land_and_publish();
    back_up(&workspace);
    let number = decision["decision"].to_string();
    assert_eq!(workspace.run(&[&["undo", number.as_str()][..], &reason].concat()).code, 0);
    workspace.land_and_publish();
    erased(&workspace, &record_of(&workspace, "shop", "S3"));
    restore(&workspace);
    workspace.land_and_publish();
    let rows = workspace.query("SELECT record_id FROM landing.shop");
    assert_eq!(rows.len(), PEOPLE - 1, "one record less, and the other's is there");
    let shown = workspace.run(&[
        "query",
        "SELECT email FROM golden.profiles",
        "--format",
        "json",
        "--role",
        "dpo",
        "--purpose",
        "data_subject_rights",
    ]);
    assert!(shown.stdout.contains(&person(4).email), "who was merged with them is lost");
    assert!(!shown.stdout.contains(&person(3).email), "who was erased is back");
}

#[test]
fn a_drill_says_what_a_backup_would_tell_and_changes_nothing() {
    let workspace = silos();
    workspace.land_and_publish();
    back_up(&workspace);
    let drill = |workspace: &Workspace| {
        let [state, lake] = [DATABASE, "lake"].map(|part| workspace.file("backup").join(part));
        let [state, lake] = [&state, &lake].map(|path| path.to_str().expect("UTF-8").to_owned());
        workspace.json(&["restore-drill", "--state", &state, "--lake", &lake])
    };
    let nobody = drill(&workspace);
    assert_eq!((&nobody["erasures"], &nobody["records_before"]), (&json!(0), &json!(0)), "{nobody}");
    erased(&workspace, &profile_of(&workspace, "shop", "S8"));
    let folders = ["backup", "lake", "state"].map(|folder| workspace.content_of(folder));
    let report = drill(&workspace);
    assert_eq!(
        (&report["erasures"], &report["records_before"], &report["records_after"], &report["rows_after"]),
        (&json!(1), &json!(3), &json!(0), &json!(0)),
        "{report}"
    );
    assert!(report["tags_unknown"].as_u64().expect("a count") > 0, "{report}");
    assert!(folders == ["backup", "lake", "state"].map(|folder| workspace.content_of(folder)));
}

#[test]
fn a_ledger_that_someone_changed_is_not_acted_upon() {
    let workspace = silos();
    workspace.land_and_publish();
    back_up(&workspace);
    erased(&workspace, &profile_of(&workspace, "shop", "S8"));
    restore(&workspace);
    let ledger = workspace.file("state/audit/erasures.ledger");
    let text = fs::read_to_string(&ledger).expect("a ledger");
    let tag = text.split('"').find(|part| part.len() == 32).expect("a tag");
    let changed: String = tag.chars().rev().collect();
    fs::write(&ledger, text.replace(tag, &changed)).expect("written");
    let refused = workspace.run(&["query", "SELECT count(*) FROM golden.profiles", "--log", "json"]);
    assert!(refused.code == 1 && refused.stderr.contains("audit-damaged"), "{}", refused.stderr);
}
