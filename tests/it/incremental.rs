//! A run compares and builds only what changed, and ends with what a run over everything ends with.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::Workspace;
use crate::model::{row, silos, write};

const PEOPLE: usize = 900;

/// Links with their weights, who is in which profile, and what the profiles show, but for the
/// publication that wrote them.
fn content(workspace: &Workspace) -> [Vec<Value>; 4] {
    [
        "SELECT left_id, right_id, weight_bits FROM resolved.links ORDER BY left_id, right_id",
        "SELECT record_id, profile_id FROM golden.members ORDER BY record_id",
        "SELECT profile_id, records, sources, created_at, updated_at, merge_risk, given_name, family_name, birth_date, email, city
         FROM golden.profiles ORDER BY profile_id",
        "SELECT profile_id, field, record_id, rule FROM golden.provenance ORDER BY profile_id, field",
    ]
    .map(|sql| workspace.query(sql))
}

/// Some people have another address in the web shop, some are new there, and one account is another
/// person's.
fn change(workspace: &Workspace) {
    write(workspace, "web", 0..PEOPLE + 20, 9);
    let file = workspace.file("data/web.csv");
    let mut rows: Vec<String> =
        std::fs::read_to_string(&file).expect("it was written").lines().map(str::to_owned).collect();
    for person in 100..110 {
        rows[person + 1] = rows[person + 1].replace("@courriel", "@poste");
    }
    rows[301] = row(777, 1_000_000).trim_end().replacen("777,", "300,", 1);
    std::fs::write(file, rows.join("\n") + "\n").expect("a file");
}

/// Runs over everything with the model in force: a setting that stands for what holds without it lets a run
/// take up nothing of what was known.
fn run_over_everything(workspace: &Workspace) -> Value {
    workspace.append("pipeline.yaml", "match: { threshold: 0.5 }\n");
    let report = workspace.land_and_publish();
    assert_eq!((&report["touched_records"], &report["model_estimated"]), (&Value::Null, &json!(false)));
    report
}

/// Publication → how many profiles it wrote.
fn editions(workspace: &Workspace) -> Vec<(u64, u64)> {
    let sql =
        "SELECT publication, count(*) AS n FROM golden.profiles GROUP BY publication ORDER BY publication";
    let rows = workspace.query(sql);
    rows.iter()
        .map(|row| (row["publication"].as_u64().expect("a number"), row["n"].as_u64().expect("a count")))
        .collect()
}

#[test]
fn what_did_not_change_is_neither_compared_nor_built_again() {
    let workspace = silos(PEOPLE);
    let first = workspace.land_and_publish();
    assert_eq!(first["touched_records"], Value::Null, "nothing was known before");
    assert_eq!(editions(&workspace).len(), 1);

    change(&workspace);
    let second = workspace.land_and_publish();
    let touched = second["touched_records"].as_u64().expect("a count");
    assert!((31..200).contains(&touched), "{touched} records touched");
    assert!(second["candidate_pairs"].as_u64() < first["candidate_pairs"].as_u64().map(|pairs| pairs / 4));
    let [(before, carried), (now, built)] = editions(&workspace)[..] else {
        panic!("{:?}", editions(&workspace))
    };
    assert!(
        before < now && carried > 850 && (30..60).contains(&built),
        "{carried} carried over, {built} built"
    );

    let incremental = content(&workspace);
    let full = run_over_everything(&workspace);
    assert_eq!((&full["merges"], &full["splits"]), (&json!(0), &json!(0)));
    assert_eq!(editions(&workspace).len(), 1);
    let expected = content(&workspace);
    assert!(expected[0].len() > 850, "{} links", expected[0].len());
    for (incremental, expected) in incremental.iter().zip(&expected) {
        assert_eq!(incremental, expected);
    }
}

#[test]
fn of_a_profile_that_was_built_anew_the_former_key_is_destroyed() {
    let workspace = silos(PEOPLE);
    let keys = || workspace.json(&["keys", "status"])["generations"][0]["keys"].as_u64().expect("a count");
    workspace.land_and_publish();
    let (records, profiles) = (2 * PEOPLE as u64, editions(&workspace)[0].1);
    assert_eq!(keys(), records + profiles);
    // A record keeps its key, a profile that is built anew gets one. Whoever still reads the
    // publication before reads on.
    change_one(&workspace, 10);
    assert_eq!(keys(), records + profiles + 1);
    change_one(&workspace, 20);
    assert_eq!(keys(), records + profiles + 1, "the key of the profile replaced first is still there");
    run_over_everything(&workspace);
    run_over_everything_again(&workspace);
    assert_eq!(keys(), records + 2 * profiles, "of former editions nothing is left");
    assert_eq!(content(&workspace)[2].len() as u64, profiles);
}

