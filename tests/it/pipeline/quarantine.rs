//! Rows that break their contract wait, sealed, until they are mended.

use serde_json::{Value, json};

use super::{PEOPLE, person, profile_of, silos};
use crate::common::{Workspace, assert_nothing_lost};

const WRITTEN: &str = "2024-05-01T10:00:00Z";
const MAY_OPEN: [&str; 4] = ["--role", "dpo", "--purpose", "data_subject_rights"];

/// The entries with one code: source, file, line and whether they were replayed.
fn entries(workspace: &Workspace, code: &str) -> Vec<Value> {
    let entries = workspace.json_lines(&["quarantine", "ls"]);
    entries.into_iter().filter(|entry| entry["diagnostic"]["code"] == code).collect()
}

/// The shop's dates are not in the form that the pipeline expects.
fn with_misread_dates() -> Workspace {
    let workspace = silos();
    workspace.edit(
        "pipeline.yaml",
        "{ column: NE_LE, format: \"%d/%m/%Y\" }",
        "{ column: NE_LE, format: \"%Y%m%d\" }",
    );
    workspace
}

#[test]
fn without_a_clock_rows_of_one_key_that_differ_contradict_each_other() {
    let workspace = silos();
    let mut other = person(7);
    other.email = "autre@courrier.example".to_owned();
    workspace.append("data/shop.csv", other.shop_row() + "\n");
    for landed in [4 * PEOPLE, 0] {
        let report = workspace.land_and_publish();
        assert_eq!((&report["records_landed"], &report["quarantined"]), (&json!(landed), &json!(1)));
    }
    let found = entries(&workspace, "conflicting-rows");
    assert_eq!(found.len(), 1, "met twice, kept once");
    assert_eq!((&found[0]["source"], &found[0]["line"]), (&json!("shop"), &json!(PEOPLE + 2)));
    assert_eq!(found[0]["file"], "data/shop.csv");
}

#[test]
fn every_kind_of_bad_row_is_kept_with_code_file_and_line() {
    let workspace = silos();
    let [first, second] = [person(40), person(41)].map(|person| person.shop_row());
    workspace.append("data/shop.csv", format!("S40;seul\n{first};de trop\n;{}\n", &second[4..]));
    let mut web = person(42).web_row(WRITTEN);
    web.insert(5, '\u{0}');
    workspace.append("data/web.ndjson", format!("ni JSON ni rien\n[1, 2]\n{web}\n"));
    workspace.append(
        "data/web.ndjson",
        person(43).web_row(WRITTEN).replace(&person(43).birth_date(), "hier") + "\n",
    );
    workspace.append("data/web.ndjson", b"{\"id\": \"w44\", \"lastName\": \"\xff\xfe\"}\n");
    workspace.append(
        "data/orders.csv",
        "B99;order;2024-03-11T09:30:00Z;1,5;;x\nB98;order;2024-03-11T09:30:00Z;cher;S1;x\n",
    );
    let report = workspace.land_and_publish();
    assert_eq!((&report["quarantined"], &report["records_landed"]), (&json!(10), &json!(4 * PEOPLE)));
    for (code, file, line) in [
        ("too-few-fields", "data/shop.csv", PEOPLE + 2),
        ("too-many-fields", "data/shop.csv", PEOPLE + 3),
        ("missing-key", "data/shop.csv", PEOPLE + 4),
        ("not-json", "data/web.ndjson", PEOPLE + 1),
        ("not-an-object", "data/web.ndjson", PEOPLE + 2),
        ("line-nul-byte", "data/web.ndjson", PEOPLE + 3),
        ("not-a-date", "data/web.ndjson", PEOPLE + 4),
        ("line-invalid-encoding", "data/web.ndjson", PEOPLE + 5),
        ("missing-subject", "data/orders.csv", PEOPLE + 2),
        ("not-a-number", "data/orders.csv", PEOPLE + 3),
    ] {
        let found = entries(&workspace, code);
        assert_eq!(found.len(), 1, "{code}");
        assert_eq!((&found[0]["file"], &found[0]["line"]), (&json!(file), &json!(line)), "{code}");
    }
    let report = workspace.land_and_publish();
    assert_eq!((&report["quarantined"], &report["records_landed"]), (&json!(10), &json!(0)));
    assert_eq!(workspace.json_lines(&["quarantine", "ls"]).len(), 10, "met twice, kept once");
    // The same rows elsewhere in the file are the same rows.
    let moved = person(45).web_row(WRITTEN);
    workspace.edit("data/web.ndjson", "ni JSON", &format!("{moved}\nni JSON"));
    assert_eq!(workspace.land_and_publish()["records_landed"], 1);
    assert_eq!(workspace.json_lines(&["quarantine", "ls"]).len(), 10, "moved by a line, kept once");
}

