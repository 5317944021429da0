//! What users script against: keys, exit codes, streams and languages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::{Ended, Workspace, assert_nothing_lost};
use crate::python::Python;

const DEMO_PIPELINE: &str = include_str!("../../pipelines/demo/pipeline.yaml");

/// What `run` and `demo` have promised to print.
const RUN_KEYS: [&str; 11] = [
    "records_in",
    "records_landed",
    "unchanged",
    "duplicates",
    "quarantined",
    "suppressed",
    "candidate_pairs",
    "links",
    "profiles",
    "seconds",
    "stages",
];
const ACCURACY_KEYS: [&str; 4] = ["pairwise_precision", "pairwise_recall", "pairwise_f1", "b3_f1"];

/// The binary without a pipeline, and without the locale of whoever runs the tests.
fn vermeil(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vermeil"));
    for variable in ["LC_ALL", "LC_MESSAGES", "LANG"] {
        command.env_remove(variable);
    }
    command.args(arguments);
    command
}

fn ended(arguments: &[&str]) -> Ended {
    vermeil(arguments).output().expect("the binary starts").into()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A demo pipeline of some hundred accounts that has run.
fn published() -> Workspace {
    let workspace = with_silos();
    workspace.land_and_publish();
    workspace
}

fn with_silos() -> Workspace {
    let workspace = Workspace::new(DEMO_PIPELINE);
    let data = workspace.file("data");
    workspace.json(&["synth", "--people", "100", "--out", text(&data)]);
    workspace
}

#[track_caller]
fn assert_keys(report: &Value, keys: &[&str]) {
    for key in keys {
        assert!(report.get(key).is_some(), "there is no `{key}` in {report}");
    }
    for stage in report["stages"].as_array().expect("a list of stages") {
        let keys: BTreeSet<&str> = stage.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(["name", "seconds", "rows"]));
    }
}

#[track_caller]
fn assert_code(ended: &Ended, code: i32) {
    assert_eq!(ended.code, code, "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn the_demo_prints_one_object_with_the_promised_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = folder.path().join("demo");
    let ended = ended(&["demo", "--people", "300", "--format", "json", "--dir", text(&demo)]);
    assert_code(&ended, 0);
    let report: Value = serde_json::from_str(&ended.stdout).expect("one JSON object and nothing else");
    assert_keys(&report, &RUN_KEYS);
    assert_keys(&report, &ACCURACY_KEYS);
    assert_nothing_lost(&report);
    assert!(0.8 < report["pairwise_f1"].as_f64().expect("a number"), "{report}");
}

#[test]
fn the_demo_ends_with_someone_who_is_gone_from_exports_lake_old_versions_and_backups() {
    let Some(python) = Python::find() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let demo = folder.path().join("demo");
    let mut command = vermeil(&["demo", "--people", "300", "--format", "json", "--dir", text(&demo)]);
    let ended: Ended = command.env("PATH", python.folder()).output().expect("the binary starts").into();
    assert_code(&ended, 0);
    let report: Value = serde_json::from_str(&ended.stdout).expect("one JSON object and nothing else");
    let ending = &report["ending"];
    let count = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("no count: {ending}"));
    assert_eq!(count(&ending["exported_after"]) + 1, count(&ending["exported_before"]), "{ending}");
    let [before, after] = ["before", "after"].map(|file| {
        let export = fs::read_to_string(demo.join(format!("exports/{file}.csv"))).expect("an export");
        BTreeSet::from_iter(export.lines().map(str::to_owned))
    });
    assert_eq!(before.difference(&after).count(), 1, "one line less, and the others as they were");
    assert_eq!((&ending["status"], &ending["recipients_told"]), (&"complete".into(), &1.into()), "{ending}");
    for found in ["pyarrow", "duckdb"] {
        assert!(count(&ending["before"][found]) > 0, "{found} finds what is there: {ending}");
        assert_eq!(count(&ending["after"][found]), 0, "{found}: {ending}");
    }
    assert!(count(&ending["before"]["versions"]["rows"]) > 0, "{ending}");
    assert_eq!(count(&ending["after"]["versions"]["rows"]), 0, "{ending}");
    assert!(count(&ending["after"]["versions"]["versions_refused"]) > 0, "{ending}");
    let [kept, opens] = ["rows", "rows_with_key"].map(|key| count(&ending["after"]["backup"][key]));
    assert!(kept > 0 && opens == 0, "the old rows are there and nothing opens them: {ending}");
    let proven =
        self::ended(&["prove", "-p", text(&demo), "--certificate", text(&demo.join("certificate.json"))]);
    assert_code(&proven, 0);
}

