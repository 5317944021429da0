//! What people allow and refuse, and who is seen for it, through the real binary.

use serde_json::{Value, json};

use crate::common::{Ended, Workspace};
use crate::erase::{erased, with_input};
use crate::pipeline::{PEOPLE, person, profile_of, record_of, silos};

const AS_MARKETER: [&str; 4] = ["--role", "marketer", "--purpose", "marketing"];
const AS_CARE: [&str; 4] = ["--role", "agent", "--purpose", "customer_care"];

/// Silos under a purpose that rests on consent.
fn on_consent() -> Workspace {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "marketing: legitimate_interests", "marketing: consent");
    workspace.land_and_publish();
    workspace
}

#[track_caller]
fn say(workspace: &Workspace, what: &str, kind: &str, value: &str) -> Value {
    let arguments = ["consent", what, "--contact", kind, "--country", "FR", "--for", "marketing"];
    told(with_input(workspace, &[&arguments[..], &AS_MARKETER].concat(), value))
}

#[track_caller]
fn record(workspace: &Workspace, lines: &[Value]) -> Ended {
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    with_input(workspace, &[&["consent", "record"][..], &AS_CARE].concat(), &lines.join("\n"))
}

#[track_caller]
fn told(ended: Ended) -> Value {
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("one object")
}

#[track_caller]
fn count(workspace: &Workspace, table: &str, reader: &[&str]) -> u64 {
    let sql = format!("SELECT count(*) AS n FROM {table}");
    let rows = workspace.json_lines(&[&["query", &sql][..], reader].concat());
    rows[0]["n"].as_u64().expect("a count")
}

#[track_caller]
fn seen(workspace: &Workspace, columns: &str) -> Vec<Value> {
    let sql = format!("SELECT {columns} FROM golden.profiles ORDER BY email, mobile");
    workspace.json_lines(&[&["query", &sql][..], &AS_MARKETER].concat())
}

#[test]
fn nobody_is_seen_who_did_not_consent() {
    let workspace = on_consent();
    assert_eq!(count(&workspace, "golden.profiles", &AS_MARKETER), 0);
    assert_eq!(count(&workspace, "golden.profiles", &AS_CARE), PEOPLE as u64);
    say(&workspace, "give", "email", &person(3).email.to_uppercase());
    let rows = seen(&workspace, "family_name, email, mobile");
    let expected = json!({ "family_name": person(3).family, "email": person(3).email, "mobile": null });
    assert_eq!(rows, [expected], "an address says nothing of a phone");
    say(&workspace, "give", "phone", &person(3).mobile);
    assert_eq!(seen(&workspace, "mobile")[0]["mobile"], json!(person(3).mobile));
    for (table, rows) in [("landing.shop", 1), ("landing.orders", 1), ("golden.members", 3)] {
        assert_eq!(count(&workspace, table, &AS_MARKETER), rows, "{table}");
    }
    assert_eq!(count(&workspace, "golden.profiles WHERE family_name IS NULL", &AS_MARKETER), 0);
}

#[test]
fn a_withdrawal_holds_when_the_command_returns() {
    let workspace = on_consent();
    let email = person(5).email;
    say(&workspace, "give", "email", &email);
    assert_eq!(count(&workspace, "golden.profiles", &AS_MARKETER), 1);
    let check = |code: i32, allowed: bool| {
        let asked = ["consent", "check", "--contact", "email", "--for", "marketing"];
        let ended = with_input(&workspace, &[&asked[..], &AS_MARKETER].concat(), &email);
        assert_eq!(ended.code, code, "{}", ended.stderr);
        let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(answer["allowed"], json!(allowed), "{answer}");
    };
    check(0, true);
    say(&workspace, "withdraw", "email", &email);
    check(1, false);
    assert_eq!(count(&workspace, "golden.profiles", &AS_MARKETER), 0);
    assert_eq!(count(&workspace, "landing.web", &AS_MARKETER), 0);
    let shown = with_input(
        &workspace,
        &[&["consent", "show", "--contact", "email"][..], &AS_MARKETER].concat(),
        &email,
    );
    let shown: Vec<Value> = shown.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let history: Vec<_> = shown.iter().map(|entry| (&entry["status"], &entry["holds"])).collect();
    let [given, withdrawn] = [json!("given"), json!("withdrawn")];
    assert_eq!(history, [(&given, &json!(false)), (&withdrawn, &json!(true))], "nothing said is lost");
}

