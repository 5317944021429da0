//! Pipelines whose state database is at a PostgreSQL server.

#[path = "../../crates/state/src/testing/server.rs"]
mod server;

use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Ended, Workspace};
use crate::erase::approved;
use crate::pipeline::{person, profile_of, silos};
use crate::state_place::SERVER_VARIABLE;
use server::Server;

/// Tests that hold on a server as they do on a file: what two services do at once, what is killed and
/// goes on, what is erased and withdrawn.
const SHARED: [&str; 9] = [
    "consent::",
    "crash::a_run_killed_again_and_again_is_made_good",
    "crash::what_was_published_is_read_on_while_a_later_run_is_killed",
    "erase::",
    "serve::consents::",
    "serve::erasures::",
    "serve::requests::",
    "serve::jobs::two_services_never_do_the_same_job_at_one_tick",
    "serve::ending::a_service_that_was_killed_starts_again_with_what_was_confirmed",
];

/// Of these, what copies the file.
const OF_THE_FILE: &str = "erase::restore::";

/// This test binary runs these tests once more, against a server.
#[test]
fn what_holds_on_a_file_holds_on_a_server() {
    let server = Server::start();
    let url = server.new_database("lakes");
    let mut suite = Command::new(std::env::current_exe().expect("this program"));
    suite.args(SHARED).args(["--skip", OF_THE_FILE, "--test-threads=2"]).env(SERVER_VARIABLE, url);
    let ended = suite.output().expect("it runs");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    let schemas = server.execute("lakes", "SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'lake_%'");
    assert!(schemas.parse::<u32>().expect("a count") > 30, "only {schemas} pipelines were on the server");
}

/// The silos, with their state at a server.
fn at(server: &Server, name: &str) -> Workspace {
    silos().with_state(&server.new_database(name))
}

#[test]
fn what_stands_in_a_table_of_the_state_keeps_an_erasure_from_being_complete() {
    let server = Server::start();
    let workspace = at(&server, "lake");
    workspace.land_and_publish();
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S4"));
    let (run, email, mobile) = (number.to_string(), person(4).email, person(4).mobile);
    // In a column of this program's, and in a table that is not.
    server.execute(
        "lake",
        &format!("UPDATE runs SET summary_json = '{{\"note\": \"{email}\"}}' WHERE run = 1"),
    );
    server.execute("lake", &format!("CREATE TABLE calls AS SELECT convert_to('{mobile}', 'UTF8') AS number"));
    let ended = workspace.run(&["erase", "run", &run, "--format", "json"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("a report");
    let traces = report["erasures"][0]["traces"].as_array().expect("a list");
    let mut places: Vec<_> = traces.iter().map(|trace| (&trace["place"], &trace["file"])).collect();
    places.dedup();
    assert_eq!(places, [(&json!("state"), &json!("calls")), (&json!("state"), &json!("runs"))], "{report}");
    let columns: Vec<&str> = traces.iter().filter_map(|trace| trace["channel"].as_str()).collect();
    assert!(columns.contains(&"number: mobile in utf-8"), "{columns:?}");
    assert!(columns.contains(&"summary_json: email in utf-8"), "{columns:?}");
    assert!(!ended.stdout.contains(&email) && !ended.stderr.contains(&email), "the value is repeated");

    server.execute("lake", "DROP TABLE calls; UPDATE runs SET summary_json = NULL WHERE run = 1");
    let report = workspace.json(&["erase", "run", &run]);
    assert_eq!(report["erasures"][0]["status"], "complete", "{report}");
    let tables =
        "SELECT string_agg(query_to_xml('TABLE ' || quote_ident(relname), true, false, '')::TEXT, '')
        FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::REGNAMESPACE";
    let dumped = server.execute("lake", tables);
    for value in [&email, &mobile] {
        assert!(!dumped.contains(value), "the dump holds it");
    }
}

#[test]
fn neither_user_nor_password_is_told_by_anything() {
    let mut server = Server::start();
    let workspace = at(&server, "lake");
    workspace.land_and_publish();
    let mut told = String::new();
    for arguments in [&["status"][..], &["run", "--log", "json"], &["keys", "status"], &["erase", "status"]] {
        let ended = workspace.run(arguments);
        assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.stderr);
        told.extend([ended.stdout, ended.stderr]);
    }
    server.crash();
    let ended = workspace.run(&["status"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("does not answer"), "{}", ended.stderr);
    told.push_str(&ended.stderr);
    server.restart();
    let wrong = workspace.with_state(&server.url("lake").replace(server::PASSWORD, "Sesame-wrong"));
    let ended = wrong.run(&["status"]);
    assert!(ended.code != 0 && ended.stderr.contains("refuses the login"), "{}", ended.stderr);
    told.push_str(&ended.stderr);
    assert!(!told.contains("Sesame") && !told.contains("owner"), "{told}");
    let unset = wrong.command(&["status"]).env_remove("VERMEIL_STATE_URL").output().expect("it starts");
    let nowhere = Ended::from(unset);
    assert!(nowhere.stderr.contains("VERMEIL_STATE_URL") && nowhere.code == 2, "{}", nowhere.stderr);
}