#[test]
fn a_new_pipeline_runs_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipeline = folder.path().join("mine");
    assert_code(&ended(&["init", text(&pipeline)]), 0);
    let ran = ended(&["run", "-p", text(&pipeline), "--format", "json"]);
    assert_code(&ran, 0);
    let report: Value = serde_json::from_str(&ran.stdout).expect("one JSON object and nothing else");
    assert_keys(&report, &RUN_KEYS);
    assert_nothing_lost(&report);
    assert!(0 < report["profiles"].as_u64().expect("a count"), "{report}");
    // What is there already is not overwritten.
    assert_code(&ended(&["init", text(&pipeline)]), 2);
}

#[test]
fn reports_hold_the_promised_keys() {
    let workspace = published();
    assert!(workspace.json(&["check"])["problems"].is_array());
    let plan = workspace.json(&["plan"]);
    assert!(plan["reads"].is_array() && plan["schema_changes"].is_array(), "{plan}");
    assert_eq!((&plan["merges"], &plan["splits"]), (&Value::from(0), &Value::from(0)), "{plan}");
    let status = workspace.json(&["status"]);
    for key in ["runs", "sources", "quarantine", "profiles", "openings"] {
        assert!(!status[key].is_null(), "there is no `{key}` in {status}");
    }
    // Whether a helper program would still be given dumps is the machine's affair.
    assert_ne!(status["process"]["core_dumps"], "on", "{status}");
    assert!(status["process"]["memory_lock"].is_string(), "{status}");
    assert!(workspace.json(&["optimize"])["tables"].is_array());
    for row in workspace.json_lines(&["quarantine", "ls"]) {
        assert!(row["diagnostic"]["code"].is_string() && row["line"].is_u64(), "{row}");
    }
}

#[test]
fn queries_print_a_line_of_json_for_each_row() {
    let workspace = published();
    let rows = workspace.json_lines(&["query", "SELECT profile_id, records FROM golden.profiles"]);
    assert_eq!(rows.len() as u64, workspace.json(&["status"])["profiles"], "not every profile is shown");
    assert!(rows.iter().all(|row| row["profile_id"].is_string() && row["records"].is_u64()));
    let counted = workspace.json_lines(&["query", "SELECT count(*) AS n FROM golden.members"]);
    assert_eq!(counted.len(), 1);
}

#[test]
fn statements_are_read_from_standard_input() {
    let workspace = published();
    for arguments in [&["query", "--format", "json"][..], &["query", "-", "--format", "json"]] {
        let mut command = workspace.command(arguments);
        let mut running =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
        running.stdin.take().expect("piped").write_all(b"SELECT 1 AS one").expect("it reads");
        let output = running.wait_with_output().expect("it ends");
        assert_eq!(output.stdout, b"{\"one\":1}\n", "{arguments:?}");
    }
}

#[test]
fn identifiers_of_people_are_not_repeated() {
    let workspace = published();
    for arguments in [&["explain", "Ada Lovelace"][..], &["quarantine", "show", "Ada Lovelace"]] {
        let ended = workspace.run(arguments);
        assert!(0 < ended.code, "{arguments:?} ended well");
        assert!(!ended.stderr.contains("Lovelace"), "{arguments:?} repeats a name: {}", ended.stderr);
    }
}

