//! Requests that are killed, at whatever point, go on and end as if nobody had.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{approve, email_of, verified};
use crate::common::Workspace;
use crate::erase::{found_in, values_of};
use crate::pipeline::{PEOPLE, person, profile_of, silos};

/// Kills a run of the request after a while; says whether that was before its end.
fn killed_after(workspace: &Workspace, arguments: &[&str], delay: Duration) -> bool {
    let mut command = workspace.command(arguments);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    std::thread::sleep(delay);
    // An error here means that it has ended meanwhile.
    let _ = run.kill();
    run.wait().expect("a child").code().is_none()
}

/// Runs it until it is complete, killing it on the way.
#[track_caller]
fn killed_on_the_way(workspace: &Workspace, number: &str, arguments: &[&str], took: Duration) -> Value {
    let mut kills = 0;
    for part in 1..12 {
        if workspace.json(&["request", "show", number])["state"] == "completed" {
            break;
        }
        kills += u32::from(killed_after(workspace, arguments, took * part / 12));
    }
    assert!(kills > 2, "hardly a kill came in time");
    let shown = workspace.json(&["request", "show", number]);
    if shown["state"] == "completed" {
        return shown;
    }
    workspace.json(arguments)
}

#[test]
fn an_export_is_there_whole_or_not_at_all() {
    let workspace = silos();
    workspace.land_and_publish();
    let first = verified(&workspace, "access", &email_of(3));
    let started = Instant::now();
    workspace.json(&["request", "run", &first, "--to", workspace.file("first").to_str().expect("UTF-8")]);
    let took = started.elapsed();
    let number = verified(&workspace, "access", &email_of(4));
    let folder = workspace.file("answer");
    let to = folder.to_str().expect("UTF-8");
    let arguments = ["request", "run", &number, "--to", to];
    for part in 1..14 {
        killed_after(&workspace, &arguments, took * part / 12);
        if folder.exists() {
            workspace.json(&["prove", "--package", to]);
            break;
        }
    }
    if workspace.json(&["request", "show", &number])["state"] != "completed" {
        assert_eq!(workspace.json(&arguments)["state"], "completed");
    }
    workspace.json(&["prove", "--package", to]);
    assert!(!workspace.file("answer.partial").exists());
    assert_eq!(workspace.state("SELECT count(*) FROM key_pages WHERE owner LIKE 'request/%'"), 0);
    assert_eq!(workspace.json(&["audit", "verify"])["faults"], json!([]));
}

#[test]
fn what_was_set_right_before_a_kill_is_not_set_again() {
    let workspace = silos();
    workspace.land_and_publish();
    let set =
        json!({ "city": "Une", "street": "2 rue Deux", "postal_code": "33333", "given_name": "Quatre" });
    let input = |number: usize| json!({ "email": person(number).email, "set": set });
    let first = verified(&workspace, "rectification", &input(3));
    let started = Instant::now();
    workspace.json(&["request", "run", &first]);
    let took = started.elapsed();
    let number = verified(&workspace, "rectification", &input(4));
    let report = killed_on_the_way(&workspace, &number, &["request", "run", &number], took);
    assert_eq!(report["state"], "completed");
    let steps = report["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), 4);
    assert!(steps.iter().all(|step| step["ended_at"] != Value::Null), "{steps:?}");
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S4");
    let explained =
        workspace.json(&["explain", &profile, "--role", "dpo", "--purpose", "data_subject_rights"]);
    let by_hand =
        explained["values"].as_array().expect("values").iter().filter(|it| it["rule"] == "human_set");
    assert_eq!(by_hand.count(), 4);
}

#[test]
fn an_erasure_at_request_that_is_killed_again_and_again_goes_on() {
    let timed = silos();
    timed.land_and_publish();
    let first = verified(&timed, "erasure", &email_of(3));
    approve(&timed, &first).expect("another account");
    let started = Instant::now();
    timed.json(&["request", "run", &first]);
    let took = started.elapsed();

    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "erasure", &email_of(4));
    approve(&workspace, &number).expect("another account");
    let report = killed_on_the_way(&workspace, &number, &["request", "run", &number], took);
    assert_eq!(report["state"], "completed");
    assert_eq!(workspace.run(&["erase", "certificate", "1"]).code, 0);
    for folder in ["lake", "state"] {
        assert_eq!(found_in(&workspace, folder, &values_of(&person(4))), Vec::<String>::new(), "in {folder}");
    }
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
    assert_eq!(workspace.state("SELECT count(*) FROM key_pages WHERE owner LIKE 'request/%'"), 0);
}
