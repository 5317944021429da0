//! Erasure at request: approved by another account, held where the law says so, never complete without proof.

use chrono::{Days, Utc};
use serde_json::json;

use super::{approve, code_of, email_of, opened, verified};
use crate::erase::{erased, found_in, values_of};
use crate::pipeline::{PEOPLE, person, profile_of, silos};

const HOLD: [&str; 4] = ["--reason", "invoices of 2026", "--basis", "Code de commerce, art. L123-22"];

#[test]
fn an_erasure_is_approved_by_another_account_and_complete_when_it_is_proven() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "erasure", &email_of(4));
    assert_eq!(code_of(&workspace, &["request", "run", &number]), (2, "request-transition".to_owned()));
    assert_eq!(code_of(&workspace, &["request", "approve", &number]), (2, "request-same-account".to_owned()));
    let report = approve(&workspace, &number).expect("another account");
    assert_eq!((report.state.as_str(), report.erasure), ("approved", Some(1)));
    let report = workspace.json(&["request", "run", &number]);
    assert_eq!((&report["state"], &report["erasure"]), (&json!("completed"), &json!(1)));
    assert_eq!(workspace.run(&["erase", "certificate", "1"]).code, 0);
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
    for folder in ["lake", "state"] {
        assert_eq!(found_in(&workspace, folder, &values_of(&person(4))), Vec::<String>::new(), "in {folder}");
    }
    assert_eq!(workspace.state("SELECT count(*) FROM key_pages WHERE owner LIKE 'request/%'"), 0);
}

#[test]
fn what_is_left_in_the_clear_keeps_the_request_from_being_complete() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "erasure", &email_of(4));
    approve(&workspace, &number).expect("another account");
    workspace.write("lake/notes/export.txt", format!("called {} back", person(4).email));
    let ended = workspace.run(&["request", "run", &number, "--format", "json"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert_eq!(workspace.json(&["request", "show", &number])["state"], "in_progress");
    std::fs::remove_file(workspace.file("lake/notes/export.txt")).expect("there");
    let report = workspace.json(&["request", "run", &number]);
    assert_eq!((&report["state"], &report["steps"][0]["attempts"]), (&json!("completed"), &json!(2)));
}

#[test]
fn a_hold_restricts_instead_keeps_others_from_erasing_and_is_looked_at_again() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S4");
    let number = verified(&workspace, "erasure", &email_of(4));
    approve(&workspace, &number).expect("another account");
    let until = (Utc::now().date_naive() + Days::new(3650)).to_string();
    let hold = [&["request", "hold", &number, "--until", &until][..], &HOLD].concat();
    let report = workspace.json(&hold);
    assert_eq!((&report["state"], &report["erasure"]), (&json!("pending"), &json!(null)));
    assert_eq!(workspace.json(&["erase", "status", "1"])["status"], "cancelled");
    let report = workspace.json(&["request", "run", &number]);
    assert_eq!((&report["state"], &report["hold"]["until"]), (&json!("restricted"), &json!(until)));
    let marketed = || {
        let sql = "SELECT count(*) AS n FROM golden.profiles";
        workspace.json_lines(&["query", sql, "--role", "marketer", "--purpose", "marketing"])[0]["n"].clone()
    };
    assert_eq!(marketed(), PEOPLE - 1);
    // Nobody erases them on the side, and who would is told before.
    let planned = workspace.json(&["erase", "open", &profile, "--dry-run"]);
    assert_eq!(planned["holds"], json!([{ "request": 1, "until": until }]));
    let other = crate::erase::approved(&workspace, &profile).to_string();
    assert_eq!(code_of(&workspace, &["erase", "run", &other]), (2, "erase-held".to_owned()));
    workspace.json(&["erase", "cancel", &other]);

    let today = Utc::now().date_naive().to_string();
    workspace.json(&[&["request", "hold", &number, "--until", &today][..], &HOLD].concat());
    let due = workspace.json_lines(&["request", "due"]);
    assert_eq!((&due[0]["number"].to_string(), &due[0]["due_soon"]), (&number, &json!(true)));
    assert_eq!(workspace.json(&["request", "release", &number])["state"], "pending");
    assert_eq!(marketed(), PEOPLE - 1, "restricted until it is decided");
    approve(&workspace, &number).expect("another account");
    assert_eq!(workspace.json(&["request", "run", &number])["state"], "completed");
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
}

#[test]
fn a_held_erasure_that_is_refused_in_the_end_restricts_nobody() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "erasure", &email_of(4));
    let until = (Utc::now().date_naive() + Days::new(9)).to_string();
    workspace.json(&[&["request", "hold", &number, "--until", &until][..], &HOLD].concat());
    workspace.json(&["request", "run", &number]);
    workspace.json(&["request", "release", &number]);
    workspace.json(&[
        "request",
        "refuse",
        &number,
        "--ground",
        "legal-claims",
        "--reason",
        "a lawsuit is under way",
    ]);
    let sql = "SELECT count(*) AS n FROM golden.profiles";
    let seen = workspace.json_lines(&["query", sql, "--role", "marketer", "--purpose", "marketing"]);
    assert_eq!(seen[0]["n"], PEOPLE);
}

#[test]
fn who_is_erased_is_asked_about_no_more() {
    let workspace = silos();
    workspace.land_and_publish();
    let access = verified(&workspace, "access", &email_of(4));
    let others = verified(&workspace, "access", &email_of(5));
    erased(&workspace, &profile_of(&workspace, "shop", "S4"));
    assert_eq!(workspace.json(&["request", "show", &access])["state"], "cancelled");
    assert_eq!(workspace.json(&["request", "show", &others])["state"], "pending");
    assert_eq!(workspace.state("SELECT count(*) FROM requests WHERE kit IS NOT NULL"), 1);
    // The erased are as unknown as whoever never was.
    let number = opened(&workspace, &["erasure"], &email_of(4))["number"].to_string();
    let report = workspace.json(&["request", "verify", &number, "--method", "code"]);
    assert_eq!(report["summary"]["records"], 0);
    approve(&workspace, &number).expect("another account");
    assert_eq!(workspace.json(&["request", "run", &number])["state"], "completed");
}

#[test]
fn records_that_came_since_take_another_approval() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "erasure", &email_of(5));
    approve(&workspace, &number).expect("another account");
    let row = person(5).web_row("2024-06-01T10:00:00Z").replace("\"w5\"", "\"w5-bis\"");
    workspace.append("data/web.ndjson", row + "\n");
    workspace.land_and_publish();
    assert_eq!(code_of(&workspace, &["request", "run", &number]), (2, "erase-changed".to_owned()));
    assert_eq!(workspace.json(&["request", "show", &number])["state"], "pending");
    approve(&workspace, &number).expect("approved again");
    assert_eq!(workspace.json(&["request", "run", &number])["state"], "completed");
}