/// Another address for one person in the web shop, and a run.
fn change_one(workspace: &Workspace, person: usize) {
    let file = workspace.file("data/web.csv");
    let text = std::fs::read_to_string(&file).expect("it was written");
    let own = text.lines().nth(person + 1).expect("a row").to_owned();
    std::fs::write(&file, text.replace(&own, &own.replace("@courriel", "@poste"))).expect("a file");
    let report = workspace.land_and_publish();
    assert_eq!(
        (&report["records_landed"], &report["merges"], &report["splits"]),
        (&json!(1), &json!(0), &json!(0))
    );
}

fn run_over_everything_again(workspace: &Workspace) {
    workspace.append("pipeline.yaml", "golden: { default: most_recent }\n");
    workspace.land_and_publish();
}

#[test]
fn a_small_change_is_written_beside_what_is_there_until_it_is_folded_in() {
    let workspace = silos(PEOPLE);
    workspace.land_and_publish();
    let folder = workspace.file("lake/golden/profiles");
    let data_files = || {
        let files = std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry"));
        let files = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "parquet"));
        files
            .map(|file| (file.file_name(), file.metadata().expect("a file").len()))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let first = data_files();
    let (_, whole) = first.iter().next().expect("a file");
    for person in [10, 20, 30] {
        change_one(&workspace, person);
    }
    let beside: Vec<u64> =
        data_files().iter().filter(|(name, _)| !first.contains_key(*name)).map(|(_, bytes)| *bytes).collect();
    assert_eq!(beside.len(), 3);
    assert!(beside.iter().all(|bytes| 4 * bytes < *whole), "{beside:?} beside {whole}");

    let before = content(&workspace);
    let report = workspace.json(&["optimize"]);
    let tables = report["tables"].as_array().expect("a list");
    let profiles = tables.iter().find(|table| table["table"] == "golden.profiles").expect("it was folded");
    assert_eq!((&profiles["files_before"], &profiles["files_after"]), (&json!(4), &json!(1)));
    assert_eq!(before, content(&workspace));
    change_one(&workspace, 40);
    let incremental = content(&workspace);
    run_over_everything(&workspace);
    assert_eq!(incremental, content(&workspace));
}

#[test]
fn killed_while_folding_it_shows_the_same() {
    let workspace = silos(PEOPLE);
    workspace.land_and_publish();
    let mut kills = 0;
    let mut delay = Duration::from_millis(20);
    for person in (10..).step_by(10) {
        change_one(&workspace, person);
        let before = content(&workspace);
        let was_killed = killed_after(&workspace, "optimize", delay);
        assert_eq!(before, content(&workspace), "killed after {delay:?}");
        if !was_killed {
            break;
        }
        kills += 1;
        delay = delay.mul_f64(1.5);
    }
    assert!(kills > 2, "killed {kills} times only");
    change_one(&workspace, 5);
    workspace.json(&["optimize"]);
    let incremental = content(&workspace);
    run_over_everything(&workspace);
    assert_eq!(incremental, content(&workspace));
}

/// Starts a command and kills it after a while; whether it was still at work.
fn killed_after(workspace: &Workspace, command: &str, delay: Duration) -> bool {
    let mut command = workspace.command(&[command]);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    std::thread::sleep(delay);
    let is_done = run.try_wait().expect("a child").is_some();
    if !is_done {
        run.kill().expect("it still ran");
        run.wait().expect("a child");
    }
    !is_done
}

#[test]
fn killed_anywhere_it_ends_with_the_same() {
    let workspace = silos(PEOPLE);
    workspace.land_and_publish();
    change(&workspace);
    // Ever later, so that fast machines are killed often and slow ones not for ever.
    let mut delay = Duration::from_millis(50);
    let mut kills = 0;
    let report = loop {
        if !killed_after(&workspace, "run", delay) {
            break workspace.land_and_publish();
        }
        kills += 1;
        delay = delay.mul_f64(1.4);
    };
    assert_eq!(report["up_to_date"], true);
    assert!(kills > 2, "killed {kills} times only");
    let incremental = content(&workspace);
    run_over_everything(&workspace);
    assert_eq!(incremental, content(&workspace));
}
