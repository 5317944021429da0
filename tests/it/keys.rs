//! Generations of keys from the command line: how they stand, moving on, destroying.

use std::io::Write;
use std::process::{Child, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use vermeil_protect::vault::PAGE_SLOTS;
use vermeil_protect::{KeyLocation, KeyOwner, KeyVault, Keyring, Plain};
use vermeil_state::StateDatabase;

use crate::common::{Ended, Workspace, assert_nothing_lost};

mod crash;
mod rewrap;

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
const PEOPLE: usize = 40;

/// Invented people who have landed, and a pipeline that is published.
fn published() -> Workspace {
    let workspace = Workspace::new(PIPELINE);
    let row = |number| format!("{number},Personne{number},p{number}@guichet.example\n");
    let rows: String = (0..PEOPLE).map(row).collect();
    workspace.write("data/people.csv", format!("id,name,email\n{rows}"));
    workspace.land_and_publish();
    workspace
}

/// Works with the vault of a pipeline that has run.
pub fn with_vault(workspace: &Workspace, work: impl AsyncFnOnce(&KeyVault)) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
        let path = workspace.file("state/keyring.json");
        let keyring = Keyring::open(&path, Arc::new(Plain)).await.expect("a keyring");
        let state = StateDatabase::open(&workspace.file("state/vermeil.db")).await.expect("a state database");
        work(&KeyVault::new(Arc::new(keyring), Arc::new(state.clone()))).await;
        state.close().await;
    });
}

/// So many full pages more, of keys that belong to no record.
fn with_pages(workspace: &Workspace, pages: usize) {
    with_vault(workspace, async |vault| {
        vault.allocate(&KeyOwner::new("landing/none/0"), pages * PAGE_SLOTS).await.expect("keys");
    });
}

/// What everybody is told, and what only some may open.
#[track_caller]
fn check_readable(workspace: &Workspace) {
    let opened = workspace.cell("SELECT count(DISTINCT email) AS emails FROM landing.people");
    assert_eq!(opened, json!(PEOPLE));
    assert_eq!(workspace.accounts().len(), PEOPLE);
}

/// Generation, state and pages of each.
fn generations(workspace: &Workspace) -> Vec<(u64, String, u64)> {
    let report = workspace.json(&["keys", "status"]);
    let generations = report["generations"].as_array().expect("a list").iter();
    generations
        .map(|known| {
            let number = |key: &str| known[key].as_u64().expect("a number");
            (number("generation"), known["state"].as_str().expect("a state").to_owned(), number("pages"))
        })
        .collect()
}

#[track_caller]
fn check_refused(ended: &Ended, code: i32, says: &[&str]) {
    assert_eq!(ended.code, code, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stdout, "");
    for text in says {
        assert!(ended.stderr.contains(text), "{text:?} is not in:\n{}", ended.stderr);
    }
}

fn start(workspace: &Workspace, arguments: &[&str]) -> Child {
    let mut command = workspace.command(arguments);
    command.args(["--format", "json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the binary starts")
}

#[track_caller]
fn report(child: Child) -> Value {
    let ended: Ended = child.wait_with_output().expect("a child").into();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("a report")
}

#[test]
fn keys_move_to_a_new_generation_and_the_old_one_is_destroyed() {
    let workspace = published();
    let before = workspace.json(&["keys", "status"]);
    assert_eq!(
        (&before["provider"], &before["current"], &before["rotation"]),
        (&json!("plain"), &json!(1), &json!(null))
    );
    let pages = before["generations"][0]["pages"].as_u64().expect("a count");
    let keys = before["generations"][0]["keys"].as_u64().expect("a count");
    assert_eq!(keys, 2 * PEOPLE as u64, "one for each record and each profile");

    let rotated = workspace.json(&["keys", "rotate"]);
    assert_eq!(
        (&rotated["generation"], &rotated["pages"], &rotated["keys"]),
        (&json!(2), &json!(pages), &json!(keys))
    );
    assert_eq!(rotated["destroyable"], json!([1]));
    assert_eq!(generations(&workspace), [(1, "active".to_owned(), 0), (2, "current".to_owned(), pages)]);
    check_readable(&workspace);

    let destroyed = workspace.json(&["keys", "destroy-generation", "1", "--yes"]);
    assert_eq!((&destroyed["generation"], &destroyed["state"]), (&json!(1), &json!("destroyed")));
    let again = workspace.json(&["keys", "destroy-generation", "1", "--yes"]);
    assert_eq!(again["at"], destroyed["at"], "asking again tells when it was");
    assert_eq!(generations(&workspace)[0].1, "destroyed");
    check_readable(&workspace);
    assert_eq!(workspace.land_and_publish()["up_to_date"], json!(true));
}

#[test]
fn people_are_told_in_their_language() {
    let workspace = published();
    let told = |language, arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vermeil"));
        command.arg("-p").arg(workspace.path()).args(["--lang", language]).args(arguments);
        let ended: Ended = command.output().expect("the binary starts").into();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stdout
    };
    let french = told("fr", &["keys", "rotate"]);
    assert!(french.contains("passées à la génération 2 en"), "{french}");
    assert!(french.contains("`vermeil keys destroy-generation 1` ferme"), "{french}");
    let english = told("en", &["keys", "status"]);
    assert!(english.contains("generation") && english.contains("current"), "{english}");
    let destroyed = told("fr", &["keys", "destroy-generation", "1", "--yes"]);
    assert!(destroyed.contains("La génération 1 a été détruite le 20"), "{destroyed}");
    assert!(told("fr", &["keys", "status"]).contains("détruite"));
}

