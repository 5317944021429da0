//! What is written for who asks: all that is theirs, nothing of anyone else, as it was signed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vermeil_leaks::{Limits, Matcher, Values, scan};

use super::{code_of, email_of, opened, verified};
use crate::common::Workspace;
use crate::erase::values_of;
use crate::pipeline::{person, profile_of, silos};

/// Carries a request out into a folder of that name; returns the folder.
#[track_caller]
fn exported(workspace: &Workspace, number: &str, name: &str) -> PathBuf {
    let folder = workspace.file(name);
    let report = workspace.json(&["request", "run", number, "--to", folder.to_str().expect("UTF-8")]);
    assert_eq!(report["state"], "completed", "{report}");
    folder
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("a file")
}

fn json_of(folder: &Path) -> Value {
    serde_json::from_str(&read(folder, "data.json")).expect("JSON")
}

#[test]
fn everything_that_is_theirs_is_there_and_nothing_of_anyone_else() {
    let workspace = silos();
    // A relative with the same address and number, in the same home.
    let nine = person(9);
    let row = format!(
        "S900;Zygomat;Philibert;{};{};7 allée des Soupirs Anciens;33000;Bordeaux;01/02/1931\r\n",
        nine.email, nine.mobile
    );
    workspace.append("data/shop.csv", row.chars().map(|letter| letter as u8).collect::<Vec<u8>>());
    workspace.append("data/shop.csv", format!("S9;{};too;few\r\n", nine.email));
    workspace.land_and_publish();
    // Another version of one of their accounts.
    workspace.edit("data/shop.csv", &nine.street, "99 quai des Brumes Perdues");
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S9");
    let number = opened(&workspace, &["access"], &json!({ "id": profile }))["number"].to_string();
    workspace.json(&["request", "verify", &number, "--method", "in-person"]);
    let before = workspace.audited("open").len();
    let folder = exported(&workspace, &number, "answer");
    assert!(workspace.audited("open").len() > before, "every opening is in the log");

    let data = json_of(&folder);
    let records = data["records"].as_array().expect("records");
    let mut sources: Vec<&str> =
        records.iter().map(|row| row["source"].as_str().expect("a source")).collect();
    sources.sort_unstable();
    assert_eq!(sources, ["club", "shop", "shop", "web"], "three accounts, one in two versions");
    let streets: Vec<&Value> =
        records.iter().filter(|row| row["source"] == "shop").map(|row| &row["values"]["street"]).collect();
    assert_eq!(streets, [&json!(nine.street), &json!("99 quai des Brumes Perdues")]);
    assert_eq!(data["events"].as_array().expect("events").len(), 1);
    let unread = data["unread"].as_array().expect("rows");
    assert!(unread.len() == 1 && unread[0]["row"].as_str().expect("a row").contains("too;few"), "{unread:?}");
    let email = data["profile"].as_array().expect("values").iter().find(|value| value["field"] == "email");
    assert_eq!(email.expect("an address")["value"], nine.email);
    let purposes = data["fields"].as_array().expect("fields").iter().find(|field| field["field"] == "email");
    let purposes = &purposes.expect("described")["purposes"];
    assert!(
        purposes
            .as_array()
            .expect("purposes")
            .contains(&json!({"purpose": "customer_care", "basis": "contract"}))
    );

    for name in ["data.json", "data.csv", "letter.html"] {
        let text = read(&folder, name);
        for other in ["Zygomat", "Philibert", "Soupirs", "1931-02-01", "S900"] {
            assert!(!text.contains(other), "{other} in {name}");
        }
        for own in [nine.family, "Brumes Perdues"] {
            assert!(text.contains(own), "no {own} in {name}");
        }
        let mut strangers = (0..9).flat_map(|number| values_of(&person(number)));
        assert!(!strangers.any(|value| text.contains(&value)), "{name} tells of a stranger");
    }
    // Numbers in a spreadsheet are no formulas.
    assert!(!read(&folder, "data.csv").lines().any(|line| line.contains(",+33")), "a formula");
}

