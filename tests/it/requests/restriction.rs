//! Restriction and objection: whoever is restricted or objects is in no query.

use serde_json::{Value, json};

use super::{code_of, email_of, verified};
use crate::common::Workspace;
use crate::pipeline::{PEOPLE, person, profile_of, silos};

/// How many profiles a marketer sees.
fn marketed(workspace: &Workspace) -> Value {
    let sql = "SELECT count(*) AS n FROM golden.profiles";
    workspace.json_lines(&["query", sql, "--role", "marketer", "--purpose", "marketing"])[0]["n"].clone()
}

/// How many profiles an agent sees.
fn cared_for(workspace: &Workspace) -> Value {
    let sql = "SELECT count(*) AS n FROM golden.profiles";
    workspace.json_lines(&["query", sql, "--role", "agent", "--purpose", "customer_care"])[0]["n"].clone()
}

#[test]
fn whoever_is_restricted_is_in_no_query_until_they_were_told_that_it_ends() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "restriction", &email_of(4));
    assert_eq!(marketed(&workspace), PEOPLE);
    let report = workspace.json(&["request", "run", &number]);
    assert_eq!(
        (&report["state"], &report["due_at"], &report["overdue"]),
        (&json!("restricted"), &Value::Null, &json!(false))
    );
    assert_eq!((marketed(&workspace), cared_for(&workspace)), (json!(PEOPLE - 1), json!(PEOPLE - 1)));
    // It is kept, and who asks for it gets it.
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE);
    assert_eq!(verified(&workspace, "access", &email_of(4)), "2");
    // Asked again it is the same request.
    let again = super::opened(&workspace, &["restriction"], &email_of(4))["number"].to_string();
    assert_eq!(workspace.json(&["request", "verify", &again, "--method", "code"])["duplicate_of"], 1);

    let tomorrow = (chrono::Utc::now().date_naive() + chrono::Days::new(2)).to_string();
    let lift = ["request", "lift", &number, "--told", &tomorrow];
    assert_eq!(code_of(&workspace, &lift), (2, "request-not-told".to_owned()));
    assert_eq!(marketed(&workspace), PEOPLE - 1, "what is refused lifts nothing");
    let report = workspace.json(&["request", "lift", &number, "--told", "2026-01-05"]);
    assert_eq!((&report["state"], &report["told_at"]), (&json!("completed"), &json!("2026-01-05")));
    assert_eq!((marketed(&workspace), cared_for(&workspace)), (json!(PEOPLE), json!(PEOPLE)));
    assert_eq!(workspace.state("SELECT count(*) FROM request_tags WHERE request = 1"), 0);
    assert_eq!(workspace.state("SELECT count(*) FROM key_pages WHERE owner = 'request/1'"), 0);
}

#[test]
fn a_restriction_holds_of_accounts_that_come_later() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "restriction", &email_of(4));
    workspace.json(&["request", "run", &number]);
    let row = person(4).web_row("2024-06-01T10:00:00Z").replace("\"w4\"", "\"w4-bis\"");
    workspace.append("data/web.ndjson", row + "\n");
    workspace.land_and_publish();
    assert_eq!(profile_of(&workspace, "web", "w4-bis"), profile_of(&workspace, "web", "w4"));
    assert_eq!(marketed(&workspace), PEOPLE - 1);
}

#[test]
fn an_objection_is_followed_at_once_and_for_its_purpose() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = verified(&workspace, "objection", &email_of(4));
    let report = workspace.json(&["request", "run", &number]);
    assert_eq!(report["state"], "completed");
    assert_eq!(report["steps"][0]["detail"]["purposes"], json!(["marketing"]));
    assert_eq!((marketed(&workspace), cared_for(&workspace)), (json!(PEOPLE - 1), json!(PEOPLE)));
    // It is among what they said.
    let access = verified(&workspace, "access", &email_of(4));
    let folder = workspace.file("answer");
    workspace.json(&["request", "run", &access, "--to", folder.to_str().expect("UTF-8")]);
    let data: Value =
        serde_json::from_slice(&std::fs::read(folder.join("data.json")).expect("a file")).expect("JSON");
    let consents = data["consents"].as_array().expect("consents");
    assert_eq!(consents.len(), 3, "one for each account");
    assert!(
        consents.iter().all(|it| it["status"] == "objected" && it["purpose"] == "marketing"),
        "{consents:?}"
    );
}