#[test]
fn an_objection_is_of_the_person_and_a_refusal_of_one_way() {
    let workspace = silos();
    workspace.land_and_publish();
    assert_eq!(count(&workspace, "golden.profiles", &AS_MARKETER), PEOPLE as u64);
    say(&workspace, "refuse", "email", &person(1).email);
    let rows = seen(&workspace, "email, mobile");
    assert_eq!(rows.len(), PEOPLE);
    assert_eq!(rows.iter().filter(|row| row["email"].is_null()).count(), 1);
    let record = record_of(&workspace, "club", "C2");
    told(workspace_say(&workspace, "object", &record));
    assert_eq!(seen(&workspace, "email").len(), PEOPLE - 1);
    let found = with_input(&workspace, &[&["find", "email"][..], &AS_MARKETER].concat(), &person(2).email);
    assert_eq!((found.code, found.stdout.as_str()), (0, ""), "{}", found.stderr);
    assert_eq!(count(&workspace, "golden.profiles", &AS_CARE), PEOPLE as u64, "a contract goes on");
}

fn workspace_say(workspace: &Workspace, what: &str, id: &str) -> Ended {
    let arguments = ["consent", what, id, "--for", "marketing", "--format", "json"];
    workspace.run(&[&arguments[..], &AS_MARKETER].concat())
}

#[test]
fn who_is_restricted_is_seen_by_no_query_but_the_officers() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S4");
    told(record(&workspace, &[json!({ "id": profile, "status": "restricted" })]));
    for reader in [&AS_MARKETER[..], &AS_CARE, &["--role", "analyst"]] {
        for (table, left) in [("golden.profiles", 29), ("landing.shop", 29), ("landing.orders", 29)] {
            assert_eq!(count(&workspace, table, reader), left, "{table} for {reader:?}");
        }
        let sum = "(SELECT DISTINCT profile_id FROM golden.provenance) AS told";
        assert_eq!(count(&workspace, sum, reader), 29, "no aggregate holds them");
    }
    let asked = json!({ "email": person(4).email }).to_string();
    let resolved = with_input(&workspace, &[&["resolve"][..], &AS_CARE].concat(), &asked);
    let answer: Value = serde_json::from_str(&resolved.stdout).unwrap();
    assert_eq!(answer["candidates"], json!([]), "{answer}");
    assert_eq!(workspace.query("SELECT count(*) AS n FROM golden.profiles")[0]["n"], json!(30));
    told(record(&workspace, &[json!({ "id": profile, "status": "released" })]));
    assert_eq!(count(&workspace, "golden.profiles", &AS_CARE), 30);
}

#[test]
fn records_that_are_in_no_profile_yet_are_seen_unless_restricted() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S4");
    told(record(&workspace, &[json!({ "id": profile, "status": "restricted" })]));
    let newcomer = "S99;Ombrelune;Tiphaine;tiphaine@courrier.example;;;;;";
    workspace.append("data/shop.csv", format!("{newcomer}\n"));
    workspace.json(&["run", "--until", "land"]);
    assert_eq!(count(&workspace, "landing.shop", &AS_CARE), 30);
    assert_eq!(count(&workspace, "landing.shop", &AS_MARKETER), 29, "who knows what they refused");
}

