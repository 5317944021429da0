//! An erasure that is killed, at whatever point, goes on and is proven.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{approved, found_in, stored_profiles, values_of};
use crate::common::Workspace;
use crate::pipeline::{PEOPLE, person, profile_of, silos};

/// The lake with two versions of everybody, and an approved request.
fn due() -> (Workspace, String, i64) {
    let workspace = silos();
    workspace.land_and_publish();
    workspace.edit("data/shop.csv", &person(8).street, "99 quai des Brumes Perdues");
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S8");
    let number = approved(&workspace, &profile);
    (workspace, profile, number)
}

/// Kills a run of the request after a while; says whether that was before its end.
fn killed_after(workspace: &Workspace, number: i64, delay: Duration) -> bool {
    let number = number.to_string();
    let mut command = workspace.command(&["erase", "run", &number]);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    std::thread::sleep(delay);
    // An error here means that it has ended meanwhile.
    let _ = run.kill();
    run.wait().expect("a child").code().is_none()
}

#[track_caller]
fn check_gone(workspace: &Workspace, profile: &str, number: i64, killed: &str) {
    let status = workspace.json(&["erase", "status", &number.to_string()]);
    if status["status"] != "complete" {
        let report = workspace.json(&["erase", "run", &number.to_string()]);
        assert_eq!(report["erasures"][0]["status"], "complete", "{killed}: {report}");
    }
    assert_eq!(workspace.run(&["erase", "certificate", &number.to_string()]).code, 0, "{killed}");
    let mut values = values_of(&person(8));
    values.push(profile.to_owned());
    for folder in ["lake", "state"] {
        assert_eq!(found_in(workspace, folder, &values), Vec::<String>::new(), "{killed}, in {folder}");
    }
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1, "{killed}");
    assert_eq!(workspace.json(&["audit", "verify"])["faults"], json!([]), "{killed}");
    let idle = workspace.land_and_publish();
    assert_eq!((&idle["records_landed"], &idle["suppressed"]), (&json!(0), &json!(4)), "{killed}");
    assert_eq!(stored_profiles(workspace).len(), PEOPLE - 1, "{killed}");
}

/// How long a request takes that nobody kills.
fn undisturbed() -> Duration {
    let (workspace, _, number) = due();
    let started = Instant::now();
    workspace.json(&["erase", "run", &number.to_string()]);
    started.elapsed()
}

#[track_caller]
fn check_parts(parts: impl IntoIterator<Item = u32>) {
    let took = undisturbed();
    for part in parts {
        let (workspace, profile, number) = due();
        killed_after(&workspace, number, took * part / 12);
        check_gone(&workspace, &profile, number, &format!("killed at {part}/12"));
    }
}

// Several tests, so that they run side by side.

#[test]
fn an_erasure_killed_in_its_first_third_goes_on() {
    check_parts(1..=4);
}

#[test]
fn an_erasure_killed_in_its_second_third_goes_on() {
    check_parts(5..=8);
}

#[test]
fn an_erasure_killed_in_its_last_third_goes_on() {
    check_parts(9..=12);
}

#[test]
fn an_erasure_killed_again_and_again_goes_on() {
    let took = undisturbed();
    let (workspace, profile, number) = due();
    let killed = (2..=12).map(|part| killed_after(&workspace, number, took * part / 14));
    // The last may find nothing left to do.
    assert!(killed.filter(|killed| *killed).count() > 3, "hardly a kill came in time");
    check_gone(&workspace, &profile, number, "killed again and again");
}
