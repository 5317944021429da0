//! What people are asked about who is who, and what becomes of their answers.

mod asking;
mod risk;

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::{Ended, Workspace};

const DEMO_PIPELINE: &str = include_str!("../../pipelines/demo/pipeline.yaml");
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// Three silos of invented people, spoilt as real ones are, and published.
fn published() -> Workspace {
    let workspace = Workspace::new(DEMO_PIPELINE);
    let folder = workspace.file("data");
    workspace.json(&["synth", "--people", "300", "--out", folder.to_str().expect("UTF-8")]);
    workspace.land_and_publish();
    workspace
}

fn queue(workspace: &Workspace) -> Vec<Value> {
    workspace.json_lines(&["review", "--list", "--limit", "10000"])
}

fn pair_of(entry: &Value) -> [String; 2] {
    ["left", "right"].map(|side| entry[side].as_str().expect("an id").to_owned())
}

/// The first of the queue that is linked, or apart.
#[track_caller]
fn first(queue: &[Value], linked: bool) -> [String; 2] {
    let found = queue.iter().find(|entry| entry["linked"] == linked);
    pair_of(found.unwrap_or_else(|| panic!("nothing in {queue:?}")))
}

#[track_caller]
fn profile(workspace: &Workspace, record: &str) -> Value {
    workspace.cell(&format!("SELECT profile_id FROM golden.members WHERE record_id = '{record}'"))
}

/// Takes rows of answers from standard input.
fn answer(workspace: &Workspace, rows: &[[&str; 4]], options: &[&str]) -> Ended {
    let mut command = workspace.command(&[&["review", "--answers", "-"], options].concat());
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = pipes.spawn().expect("the binary starts");
    let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
    let mut input = running.stdin.take().expect("piped");
    // A command that refuses its arguments does not read.
    drop(input.write_all(format!("left,right,verdict,reason\n{text}").as_bytes()));
    drop(input);
    running.wait_with_output().expect("it ends").into()
}

#[test]
fn the_queue_comes_by_expected_gain_and_holds_ids_and_numbers_alone() {
    let workspace = published();
    let queue = queue(&workspace);
    let number =
        |entry: &Value, name: &str| entry[name].as_f64().unwrap_or_else(|| panic!("{name} in {entry}"));
    let gains: Vec<f64> = queue.iter().map(|entry| number(entry, "expected_gain")).collect();
    assert!(gains.is_sorted_by(|one, other| one >= other), "{gains:?}");
    assert!(gains.len() > 10, "{gains:?}");
    for entry in &queue {
        let sides = entry["records"].as_array().expect("two").iter().filter_map(Value::as_f64);
        let gain = number(entry, "error_probability") * sides.product::<f64>();
        assert!((number(entry, "expected_gain") - gain).abs() < 1e-9, "{entry}");
        let probability = number(entry, "probability");
        let linked = entry["linked"] == true;
        assert_eq!(entry["left_profile"] == entry["right_profile"], linked, "as it was published: {entry}");
        match entry["kind"].as_str().expect("a kind") {
            "below" => assert!(!linked && (0.01..0.5).contains(&probability), "{entry}"),
            "bridge" => assert!(!linked && probability >= 0.5, "{entry}"),
            "above" | "weakest_link" => assert!(linked && probability >= 0.5, "{entry}"),
            other => panic!("{other}"),
        }
        let error = if linked { 1.0 - probability } else { probability };
        assert!(number(entry, "error_probability") <= error + 1e-9, "{entry}");
    }
    let fields = queue[0].as_object().expect("an object").keys().map(String::as_str);
    let told = "left right left_profile right_profile kind linked weight_bits probability mean_bits records \
                error_probability expected_gain";
    assert_eq!(fields.collect::<Vec<_>>().join(" "), told);

    let shown = workspace.run(&["review", "--list", "--limit", "3"]).stdout;
    assert!(shown.contains(&format!("3 of {}", queue.len())), "{shown}");
    assert!(shown.contains(&pair_of(&queue[2])[0]) && !shown.contains(&pair_of(&queue[3])[0]), "{shown}");
    // Asking again changes nothing.
    assert_eq!(self::queue(&workspace), queue);
}

