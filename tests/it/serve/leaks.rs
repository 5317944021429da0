//! Personal values that are sent to every endpoint stand in no log, error, figure or file of the service.

use serde_json::{Value, json};

use super::{Served, client, published, send};
use crate::erase::{found_in, values_of};
use crate::pipeline::person;

const ROLES: [&str; 4] = ["data_engineer", "dpo", "analyst", "agent"];

/// Whoever is known, whoever is not, and what breaks what reads it.
fn canaries() -> Vec<String> {
    let mut canaries = values_of(&person(8));
    canaries.extend([
        "zenobie.canari@inconnue.example".to_owned(),
        "zénobie'; DROP TABLE canari".to_owned(),
        "=canari+1+cmd|' /C calc'!A0".to_owned(),
    ]);
    canaries
}

/// Bodies in which a value stands where it is expected, and where it is not.
fn bodies(value: &str) -> Vec<String> {
    let mut bodies: Vec<String> = [
        json!({ "purpose": "customer_care", "identifiers": { "email": value } }),
        json!({ "purpose": value, "identifiers": { "email": value } }),
        json!({ "purpose": "customer_care", "identifiers": { value: value } }),
        json!({ "purpose": "data_subject_rights", "values": { "family_name": value, "email": value } }),
        json!({ "purpose": "data_subject_rights", "values": { value: "x" } }),
        json!({ "subjects": [{ "id": value }] }),
        json!({ "subjects": [{ "field": value, "value": value }] }),
        json!({ value: value }),
        json!([value]),
        Value::from(value),
    ]
    .iter()
    .map(Value::to_string)
    .collect();
    bodies.push(format!("{{\"identifiers\": {value}"));
    bodies
}

#[test]
fn what_is_sent_stands_in_no_log_no_error_and_no_figure() {
    let workspace = published();
    workspace.append(
        "pipeline.yaml",
        "service: { requests_per_second: 100000, wrong_credentials_per_minute: 100000 }\n",
    );
    let tokens = ROLES.map(|role| workspace.token("ada", role));
    // As much as it can log.
    let served = Served::start_with(&workspace, &["-vvv"]);
    let document = served.get("/v1/openapi.json", "").expect(200);
    let canaries = canaries();
    let mut errors = String::new();
    let mut refused = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("methods").keys() {
            for (token, value) in tokens.iter().zip(canaries.iter().cycle()) {
                let address = path
                    .replace("{id}", "x")
                    .replace("{number}", "987654321")
                    .replace("{token}", "x")
                    .replace("{request}", "x");
                for body in bodies(value) {
                    let request = client()
                        .request(method.to_uppercase().parse().expect("a method"), served.url(&address));
                    let request = request.bearer_auth(token).header("user-agent", ascii(value));
                    let answer = send(request.header("content-type", "application/json").body(body));
                    if answer.status >= 400 {
                        refused += 1;
                        errors.push_str(&answer.text);
                        assert_ne!(answer.status, 500, "{method} {path}: {}", answer.text);
                    }
                }
            }
        }
    }
    assert!(refused > 100, "{refused} errors");
    // As credentials, too.
    for value in &canaries {
        errors.push_str(&send(client().get(served.url("/v1/whoami")).bearer_auth(ascii(value))).text);
    }
    let figures = served.get("/metrics", &tokens[0]).expect_text(200);
    assert_eq!(served.terminate(), 0);
    workspace.write("told/errors.txt", &errors);
    workspace.write("told/figures.txt", &figures);
    workspace.write("told/serve.log", workspace.log());
    assert!(workspace.log().lines().count() > 100, "it logs what it is asked");
    assert_eq!(found_in(&workspace, "told", &canaries), Vec::<String>::new());
    // Nor did anything of it come into the state database or the audit log.
    assert_eq!(found_in(&workspace, "state", &canaries), Vec::<String>::new());
    workspace.write("told/planted.txt", &canaries[0]);
    assert_eq!(found_in(&workspace, "told", &canaries).len(), 1, "the search finds what is there");
}

/// What can stand in a header.
fn ascii(value: &str) -> String {
    value.chars().filter(|character| character.is_ascii_graphic()).collect()
}
