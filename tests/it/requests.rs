//! Requests of data subjects through the real binary: who asks is told nothing before it is sure who
//! they are, gets what is theirs and nothing of anyone else, in time.

mod crash;
mod erasure;
mod export;
mod restriction;

use std::io::Write;
use std::process::Stdio;

use chrono::{Days, NaiveDate, Utc};
use serde_json::{Value, json};
use vermeil_engine::{EngineError, SubjectRequestReport};

use crate::common::{Ended, Workspace};
use crate::erase::other_officer;
use crate::pipeline::{PEOPLE, person, profile_of, record_of, silos};

/// Starts a command with a JSON object on standard input.
pub fn ask(workspace: &Workspace, arguments: &[&str], input: &Value) -> Ended {
    let mut command = workspace.command(&[arguments, &["--format", "json"]].concat());
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("the binary starts");
    // Who is refused may be gone before it is read.
    let _ = writeln!(child.stdin.take().expect("a pipe"), "{input}");
    child.wait_with_output().expect("it ends").into()
}

/// Opens a request, and returns its report.
#[track_caller]
pub fn opened(workspace: &Workspace, kind: &[&str], input: &Value) -> Value {
    let ended = ask(workspace, &[&["request", "open"], kind].concat(), input);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("a report")
}

/// Opens a request of whoever has this e-mail address, and verifies who they are; returns its number.
#[track_caller]
pub fn verified(workspace: &Workspace, kind: &str, input: &Value) -> String {
    let number = opened(workspace, &[kind], input)["number"].to_string();
    let report = workspace.json(&["request", "verify", &number, "--method", "session"]);
    assert_eq!(report["state"], "pending", "{report}");
    number
}

pub fn approve(workspace: &Workspace, number: &str) -> Result<SubjectRequestReport, EngineError> {
    let number = number.parse().expect("a number");
    workspace.with_engine(async |engine| engine.approve_subject_request(number, &other_officer()).await)
}

/// The stable code of an error.
#[track_caller]
pub fn code_of(workspace: &Workspace, arguments: &[&str]) -> (i32, String) {
    let ended = workspace.run(&[arguments, &["--log", "json"]].concat());
    let last = ended.stderr.lines().last().unwrap_or_default();
    let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{}", ended.stderr));
    (ended.code, error["error"]["code"].as_str().expect("a code").to_owned())
}

pub fn email_of(number: usize) -> Value {
    json!({ "email": person(number).email })
}

fn days_ago(days: u64) -> NaiveDate {
    Utc::now().date_naive() - Days::new(days)
}

#[test]
fn who_is_unknown_gets_the_same_answer_until_it_is_sure_who_asks() {
    let workspace = silos();
    workspace.land_and_publish();
    let known = opened(&workspace, &["access"], &email_of(4));
    let unknown = opened(&workspace, &["access"], &json!({ "email": "nobody@courrier.example" }));
    let comparable = |report: &Value| {
        let mut report = report.clone();
        for key in ["number", "opened_at"] {
            report.as_object_mut().expect("an object").remove(key);
        }
        report
    };
    assert_eq!(comparable(&known), comparable(&unknown));
    assert_eq!((&known["state"], &known["summary"]), (&json!("identity_unverified"), &Value::Null));
    assert!(workspace.audited("open").iter().all(|(intent, _)| intent["purpose"] != "data_subject_rights"));
    for report in [&known, &unknown] {
        let number = report["number"].to_string();
        assert_eq!(code_of(&workspace, &["request", "run", &number]), (2, "request-transition".to_owned()));
    }
    // Once it is sure, they learn that nothing is kept.
    let number = unknown["number"].to_string();
    let report = workspace.json(&["request", "verify", &number, "--method", "code"]);
    assert_eq!(report["summary"]["records"], 0);
    let folder = workspace.file("nobody");
    let to = folder.to_str().expect("UTF-8");
    let report = workspace.json(&["request", "run", &number, "--to", to, "--letter", "fr"]);
    assert_eq!(report["state"], "completed");
    let letter = std::fs::read_to_string(folder.join("letter.html")).expect("a letter");
    assert!(letter.contains("nous ne conservons aucune donnée"), "{letter}");
}

#[test]
fn what_names_nobody_or_no_field_is_refused_without_being_repeated() {
    let workspace = silos();
    workspace.land_and_publish();
    let value = "plume@courrier.example";
    for (kind, input, code) in [
        ("access", json!({}), "request-no-identifier"),
        ("access", json!(value), "cli-request-malformed"),
        ("access", json!({ "email": 7 }), "cli-request-malformed"),
        ("access", json!({ "shoe_size": value }), "field-not-indexed"),
        ("access", json!({ "id": value }), "rectify-not-a-value"),
        ("rectification", json!({ "email": value }), "request-nothing-to-rectify"),
        ("rectification", json!({ "email": value, "set": { "e-mail": value } }), "rectify-not-a-field"),
    ] {
        let ended = ask(&workspace, &["request", "open", kind, "--log", "json"], &input);
        assert_eq!(ended.code, 2, "{input}: {}", ended.stderr);
        assert!(ended.stderr.contains(&format!("\"{code}\"")), "{code}: {}", ended.stderr);
        assert!(!ended.stderr.contains(value), "{}", ended.stderr);
    }
    assert!(workspace.json_lines(&["request", "ls"]).is_empty());
}

