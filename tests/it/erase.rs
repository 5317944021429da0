//! Erasing a person through the real binary: asked for, approved, carried out, proven; and what
//! others still find of them, which is nothing.

mod canaries;
mod certificate;
mod comeback;
mod crash;
mod household;
mod restore;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};
use vermeil_engine::{EngineError, ErasureReport, Reader};
use vermeil_leaks::{Limits, Matcher, Values, scan};
use vermeil_model::policy::{Purpose, Role};

use crate::common::{Ended, Workspace};
use crate::pipeline::{PEOPLE, Person, person, profile_of, record_of, silos, write_shop};
use crate::python::{Python, answer};

const TABLES: [&str; 9] = [
    "landing/shop",
    "landing/web",
    "landing/club",
    "landing/orders",
    "resolved/links",
    "resolved/matched",
    "golden/members",
    "golden/profiles",
    "golden/provenance",
];

/// An officer of another account than whoever runs the tests.
pub fn other_officer() -> Reader {
    Reader {
        actor: "another account".to_owned(),
        role: Role("dpo".to_owned()),
        purpose: Some(Purpose("data_subject_rights".to_owned())),
    }
}

/// Runs a command that reads a value from standard input.
pub fn with_input(workspace: &Workspace, arguments: &[&str], value: &str) -> Ended {
    let mut command = workspace.command(&[arguments, &["--format", "json"]].concat());
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("the binary starts");
    // Who is refused may be gone before the value is read.
    let _ = writeln!(child.stdin.take().expect("a pipe"), "{value}");
    child.wait_with_output().expect("it ends").into()
}

/// Opens a request by an id or by a value, and returns its number.
#[track_caller]
pub fn opened(workspace: &Workspace, id: &str) -> i64 {
    let report = workspace.json(&["erase", "open", id]);
    assert_eq!(report["status"], "open");
    report["number"].as_i64().expect("a number")
}

pub fn approve(workspace: &Workspace, number: i64) -> Result<ErasureReport, EngineError> {
    workspace.with_engine(async |engine| engine.approve_erasure(number, &other_officer()).await)
}

/// Opens and approves a request to erase whoever has this id.
#[track_caller]
pub fn approved(workspace: &Workspace, id: &str) -> i64 {
    let number = opened(workspace, id);
    approve(workspace, number).expect("another account approves");
    number
}

/// Erases whoever has this id, which must be proven.
#[track_caller]
pub fn erased(workspace: &Workspace, id: &str) -> Value {
    let number = approved(workspace, id).to_string();
    let report = workspace.json(&["erase", "run", &number]);
    assert_eq!(report["erasures"][0]["status"], "complete", "{report}");
    report
}

/// What distinguishes a person of the silos.
pub fn values_of(person: &Person) -> Vec<String> {
    let Person { given, family, email, mobile, street, .. } = person;
    vec![email.clone(), mobile.clone(), street.clone(), format!("{given} {family}")]
}

/// Where these values stand in a folder, decoded.
pub fn found_in(workspace: &Workspace, folder: &str, values: &[String]) -> Vec<String> {
    let matcher = Matcher::new(&Values::from_texts(values.to_vec()));
    let report = scan(&workspace.file(folder), &[], &matcher, Limits::default()).expect("a folder");
    report.findings.into_iter().map(|finding| finding.file).collect()
}

/// Profile id → everything its row holds, as it is stored.
pub fn stored_profiles(workspace: &Workspace) -> BTreeMap<String, Vec<String>> {
    let stored = workspace.stored("golden/profiles").expect("published");
    let names: Vec<String> = stored.rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    let columns: Vec<Vec<String>> = names.iter().map(|name| stored.column(name)).collect();
    let ids = stored.column("profile_id");
    let row = |row: usize| columns.iter().map(|column| column[row].clone()).collect();
    ids.iter().enumerate().map(|(number, id)| (id.clone(), row(number))).collect()
}

