//! `vermeil leak-scan`: exit codes and what is printed.

use serde_json::{Value, json};

use crate::common::{Ended, Workspace};

const NAME: &str = "Zélandine Quoxveil";

fn scan(workspace: &Workspace, options: &[&str]) -> Ended {
    let folder = workspace.file("searched");
    let values = workspace.file("values.txt");
    let paths = [folder.to_str().expect("UTF-8"), "--values", values.to_str().expect("UTF-8")];
    workspace.run(&[["leak-scan"].as_slice(), &paths, options].concat())
}

/// A folder with a file to search.
fn workspace(values: &str, content: &[u8]) -> Workspace {
    let workspace = Workspace::new("");
    workspace.write("values.txt", values);
    workspace.write("searched/file", content);
    workspace
}

#[track_caller]
fn check(values: &str, content: &[u8], code: i32) -> Ended {
    let ended = scan(&workspace(values, content), &[]);
    assert_eq!(ended.code, code, "{}{}", ended.stdout, ended.stderr);
    let printed = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!printed.contains("Quoxveil"), "a value is shown: {printed}");
    ended
}

#[test]
fn the_exit_code_tells_found_from_clean_and_from_unread() {
    check(NAME, b"nobody", 0);
    check(NAME, "x zelandine quoxveil x".as_bytes(), 1);
    check(NAME, b"PAR1 cut off", 3);
    check("Ada", b"nobody", 3);
    check("", b"nobody", 2);
    check("{\"a\":\"b\"}\nAda", b"nobody", 2);
    assert_eq!(Workspace::new("").run(&["leak-scan", "."]).code, 2);
    let lost = Workspace::new("");
    lost.write("values.txt", NAME);
    assert_eq!(scan(&lost, &[]).code, 2);
}

#[test]
fn a_finding_names_its_place_and_never_the_value() {
    let workspace = workspace(&format!("label,value\nname,{NAME}\n"), format!("say {NAME}").as_bytes());
    workspace.write(&format!("searched/{NAME}.txt"), "");
    let ended = scan(&workspace, &["--format", "json"]);
    assert!(!ended.stdout.contains("Quoxveil"), "{}", ended.stdout);
    let report: Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    let value = json!({ "line": 2, "label": "name" });
    let finding = |file, channel, offset| {
        json!({ "file": file, "channel": channel, "in": "", "offset": offset, "encoding": "utf-8",
                "value": value, "count": 1 })
    };
    assert_eq!(report["findings"][0], finding("[entry 1]", "name", 0));
    assert_eq!(report["findings"][1], finding("file", "bytes", 4));
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_corpus_is_written_to_try_scanners_on() {
    let workspace = Workspace::new("");
    let corpus = workspace.file("corpus");
    let written = workspace.json(&["leak-scan", "--write-corpus", corpus.to_str().expect("UTF-8")]);
    assert!(written["planted"].as_u64() > Some(900), "{written}");
    let values = corpus.join("values.txt");
    let planted = corpus.join("planted");
    let arguments =
        ["leak-scan", planted.to_str().expect("UTF-8"), "--values", values.to_str().expect("UTF-8")];
    assert_eq!(workspace.run(&arguments).code, 1);
}
