//! Who sees what, and how they fetch it.

use serde_json::{Value, json};

use super::service::Service;
use super::{ask, ask_once, state};

const NAMES: &str = "SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'golden' AND table_name = 'profiles'";

fn texts(answer: &Value) -> Vec<String> {
    let rows = answer["rows"].as_array().unwrap_or_else(|| panic!("no rows: {answer}"));
    rows.iter().map(|row| row[0].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn each_role_sees_the_columns_of_its_purpose_and_no_others() {
    for (actor, purpose, seen, hidden) in [
        ("agent-a", "customer_care", &["family_name", "birth_date"][..], &["credit_rating"][..]),
        ("marketer-a", "marketing", &["family_name", "email"], &["birth_date", "credit_rating"]),
        ("dpo-a", "data_subject_rights", &["birth_date", "credit_rating"], &["sealed_contact"]),
        ("analyst-a", "", &["country", "birth_date_age_band"], &["family_name", "email", "key_page"]),
    ] {
        let Some(answer) = ask_once("psycopg", actor, purpose, json!({ "sql": NAMES })) else { return };
        let names = texts(&answer);
        for name in seen {
            assert!(names.iter().any(|seen| seen == name), "{actor} misses {name} of {names:?}");
        }
        for name in hidden {
            assert!(!names.iter().any(|seen| seen == name), "{actor} sees {name}");
            let sql = format!("SELECT {name} FROM golden.profiles");
            let refused = ask_once("psycopg2", actor, purpose, json!({ "sql": sql })).expect("installed");
            assert_eq!(state(&refused), "42703", "{actor}: {name}");
        }
    }
}

#[test]
fn without_a_purpose_nothing_is_opened_and_another_shows_at_the_next_statement() {
    let service = Service::shared();
    let steps = json!([
        { "sql": "SELECT * FROM golden.profiles" },
        { "sql": "SELECT family_name FROM golden.profiles" },
    ]);
    let Some(answers) = ask(service, "psycopg", "agent-b", "", steps) else { return };
    assert!(answers[0]["rows"].as_array().expect("rows").len() > 50);
    assert_eq!(state(&answers[1]), "42703");
    assert_eq!(service.opened_by("agent-b"), []);

    let steps = json!([
        { "sql": "SHOW vermeil.purpose" },
        { "sql": "SET vermeil.purpose = 'customer_care'" },
        { "sql": "SELECT count(family_name) FROM golden.profiles" },
        { "sql": "SET vermeil.purpose = 'marketing'" },
        { "sql": "RESET vermeil.purpose" },
        { "sql": "SELECT count(family_name) FROM golden.profiles" },
    ]);
    let answers = ask(service, "psycopg2", "agent-b", "", steps).expect("installed");
    assert_eq!(answers[0]["rows"], json!([[""]]));
    assert!(answers[2]["rows"][0][0].as_u64().is_some_and(|count| count > 50), "{}", answers[2]);
    assert_eq!(state(&answers[3]), "42501", "a purpose that the role is not granted");
    assert_eq!(state(&answers[5]), "42703");
    let done = Some("done".to_owned());
    assert_eq!(service.opened_by("agent-b"), [("golden.profiles".to_owned(), done)]);
}

#[test]
fn parameters_go_as_text_and_in_binary() {
    let sql = "SELECT family_name, records, customer_since FROM golden.profiles
        WHERE records >= %s AND family_name > %s AND customer_since > %s ORDER BY 1, 2, 3 LIMIT %s";
    let binary = sql.replace("%s", "%b");
    let parameters = json!([2, "D", "2019-01-01", 4]);
    let whole = |library, sql: &str, binary| {
        let step = json!({ "sql": sql, "parameters": parameters, "binary": binary, "prepare": binary });
        ask_once(library, "agent-c", "customer_care", step)
    };
    let Some(text) = whole("psycopg", sql, false) else { return };
    assert_eq!(text["rows"].as_array().expect("rows").len(), 4, "{text}");
    // psycopg binds what is a text as one: the date is read by the server.
    assert_eq!(whole("psycopg", &binary, true).expect("installed"), text);
    // psycopg 2 writes values into the statement.
    assert_eq!(whole("psycopg2", sql, false).expect("installed"), text);
}

#[test]
fn a_cursor_of_the_server_gives_rows_in_parts() {
    let sql = "SELECT email, records FROM golden.profiles ORDER BY profile_id";
    let Some(whole) = ask_once("psycopg", "marketer-c", "marketing", json!({ "sql": sql })) else { return };
    let count = whole["rows"].as_array().expect("rows").len();
    for (library, binary) in [("psycopg", false), ("psycopg", true), ("psycopg2", false)] {
        let step = json!({ "sql": sql, "fetch": 40, "binary": binary });
        let parts = ask_once(library, "marketer-c", "marketing", step).expect("installed");
        assert_eq!(parts["rows"], whole["rows"], "{library}");
        let sizes = parts["parts"].as_array().expect("parts");
        assert!(sizes.len() == count.div_ceil(40) && sizes[0] == 40, "{library}: {sizes:?}");
    }
}

#[test]
fn adbc_reads_arrow_and_lists_tables() {
    let Some(python) = crate::python::Python::find() else { return };
    let service = Service::shared();
    let token = service.token("marketer-d");
    let uri = format!(
        "postgresql://marketer-d:{token}@127.0.0.1:{}/vermeil?options=-cvermeil.purpose%3Dmarketing",
        service.port
    );
    let steps = json!([
        { "sql": "SELECT email, records FROM golden.profiles WHERE email IS NOT NULL LIMIT 3" },
        { "sql": "SELECT email FROM golden.profiles WHERE records > 99999" },
    ]);
    let task = json!({ "library": "adbc", "uri": uri, "steps": steps });
    let answer = crate::python::answer(&mut python.script("postgres_client.py"), &task.to_string());
    let rows = answer["answers"][0]["rows"].as_array().expect("rows");
    assert!(rows.len() == 3 && rows[0][0].as_str().expect("an address").contains('@'), "{rows:?}");
    assert_eq!(answer["answers"][1]["rows"], json!([]));
    let tables: Vec<&str> =
        answer["tables"].as_array().expect("tables").iter().filter_map(Value::as_str).collect();
    assert!(tables.contains(&"golden.profiles") && tables.contains(&"landing.erp"), "{tables:?}");
}