#[test]
fn a_generation_is_destroyed_only_when_its_number_is_typed() {
    let workspace = published();
    workspace.json(&["keys", "rotate"]);
    let typed = |text: &str| -> Ended {
        let mut child = start(&workspace, &["keys", "destroy-generation", "1"]);
        child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("written");
        child.wait_with_output().expect("a child").into()
    };
    for other in ["", "\n", "yes\n", "2\n"] {
        check_refused(&typed(other), 2, &["Type 1 to destroy it", "generation 1 was not confirmed", "--yes"]);
    }
    assert_eq!(generations(&workspace)[0].1, "active");
    assert_eq!(typed("1\n").code, 0);
    assert_eq!(generations(&workspace)[0].1, "destroyed");
}

#[test]
fn a_generation_that_is_needed_is_not_destroyed() {
    let workspace = published();
    let destroy = |generation| workspace.run(&["keys", "destroy-generation", generation, "--yes"]);
    check_refused(&destroy("1"), 2, &["generation 1", "is the newest"]);
    check_refused(&destroy("9"), 1, &["has no generation 9"]);
    assert_eq!(destroy("0").code, 2);
    check_readable(&workspace);
    // As a rotation that was cut off before its first page leaves it.
    with_vault(&workspace, async |vault| vault.keyring().create_generation(2).await.expect("made"));
    check_refused(
        &destroy("1"),
        2,
        &["generation 1 is still in use", "key pages under it: ", "vermeil keys rotate"],
    );
    check_readable(&workspace);
    assert_eq!(workspace.json(&["keys", "rotate"])["generation"], json!(2));
    assert_eq!(destroy("1").code, 0);
    check_readable(&workspace);
}

#[test]
fn a_backup_of_the_database_from_before_is_told_to_be_destroyed_and_when() {
    let workspace = published();
    let backup = workspace.content_of("state");
    workspace.json(&["keys", "rotate"]);
    let destroyed = workspace.json(&["keys", "destroy-generation", "1", "--yes"]);
    let latest = workspace.content_of("state");
    let restore = |content: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| {
        for file in ["state/vermeil.db", "state/vermeil.db-wal", "state/vermeil.db-shm"] {
            let path = workspace.file(file);
            match content.get(&path) {
                Some(bytes) => std::fs::write(path, bytes).expect("restored"),
                None => drop(std::fs::remove_file(path)),
            }
        }
    };
    restore(&backup);
    let day = &destroyed["at"].as_str().expect("a moment")[..10];
    for arguments in [
        &["query", "SELECT email FROM landing.people", "--role", "dpo", "--purpose", "data_subject_rights"][..],
        &["keys", "rotate"],
    ] {
        let ended = workspace.run(arguments);
        check_refused(&ended, 1, &["generation 1", day]);
        for wrong in ["decrypt", "does not open", "damaged"] {
            assert!(!ended.stderr.contains(wrong), "{}", ended.stderr);
        }
    }
    restore(&latest);
    check_readable(&workspace);
}

