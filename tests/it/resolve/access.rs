//! Who may ask who somebody is, what is on record of it, and who is in no answer.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};
use vermeil_protect::KeyLocation;

use super::{AS_CARE, answer, ask, sources};
use crate::common::Workspace;
use crate::keys::with_vault;
use crate::pipeline::{person, profile_of, record_of, silos};

#[test]
fn asking_takes_the_classes_of_the_fields_and_is_on_record() {
    let workspace = silos();
    workspace.land_and_publish();
    let email = person(1).email;
    let lines = format!("{{\"email\": \"{email}\"}}\n{{\"email\": \"{email}\", \"national_id\": \"1\"}}\n");
    let ended = ask(&workspace, &lines, &[&["--format", "json"], &AS_CARE[..]].concat());
    assert_eq!(ended.code, 4, "sensitive is not among the classes of care: {}", ended.stderr);
    let refused: Value = serde_json::from_str(ended.stdout.lines().nth(1).expect("two lines")).expect("JSON");
    assert_eq!(refused["error"]["code"], json!("resolve-denied"));
    let asked = workspace.audited("resolve");
    let [(done, Some(ended_well)), (wanted, Some(denied))] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((&done["role"], &done["purpose"]), (&json!("agent"), &json!("customer_care")));
    assert_eq!(done["classes"], json!(["contact"]));
    assert_eq!((&ended_well["status"], &ended_well["rows"]), (&json!("done"), &json!(3)));
    assert_eq!(wanted["classes"], json!(["contact", "sensitive"]));
    assert_eq!((&denied["status"], &denied["rows"]), (&json!("refused"), &json!(0)));
}

#[test]
fn who_may_ask_for_nothing_is_refused_before_anything_is_opened() {
    let workspace = silos();
    workspace.land_and_publish();
    let opened = || workspace.audited("open").len();
    let before = opened();
    for reader in [&["--role", "analyst"][..], &["--role", "agent"]] {
        let ended = ask(&workspace, "{\"email\": \"x@courrier.example\"}\n", reader);
        assert_eq!(ended.code, 4, "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
    assert_eq!(opened(), before);
    let asked = workspace.audited("resolve");
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|(_, ended)| ended.as_ref().is_some_and(|ended| ended["status"] == "refused")));
}

#[test]
fn who_may_not_see_ids_is_answered_in_pseudonyms() {
    let workspace = silos();
    workspace.land_and_publish();
    workspace.edit(
        "policies/access.cedar",
        "[FieldClass::\"identifier\", FieldClass::\"contact\"]",
        "[FieldClass::\"contact\"]",
    );
    let as_marketer = ["--role", "marketer", "--purpose", "marketing"];
    let ended = ask(
        &workspace,
        &format!("{}\n", json!({ "email": person(8).email })),
        &[&["--format", "json"], &as_marketer[..]].concat(),
    );
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let found: Value = serde_json::from_str(&ended.stdout).expect("one answer");
    let ids = workspace.json_lines(
        &[&["query", "SELECT profile_id, record_id FROM golden.members"][..], &as_marketer].concat(),
    );
    let best = &found["candidates"][0];
    let shown = |id: &Value, column: &str| ids.iter().any(|row| row[column] == *id);
    assert!(shown(&best["profile_id"], "profile_id"), "{found}");
    assert!(shown(&best["records"][0]["record_id"], "record_id"), "{found}");
    assert_ne!(best["profile_id"], profile_of(&workspace, "shop", "S8").as_str());
}

#[test]
fn a_source_that_joins_nobody_by_likeness_is_in_no_answer() {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "  - id: club\n", "  - id: club\n    link: { proof: [login_id] }\n");
    workspace.land_and_publish();
    let found = answer(&workspace, &json!({ "email": person(8).email }), &[]);
    assert_eq!(sources(&found), ["shop", "web"]);
}

/// A command that is kept running, to be asked again and again.
struct Desk {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Desk {
    fn open(workspace: &Workspace) -> Desk {
        let mut command = workspace.command(&[&["resolve", "--format", "json"], &AS_CARE[..]].concat());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let questions = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Desk { child, questions, answers }
    }

    #[track_caller]
    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").expect("it listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("it answers");
        serde_json::from_str(&answer).expect("one answer")
    }

    fn close(mut self) {
        drop(self.questions);
        assert!(self.child.wait().expect("it ends").success());
    }
}

#[test]
fn a_desk_that_stays_open_forgets_who_is_erased_and_sees_who_is_new() {
    let workspace = silos();
    workspace.land_and_publish();
    let question = |number| json!({ "email": person(number).email });
    let mut desk = Desk::open(&workspace);
    let first = desk.ask(&question(8));
    assert_eq!(sources(&first), ["club", "shop", "web"]);

    let stored = workspace.stored("landing/shop").expect("landed");
    let own = record_of(&workspace, "shop", "S8");
    let row = stored.column("record_id").iter().position(|id| *id == own).expect("landed");
    let number = |column: &str| stored.column(column)[row].clone();
    let (page, slot) =
        (number("key_page").parse().expect("a page"), number("key_slot").parse().expect("a slot"));
    with_vault(&workspace, async |vault| {
        assert_eq!(vault.destroy(&[KeyLocation { page, slot }]).await.expect("destroyed"), 1);
    });
    assert_eq!(sources(&desk.ask(&question(8))), ["club", "web"]);

    assert_eq!(desk.ask(&question(60))["candidates"], json!([]));
    workspace.append("data/web.ndjson", person(60).web_row("2024-05-01T10:00:00Z") + "\n");
    workspace.land_and_publish();
    let second = desk.ask(&question(60));
    assert_eq!(sources(&second), ["web"]);
    assert!(second["publication"].as_i64() > first["publication"].as_i64());
    desk.close();
}