#[test]
fn who_may_not_open_everything_opens_requests_but_deals_with_none() {
    let workspace = silos();
    workspace.land_and_publish();
    let agent = ["--role", "agent", "--purpose", "customer_care"];
    let report = opened(&workspace, &[&["access"][..], &agent].concat(), &email_of(4));
    let number = report["number"].to_string();
    let verify = [&["request", "verify", &number, "--method", "session"][..], &agent].concat();
    assert_eq!(code_of(&workspace, &verify), (4, "request-denied".to_owned()));
    let cancel = [&["request", "cancel", &number][..], &agent].concat();
    assert_eq!(code_of(&workspace, &cancel), (4, "request-denied".to_owned()));
}

#[test]
fn the_last_day_is_that_of_the_next_month_and_what_is_late_stands_out() {
    let workspace = silos();
    workspace.land_and_publish();
    for (received, due) in
        [("2026-01-31", "2026-02-28"), ("2024-01-31", "2024-02-29"), ("2026-03-05", "2026-04-05")]
    {
        let report = opened(&workspace, &["access", "--received", received], &email_of(4));
        assert_eq!((&report["due_at"], &report["overdue"]), (&json!(due), &json!(true)), "{report}");
    }
    let fresh = opened(&workspace, &["access"], &email_of(5));
    assert_eq!((&fresh["overdue"], &fresh["due_soon"]), (&json!(false), &json!(false)));
    let soon = days_ago(26).to_string();
    let soon = opened(&workspace, &["access", "--received", &soon], &email_of(5))["number"].clone();

    let due = workspace.run(&["request", "due", "--format", "json"]);
    let lines: Vec<Value> =
        due.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((due.code, lines.len()), (3, 4), "{}", due.stdout);
    assert_eq!((&lines[3]["number"], &lines[3]["due_soon"]), (&soon, &json!(true)));
    let table = workspace.run(&["request", "ls"]).stdout;
    assert!(table.contains("OVERDUE") && table.contains("due soon"), "{table}");
    for line in &lines[..3] {
        assert_eq!(workspace.json(&["request", "cancel", &line["number"].to_string()])["state"], "cancelled");
    }
    assert_eq!(workspace.run(&["request", "due"]).code, 0, "soon is not late");
    let future = (Utc::now().date_naive() + Days::new(2)).to_string();
    let ended = ask(&workspace, &["request", "open", "access", "--received", &future], &email_of(5));
    assert_eq!(ended.code, 2, "{}", ended.stderr);
}

#[test]
fn the_term_is_extended_with_a_reason_within_its_month_and_stops_only_in_doubt_who_asks() {
    let workspace = silos();
    workspace.land_and_publish();
    let late =
        opened(&workspace, &["access", "--received", "2026-01-31"], &email_of(4))["number"].to_string();
    let extend =
        |number: &str| code_of(&workspace, &["request", "extend", number, "--reason", "many archives"]);
    assert_eq!(extend(&late), (2, "request-extended-late".to_owned()));

    let number = opened(&workspace, &["access"], &email_of(5))["number"].to_string();
    let before: NaiveDate =
        serde_json::from_value::<String>(workspace.json(&["request", "show", &number])["due_at"].clone())
            .expect("a day")
            .parse()
            .expect("a day");
    let paused = workspace.json(&["request", "pause", &number]);
    assert_eq!((&paused["due_at"], &paused["paused"]), (&Value::Null, &json!(true)));
    let resumed = workspace.json(&["request", "resume", &number]);
    assert_eq!(resumed["due_at"], before.to_string(), "it stood still for less than a day");
    let longer = workspace.json(&["request", "extend", &number, "--reason", "many archives"]);
    assert!(longer["due_at"].as_str() > Some(&before.to_string()), "{longer}");
    assert_eq!(longer["extension"]["reason"], "many archives");
    assert_eq!(extend(&number), (2, "request-extended-before".to_owned()));
    workspace.json(&["request", "verify", &number, "--method", "document"]);
    let doubted = workspace.json(&["request", "pause", &number]);
    assert_eq!((&doubted["state"], &doubted["identity"]), (&json!("identity_unverified"), &Value::Null));
    let personal = code_of(&workspace, &["request", "extend", &late, "--reason", "ask zoe@courrier.example"]);
    assert_eq!(personal, (2, "decision-reason-personal".to_owned()));
}