#[test]
fn the_same_seed_gives_the_same_silos() {
    let silos = |seed: &str| -> BTreeMap<String, Vec<u8>> {
        let folder = tempfile::tempdir().expect("a folder");
        assert_code(&ended(&["synth", "--people", "50", "--seed", seed, "--out", text(folder.path())]), 0);
        std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|file| file.expect("an entry"))
            .map(|file| {
                (text(file.file_name().as_ref()).to_owned(), std::fs::read(file.path()).expect("a file"))
            })
            .collect()
    };
    let first = silos("7");
    assert!(4 < first.len(), "{:?}", first.keys());
    assert!(first == silos("7"), "the same seed gave something else");
    assert!(first != silos("8"), "another seed gave the same");
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let completions = ended(&["completions", shell]);
        assert_code(&completions, 0);
        for word in ["vermeil", "quarantine", "evaluate"] {
            assert!(completions.stdout.contains(word), "{shell} does not know {word}");
        }
    }
}

#[test]
fn help_and_messages_speak_french_and_english() {
    let check = |english: &[&str], french: &[&str], in_english: &str, in_french: &str| {
        let told = |arguments: &[&str]| {
            let ended = ended(arguments);
            ended.stdout + &ended.stderr
        };
        assert!(told(english).contains(in_english), "{english:?}: {}", told(english));
        assert!(told(french).contains(in_french), "{french:?}: {}", told(french));
    };
    check(&["--lang", "en", "--help"], &["--lang", "fr", "--help"], "Usage:", "Utilisation");
    check(&["--lang", "en", "nope"], &["--lang", "fr", "nope"], "there is no command", "commande");
    let absent = ["-p", "/nowhere", "status"];
    check(
        &[&absent[..], &["--lang", "en"]].concat(),
        &[&absent[..], &["--lang", "fr"]].concat(),
        "error:",
        "erreur",
    );
    let locale = vermeil(&["--help"]).env("LC_ALL", "fr_FR.UTF-8").output().expect("the binary starts");
    assert_eq!(Ended::from(locale).stdout, ended(&["--lang", "fr", "--help"]).stdout);
}

#[test]
fn exit_codes_tell_how_it_ended() {
    let workspace = with_silos();
    for wrong in [&["no-such-command"][..], &["run", "--no-such-option"], &["status"], &["query", "SELECT 1"]]
    {
        let ended = workspace.run(wrong);
        assert_code(&ended, 2);
        assert_eq!(ended.stdout, "", "{wrong:?} prints to standard output");
    }
    assert_code(&workspace.run(&["run"]), 0);
    assert_code(&workspace.run(&["query", "SELECT nothing FROM nowhere"]), 2);
    assert_code(&workspace.run(&["query", "SELECT 1", "--role", "nobody"]), 4);
    assert_code(&workspace.run(&["query", "SELECT 1", "--role", "agent", "--purpose", "marketing"]), 4);
    assert_code(&workspace.run(&["--version"]), 0);
    assert_code(&workspace.run(&["run", "--help"]), 0);
}

