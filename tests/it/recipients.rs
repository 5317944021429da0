//! Telling whoever received someone that they are erased or set right, through the real binary and to real
//! servers.

mod crash;
mod faults;
mod rectified;
pub mod server;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use vermeil_protect::{Secret, WebhookSecret};

use self::server::{Letter, Mailer, Manner};
use crate::common::{Ended, Workspace};
use crate::erase::{approved, found_in};
use crate::pipeline::{person, profile_of, silos};

const AS_MARKETER: [&str; 4] = ["--role", "marketer", "--purpose", "marketing"];
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Silos whose pipeline says how recipients are told.
#[track_caller]
pub fn telling(recipients: &str) -> Workspace {
    let workspace = silos();
    workspace.append("pipeline.yaml", format!("recipients:\n{recipients}notices: {{ days: 9 }}\n"));
    workspace.land_and_publish();
    workspace
}

/// A recipient with a server.
pub fn webhook(name: &str, mailer: &Mailer) -> String {
    let url = mailer.url();
    format!(
        "  {name}: {{ webhook: {{ url: \"{url}\", secret_variable: MAILER_SECRET, network: inside }} }}\n"
    )
}

/// Runs a command that knows the shared secret.
pub fn run(workspace: &Workspace, arguments: &[&str]) -> Ended {
    let mut command = workspace.command(&[arguments, &["--format", "json"]].concat());
    command.env("MAILER_SECRET", SECRET).output().expect("the binary starts").into()
}

/// What a command prints, whatever its exit code is.
#[track_caller]
pub fn told(workspace: &Workspace, arguments: &[&str]) -> Value {
    let ended = run(workspace, arguments);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {}", ended.stderr))
}

#[track_caller]
pub fn retried(workspace: &Workspace) -> Value {
    told(workspace, &["recipients", "retry"])
}

/// Exports everybody to a recipient; the rows of the file, with the ids that stand there.
#[track_caller]
pub fn exported(workspace: &Workspace, recipient: &str, file: &str) -> Vec<(String, String)> {
    let to = workspace.file(file);
    let to = to.to_str().expect("UTF-8");
    workspace.json(&[&["export", "--to", to, "--recipient", recipient][..], &AS_MARKETER].concat());
    let text = fs::read_to_string(to).expect("a file");
    assert!(text.starts_with("profile_id,"), "the first column is what the recipient knows people by");
    let id = |line: &str| line.split_once(',').expect("columns").0.to_owned();
    text.lines().skip(1).map(|line| (line.to_owned(), id(line))).collect()
}

#[track_caller]
pub fn handle_of(exported: &[(String, String)], number: usize) -> String {
    let email = person(number).email;
    exported.iter().find(|(line, _)| line.contains(&email)).expect("exported").1.clone()
}

/// The state of the erasure, and of each recipient of it.
#[track_caller]
pub fn standing(workspace: &Workspace, number: i64) -> (String, Vec<(String, String)>) {
    let report = workspace.json(&["erase", "status", &number.to_string()]);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let recipients = report["recipients"].as_array().expect("a list").iter();
    let recipients = recipients.map(|one| (text(&one["recipient"]), text(&one["state"])));
    (text(&report["status"]), recipients.collect())
}

/// The certificate of an erasure, which must verify; who was told, with the moment of the answer.
#[track_caller]
pub fn certified(workspace: &Workspace, number: i64) -> Vec<(String, bool)> {
    let text = workspace.run(&["erase", "certificate", &number.to_string()]).stdout;
    workspace.write("certificate.json", &text);
    let (file, key) = (workspace.file("certificate.json"), workspace.run(&["audit", "key"]).stdout);
    let file = file.to_str().expect("UTF-8");
    workspace.json(&["prove", "--certificate", file, "--public-key", key.trim()]);
    let certificate: Value = serde_json::from_str(&text).expect("JSON");
    let recipients = certificate["certificate"]["recipients"].as_array().cloned().unwrap_or_default();
    let told = recipients.iter().map(|one| {
        let has_receipt = one["receipt"].as_str().is_some_and(|digest| digest.len() == 64);
        assert_eq!(has_receipt, one["answered_at"].is_string(), "{one}");
        (one["recipient"].as_str().expect("a name").to_owned(), has_receipt)
    });
    told.collect()
}

#[track_caller]
fn check_letter(letter: &Letter, kind: &str, handle: &str) {
    let secret = WebhookSecret::parse(&Secret::new(SECRET.to_owned())).expect("a secret");
    let second = letter.header("webhook-timestamp").parse().expect("a second");
    let expected = secret.signature(letter.header("webhook-id"), second, &letter.body);
    assert_eq!(letter.header("webhook-signature"), expected, "who receives it can tell whose it is");
    assert_eq!(letter.header("content-type"), "application/json");
    let body = letter.json();
    assert_eq!((&body["type"], &body["data"]["handles"]), (&json!(kind), &json!([handle])), "{body}");
    assert!(
        body["data"]["due"].as_str().is_some_and(|due| due > body["timestamp"].as_str().expect("a moment"))
    );
}

fn dropped(workspace: &Workspace) -> Vec<PathBuf> {
    let files = fs::read_dir(workspace.file("outbox")).into_iter().flatten();
    let files = files.map(|entry| entry.expect("an entry").path());
    files.filter(|file| file.extension().is_some_and(|ending| ending == "json")).collect()
}