#[test]
fn a_purpose_without_a_basis_is_read_for_by_nobody() {
    let workspace = silos();
    workspace.edit("pipeline.yaml", ", marketing: legitimate_interests", "");
    let checked = workspace.run(&["check"]);
    assert!(
        checked.code == 0 && checked.stdout.contains("`marketing`"),
        "{}{}",
        checked.stdout,
        checked.stderr
    );
    workspace.land_and_publish();
    let refused = workspace.run(&[&["query", "SELECT 1 FROM golden.profiles"][..], &AS_MARKETER].concat());
    assert_eq!(refused.code, 4);
    assert!(
        refused.stderr.contains("`marketing`") && refused.stderr.contains("purposes:"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_source_says_it_once_and_not_over_what_people_said_since() {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "marketing: legitimate_interests", "marketing: consent");
    workspace.edit(
        "pipeline.yaml",
        "      birth_date: birthDate\n",
        "      birth_date: birthDate\n      marketing_opt_in: optIn\n    consent:\n      - { purpose: marketing, contact: email, field: marketing_opt_in }\n",
    );
    let opted = |number: usize, opt_in: bool, at: &str| {
        let mut row: Value = serde_json::from_str(&person(number).web_row(at)).unwrap();
        row["optIn"] = json!(opt_in);
        format!("{row}\n")
    };
    let write = |rows: &[String]| workspace.write("data/web.ndjson", rows.concat());
    write(&[
        opted(1, true, "2024-05-01T10:00:00Z"),
        opted(2, true, "2024-05-01T10:00:00Z"),
        opted(3, false, "2024-05-01T10:00:00Z"),
    ]);
    workspace.land_and_publish();
    let emails = |workspace: &Workspace| -> Vec<Value> {
        seen(workspace, "email, mobile").into_iter().map(|row| row["email"].clone()).collect()
    };
    let (one, two) = (json!(person(1).email), json!(person(2).email));
    assert_eq!(emails(&workspace), [one.clone(), two.clone()]);
    say(&workspace, "withdraw", "email", &person(1).email);
    // The site does not know: its next version of the record says the same as before.
    write(&[
        opted(1, true, "2026-05-01T10:00:00Z"),
        opted(2, true, "2024-05-01T10:00:00Z"),
        opted(3, false, "2024-05-01T10:00:00Z"),
    ]);
    workspace.land_and_publish();
    assert_eq!(emails(&workspace), std::slice::from_ref(&two), "an import brings no withdrawn consent back");
    write(&[
        opted(1, true, "2026-05-01T10:00:00Z"),
        opted(2, false, "2026-05-02T10:00:00Z"),
        opted(3, true, "2026-05-02T10:00:00Z"),
    ]);
    workspace.land_and_publish();
    assert_eq!(emails(&workspace), [json!(person(3).email)], "what changed in the source is said anew");
}

#[test]
fn contradictions_of_a_merged_profile_are_apart_again_after_a_split() {
    let workspace = on_consent();
    let [one, other] = [6, 7].map(|number| profile_of(&workspace, "shop", &format!("S{number}")));
    say(&workspace, "give", "email", &person(6).email);
    say(&workspace, "withdraw", "email", &person(7).email);
    assert_eq!(count(&workspace, "golden.profiles", &AS_MARKETER), 1);
    let merged = workspace.json(&["merge", &one, &other, "--reason", "one person"]);
    workspace.land_and_publish();
    assert_eq!(count(&workspace, "golden.profiles", &AS_MARKETER), 0, "the most restrictive counts");
    workspace.json(&["undo", &merged["decision"].to_string(), "--reason", "two after all"]);
    workspace.land_and_publish();
    let rows = seen(&workspace, "email, mobile");
    assert_eq!(rows.iter().map(|row| &row["email"]).collect::<Vec<_>>(), [&json!(person(6).email)]);
}

#[test]
fn what_was_said_goes_with_whoever_is_erased_and_stays_with_who_shares_an_address() {
    let workspace = silos();
    // Two people of one household, reached by one address.
    workspace.edit("data/shop.csv", &person(8).email, &person(9).email);
    workspace.edit("data/web.ndjson", &person(8).email, &person(9).email);
    workspace.land_and_publish();
    let (eighth, ninth) = (profile_of(&workspace, "shop", "S8"), profile_of(&workspace, "shop", "S9"));
    assert_ne!(eighth, ninth);
    say(&workspace, "refuse", "email", &person(9).email);
    say(&workspace, "refuse", "phone", &person(8).mobile);
    told(record(&workspace, &[json!({ "id": eighth, "purpose": "marketing", "status": "objected" })]));
    let events = || workspace.state("SELECT count(*) FROM consent_events");
    let before = events();
    erased(&workspace, &eighth);
    let after = events();
    assert!(after < before && after > 0, "{before} became {after}");
    let rows = workspace.json_lines(
        &[&["query", "SELECT email FROM golden.profiles WHERE email IS NULL"][..], &AS_MARKETER].concat(),
    );
    assert_eq!(rows.len(), 1, "the other's no holds on");
    let shown = with_input(
        &workspace,
        &[&["consent", "show", "--contact", "phone", "--country", "FR"][..], &AS_MARKETER].concat(),
        &person(8).mobile,
    );
    assert_eq!(shown.stdout, "", "nothing is left of what they said");
}

#[test]
fn statements_that_cannot_be_taken_are_told_by_their_place_and_none_is_taken() {
    let workspace = on_consent();
    let email = person(1).email;
    let good = json!({ "email": email, "purpose": "marketing", "status": "given" });
    for (bad, code, says) in [
        (json!({ "email": "not an address", "purpose": "marketing", "status": "given" }), 2, "statement 2"),
        (json!({ "phone": "06 39 98 01 02", "purpose": "marketing", "status": "given" }), 2, "country"),
        (json!({ "email": email, "purpose": "spying", "status": "given" }), 4, "`spying`"),
        (json!({ "email": email, "purpose": "marketing", "status": "maybe" }), 2, "line 2"),
        (json!({ "email": email, "status": "given" }), 2, "purpose"),
        (
            json!({ "email": email, "purpose": "marketing", "status": "given", "at": "2190-01-01T00:00:00Z" }),
            2,
            "future",
        ),
        (
            json!({ "email": email, "purpose": "marketing", "status": "given", "channel": "by client@x.example" }),
            2,
            "channel",
        ),
        (json!({ "email": email, "status": "restricted" }), 2, "statement 2"),
    ] {
        let refused = record(&workspace, &[good.clone(), bad]);
        assert_eq!(refused.code, code, "{}", refused.stderr);
        assert!(refused.stderr.contains(says), "{says}: {}", refused.stderr);
        assert!(
            !refused.stderr.contains("courrier.example") && !refused.stderr.contains("client@x"),
            "{}",
            refused.stderr
        );
    }
    assert_eq!(workspace.state("SELECT count(*) FROM consent_events"), 0);
    let denied = with_input(&workspace, &["consent", "record", "--role", "analyst"], &good.to_string());
    assert_eq!(denied.code, 4, "{}", denied.stderr);
}

#[test]
fn no_contact_point_stands_in_the_state_database() {
    let workspace = on_consent();
    say(&workspace, "give", "email", &person(5).email);
    let proof = json!({ "email": person(6).email, "purpose": "marketing", "status": "given", "channel": "web",
        "text_version": "v3", "proof": "form sent by Ermessinde Trompette" });
    told(record(&workspace, &[proof]));
    for file in ["vermeil.db", "vermeil.db-wal"] {
        let Ok(bytes) = std::fs::read(workspace.file("state").join(file)) else { continue };
        for value in [person(5).email, person(6).email, "Trompette".to_owned()] {
            assert!(!bytes.windows(value.len()).any(|window| window == value.as_bytes()), "{file}");
        }
    }
}

#[test]
fn an_export_holds_those_who_consented_and_is_noted() {
    let workspace = on_consent();
    say(&workspace, "give", "email", &person(3).email);
    say(&workspace, "give", "email", &person(4).email);
    let export = |file: &str, more: &[&str]| {
        let to = workspace.file(file).display().to_string();
        let arguments = ["export", "--to", &to, "--recipient", "mailer", "--format", "json"];
        workspace.run(&[&arguments[..], &AS_MARKETER, more].concat())
    };
    assert_eq!(told(export("first.csv", &[]))["profiles"], json!(2));
    let text = std::fs::read_to_string(workspace.file("first.csv")).unwrap();
    assert!(text.contains(&person(3).email) && text.contains(&person(4).email), "{text}");
    assert!(!text.contains(&person(3).mobile), "the phone was not allowed");
    say(&workspace, "withdraw", "email", &person(3).email);
    assert_eq!(told(export("second.parquet", &[]))["profiles"], json!(1));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(workspace.file("second.parquet")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(export("second.parquet", &[]).code, 1, "nothing is overwritten");
    assert_eq!(export("third.xls", &[]).code, 2);
    let noted = workspace.json_lines(&["exports"]);
    let told: Vec<_> = noted.iter().map(|export| (&export["recipient"], &export["profiles"])).collect();
    let mailer = json!("mailer");
    assert_eq!(told, [(&mailer, &json!(2)), (&mailer, &json!(1))]);
}

#[test]
fn a_tc_string_is_told_and_what_is_none_is_refused_without_being_repeated() {
    let workspace = Workspace::new("");
    // Of the specification.
    let published = "CLcVDxRMWfGmWAVAHCENAXCkAKDAADnAABRgA5mdfCKZuYJez-NQm0TBMYA4oCAAGQYIAAAAAAEAIAEgAA.argAC0gAAAAAAAAAAAA";
    let read = told(with_input(&workspace, &["consent", "tcf"], published));
    assert_eq!((&read["language"], &read["policy"]), (&json!("en"), &json!(2)), "{read}");
    assert_eq!(read["standing"], "outdated", "it is of before TCF 2.2");
    assert!(read["vendors"].as_array().is_some_and(|ranges| !ranges.is_empty()), "{read}");
    let refused = with_input(&workspace, &["consent", "tcf"], "zoe@example.org");
    assert_eq!(refused.code, 2);
    assert!(!refused.stderr.contains("zoe") && refused.stderr.contains("character 4"), "{}", refused.stderr);
}

#[test]
fn a_receipt_tells_what_was_said_and_not_of_whom() {
    let workspace = on_consent();
    let email = person(3).email;
    say(&workspace, "give", "email", &email);
    say(&workspace, "withdraw", "email", &email);
    let arguments = ["consent", "receipt", "--contact", "email"];
    let ended = with_input(&workspace, &[&arguments[..], &AS_MARKETER].concat(), &email);
    assert!(!ended.stdout.contains(&email), "{}", ended.stdout);
    let receipt = told(ended);
    assert_eq!(receipt["@type"], "dpv:ConsentReceipt");
    let [record] = receipt["dpv:hasRecordOfActivity"].as_array().expect("records").as_slice() else {
        panic!("{receipt}")
    };
    assert_eq!(record["dpv:hasLegalBasis"], "eu-gdpr:A6-1-a");
    let states = record["dpv:hasConsentStatus"].as_array().expect("states");
    let states: Vec<_> = states.iter().map(|state| &state["@type"][0]).collect();
    assert_eq!(states, ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]);
}
