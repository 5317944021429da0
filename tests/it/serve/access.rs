//! Who may ask what: every endpoint of the service's own document × every role, against a list that people read.

use std::fmt::Write;

use serde_json::{Value, json};

use super::own::{ask_with, session};
use super::{Answer, Served, published};

/// `+`: the endpoint answers the role; `-`: it does not.
const GOLDEN: &str = include_str!("access.txt");

const ROLES: [&str; 5] = ["data_engineer", "dpo", "analyst", "agent", "marketer"];

#[test]
fn every_endpoint_answers_the_roles_of_the_list_and_nobody_else() {
    let workspace = published();
    // It asks as nobody, too, and for answers of which it has no link.
    workspace.append("pipeline.yaml", "service: { wrong_credentials_per_minute: 100000 }\n");
    let tokens = ROLES.map(|role| workspace.token("ada", role));
    let served = Served::start(&workspace);
    let document = served.get("/v1/openapi.json", "").expect(200);
    let subject = session(&workspace, &served);
    let mut found = format!("{:<60} anybody {} subject\n", "", ROLES.join(" "));
    for (method, path) in endpoints(&document) {
        // Of nobody and of nothing, so that asking changes nothing.
        let address = path
            .replace("{number}", "987654321")
            .replace("{id}", "nobody")
            .replace("{token}", "nobody")
            .replace("{request}", "nobody");
        let body = (method == "POST").then(|| json!({}));
        let is_in = |answer: Answer| match answer.status {
            401 => '-',
            403 if answer.text.contains("role-not-for-endpoint") => '-',
            _ => '+',
        };
        let lets_in = |token: &str| is_in(served.ask(&method, &address, token, body.as_ref()));
        let anybody = lets_in("");
        let subject = is_in(ask_with(&served, &method, &address, &subject, body.as_ref()));
        let roles: Vec<String> = (tokens.iter().zip(ROLES))
            .map(|(token, role)| format!("{:<width$}", lets_in(token), width = role.len()))
            .collect();
        let roles = roles.join(" ");
        let row = format!("{:<60} {anybody:<7} {roles} {subject}", format!("{method} {path}"));
        writeln!(found, "{}", row.trim_end()).expect("text");
    }
    assert_eq!(found, GOLDEN, "tests/it/serve/access.txt should be:\n{found}");
}

#[test]
fn a_token_counts_until_it_is_revoked_and_nothing_else_is_one() {
    let workspace = published();
    let created = workspace.json(&["token", "create", "--actor", "ada", "--role", "agent"]);
    let token = created["secret"].as_str().expect("a secret");
    let served = Served::start(&workspace);
    let known = served.get("/v1/whoami", token).expect(200);
    assert_eq!(known, json!({ "actor": "ada", "role": "agent", "kind": "agent" }));
    let unauthenticated = ("unauthenticated".to_owned(), None);
    let altered = token.replace(&token[20..24], "0000");
    for wrong in ["", "nonsense", &altered, "vermeil_", &token[..30]] {
        let answer = served.get("/v1/whoami", wrong);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert_eq!(answer.problem(401), unauthenticated, "{wrong:?}");
    }
    workspace.json(&["token", "revoke", &created["token"].to_string()]);
    assert_eq!(served.get("/v1/whoami", token).problem(401), unauthenticated);
}

#[test]
fn a_problem_is_told_in_the_language_asked_for() {
    let workspace = published();
    let served = Served::start(&workspace);
    let title = |language: &str| {
        let request = super::client().get(served.url("/v1/whoami")).header("accept-language", language);
        let answer = super::send(request);
        (answer.header("content-language").to_owned(), answer.expect(401)["title"].clone())
    };
    assert_eq!(title("fr-FR, en;q=0.5"), ("fr".into(), "Personne n'est connu sous ces identifiants.".into()));
    assert_eq!(title("de"), ("en".into(), "Nobody is known by these credentials.".into()));
}

#[test]
fn the_documentation_is_there_without_a_network_and_loads_nothing_else() {
    let workspace = published();
    let served = Served::start(&workspace);
    let page = served.get("/docs/", "");
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let files: Vec<&str> = (page.text.split('"'))
        .filter_map(|part| part.strip_prefix("./"))
        .filter(|file| file.ends_with(".js") || file.ends_with(".css"))
        .collect();
    assert!(files.len() > 2, "{}", page.text);
    assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{}", page.text);
    for file in files {
        assert_eq!(served.get(&format!("/docs/{file}"), "").status, 200, "{file}");
    }
}

/// Methods and paths of a document, in its order.
fn endpoints(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = |(path, item): (&String, &Value)| {
        let methods: Vec<_> =
            item.as_object().expect("methods").keys().map(|method| method.to_uppercase()).collect();
        methods.into_iter().map(|method| (method, path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(methods).collect()
}