#[test]
fn an_erased_person_is_nowhere() {
    let workspace = silos();
    workspace.land_and_publish();
    // More versions than one, of rows and of tables.
    let old = person(8).street;
    workspace.edit("data/shop.csv", &old, "99 quai des Brumes Perdues");
    workspace.land_and_publish();
    let (profile, record) = (profile_of(&workspace, "shop", "S8"), record_of(&workspace, "shop", "S8"));
    let before = stored_profiles(&workspace);
    let lake_before = workspace.content_of("lake");

    let planned = workspace.json(&["erase", "open", &profile, "--dry-run"]);
    assert_eq!(
        (&planned["records"], &planned["events"], &planned["profiles"]),
        (&json!(3), &json!(1), &json!(1))
    );
    let tables: Vec<&str> = planned["tables"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|table| table["table"].as_str().expect("a name"))
        .collect();
    assert!(tables.contains(&"landing.shop") && tables.contains(&"golden.profiles"), "{tables:?}");
    assert!(workspace.content_of("lake") == lake_before, "a dry run wrote to the lake");
    assert!(workspace.json_lines(&["erase", "status"]).is_empty(), "a dry run opened a request");

    let email = person(8).email;
    let ended = with_input(
        &workspace,
        &["erase", "open", "--field", "email"],
        &format!(" {} ", email.to_uppercase()),
    );
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("a report");
    let number = report["number"].to_string();
    assert_eq!(report["summary"]["records"], 3);
    let refused = workspace.run(&["erase", "run", &number]);
    assert_eq!(refused.code, 2, "not approved: {}", refused.stderr);
    let refused = workspace.run(&["erase", "approve", &number]);
    assert!(refused.code == 2 && refused.stderr.contains("opened by this account"), "{}", refused.stderr);
    approve(&workspace, report["number"].as_i64().expect("a number")).expect("another account");
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE);

    let run = workspace.json(&["erase", "run", &number]);
    assert_eq!(run["erasures"][0]["status"], "complete", "{run}");
    assert_eq!(run["erasures"][0]["traces"], json!([]));

    // Whoever asks through the program.
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
    for (source, rows) in
        [("shop", PEOPLE - 1), ("web", PEOPLE - 1), ("club", PEOPLE - 1), ("orders", PEOPLE - 1)]
    {
        assert_eq!(workspace.cell(&format!("SELECT count(*) FROM landing.{source}")), rows, "{source}");
    }
    let reader = ["--role", "dpo", "--purpose", "data_subject_rights"];
    assert_eq!(workspace.run(&[&["explain", profile.as_str()][..], &reader].concat()).code, 2);
    let found = with_input(&workspace, &[&["find", "email"][..], &reader].concat(), &email);
    assert_eq!((found.code, found.stdout.as_str()), (0, ""), "{}", found.stderr);

    // Whoever reads the files.
    let mut values = values_of(&person(8));
    values.extend([profile.clone(), record.clone(), "quai des Brumes Perdues".to_owned()]);
    for folder in ["lake", "state"] {
        assert_eq!(found_in(&workspace, folder, &values), Vec::<String>::new(), "in {folder}");
    }
    assert!(!found_in(&workspace, "data", &values).is_empty(), "the search finds what is there");

    // Everyone else is as they were, to the byte.
    let mut expected = before;
    assert!(expected.remove(&profile).is_some());
    assert!(stored_profiles(&workspace) == expected, "other profiles changed");
}

#[test]
fn what_was_set_right_goes_too_and_that_of_others_stays() {
    let workspace = silos();
    workspace.land_and_publish();
    let [gone, stays] = ["S6", "S7"].map(|key| profile_of(&workspace, "shop", key));
    let [gone_value, stays_value] = ["plume@rectifiee.example", "encre@rectifiee.example"];
    let reader = ["--role", "dpo", "--purpose", "data_subject_rights"];
    for (id, value) in [(&gone, gone_value), (&stays, stays_value)] {
        let command = [&["rectify", id, "email", "--reason", "they said so"][..], &reader].concat();
        let ended = with_input(&workspace, &command, value);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }
    workspace.land_and_publish();
    erased(&workspace, &gone);
    assert_eq!(workspace.stored("golden/rectifications").expect("a table").rows.num_rows(), 1);
    let values = [gone, gone_value.to_owned()];
    for folder in ["lake", "state"] {
        assert_eq!(found_in(&workspace, folder, &values), Vec::<String>::new(), "in {folder}");
    }
    // Another run builds on what is left.
    workspace.edit("data/shop.csv", &person(7).street, "99 quai des Brumes Perdues");
    workspace.land_and_publish();
    let sql = format!("SELECT email FROM golden.profiles WHERE profile_id = '{stays}'");
    let shown = workspace.run(&[&["query", sql.as_str(), "--format", "json"][..], &reader].concat());
    assert!(shown.stdout.contains(stays_value), "{}{}", shown.stdout, shown.stderr);
}

