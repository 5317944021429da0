//! What people allow and refuse, over HTTP: taken down, taken back at once in every instance, and asked for.

use serde_json::{Value, json};

use super::{Served, silos};
use crate::common::Workspace;
use crate::pipeline::{person, record_of};

/// Silos under a purpose that rests on consent.
fn on_consent() -> Workspace {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "marketing: legitimate_interests", "marketing: consent");
    workspace.land_and_publish();
    workspace
}

fn contact(email: &str) -> Value {
    json!({ "contact": "email", "value": email })
}

/// Whether somebody may be written to.
#[track_caller]
fn allowed(served: &Served, token: &str, email: &str) -> bool {
    let question = json!({ "subject": contact(email), "purpose": "marketing" });
    let asked = json!({ "purpose": "marketing", "questions": [question] });
    let answers = served.post("/v1/consents/check", token, &asked).expect(200);
    answers["answers"][0]["allowed"].as_bool().expect("yes or no")
}

#[track_caller]
fn give(served: &Served, token: &str, email: &str) -> Value {
    let statement = json!({ "subject": contact(email), "purpose": "marketing", "status": "given",
        "channel": "phone", "text_version": "v3" });
    let body = json!({ "purpose": "customer_care", "statements": [statement] });
    served.post("/v1/consents", token, &body).expect(201)
}

#[track_caller]
fn withdraw(served: &Served, token: &str, email: &str) -> Value {
    let withdrawn = json!([{ "subject": contact(email), "purpose": "marketing" }]);
    let body = json!({ "purpose": "customer_care", "withdrawn": withdrawn });
    served.post("/v1/consents/withdraw", token, &body).expect(201)
}

#[test]
fn what_one_instance_withdrew_no_other_says_yes_to() {
    let workspace = on_consent();
    let (agent, marketer) = (workspace.token("ann", "agent"), workspace.token("max", "marketer"));
    let (served, other) = (Served::start(&workspace), Served::start(&workspace));
    let email = person(5).email;
    assert!(!allowed(&served, &marketer, &email), "nobody was asked yet");
    for _ in 0..20 {
        give(&served, &agent, &email.to_uppercase());
        assert!(allowed(&other, &marketer, &email) && allowed(&served, &marketer, &email));
        withdraw(&other, &agent, &email);
        assert!(!allowed(&served, &marketer, &email) && !allowed(&other, &marketer, &email));
    }
}

#[test]
fn a_yes_is_never_said_after_a_withdrawal_was_confirmed() {
    let workspace = on_consent();
    workspace.append("pipeline.yaml", "service: { requests_per_second: 100000 }\n");
    let (agent, marketer) = (workspace.token("ann", "agent"), workspace.token("max", "marketer"));
    let (served, other) = (Served::start(&workspace), Served::start(&workspace));
    let emails: Vec<String> = (1..9).map(|number| person(number).email).collect();
    for email in &emails {
        give(&served, &agent, email);
    }
    // Others ask all the while, so that whatever could be remembered is.
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for service in [&served, &other] {
            let (stop, emails, marketer) = (&stop, &emails, &marketer);
            scope.spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    for email in emails {
                        allowed(service, marketer, email);
                    }
                }
            });
        }
        for (position, email) in emails.iter().enumerate() {
            let (at, elsewhere) = if position % 2 == 0 { (&served, &other) } else { (&other, &served) };
            withdraw(at, &agent, email);
            assert!(!allowed(elsewhere, &marketer, email), "{position}");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn what_was_said_is_told_by_contact_point_and_by_id_and_addresses_hold_no_identifier() {
    let workspace = on_consent();
    let agent = workspace.token("ann", "agent");
    let served = Served::start(&workspace);
    let email = person(5).email;
    give(&served, &agent, &email);
    withdraw(&served, &agent, &email);
    let asked = json!({ "purpose": "customer_care", "subject": contact(&email) });
    let told = served.post("/v1/consents/query", &agent, &asked).expect(200);
    let statements: Vec<_> = (told["consents"].as_array().expect("a list").iter())
        .map(|said| (said["status"].as_str().expect("a status"), said["holds"] == true))
        .collect();
    assert_eq!(statements, [("given", false), ("withdrawn", true)], "{told}");
    assert_eq!(told["consents"][0]["recorded_by"], "ann");
    assert!(!told.to_string().contains(&email));

    let record = record_of(&workspace, "shop", "S5");
    let objected = json!({ "purpose": "customer_care", "statements": [
        { "subject": { "id": record }, "purpose": "marketing", "status": "objected" }] });
    served.post("/v1/consents", &agent, &objected).expect(201);
    let address = format!("/v1/consents?id={record}&purpose=customer_care");
    let told = served.get(&address, &agent).expect(200);
    assert_eq!(told["consents"][0]["status"], "objected", "{told}");
    assert!(!workspace.log().contains(&record), "an id stands in the log");
}

#[test]
fn what_is_no_statement_is_refused_as_a_whole() {
    let workspace = on_consent();
    let agent = workspace.token("ann", "agent");
    let served = Served::start(&workspace);
    let sound = json!({ "subject": contact(&person(5).email), "purpose": "marketing", "status": "given" });
    let changed = |key: &str, value: Value| {
        let mut statement = sound.clone();
        statement[key] = value;
        statement
    };
    for (wrong, code) in [
        (changed("subject", contact("  ")), "consent-not-a-contact-point"),
        (changed("occurred_at", json!("2999-01-01T00:00:00Z")), "consent-in-the-future"),
        (changed("occurred_at", json!("yesterday")), "not-a-moment"),
        (changed("channel", json!("a call by Ada")), "consent-not-a-token"),
        (changed("status", json!("perhaps")), "body-of-another-shape"),
        (changed("status", json!("restricted")), "consent-purpose-unfit"),
        (changed("subject", json!({ "id": "x" })), "cli-not-an-id"),
    ] {
        let body = json!({ "purpose": "customer_care", "statements": [sound, wrong] });
        let answer = served.post("/v1/consents", &agent, &body);
        assert_eq!(answer.status, 422, "{code}: {}", answer.text);
        assert_eq!(answer.problem(422).1.as_deref(), Some(code));
    }
    assert!(!allowed(&served, &workspace.token("max", "marketer"), &person(5).email));
}