#[test]
fn too_many_bad_rows_end_a_run_with_3_and_everything_else_lands() {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "limit: 0.5", "limit: 0.01");
    workspace.append("data/shop.csv", "S40;seul\nS41;seul\n");
    let ended = workspace.run(&["run", "--format", "json"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("a report all the same");
    assert_nothing_lost(&report);
    assert_eq!((&report["quarantined"], &report["profiles"]), (&json!(2), &json!(PEOPLE)));
    assert_eq!(report["quarantine_limit_exceeded"], true);
    workspace.edit("pipeline.yaml", "limit: 0.01", "limit: 0.02");
    assert_eq!(workspace.land_and_publish()["quarantined"], 2, "at most the limit");
}

#[test]
fn what_the_pipeline_misread_is_replayed_once_the_pipeline_is_mended() {
    let workspace = with_misread_dates();
    workspace.append("data/shop.csv", "S40;seul\n");
    let report = workspace.land_and_publish();
    assert_eq!((&report["quarantined"], &report["records_landed"]), (&json!(PEOPLE + 1), &json!(3 * PEOPLE)));
    let unmended = workspace.json(&["quarantine", "replay"]);
    assert_eq!(unmended, json!({ "tried": PEOPLE + 1, "landed": 0, "still_quarantined": PEOPLE + 1 }));

    workspace.edit("pipeline.yaml", "%Y%m%d", "%d/%m/%Y");
    let mended = workspace.json(&["quarantine", "replay"]);
    assert_eq!(mended, json!({ "tried": PEOPLE + 1, "landed": PEOPLE, "still_quarantined": 1 }));
    let marked: Vec<bool> =
        entries(&workspace, "not-a-date").iter().map(|entry| entry["replayed_at"].is_string()).collect();
    assert_eq!(marked, [true; PEOPLE]);
    assert!(entries(&workspace, "too-few-fields")[0]["replayed_at"].is_null());
    assert_eq!(workspace.stored("landing/shop").expect("replayed").column("record_tag").len(), PEOPLE);

    let report = workspace.land_and_publish();
    assert_eq!((&report["records_landed"], &report["quarantined"]), (&json!(0), &json!(1)));
    assert_eq!((&report["profiles"], &report["unchanged"]), (&json!(PEOPLE), &json!(4 * PEOPLE)));
    assert_eq!(workspace.clusters().len(), PEOPLE);
    let born = workspace.query("SELECT birth_date FROM landing.shop ORDER BY birth_date");
    assert_eq!(born[0], json!({ "birth_date": person(0).birth_date() }));
    let again = workspace.json(&["quarantine", "replay"]);
    assert_eq!(again, json!({ "tried": 1, "landed": 0, "still_quarantined": 1 }));
}

#[test]
fn a_run_may_come_before_the_replay() {
    let workspace = with_misread_dates();
    workspace.land_and_publish();
    workspace.edit("pipeline.yaml", "%Y%m%d", "%d/%m/%Y");
    assert_eq!(workspace.land_and_publish()["records_landed"], PEOPLE);
    let profile = profile_of(&workspace, "shop", "S3");
    let replayed = workspace.json(&["quarantine", "replay"]);
    assert_eq!(replayed["still_quarantined"], 0);
    assert_eq!(workspace.stored("landing/shop").expect("landed").column("record_tag").len(), PEOPLE);
    let report = workspace.land_and_publish();
    assert_eq!((&report["records_landed"], &report["up_to_date"]), (&json!(0), &json!(true)));
    assert_eq!(profile_of(&workspace, "shop", "S3"), profile);
}

#[test]
fn a_bad_row_is_shown_to_those_who_may_open_everything_and_to_nobody_else() {
    let workspace = silos();
    workspace.append("data/shop.csv", "S40;Valbrune sans rien d'autre\n");
    workspace.land_and_publish();
    let id = entries(&workspace, "too-few-fields")[0]["id"].as_str().expect("an id").to_owned();
    let shown = workspace.json(&[&["quarantine", "show", &id][..], &MAY_OPEN].concat());
    assert_eq!(shown["row"], "S40;Valbrune sans rien d'autre");
    assert_eq!(shown["diagnostic"]["args"], json!([["expected", "9"], ["found", "2"]]));
    let care = ["--role", "agent", "--purpose", "customer_care"];
    for reader in [
        &[][..],
        &["--role", "dpo"],
        &["--role", "agent"],
        &care,
        &["--role", "dpo", "--purpose", "marketing"],
    ] {
        let ended = workspace.run(&[&["quarantine", "show", &id][..], reader].concat());
        assert_eq!(ended.code, 4, "{reader:?}: {}", ended.stderr);
        assert!(!(ended.stdout + &ended.stderr).contains("Valbrune"), "{reader:?}");
    }
    let listed = workspace.run(&["quarantine", "ls"]);
    assert!(!listed.stdout.contains("Valbrune"));
    let unknown = workspace
        .run(&[&["quarantine", "show", "00000000-0000-4000-8000-000000000000"][..], &MAY_OPEN].concat());
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
    assert!(unknown.stderr.contains("there is no quarantined row"), "{}", unknown.stderr);
}
