//! Whoever was erased does not come back: with the next full load, with one under way, in quarantine.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::{approved, erased, found_in, values_of};
use crate::common::assert_nothing_lost;
use crate::pipeline::{PEOPLE, person, profile_of, silos};

#[test]
fn the_next_full_load_does_not_bring_them_back() {
    let workspace = silos();
    workspace.land_and_publish();
    erased(&workspace, &profile_of(&workspace, "shop", "S8"));
    let report = workspace.land_and_publish();
    assert_eq!((&report["suppressed"], &report["records_landed"]), (&json!(4), &json!(0)), "{report}");
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
    // Nor under another account with the same address and number, however they are written.
    let row = person(8).web_row("2024-06-01T10:00:00Z").replace("\"w8\"", "\"w8-bis\"");
    let email = person(8).email;
    let respelt =
        row.replace(&email, &email.to_uppercase().replace('@', "+SOLDES@")).replace("06 39", "+33 (0)6 39");
    workspace.append("data/web.ndjson", format!("{row}\n{respelt}\n"));
    let report = workspace.land_and_publish();
    assert_eq!((&report["suppressed"], &report["records_landed"]), (&json!(6), &json!(0)), "{report}");
    assert_eq!(found_in(&workspace, "lake", &values_of(&person(8))), Vec::<String>::new());
}

#[test]
fn a_row_in_quarantine_goes_and_stays_away() {
    let workspace = silos();
    let broken = format!("S77;Dupe;Ada;{};06 39 98 99 98;;;;not a day\r\n", person(8).email);
    workspace.append("data/shop.csv", &broken);
    let other = "S78;Autre;Ada;autre@courrier.example;06 39 98 99 97;;;;not a day\r\n";
    workspace.append("data/shop.csv", other);
    workspace.land_and_publish();
    assert_eq!(workspace.json_lines(&["quarantine", "ls"]).len(), 2);
    let profile = profile_of(&workspace, "shop", "S8");
    assert_eq!(workspace.json(&["erase", "open", &profile, "--dry-run"])["quarantined"], 1);
    erased(&workspace, &profile);
    assert_eq!(workspace.json_lines(&["quarantine", "ls"]).len(), 1);
    let report = workspace.json(&["run"]);
    assert_nothing_lost(&report);
    assert_eq!(workspace.json_lines(&["quarantine", "ls"]).len(), 1, "the row came back");
}

#[test]
fn an_erasure_wins_over_a_run_that_began_before() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S8");
    for delay in [20, 120, 300, 600] {
        // Everybody changes, so that the run lands and publishes everybody anew.
        let rows: String = (0..PEOPLE)
            .map(|number| person(number).web_row(&format!("2025-05-01T10:00:00.{delay:03}Z")) + "\n")
            .collect();
        workspace.write("data/web.ndjson", rows);
        let number = match delay {
            20 => approved(&workspace, &profile),
            _ => approved(&workspace, &profile_of(&workspace, "shop", &format!("S{}", delay / 60 + 10))),
        };
        let mut command = workspace.command(&["run", "--format", "json"]);
        let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        std::thread::sleep(Duration::from_millis(delay));
        let erased = workspace.json(&["erase", "run", &number.to_string()]);
        assert_eq!(erased["erasures"][0]["status"], "complete", "after {delay} ms: {erased}");
        let ran = run.wait_with_output().expect("it ends");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let report: Value = serde_json::from_slice(&ran.stdout).expect("a report");
        assert_nothing_lost(&report);
    }
    workspace.land_and_publish();
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 4);
    assert_eq!(workspace.cell("SELECT count(*) FROM landing.web"), PEOPLE - 4);
    for number in [8, 12, 15, 20] {
        assert_eq!(
            found_in(&workspace, "lake", &values_of(&person(number))),
            Vec::<String>::new(),
            "{number}"
        );
    }
}