#[test]
fn answers_turn_what_they_are_about_survive_runs_and_are_not_asked_again() {
    let workspace = published();
    let before = queue(&workspace);
    let ([one, other], [left, right]) = (first(&before, true), first(&before, false));
    let confirmed = pair_of(before.iter().filter(|entry| entry["linked"] == true).nth(1).expect("another"));
    let [sure, surely] = &confirmed;
    let taken = answer(
        &workspace,
        &[
            [&one, &other, "different", "seen at the counter"],
            [&left, &right, "same", "ticket 12"],
            [sure, surely, "same", "ticket 13"],
        ],
        &["--format", "json"],
    );
    assert_eq!(taken.code, 0, "{}", taken.stderr);
    let taken: Vec<Value> =
        taken.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<_> = taken.iter().map(|decision| (&decision["kind"], &decision["reason"])).collect();
    assert_eq!(kinds[0], (&json!("never_link"), &json!("seen at the counter")));
    assert_eq!(kinds[1], (&json!("merge"), &json!("ticket 12")));
    assert_eq!(workspace.json_lines(&["decisions"]).len(), 3);

    let settled = |queue: &[Value]| {
        let asked: Vec<_> = queue.iter().map(pair_of).collect();
        [[&one, &other], [&left, &right], [sure, surely]]
            .iter()
            .all(|pair| !asked.contains(&pair.map(ToOwned::to_owned)))
    };
    assert!(settled(&queue(&workspace)), "before the next run");
    let report = workspace.land_and_publish();
    assert!(report["merges"].as_u64() > Some(0) && report["splits"].as_u64() > Some(0), "{report}");
    assert_ne!(profile(&workspace, &one), profile(&workspace, &other));
    assert_eq!(profile(&workspace, &left), profile(&workspace, &right));
    assert!(settled(&queue(&workspace)), "after it");
    assert_eq!(workspace.land_and_publish()["up_to_date"], true);

    // What is undone is a question again.
    let undone = taken[0]["decision"].as_i64().expect("a number").to_string();
    workspace.json(&["undo", &undone, "--reason", "a mistake"]);
    let again: Vec<_> = queue(&workspace).iter().map(pair_of).collect();
    assert!(again.contains(&[one.clone(), other.clone()]));
}

/// The error of answers that cannot be taken, and that none of them was.
#[track_caller]
fn check_refused(workspace: &Workspace, rows: &[[&str; 4]], code: &str, told: &str) {
    let before = workspace.state("SELECT COUNT(*) FROM decisions");
    let ended = answer(workspace, rows, &["--log", "json"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let error: Value =
        serde_json::from_str(ended.stderr.lines().last().unwrap_or_default()).expect("an error");
    assert_eq!(error["error"]["code"], code, "{error}");
    let message = error["error"]["message"].as_str().expect("a message");
    assert!(message.contains(told), "{message}");
    assert!(!ended.stderr.contains("Zoé"), "{message}");
    assert_eq!(workspace.state("SELECT COUNT(*) FROM decisions"), before, "half of them were taken");
}

#[test]
fn of_a_file_with_a_bad_row_nothing_is_taken_and_the_line_is_told() {
    let workspace = published();
    let before = queue(&workspace);
    let ([one, other], [left, right]) = (first(&before, true), first(&before, false));
    let good = [one.as_str(), &other, "same", "seen"];
    for (row, told) in [
        (["Zoé", other.as_str(), "same", "seen"], "-:3: left is not an id"),
        ([&one, "Zoé", "same", "seen"], "-:3: right is not an id"),
        ([&one, &other, "Zoé", "seen"], "-:3: the verdict is neither `same` nor `different`"),
        ([&one, &other, "same", ""], "-:3: the reason is none"),
        ([&one, &other, "same", "Zoé is zoe@courrier.example"], "-:3: the reason is none"),
    ] {
        check_refused(&workspace, &[good, row], "cli-answer-invalid", told);
    }
    for (row, told) in [
        ([one.as_str(), NOBODY, "same", "seen"], format!("-:3: there is no record {NOBODY}")),
        ([&one, &one, "different", "seen"], "-:3: a decision is about two".to_owned()),
        (
            [&other, &one, "different", "seen"],
            "-:3: this contradicts what stands before it in the file, on line 2".to_owned(),
        ),
    ] {
        check_refused(&workspace, &[good, row], "cli-answer-refused", &told);
    }
    let decided = workspace.json(&["never-link", &left, &right, "--reason", "seen"])["decision"].to_string();
    let contradicts = format!("-:3: this contradicts what was decided before: {decided}");
    check_refused(&workspace, &[good, [&left, &right, "same", "seen"]], "cli-answer-refused", &contradicts);

    workspace.write("answers.csv", "left,right,reason\n");
    let file = workspace.file("answers.csv");
    let ended = workspace.run(&["review", "--answers", file.to_str().expect("UTF-8")]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("no column `verdict`"), "{}", ended.stderr);
    let refused = workspace.audited("merge");
    assert!(refused.iter().all(|(_, outcome)| outcome.as_ref().is_some_and(|it| it["status"] == "refused")));
}

#[test]
fn there_is_a_queue_once_something_is_published_and_questions_take_a_terminal() {
    let workspace = Workspace::new(DEMO_PIPELINE);
    let folder = workspace.file("data");
    workspace.json(&["synth", "--people", "20", "--out", folder.to_str().expect("UTF-8")]);
    workspace.json(&["run", "--until", "land"]);
    let ended = workspace.run(&["review", "--list"]);
    assert!(ended.code == 2 && ended.stderr.contains("nothing is published yet"), "{}", ended.stderr);
    workspace.land_and_publish();
    let mut command = workspace.command(&["review"]);
    let ended: Ended = command.stdin(Stdio::null()).output().expect("the binary starts").into();
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("`--list` prints the queue"), "{}", ended.stderr);
}
