//! Asking who somebody is: what answers, with which weights, to whom, and what is left of it.

mod access;

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::{Ended, Workspace};
use crate::model;
use crate::pipeline::{Person, person, profile_of, record_of, silos};

const AS_CARE: [&str; 4] = ["--role", "agent", "--purpose", "customer_care"];

/// The fields of the web site's columns.
const WEB: [(&str, &str); 8] = [
    ("family_name", "/lastName"),
    ("given_name", "/firstName"),
    ("email", "/email"),
    ("mobile", "/phone"),
    ("street", "/address/street"),
    ("postal_code", "/address/postalCode"),
    ("city", "/address/city"),
    ("birth_date", "/birthDate"),
];

/// Asks with these lines of standard input.
fn ask(workspace: &Workspace, lines: &str, options: &[&str]) -> Ended {
    let mut command = workspace.command(&[&["resolve"], options].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Who is refused may be gone before the question is read.
    let _ = stdin.write_all(lines.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends").into()
}

/// The answer to the one question.
#[track_caller]
fn answer(workspace: &Workspace, question: &Value, options: &[&str]) -> Value {
    let options = [&["--format", "json"], &AS_CARE[..], options].concat();
    let ended = ask(workspace, &format!("{question}\n"), &options);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("one answer")
}

/// The sources of the best profile's records, sorted.
fn sources(answer: &Value) -> Vec<&str> {
    let records = answer["candidates"][0]["records"].as_array().expect("a profile");
    let mut sources: Vec<&str> =
        records.iter().map(|record| record["source"].as_str().expect("a source")).collect();
    sources.sort_unstable();
    sources
}

/// The weight of a record of the best profile.
#[track_caller]
fn weight_of(answer: &Value, record: &str) -> f64 {
    let records = answer["candidates"][0]["records"].as_array().expect("a profile");
    let found = records.iter().find(|found| found["record_id"] == record);
    found.unwrap_or_else(|| panic!("no {record} in {answer}"))["weight_bits"].as_f64().expect("bits")
}

#[test]
fn a_question_with_slips_has_the_weights_that_explain_prints() {
    let workspace = silos();
    let Person { family, email, .. } = person(8);
    workspace.edit("data/web.ndjson", &email, &email.replace("client8", "clinet8"));
    workspace.edit("data/web.ndjson", &format!("\"{family}\""), "\"Isernac\"");
    workspace.land_and_publish();
    let web = std::fs::read_to_string(workspace.file("data/web.ndjson")).expect("a silo");
    let row = web.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let row = row.into_iter().find(|row| row["id"] == "w8").expect("a row");
    let told = WEB.map(|(field, place)| (field.to_owned(), row.pointer(place).expect("a value").clone()));
    let question = Value::Object(told.into_iter().collect());

    let found = answer(&workspace, &question, &[]);
    assert_eq!(found["candidates"][0]["profile_id"], profile_of(&workspace, "shop", "S8").as_str());
    let own = record_of(&workspace, "web", "w8");
    for (source, key) in [("shop", "S8"), ("club", "C8")] {
        let other = record_of(&workspace, source, key);
        let explained = workspace.json(&["explain", &own, &other]);
        assert_eq!(Some(weight_of(&found, &other)), explained["weight_bits"].as_f64(), "{source}");
    }
    // The record itself: everything is equal.
    let best = &found["candidates"][0];
    let level = |field: &str| {
        let evidence = best["evidence"].as_array().expect("a list");
        evidence.iter().find(|evidence| evidence["field"] == field).expect("compared")["level"].clone()
    };
    assert_eq!((level("family_name"), level("email")), (json!("equal"), json!("equal")));
    assert_eq!(best["records"][0]["record_id"], own.as_str());
}

#[test]
fn by_a_model_in_force_weights_are_those_that_explain_prints() {
    let workspace = model::silos(600);
    assert_eq!(workspace.land_and_publish()["model_estimated"], json!(true));
    // Landed after the model was made, one with a slip.
    workspace.append("data/shop.csv", model::row(700, 9));
    workspace.append("data/web.csv", model::row(700, 7));
    assert_eq!(workspace.land_and_publish()["model_estimated"], json!(false));
    for person in [9, 10, 700] {
        let row = model::row(person, usize::MAX);
        let [_, family, given, born, mail, town] = row.trim().split(',').collect::<Vec<_>>()[..] else {
            panic!("six columns: {row}")
        };
        let question = json!({
            "family_name": family, "given_name": given, "birth_date": born, "email": mail, "city": town,
        });
        let found = answer(&workspace, &question, &[]);
        let [shop, web] = ["shop", "web"].map(|source| record_of(&workspace, source, &person.to_string()));
        let explained = workspace.json(&["explain", &shop, &web]);
        assert_eq!(Some(weight_of(&found, &web)), explained["weight_bits"].as_f64(), "{person}");
    }
}

#[test]
fn somebody_is_found_by_any_identifier_and_by_name_and_birth_date() {
    let workspace = silos();
    workspace.land_and_publish();
    let person = person(8);
    let profile = profile_of(&workspace, "shop", "S8");
    let dialled = person.mobile.replace(' ', "").replacen('0', "+33", 1);
    for (question, expected) in [
        (json!({ "email": format!(" {} ", person.email.to_uppercase()) }), &["club", "shop", "web"][..]),
        (json!({ "mobile": dialled }), &["shop", "web"]),
        // Phone and mobile are one set.
        (json!({ "phone": person.mobile }), &["shop", "web"]),
        (
            json!({ "given_name": person.given, "family_name": person.family, "birth_date": person.birth_date() }),
            &["club", "shop", "web"],
        ),
    ] {
        let found = answer(&workspace, &question, &[]);
        assert_eq!(found["candidates"][0]["profile_id"], profile.as_str(), "{question}: {found}");
        assert_eq!(sources(&found), expected, "{question}");
        assert_eq!(found["superseded"], json!(false));
        let by = found["candidates"][0]["records"][0]["found_by"].as_array().expect("a list");
        assert!(!by.is_empty(), "{found}");
    }
    for question in [json!({ "email": "nobody@courrier.example" }), json!({}), json!({ "title": "Mme" })] {
        assert_eq!(answer(&workspace, &question, &[])["candidates"], json!([]), "{question}");
    }
    assert_eq!(answer(&workspace, &json!({ "title": "Mme" }), &[])["not_compared"], json!(["title"]));
}

#[test]
fn a_customer_number_that_matching_does_not_read_names_its_record() {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "family_name: NOM", "family_name: NOM\n      account_number: \"NO\"");
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S8");
    let found = answer(&workspace, &json!({ "account_number": " s8 " }), &[]);
    let [best] = found["candidates"].as_array().expect("a list").as_slice() else { panic!("one: {found}") };
    assert_eq!(best["profile_id"], profile.as_str());
    assert_eq!(best["records"][0]["found_by"], json!(["account_number"]));
    assert_eq!(best["evidence"], json!([]), "nothing is known of how much it says");
    // Named beside somebody else's name: both are told, and the named one first.
    let Person { given, family, .. } = person(9);
    let question = json!({ "account_number": "S8", "given_name": given, "family_name": family });
    let both = answer(&workspace, &question, &[]);
    let profiles = both["candidates"].as_array().expect("a list").iter().map(|found| &found["profile_id"]);
    let other = profile_of(&workspace, "shop", "S9");
    assert_eq!(profiles.collect::<Vec<_>>(), [&json!(profile), &json!(other)]);
    assert_eq!(answer(&workspace, &json!({ "account_number": "S99" }), &[])["candidates"], json!([]));
}

#[test]
fn an_answer_has_so_many_profiles_of_so_much_weight() {
    let workspace = silos();
    workspace.land_and_publish();
    // One has the name and the home, another the mailbox.
    let Person { given, family, postal_code, .. } = person(8);
    let question = json!({
        "given_name": given, "family_name": family, "postal_code": postal_code, "email": person(9).email,
    });
    let count = |options: &[&str]| {
        answer(&workspace, &question, options)["candidates"].as_array().expect("a list").len()
    };
    let least = |least: &str| count(&["--at-least", least]);
    assert_eq!((least("-100bits"), least("0.999999")), (2, 0));
    assert_eq!(count(&["--at-least=-100bits", "--limit", "1"]), 1);
    for wrong in ["1", "0", "bits", "NaN", "infbits", "many"] {
        let ended = ask(&workspace, "", &["--at-least", wrong]);
        assert_eq!(ended.code, 2, "{wrong}: {}", ended.stderr);
    }
}

#[test]
fn people_read_a_table() {
    let workspace = silos();
    workspace.land_and_publish();
    let person = person(8);
    let lines =
        format!("{}\n{}\n", json!({ "email": person.email }), json!({ "email": "x@courrier.example" }));
    let ended = ask(&workspace, &lines, &AS_CARE);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let profile = profile_of(&workspace, "shop", "S8");
    for told in [profile.as_str(), "shop", "email equal +", "nobody is found"] {
        assert!(ended.stdout.contains(told), "no {told}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains(&person.email), "{}", ended.stdout);
}

#[test]
fn what_is_no_question_is_told_by_its_line_and_passed_over() {
    let workspace = silos();
    workspace.land_and_publish();
    let email = person(1).email;
    let lines = format!(
        "{{\"email\": \"{email}\"}}\n\n{{\"email\": \"{email}\n{{\"emial\": \"{email}\"}}\n{{\"{email}\": 1}}\n{{\"email\": \"{email}\"}}"
    );
    let ended = ask(&workspace, &lines, &[&["--format", "json"], &AS_CARE[..]].concat());
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let answers: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    let told: Vec<(u64, Option<&str>)> = answers
        .iter()
        .map(|answer| (answer["line"].as_u64().expect("a number"), answer["error"]["code"].as_str()))
        .collect();
    let unknown = Some("resolve-unknown-field");
    assert_eq!(told, [(1, None), (3, Some("cli-query-malformed")), (4, unknown), (5, unknown), (6, None)]);
    assert_eq!(answers[0]["candidates"], answers[4]["candidates"]);
    assert!(
        ended.stderr.contains("Line 4") && ended.stderr.contains("did you mean `email`?"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains(&email) && !ended.stdout.contains(&email), "{}", ended.stderr);
}

#[test]
fn there_is_nobody_to_find_before_the_first_publication() {
    let workspace = silos();
    workspace.json(&["run", "--until", "land"]);
    let ended = ask(&workspace, "{}", &AS_CARE);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("nothing is published yet"), "{}", ended.stderr);
}
