//! An erasure from its opening to its certificate, by two accounts over HTTP.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Answer, Served, published};
use crate::pipeline::{PEOPLE, person, profile_of};

fn by_email(email: &str) -> Value {
    json!({ "subjects": [{ "field": "email", "value": email }] })
}

/// Asks for a request to be carried out, and waits for its end.
#[track_caller]
fn carried_out(served: &Served, token: &str, number: &str) -> Value {
    let answer = served.post(&format!("/v1/erasures/{number}/run"), token, &json!({}));
    let started = Instant::now();
    if answer.status == 200 {
        return answer.expect(200);
    }
    answer.expect(202);
    loop {
        let erasure = served.get(&format!("/v1/erasures/{number}"), token).expect(200);
        if erasure["status"] == "complete" || started.elapsed() > Duration::from_secs(120) {
            return erasure;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_person_is_erased_by_two_accounts_and_no_instance_serves_them_any_more() {
    let workspace = published();
    let [ada, grace] = ["ada", "grace"].map(|actor| workspace.token(actor, "dpo"));
    let agent = workspace.token("ann", "agent");
    let (served, other) = (Served::start(&workspace), Served::start(&workspace));
    let email = person(8).email;
    let find = |served: &Served| {
        let wanted = json!({ "purpose": "customer_care", "identifiers": { "email": email } });
        let found = served.post("/v1/customers/find", &agent, &wanted).expect(200);
        found["customers"].as_array().expect("a list").len()
    };
    // Both have opened the person's keys before.
    assert_eq!((find(&served), find(&other)), (1, 1));

    let planned = served.post("/v1/erasures/plan", &ada, &by_email(&email)).expect(200);
    assert_eq!(planned["plans"][0]["records"], 3, "{planned}");
    assert_eq!(
        served.get("/v1/erasures", &ada).expect(200)["erasures"],
        json!([]),
        "a plan opened a request"
    );

    let opened = served.post("/v1/erasures", &ada, &by_email(&email)).expect(201);
    let number = opened["erasures"][0]["number"].to_string();
    let step = |name: &str| format!("/v1/erasures/{number}/{name}");
    let code = |answer: Answer, status| answer.problem(status).1.expect("a code");
    assert_eq!(code(served.post(&step("run"), &ada, &json!({})), 409), "erase-not-due");
    assert_eq!(code(served.post(&step("approve"), &ada, &json!({})), 409), "erase-same-account");
    assert_eq!(code(served.get(&step("certificate"), &ada), 409), "erase-not-due");
    let approved = served.ask("POST", &step("approve"), &grace, None).expect(200);
    assert_eq!((&approved["status"], &approved["approved_by"]), (&json!("approved"), &json!("grace")));

    let ended = carried_out(&served, &ada, &number);
    assert_eq!((&ended["status"], &ended["traces"]), (&json!("complete"), &json!([])), "{ended}");
    assert_eq!((find(&served), find(&other)), (0, 0));
    let certificate = other.get(&step("certificate"), &ada);
    assert_eq!(certificate.status, 200);
    workspace.write("certificate.json", &certificate.text);
    let file = workspace.file("certificate.json");
    let proven = workspace.run(&["prove", "--certificate", file.to_str().expect("UTF-8")]);
    assert_eq!(proven.code, 0, "{}", proven.stderr);
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
}

#[test]
fn the_unknown_and_the_erased_get_the_same_answer() {
    let workspace = published();
    let [ada, grace] = ["ada", "grace"].map(|actor| workspace.token(actor, "dpo"));
    let served = Served::start(&workspace);
    let profile = profile_of(&workspace, "shop", "S5");
    let by_id = |id: &str| json!({ "subjects": [{ "id": id }] });
    let asked = |body: &Value| served.post("/v1/erasures", &ada, body).problem(404);
    let unknown = asked(&by_id("00000000-0000-4000-8000-000000000001"));
    let nobody = asked(&by_email("nobody@courrier.example"));
    let opened = served.post("/v1/erasures", &ada, &by_id(&profile)).expect(201);
    let number = opened["erasures"][0]["number"].to_string();
    served.post(&format!("/v1/erasures/{number}/approve"), &grace, &json!({})).expect(200);
    assert_eq!(carried_out(&served, &ada, &number)["status"], "complete");
    let (erased, gone) = (asked(&by_id(&profile)), asked(&by_email(&person(5).email)));
    for answer in [nobody, erased, gone] {
        assert_eq!(answer, unknown);
    }
}

#[test]
fn a_request_that_was_called_back_is_not_carried_out() {
    let workspace = published();
    let [ada, grace] = ["ada", "grace"].map(|actor| workspace.token(actor, "dpo"));
    let served = Served::start(&workspace);
    let opened = served.post("/v1/erasures", &ada, &by_email(&person(5).email)).expect(201);
    let number = opened["erasures"][0]["number"].to_string();
    let step =
        |name: &str, token: &str| served.post(&format!("/v1/erasures/{number}/{name}"), token, &json!({}));
    step("approve", &grace).expect(200);
    assert_eq!(step("cancel", &ada).expect(200)["status"], "cancelled");
    assert_eq!(step("run", &ada).problem(409).0, "conflict");
    assert_eq!(served.get("/v1/erasures/0", &ada).problem(404).0, "not-found");
    assert_eq!(served.get("/v1/erasures/99", &ada).problem(404).0, "not-found");
}

#[test]
fn an_erasure_that_was_killed_goes_on_where_it_was() {
    let workspace = published();
    let [ada, grace] = ["ada", "grace"].map(|actor| workspace.token(actor, "dpo"));
    let mut served = Served::start(&workspace);
    let opened = served.post("/v1/erasures", &ada, &by_email(&person(5).email)).expect(201);
    let number = opened["erasures"][0]["number"].to_string();
    served.post(&format!("/v1/erasures/{number}/approve"), &grace, &json!({})).expect(200);
    let (address, token) = (served.url(&format!("/v1/erasures/{number}/run")), ada.clone());
    let asking = std::thread::spawn(move || {
        crate::common::runtime().block_on(async {
            super::client().post(address).bearer_auth(token).send().await.map(|answer| answer.status())
        })
    });
    // Keys are gone: the request cannot be called back any more.
    while workspace.state("SELECT count(*) FROM erasure_steps WHERE step = 2 AND ended_at IS NOT NULL") == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    served.child.kill().expect("killed");
    let _ = asking.join().expect("answered or cut off");
    let served = Served::start(&workspace);
    let stands = served.get(&format!("/v1/erasures/{number}"), &ada).expect(200);
    if stands["status"] != "complete" {
        assert_eq!(stands["status"], "running", "{stands}");
        assert_eq!(carried_out(&served, &ada, &number)["status"], "complete");
    }
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
}