#[test]
fn neither_another_reader_nor_time_travel_finds_the_erased() {
    let Some(python) = Python::find() else { return };
    let workspace = silos();
    workspace.land_and_publish();
    write_shop(
        &workspace,
        (0..PEOPLE).map(|number| {
            let person = person(number);
            person.shop_row().replace(&person.street, "1 rue Nouvelle des Lilas")
        }),
    );
    workspace.land_and_publish();
    let record = record_of(&workspace, "shop", "S3");
    let tables = TABLES.map(|table| workspace.file("lake").join(table).to_str().expect("UTF-8").to_owned());
    let ask = |id: &str| answer(python.script("time_travel.py").arg(id).args(&tables), "");
    let held = |seen: &Value| {
        seen.as_object().expect("tables").values().filter(|table| table["rows"] != json!(0)).count()
    };
    assert!(held(&ask(&record)) > 2, "the reader finds what is there");
    erased(&workspace, &record);
    let seen = ask(&record);
    assert_eq!(held(&seen), 0, "{seen}");
    let shop = &seen[tables[0].as_str()];
    assert!(shop["refused"].as_u64().expect("a count") > 0, "old versions can still be read: {shop}");
}

#[test]
fn the_unknown_and_the_erased_get_the_same_answer() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S5");
    let email = person(5).email;
    let unknown = "00000000-0000-4000-8000-000000000001";
    let before = workspace.run(&["erase", "open", unknown]);
    let nobody = with_input(&workspace, &["erase", "open", "--field", "email"], "nobody@courrier.example");
    erased(&workspace, &profile);
    let after = workspace.run(&["erase", "open", &profile]);
    let gone = with_input(&workspace, &["erase", "open", "--field", "email"], &email);
    for answer in [&before, &nobody, &after, &gone] {
        assert_eq!(answer.code, 2, "{}", answer.stderr);
        assert_eq!(answer.stdout, "");
        assert_eq!(answer.stderr, before.stderr);
    }
}

#[test]
fn who_may_not_open_everything_erases_nobody() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S5");
    for reader in [
        ["--role", "analyst", "--purpose", "data_subject_rights"],
        ["--role", "agent", "--purpose", "customer_care"],
    ] {
        let refused = workspace.run(&[&["erase", "open", profile.as_str()][..], &reader].concat());
        assert_eq!(refused.code, 4, "{}", refused.stderr);
    }
    assert!(workspace.json_lines(&["erase", "status"]).is_empty());
}

#[test]
fn a_request_that_was_called_back_is_not_carried_out() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S5")).to_string();
    assert_eq!(workspace.json(&["erase", "cancel", &number])["status"], "cancelled");
    assert_eq!(workspace.run(&["erase", "run", &number]).code, 2);
    assert_eq!(workspace.json(&["erase", "run", "--all"])["erasures"], json!([]));
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE);
    assert_eq!(workspace.state("SELECT count(*) FROM key_pages WHERE owner LIKE 'erasure/%'"), 0);
}

