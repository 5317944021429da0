//! The certificate: says nothing about whom, and verifies with the public key alone.

use std::process::Command;

use serde_json::Value;

use super::{erased, values_of};
use crate::common::{Ended, Workspace};
use crate::pipeline::{person, profile_of, record_of, silos};

/// Verifies in a folder without a pipeline, with the key alone.
fn prove(text: &str, key: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("certificate.json"), text).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vermeil"));
    command.args(["--lang", "en", "prove", "--certificate", "certificate.json", "--public-key", key]);
    command.current_dir(folder.path()).output().expect("the binary starts").into()
}

fn certified() -> (Workspace, Vec<String>, String) {
    let workspace = silos();
    workspace.land_and_publish();
    let (profile, record) = (profile_of(&workspace, "shop", "S6"), record_of(&workspace, "shop", "S6"));
    erased(&workspace, &profile);
    let certificate = workspace.run(&["erase", "certificate", "1"]);
    assert_eq!(certificate.code, 0, "{}", certificate.stderr);
    (workspace, vec![profile, record], certificate.stdout)
}

#[test]
fn a_certificate_verifies_offline_and_every_change_is_told() {
    let (workspace, ids, text) = certified();
    let key = workspace.json(&["audit", "key"])["key"].as_str().expect("a key").to_owned();
    let sound = prove(&text, &key);
    assert_eq!(sound.code, 0, "{}", sound.stderr);
    workspace.write("certificate.json", &text);
    let file = workspace.file("certificate.json");
    let by_pipeline = workspace.run(&["prove", "--certificate", file.to_str().expect("UTF-8")]);
    assert_eq!(by_pipeline.code, 0, "{}", by_pipeline.stderr);

    let certificate: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(certificate["certificate"]["erased"]["records"], 3);
    assert_eq!(certificate["certificate"]["proof"]["found"], 0);
    for (from, to) in [
        ("\"records\": 3", "\"records\": 2"),
        ("\"request\": 1", "\"request\": 2"),
        ("\"found\": 0", "\"found\": 1"),
    ] {
        assert!(text.contains(from), "{text}");
        let refused = prove(&text.replace(from, to), &key);
        assert!(refused.code == 1 && refused.stderr.contains("not as it was signed"), "{}", refused.stderr);
    }
    let other = silos();
    other.land_and_publish();
    let other = other.json(&["audit", "key"])["key"].as_str().expect("a key").to_owned();
    assert_eq!(prove(&text, &other).code, 1, "another pipeline's key");

    let person = person(6);
    let mut values = values_of(&person);
    values.extend([person.family.to_owned(), person.city.clone(), person.birth_date()]);
    for value in values.iter().chain(&ids) {
        assert!(!text.contains(value.as_str()), "the certificate holds a value");
    }
}

#[test]
fn the_log_that_a_certificate_names_goes_on_from_its_checkpoint() {
    let (workspace, _, text) = certified();
    let certificate: Value = serde_json::from_str(&text).expect("JSON");
    let checkpoint = certificate["certificate"]["audit"]["checkpoint"].as_str().expect("a note");
    workspace.write("checkpoint", checkpoint);
    let file = workspace.file("checkpoint");
    let verified = workspace.run(&["audit", "verify", "--remembered", file.to_str().expect("UTF-8")]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    for action in ["erase-open", "erase-approve", "erase-run", "erase-certify"] {
        let entries = workspace.audited(action);
        let [(intent, Some(outcome))] = entries.as_slice() else { panic!("one {action}: {entries:?}") };
        assert_eq!((&intent["table"], &outcome["status"]), (&"erasures/1".into(), &"done".into()));
    }
}

#[test]
fn the_key_of_the_kit_is_gone_when_the_certificate_is_there() {
    let (workspace, ..) = certified();
    assert_eq!(workspace.state("SELECT count(*) FROM erasures WHERE kit IS NOT NULL"), 0);
    assert_eq!(workspace.state("SELECT count(*) FROM key_pages WHERE owner LIKE 'erasure/%'"), 0);
}

/// What the page without a network says of a certificate, run by Node; `None` with a message where
/// there is none.
fn prove_by_page(text: &str, key: &str) -> Option<bool> {
    const PAGE: &str = include_str!("../../../docs/verify-erasure.html");
    let (_, script) = PAGE.split_once("<script id=\"verifier\">").expect("a script");
    let (script, _) = script.split_once("</script>").expect("its end");
    let call = "verify(process.argv[1], process.argv[2]).then(() => process.exit(0), () => process.exit(1))";
    let mut node = Command::new("node");
    match node.args(["-e", &format!("{script}\n{call}"), text, key]).status() {
        Ok(status) => Some(status.success()),
        Err(_) => {
            eprintln!("skipped: no Node to run the page with");
            None
        }
    }
}

#[test]
fn the_page_without_a_network_says_the_same() {
    let (workspace, _, text) = certified();
    let key = workspace.json(&["audit", "key"])["key"].as_str().expect("a key").to_owned();
    let Some(is_sound) = prove_by_page(&text, &key) else { return };
    assert!(is_sound);
    for (from, to) in
        [("\"records\": 3", "\"records\": 2"), ("\"request\": 1", "\"request\": 1, \"more\": 1")]
    {
        assert!(text.contains(from), "{text}");
        assert_eq!(prove_by_page(&text.replace(from, to), &key), Some(false), "{to}");
    }
    let place = key.len() - 10;
    let another = if key[place..].starts_with('A') { "B" } else { "A" };
    let other = format!("{}{another}{}", &key[..place], &key[place + 1..]);
    assert_eq!(prove_by_page(&text, &other), Some(false), "another key");
}
