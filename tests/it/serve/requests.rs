//! What data subjects ask for, over HTTP.

use serde_json::{Value, json};

use super::{Served, published};
use crate::pipeline::{PEOPLE, person};

fn asked(kind: &str, email: &str) -> Value {
    json!({ "kind": kind, "identifiers": { "email": email } })
}

/// The members of a request, but for its number and its moments.
fn shape(request: &Value) -> Value {
    let mut shape = request.clone();
    for moment in ["number", "opened_at"] {
        shape[moment] = Value::Null;
    }
    shape
}

#[test]
fn the_unknown_and_the_known_get_the_same_answer() {
    let workspace = published();
    let token = workspace.token("ann", "agent");
    let served = Served::start(&workspace);
    for kind in ["access", "erasure", "restriction", "portability", "objection"] {
        let open = |email: &str| {
            let mut body = asked(kind, email);
            body["purpose"] = json!("customer_care");
            served.post("/v1/requests", &token, &body).expect(201)
        };
        let (known, unknown) = (open(&person(5).email), open("nobody@courrier.example"));
        assert_eq!(shape(&known), shape(&unknown), "{kind}");
        assert_eq!(known["state"], "identity_unverified");
    }
}

#[test]
fn an_erasure_that_is_asked_for_is_verified_approved_by_another_and_carried_out() {
    let workspace = published();
    let [ada, grace] = ["ada", "grace"].map(|actor| workspace.token(actor, "dpo"));
    let served = Served::start(&workspace);
    let opened = served.post("/v1/requests", &ada, &asked("erasure", &person(5).email)).expect(201);
    let address = |step: &str| format!("/v1/requests/{}{step}", opened["number"]);
    let step = |step: &str, token: &str, body: Value| served.post(&address(step), token, &body);
    assert_eq!(step("/approve", &grace, json!({})).problem(409).0, "conflict", "not sure who asks");
    let verified = step("/verify", &ada, json!({ "method": "session" })).expect(200);
    assert_eq!(verified["state"], "pending", "{verified}");
    assert_eq!(step("/approve", &ada, json!({})).problem(409).0, "conflict", "the same account");
    step("/approve", &grace, json!({})).expect(200);
    let mut ended = step("/run", &ada, json!({}));
    while ended.status == 202 {
        std::thread::sleep(std::time::Duration::from_millis(500));
        ended = served.get(&address(""), &ada);
    }
    assert_eq!(ended.expect(200)["state"], "completed");
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE - 1);
    let due = served.get("/v1/requests?due=true", &ada).expect(200);
    assert_eq!(due["requests"], json!([]));
}

#[test]
fn what_cannot_be_is_refused_with_its_code() {
    let workspace = published();
    let token = workspace.token("ada", "dpo");
    let served = Served::start(&workspace);
    let code = |path: &str, body: Value, status: u16| served.post(path, &token, &body).problem(status).1;
    let some = |code: &str| Some(code.to_owned());
    let nobody = json!({ "kind": "access", "identifiers": {} });
    assert_eq!(code("/v1/requests", nobody, 422), some("request-no-identifier"));
    let unknown = asked("forgiveness", "a@b.example");
    assert_eq!(code("/v1/requests", unknown, 422), some("body-of-another-shape"));
    let mut early = asked("access", &person(5).email);
    early["received"] = json!("2999-01-01");
    assert_eq!(code("/v1/requests", early, 422), some("request-not-received-yet"));
    assert_eq!(code("/v1/requests/99/run", json!({}), 404), some("unknown-id"));

    let opened = served.post("/v1/requests", &token, &asked("access", &person(5).email)).expect(201);
    let changes = format!("/v1/requests/{}/changes", opened["number"]);
    assert_eq!(code(&changes, json!({ "change": "extend" }), 422), some("body-of-another-shape"));
    let paused = served.post(&changes, &token, &json!({ "change": "pause" })).expect(200);
    assert_eq!(paused["paused"], true, "{paused}");
    served.post(&changes, &token, &json!({ "change": "resume" })).expect(200);
    let verify = format!("/v1/requests/{}/verify", opened["number"]);
    served.post(&verify, &token, &json!({ "method": "code" })).expect(200);
    // What is handed over goes into a folder, by the command line, or is taken away with a link.
    let run = format!("/v1/requests/{}/run", opened["number"]);
    assert_eq!(code(&run, json!({}), 422), some("request-no-folder"));
}