#[test]
fn asking_twice_is_asking_once_but_only_for_who_proved_who_they_are() {
    let workspace = silos();
    workspace.land_and_publish();
    let unproven = opened(&workspace, &["access"], &email_of(4))["number"].to_string();
    let first = verified(&workspace, "access", &email_of(4));
    let mobile = json!({ "mobile": person(4).mobile });
    let second = opened(&workspace, &["access"], &mobile)["number"].to_string();
    let report = workspace.json(&["request", "verify", &second, "--method", "session"]);
    assert_eq!(
        (&report["state"], &report["duplicate_of"]),
        (&json!("duplicate"), &json!(first.parse::<i64>().expect("a number")))
    );
    verified(&workspace, "portability", &mobile);
    verified(&workspace, "access", &email_of(5));
    assert_eq!(workspace.json(&["request", "show", &unproven])["state"], "identity_unverified");
    // Called back, the first is asked again.
    workspace.json(&["request", "cancel", &first]);
    verified(&workspace, "access", &email_of(4));
}

#[test]
fn a_refusal_has_its_ground_and_an_objection_has_none() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "access", &email_of(4));
    let refuse = ["request", "refuse", &number, "--ground", "excessive", "--reason", "the fourth this year"];
    let report = workspace.json(&refuse);
    assert_eq!((&report["state"], &report["refusal"]["ground"]), (&json!("refused"), &json!("excessive")));
    assert_eq!(report["refusal"]["reason"], "the fourth this year");
    assert_eq!(code_of(&workspace, &refuse), (2, "request-transition".to_owned()));
    let objection = verified(&workspace, "objection", &email_of(4));
    let refuse =
        ["request", "refuse", &objection, "--ground", "legal-claims", "--reason", "we would rather not"];
    assert_eq!(code_of(&workspace, &refuse), (2, "request-absolute".to_owned()));
    assert_eq!(
        workspace.state("SELECT count(*) FROM key_pages WHERE owner = 'request/1'"),
        0,
        "its key is gone"
    );
}

#[test]
fn what_is_set_right_at_request_is_shown_from_the_next_run_on() {
    let workspace = silos();
    workspace.land_and_publish();
    let input = json!({
        "email": person(3).email, "mobile": person(3).mobile,
        "set": { "city": "Rectifiée-sur-Loire", "street": "1 quai Juste" },
    });
    let number = verified(&workspace, "rectification", &input);
    let report = workspace.json(&["request", "run", &number]);
    let steps: Vec<&Value> =
        report["steps"].as_array().expect("steps").iter().map(|step| &step["step"]).collect();
    assert_eq!(steps, [&json!("rectify-city"), &json!("rectify-street")]);
    assert_eq!(report["state"], "completed");
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S3");
    let explained =
        workspace.json(&["explain", &profile, "--role", "dpo", "--purpose", "data_subject_rights"]);
    let city = explained["values"].as_array().expect("values").iter().find(|value| value["field"] == "city");
    let city = city.expect("a town");
    assert_eq!((&city["value"], &city["rule"]), (&json!("Rectifiée-sur-Loire"), &json!("human_set")));
    assert!(explained["rectifications"][0]["reason"].as_str().expect("a reason").contains(&number));
}

#[test]
fn an_id_names_a_person_too_and_several_people_have_to_be_told_apart() {
    let workspace = silos();
    let nine = person(9);
    let row = format!(
        "S900;Zygomat;Philibert;{};06 39 98 00 11;7 allée des Soupirs Anciens;33000;Bordeaux;01/02/1931\r\n",
        nine.email
    );
    workspace.append("data/shop.csv", row.chars().map(|letter| letter as u8).collect::<Vec<u8>>());
    workspace.land_and_publish();
    let [nine_id, relative] = ["S9", "S900"].map(|key| profile_of(&workspace, "shop", key));
    assert_ne!(nine_id, relative);
    let number = opened(&workspace, &["access"], &email_of(9))["number"].to_string();
    let verify = ["request", "verify", &number, "--method", "session"];
    assert_eq!(code_of(&workspace, &verify), (2, "erase-several-people".to_owned()));
    let report = workspace.json(&[&verify[..], &["--subject", &relative]].concat());
    assert_eq!(report["summary"]["records"], 1);
    // What only one of them has tells them apart.
    let both = json!({ "email": nine.email, "mobile": nine.mobile });
    assert_eq!(
        workspace.json(&["request", "show", &verified(&workspace, "access", &both)])["summary"]["records"],
        3
    );
    let by_id = json!({ "id": record_of(&workspace, "web", "w7") });
    assert_eq!(
        workspace.json(&["request", "show", &verified(&workspace, "access", &by_id)])["summary"]["records"],
        3
    );
    assert_eq!(workspace.accounts().len(), 3 * PEOPLE + 1);
}