#[test]
fn everyone_who_received_a_person_is_told_and_answers_before_the_erasure_is_complete() {
    let mailer = Mailer::start(Manner::Answer(200));
    let printer = "  printer: { folder: outbox, contact: \"01 99\" }\n";
    let workspace = telling(&(webhook("mailer", &mailer) + printer));
    let eight = exported(&workspace, "mailer", "a.csv");
    let handle = handle_of(&eight, 8);
    exported(&workspace, "printer", "b.csv");
    // Nobody said how to tell this one.
    exported(&workspace, "agency", "c.csv");
    let profile = profile_of(&workspace, "shop", "S8");
    let planned = workspace.json(&["erase", "open", &profile, "--dry-run"]);
    assert_eq!(planned["recipients"], json!(["agency", "mailer", "printer"]));
    let number = approved(&workspace, &profile);
    let ran = run(&workspace, &["erase", "run", &number.to_string()]);
    assert_eq!(ran.code, 1, "not complete: {}", ran.stderr);
    let state = |recipient: &str, state: &str| (recipient.to_owned(), state.to_owned());
    let waiting = [state("agency", "pending"), state("mailer", "answered"), state("printer", "pending")];
    assert_eq!(standing(&workspace, number), ("running".to_owned(), waiting.to_vec()));
    let [letter] = &mailer.letters()[..] else { panic!("{} letters", mailer.letters().len()) };
    check_letter(letter, "person.erase", &handle);

    // The folder: a message, then the recipient's receipt beside it.
    let [message] = &dropped(&workspace)[..] else { panic!("no message") };
    assert!(fs::read_to_string(message).expect("a message").contains(&handle));
    let pending = workspace.json_lines(&["recipients", "pending"]);
    let ways: Vec<_> = pending.iter().map(|one| (&one["recipient"], &one["way"], &one["contact"])).collect();
    let texts = ["agency", "manual", "printer", "folder", "01 99"].map(|text| json!(text));
    assert_eq!(ways, [(&texts[0], &texts[1], &json!(null)), (&texts[2], &texts[3], &texts[4])]);
    fs::write(message.with_extension("receipt"), "gone since noon").expect("written");
    retried(&workspace);
    assert!(dropped(&workspace).is_empty(), "what names the person is taken back");
    assert_eq!(standing(&workspace, number).1[2], state("printer", "answered"));
    assert_eq!(mailer.letters().len(), 1, "whoever answered is not told again");

    // People tell the last one.
    let notice = pending[0]["notice"].to_string();
    let message = run(&workspace, &["recipients", "message", &notice, "agency"]);
    assert!(message.stdout.contains(&handle), "{}", message.stderr);
    let named = ["recipients", "receipt", &notice, "agency", "--answer", "zoe@example.org did it"];
    assert_eq!(run(&workspace, &named).code, 2, "a receipt names no one");
    assert_eq!(standing(&workspace, number).0, "running");
    workspace.json(&["recipients", "receipt", &notice, "agency", "--answer", "letter 7 of their officer"]);
    let again = ["recipients", "receipt", &notice, "agency", "--answer", "letter 8"];
    assert_eq!(run(&workspace, &again).code, 2);
    assert_eq!(standing(&workspace, number).0, "complete");
    let told = ["agency", "mailer", "printer"].map(|name| (name.to_owned(), true));
    assert_eq!(certified(&workspace, number), told);
    for folder in ["lake", "state"] {
        assert_eq!(found_in(&workspace, folder, &[handle.clone(), profile.clone()]), Vec::<String>::new());
    }
    assert_eq!(workspace.state("SELECT count(*) FROM notices WHERE kit IS NOT NULL"), 0);
    assert_eq!(workspace.json(&["audit", "verify"])["faults"], json!([]));
}

#[test]
fn nobody_is_told_of_someone_they_never_received() {
    let mailer = Mailer::start(Manner::Answer(200));
    let workspace = telling(&webhook("mailer", &mailer));
    workspace.edit("pipeline.yaml", "marketing: legitimate_interests", "marketing: consent");
    let given = ["consent", "give", "--contact", "email", "--country", "FR", "--for", "marketing"];
    crate::erase::with_input(&workspace, &[&given[..], &AS_MARKETER].concat(), &person(3).email);
    let exported = exported(&workspace, "mailer", "a.csv");
    assert_eq!(exported.len(), 1);
    let unknown = approved(&workspace, &profile_of(&workspace, "shop", "S4"));
    let report = told(&workspace, &["erase", "run", &unknown.to_string()]);
    assert_eq!(report["erasures"][0]["status"], "complete", "{report}");
    assert!(mailer.letters().is_empty() && certified(&workspace, unknown).is_empty());
    let known = approved(&workspace, &profile_of(&workspace, "shop", "S3"));
    let report = told(&workspace, &["erase", "run", &known.to_string()]);
    assert_eq!(report["erasures"][0]["status"], "complete", "{report}");
    check_letter(&mailer.letters()[0], "person.erase", &exported[0].1);
    assert_eq!(certified(&workspace, known), [("mailer".to_owned(), true)]);
}

#[test]
fn a_request_of_the_person_is_complete_once_the_last_recipient_answered() {
    let workspace = telling("  agency: { contact: \"letter\" }\n");
    exported(&workspace, "agency", "a.csv");
    let number = crate::requests::verified(&workspace, "erasure", &crate::requests::email_of(6));
    crate::requests::approve(&workspace, &number).expect("another account");
    assert_eq!(told(&workspace, &["request", "run", &number])["state"], "in_progress");
    let pending = workspace.json_lines(&["recipients", "pending"]);
    let notice = pending[0]["notice"].to_string();
    workspace.json(&["recipients", "receipt", &notice, "agency", "--answer", "letter 7"]);
    assert_eq!(workspace.json(&["request", "show", &number])["state"], "completed");
    assert_eq!(workspace.state("SELECT count(*) FROM requests WHERE kit IS NOT NULL"), 0);
}