#[test]
fn what_is_erased_is_told_to_be_erased_and_when() {
    let workspace = published();
    workspace.append("data/people.csv", "a row without its other fields\n");
    workspace.land_and_publish();
    let reader = ["--role", "dpo", "--purpose", "data_subject_rights"];
    let profiles = workspace.stored("golden/profiles").expect("published");
    let rows = workspace.stored("landing/quarantine").expect("quarantined");
    let [ids, row_ids] = [profiles.column("profile_id"), rows.column("quarantine_id")];
    let explain = |id: &str| workspace.json(&[&["explain", id][..], &reader].concat());
    assert_eq!(explain(&ids[0])["erased_at"], json!(null));

    with_vault(&workspace, async |vault| {
        for stored in [&profiles, &rows] {
            let page = stored.column("key_page")[0].parse().expect("a number");
            let slot = stored.column("key_slot")[0].parse().expect("a number");
            assert_eq!(vault.destroy(&[KeyLocation { page, slot }]).await.expect("destroyed"), 1);
        }
    });
    let explained = explain(&ids[0]);
    let at = explained["erased_at"].as_str().expect("a moment");
    let values = explained["values"].as_array().expect("a list");
    assert!(!values.is_empty() && values.iter().all(|value| value["value"] == json!(null)));
    assert_eq!(explain(&ids[1])["erased_at"], json!(null));
    let ended = workspace.run(&[&["explain", ids[0].as_str()][..], &reader].concat());
    assert!(ended.stdout.contains("Its values were erased on 20"), "{}", ended.stdout);
    let show = workspace.run(&[&["quarantine", "show", row_ids[0].as_str()][..], &reader].concat());
    check_refused(&show, 2, &["quarantined row", "was erased on", &at[..10]]);
    let count = workspace.cell("SELECT count(email) AS emails FROM golden.profiles");
    assert_eq!(count, json!(PEOPLE - 1), "a query goes on without it");
}

#[test]
fn nobody_fails_while_keys_move() {
    let workspace = published();
    with_pages(&workspace, 3_000);
    let mut rotation = start(&workspace, &["keys", "rotate"]);
    let mut reads = 0;
    while rotation.try_wait().expect("a child").is_none() {
        workspace.append("data/people.csv", format!("n{reads},Nouvelle{reads},n{reads}@guichet.example\n"));
        let landed = workspace.json(&["run"]);
        assert_nothing_lost(&landed);
        assert_eq!(landed["records_landed"], json!(1));
        reads += 1;
        let emails = workspace.cell("SELECT count(DISTINCT email) AS emails FROM landing.people");
        assert_eq!(emails, json!(PEOPLE + reads));
    }
    assert_eq!(report(rotation)["generation"], json!(2));
    assert!(reads > 0, "the rotation ended before anybody read");
    let old = generations(&workspace).remove(0);
    assert_eq!(old, (1, "active".to_owned(), 0), "nothing was written under the old generation meanwhile");
    workspace.json(&["keys", "destroy-generation", "1", "--yes"]);
    assert_eq!(workspace.accounts().len(), PEOPLE + reads);
}

#[test]
fn two_rotations_at_once_both_end_well() {
    let workspace = published();
    with_pages(&workspace, 2_000);
    let rotations = [start(&workspace, &["keys", "rotate"]), start(&workspace, &["keys", "rotate"])];
    let newest =
        rotations.map(|rotation| report(rotation)["generation"].as_u64()).into_iter().flatten().max();
    let generations = generations(&workspace);
    let (last, older) = generations.split_last().expect("a generation");
    assert_eq!(Some(last.0), newest);
    assert!(older.iter().all(|(_, _, pages)| *pages == 0), "{generations:?}");
    assert_eq!(workspace.json(&["keys", "status"])["rotation"], json!(null));
    check_readable(&workspace);
}

#[test]
fn a_clock_that_went_back_stops_nothing() {
    let workspace = published();
    workspace.json(&["keys", "rotate"]);
    // As if the clock had been a century ahead when the rotation began.
    let ahead = "UPDATE key_rotations SET begun_at = begun_at + 3155760000000000, ended_at = NULL RETURNING generation";
    assert_eq!(workspace.state(ahead), 2);
    assert_eq!(workspace.json(&["keys", "status"])["rotation"]["generation"], json!(2));
    assert_eq!(workspace.json(&["keys", "rotate"])["generation"], json!(2));
    assert_eq!(workspace.json(&["keys", "rotate"])["generation"], json!(3));
    for generation in ["1", "2"] {
        workspace.json(&["keys", "destroy-generation", generation, "--yes"]);
    }
    check_readable(&workspace);
}

#[test]
fn who_moved_and_who_destroyed_keys_is_on_record() {
    let workspace = published();
    workspace.json(&["keys", "rotate"]);
    workspace.json(&["keys", "destroy-generation", "1", "--yes"]);
    assert_eq!(workspace.run(&["keys", "destroy-generation", "2", "--yes"]).code, 2);
    let told = |action: &str| -> Vec<(Value, Value, Value)> {
        let audited = workspace.audited(action).into_iter();
        let status =
            |outcome: Option<Value>| outcome.map_or(Value::Null, |outcome| outcome["status"].clone());
        let told = audited
            .map(|(intent, outcome)| (intent["purpose"].clone(), intent["table"].clone(), status(outcome)));
        told.collect()
    };
    let entry = |table: &str, status: &str| (json!("key_management"), json!(table), json!(status));
    assert_eq!(told("rotate"), [entry("keyring", "done")]);
    assert_eq!(told("destroy"), [entry("keyring/1", "done"), entry("keyring/2", "failed")]);
}