#[test]
fn too_much_in_quarantine_ends_with_three_and_is_done_all_the_same() {
    let workspace = with_silos();
    workspace.edit("pipeline.yaml", "limit: 0.05", "limit: 0.0001");
    workspace.append("data/crm.csv", "cut off\n");
    let ended = workspace.run(&["run", "--format", "json"]);
    assert_code(&ended, 3);
    let report: Value = serde_json::from_str(&ended.stdout).expect("one JSON object and nothing else");
    assert_nothing_lost(&report);
    assert!(0 < report["profiles"].as_u64().expect("a count"), "{report}");
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let workspace = published();
    // More than a pipe holds, so that the writer meets its end.
    let sql = "SELECT a.record_id, b.record_id AS other FROM landing.erp a CROSS JOIN landing.orders b";
    let mut running = workspace
        .command(&["query", sql, "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut output = BufReader::new(running.stdout.take().expect("piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    drop(output);
    let mut errors = String::new();
    running.stderr.take().expect("piped").read_to_string(&mut errors).expect("UTF-8");
    assert_eq!(running.wait().expect("it ends").code(), Some(0), "{errors}");
    assert_eq!(errors, "");
}

#[test]
fn logs_are_lines_of_json_where_asked_for() {
    let workspace = with_silos();
    let commands = [
        (&["run", "-v"][..], 0),
        (&["status"], 0),
        (&["query", "SELECT nothing FROM nowhere"], 2),
        (&["no-such-command"], 2),
    ];
    for (arguments, code) in commands {
        let ended = workspace.run(&[arguments, &["--log", "json"]].concat());
        assert_code(&ended, code);
        let lines: Vec<Value> = ended
            .stderr
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect();
        let tells_error = lines.iter().any(|line| line["error"]["code"].is_string());
        assert_eq!(tells_error, code != 0, "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn pairs_of_names_are_compared_whatever_their_script() {
    let workspace = Workspace::new("");
    workspace.write(
        "pairs.csv",
        "kind,name1,name2\nperson,Захарченко Людмила,Lyudmila Zakharchenko\nperson,王小明,王小朋\ncompany,Verdier SARL,S.A.R.L. Verdier\n",
    );
    let (pairs, out) = (workspace.file("pairs.csv"), workspace.file("compared.csv"));
    let report = workspace.json(&["compare-names", text(&pairs), "--out", text(&out)]);
    assert_eq!((report["pairs"].as_u64(), report["alike"].as_u64()), (Some(3), Some(2)), "{report}");
    let written = std::fs::read_to_string(&out).unwrap();
    let decided: Vec<&str> = written.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(decided, ["true", "false", "true"], "{written}");
    // What was read is not written over.
    assert_code(&workspace.run(&["compare-names", text(&pairs), "--out", text(&pairs)]), 2);
}

#[test]
fn evaluation_agrees_with_a_computation_by_hand() {
    let workspace = Workspace::new("");
    workspace.write("clusters.csv", "record_id,cluster_id\n1,a\n2,a\n3,a\n4,b\n5,c\n");
    workspace.write("truth.csv", "record_id,entity_id\n1,x\n2,x\n3,y\n4,y\n5,z\n");
    let (clusters, truth) = (workspace.file("clusters.csv"), workspace.file("truth.csv"));
    let report = workspace.json(&["evaluate", "--clusters", text(&clusters), "--truth", text(&truth)]);
    // Joined: 12, 13, 23. Belonging together: 12, 34. Both: 12.
    // Right companions of 1 to 5, themselves included: 2, 2, 1, 1, 1,
    // of 3, 3, 3, 1, 1 in their clusters and of 2, 2, 2, 2, 1 in truth.
    let precision = (2.0 / 3.0 + 2.0 / 3.0 + 1.0 / 3.0 + 1.0 + 1.0) / 5.0;
    let recall = (1.0 + 1.0 + 0.5 + 0.5 + 1.0) / 5.0;
    let expected = [
        ("pairwise_precision", 1.0 / 3.0),
        ("pairwise_recall", 1.0 / 2.0),
        ("pairwise_f1", 2.0 / 5.0),
        ("b3_precision", precision),
        ("b3_recall", recall),
        ("b3_f1", 2.0 * precision * recall / (precision + recall)),
    ];
    for (key, expected) in expected {
        let found = report[key].as_f64().unwrap_or_else(|| panic!("no `{key}` in {report}"));
        assert!((found - expected).abs() < 1e-12, "{key} is {found}, not {expected}");
    }
}

#[test]
fn a_granted_query_stands_in_the_audit_trail() {
    let workspace = published();
    let openings = || workspace.json(&["status"])["openings"].as_array().expect("a list").clone();
    let before = openings();
    workspace.json_lines(&["query", "SELECT * FROM golden.profiles"]);
    assert_eq!(openings(), before, "an analyst's query opened something");

    let sql = "SELECT email FROM golden.profiles";
    let granted = ["--role", "agent", "--purpose", "customer_care"];
    let rows = workspace.json_lines(&[&["query", sql], &granted[..]].concat());
    let opening = &openings()[0];
    assert_ne!(Some(opening), before.first(), "nothing was written");
    let told = ["role", "purpose", "table", "classes"].map(|key| opening[key].as_str().unwrap_or_default());
    assert_eq!(told, ["agent", "customer_care", "golden.profiles", "contact"]);
    assert_eq!(opening["rows"], rows.len());
    assert!(opening["actor"].as_str().is_some_and(|actor| !actor.is_empty()), "{opening}");
}