#[test]
fn many_requests_share_one_rewrite() {
    let workspace = silos();
    workspace.land_and_publish();
    let profiles: Vec<String> =
        (1..=10).map(|number| profile_of(&workspace, "shop", &format!("S{number}"))).collect();
    for profile in &profiles {
        approved(&workspace, profile);
    }
    let version = workspace.stored("landing/shop").expect("landed").version;
    let run = workspace.json(&["erase", "run", "--all"]);
    let complete =
        run["erasures"].as_array().expect("a list").iter().filter(|erasure| erasure["status"] == "complete");
    assert_eq!(complete.count(), 10, "{run}");
    assert_eq!(workspace.stored("landing/shop").expect("landed").version, version + 1, "one commit for all");
    assert!(run["bytes_written"].as_f64() <= run["bytes_holding"].as_f64().map(|bytes| 1.2 * bytes), "{run}");
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 10);
}

#[test]
fn erasing_a_person_twice_is_the_same_as_once() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S5");
    let (first, second) = (approved(&workspace, &profile), approved(&workspace, &profile));
    workspace.json(&["erase", "run", &first.to_string()]);
    let lake = workspace.content_of("lake");
    let again = workspace.json(&["erase", "run", &second.to_string()]);
    assert_eq!(again["erasures"][0]["status"], "complete", "{again}");
    assert_eq!(again["files_holding"], 0);
    assert!(workspace.content_of("lake") == lake, "nothing was left to rewrite");
    assert_eq!(workspace.run(&["erase", "run", &first.to_string()]).code, 2, "what is complete is not due");
}

#[test]
fn records_that_came_since_take_another_approval() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S5");
    let number = approved(&workspace, &profile);
    // The same person opens another account.
    let row = person(5).web_row("2024-06-01T10:00:00Z").replace("\"w5\"", "\"w5-bis\"");
    workspace.append("data/web.ndjson", row + "\n");
    workspace.land_and_publish();
    assert_eq!(profile_of(&workspace, "web", "w5-bis"), profile);
    let refused = workspace.run(&["erase", "run", &number.to_string()]);
    assert!(refused.code == 2 && refused.stderr.contains("not approved"), "{}", refused.stderr);
    let status = workspace.json(&["erase", "status", &number.to_string()]);
    assert_eq!((&status["status"], &status["summary"]["records"]), (&json!("open"), &json!(4)));
    approve(&workspace, number).expect("approved again");
    assert_eq!(workspace.json(&["erase", "run", &number.to_string()])["erasures"][0]["status"], "complete");
    assert_eq!(workspace.cell("SELECT count(*) FROM landing.web"), PEOPLE - 1);
}

#[test]
fn whoever_landed_and_is_not_published_yet_is_erased_too() {
    let workspace = silos();
    workspace.json(&["run", "--until", "land"]);
    let email = person(5).email;
    let ended = with_input(&workspace, &["erase", "open", "--field", "email"], &email);
    assert_eq!(ended.code, 2, "three records that nobody has brought together: {}", ended.stderr);
    let shop = workspace.stored("landing/shop").expect("landed");
    let record = &shop.column("record_id")[5];
    erased(&workspace, record);
    assert_eq!(workspace.stored("landing/shop").expect("landed").rows.num_rows(), PEOPLE - 1);
    let report = workspace.land_and_publish();
    assert_eq!(report["suppressed"], 2, "the record, and what was ordered: {report}");
    assert_eq!(found_in(&workspace, "lake", std::slice::from_ref(record)), Vec::<String>::new());
}

#[test]
fn erased_profiles_of_older_publications_have_no_keys_left() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S7");
    // Their profile is built anew, and the files of the one before go.
    let row = person(7).web_row("2024-07-01T10:00:00Z").replace("rue du Moulin", "rue des Tisserands");
    workspace.append("data/web.ndjson", row + "\n");
    workspace.land_and_publish();
    erased(&workspace, &profile);
    let live =
        workspace.state("SELECT CAST(SUM(live_keys) AS BIGINT) FROM key_pages WHERE owner LIKE 'golden/%'");
    assert_eq!(live, PEOPLE as i64 - 1, "one key for each profile that is left");
    let landed =
        workspace.state("SELECT CAST(SUM(live_keys) AS BIGINT) FROM key_pages WHERE owner LIKE 'landing/%'");
    assert_eq!(landed, 4 * (PEOPLE as i64 - 1), "one for each record and event");
}