#[test]
fn the_package_is_the_persons_alone_and_verifies_as_it_was_signed() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "access", &email_of(4));
    let run = ["request", "run", &number];
    assert_eq!(code_of(&workspace, &run), (2, "request-no-folder".to_owned()));
    let taken = [&run[..], &["--to", workspace.path().to_str().expect("UTF-8")]].concat();
    assert_eq!(code_of(&workspace, &taken), (2, "request-folder-taken".to_owned()));
    let folder = exported(&workspace, &number, "answer");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            assert_eq!(mode(&entry.path()), 0o600);
            entry.file_name().into_string().expect("UTF-8")
        })
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["data.csv", "data.json", "letter.html", "manifest.json"]);

    let package = folder.to_str().expect("UTF-8");
    let key = workspace.run(&["audit", "key"]).stdout;
    let prove = ["prove", "--package", package, "--public-key", key.trim()];
    let manifest = workspace.json(&prove);
    assert_eq!(
        (&manifest["request"], &manifest["kind"]),
        (&json!(number.parse::<i64>().expect("a number")), &json!("access"))
    );
    fs::write(folder.join("data.csv"), "nothing").expect("written");
    assert_eq!(code_of(&workspace, &prove), (1, "package-changed".to_owned()));
    fs::write(folder.join("more.txt"), "more").expect("written");
    assert_eq!(code_of(&workspace, &prove), (1, "package-foreign".to_owned()));
}

#[test]
fn what_one_takes_along_is_what_one_provided() {
    let workspace = silos();
    workspace.land_and_publish();
    let folder = exported(&workspace, &verified(&workspace, "portability", &email_of(4)), "answer");
    let data = json_of(&folder);
    let sources: Vec<&Value> =
        data["records"].as_array().expect("records").iter().map(|row| &row["source"]).collect();
    assert_eq!(sources, [&json!("web")], "only there people enter their own data");
    assert_eq!(data["records"][0]["values"]["email"], person(4).email);
    assert_eq!((&data["profile"], &data["consents"]), (&json!([]), &json!([])));
    assert!(!folder.join("letter.html").exists());
}

#[test]
fn a_letter_is_french_or_english() {
    let workspace = silos();
    workspace.land_and_publish();
    for (number, language, expected) in [(4, "fr", "Madame, Monsieur"), (5, "en", "Dear Sir or Madam")] {
        let request = verified(&workspace, "access", &email_of(number));
        let folder = workspace.file(&format!("answer-{language}"));
        let to = folder.to_str().expect("UTF-8");
        workspace.json(&["request", "run", &request, "--to", to, "--letter", language]);
        assert!(read(&folder, "letter.html").contains(expected));
    }
}

#[test]
fn nothing_of_who_asks_is_in_the_state_database_or_a_log() {
    let workspace = silos();
    workspace.land_and_publish();
    let mut output = String::new();
    let canary = "canari.de.demande@courrier.example";
    let input = json!({ "email": person(4).email, "set": { "email": canary, "city": "Canari-sur-Demande" } });
    for (kind, input) in
        [("access", &input), ("rectification", &input), ("restriction", &input), ("objection", &input)]
    {
        let request = opened(&workspace, &[kind], input);
        let number = request["number"].to_string();
        output.push_str(&request.to_string());
        for arguments in [
            &["request", "verify", &number, "--method", "code", "-v", "-v"][..],
            &[
                "request",
                "run",
                &number,
                "--to",
                workspace.file("answer").to_str().expect("UTF-8"),
                "-v",
                "-v",
            ],
            &["request", "show", &number],
            &["request", "ls"],
        ] {
            let ended = workspace.run(arguments);
            assert_eq!(ended.code, 0, "{}", ended.stderr);
            output.push_str(&(ended.stdout + &ended.stderr));
        }
    }
    let mut values = values_of(&person(4));
    values.extend([canary.to_owned(), "Canari-sur-Demande".to_owned()]);
    for value in &values {
        assert!(!output.contains(value), "{value} was printed");
    }
    let matcher = Matcher::new(&Values::from_texts(values));
    for folder in ["state", "lake"] {
        let found = scan(&workspace.file(folder), &[], &matcher, Limits::default()).expect("a folder");
        assert!(found.findings.is_empty(), "in {folder}: {:#?}", found.findings);
    }
    let found = scan(&workspace.file("answer"), &[], &matcher, Limits::default()).expect("a folder");
    assert!(!found.findings.is_empty(), "the search finds what is there");
}
