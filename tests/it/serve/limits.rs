//! How much a service takes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::{Served, published};

fn limited(settings: &str) -> crate::common::Workspace {
    let workspace = published();
    workspace.append("pipeline.yaml", format!("service: {{ {settings} }}\n"));
    workspace
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let workspace = limited("body_kib: 4");
    let token = workspace.token("ada", "agent");
    let served = Served::start(&workspace);
    let asked = |letters: usize| {
        let body = json!({ "purpose": "customer_care", "identifiers": { "email": "a".repeat(letters) } });
        served.post("/v1/customers/find", &token, &body)
    };
    assert_eq!(asked(2_000).status, 200);
    assert_eq!(asked(5_000).problem(413).0, "too-large");
}

#[test]
fn who_asks_too_fast_is_told_when_to_come_back_and_others_are_not_kept_waiting() {
    let workspace = limited("requests_per_second: 2");
    let [eager, calm] = ["eager", "calm"].map(|actor| workspace.token(actor, "agent"));
    let served = Served::start(&workspace);
    let refused = (0..20).map(|_| served.get("/v1/whoami", &eager)).find(|answer| answer.status != 200);
    let refused = refused.expect("20 at once are too many");
    assert!(refused.header("retry-after").parse::<u64>().expect("seconds") >= 1);
    assert_eq!(refused.problem(429).0, "too-many");
    assert_eq!(served.get("/v1/whoami", &calm).status, 200);
    assert_eq!(served.get("/health/live", "").status, 200);
}

#[test]
fn guessing_tokens_is_slowed_down_and_right_ones_are_not() {
    let workspace = published();
    let token = workspace.token("ada", "agent");
    let served = Served::start(&workspace);
    let statuses: Vec<u16> =
        (0..60).map(|number| served.get("/v1/whoami", &format!("vermeil_{number:064x}")).status).collect();
    assert_eq!(statuses[0], 401);
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(served.get("/v1/whoami", &token).status, 200);
}

#[test]
fn what_is_no_request_is_refused_without_its_words() {
    let workspace = published();
    let token = workspace.token("ada", "agent");
    let served = Served::start(&workspace);
    let find = |content_type: &str, body: &str| {
        let request = super::client().post(served.url("/v1/customers/find")).bearer_auth(&token);
        super::send(request.header("content-type", content_type).body(body.to_owned()))
    };
    let code = |code: &str| Some(code.to_owned());
    assert_eq!(find("text/plain", "{}").problem(415).0, "unsupported-type");
    assert_eq!(find("application/json", "{").problem(400), ("malformed".to_owned(), code("body-not-json")));
    for body in
        ["{}", "[]", r#"{"purpose":1,"identifiers":{}}"#, r#"{"purpose":"x","identifiers":{"a":"b"},"c":1}"#]
    {
        let answer = find("application/json", body);
        assert_eq!(answer.problem(422), ("invalid".to_owned(), code("body-of-another-shape")), "{body}");
    }
    let empty = r#"{"purpose":"customer_care","identifiers":{}}"#;
    assert_eq!(find("application/json", empty).problem(422).1, code("identifiers-out-of-range"));
    assert_eq!(served.get("/v1/nowhere", &token).problem(404).0, "not-found");
    let refused = served.ask("DELETE", "/v1/erasures", &token, None);
    assert!(refused.header("allow").contains("POST"));
    assert_eq!(refused.problem(405).0, "method-not-allowed");
}

#[test]
fn who_says_nothing_is_hung_up_on() {
    let workspace = published();
    let served = Served::start(&workspace);
    let mut silent = TcpStream::connect(&served.address).expect("connected");
    silent.set_read_timeout(Some(Duration::from_secs(40))).expect("set");
    silent.write_all(b"GET /health/live HTTP/1.1\r\nHost: here\r\nX-Slow: ").expect("sent");
    let mut rest = Vec::new();
    silent.read_to_end(&mut rest).expect("hung up");
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
}

/// Begins a request whose body does not come: it keeps its place until it is given up.
fn slow(served: &Served, token: &str) -> TcpStream {
    let mut caller = TcpStream::connect(&served.address).expect("connected");
    caller.set_read_timeout(Some(Duration::from_secs(40))).expect("set");
    let head = format!(
        "POST /v1/customers/find HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    caller.write_all(head.as_bytes()).expect("sent");
    caller
}

#[test]
fn who_finds_no_place_is_told_when_to_come_back_and_who_watches_is_answered() {
    let workspace = limited("concurrent_requests: 1, timeout_seconds: 30");
    let token = workspace.token("ada", "agent");
    let served = Served::start(&workspace);
    let taking = slow(&served, &token);
    let started = std::time::Instant::now();
    let refused = loop {
        let answer = served.get("/v1/whoami", &token);
        if answer.status != 200 {
            break answer;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "there is a place for everybody");
    };
    assert!(refused.header("retry-after").parse::<u64>().expect("seconds") >= 1);
    assert_eq!(refused.problem(503).0, "unavailable");
    assert_eq!(served.get("/health/live", "").status, 200);
    assert_eq!(served.get("/metrics", &token).status, 200);
    drop(taking);
    while served.get("/v1/whoami", &token).status != 200 {
        assert!(started.elapsed() < Duration::from_secs(20), "the place stays taken");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_takes_too_long_is_given_up_and_its_place_is_free_again() {
    let workspace = limited("concurrent_requests: 1, timeout_seconds: 1");
    let token = workspace.token("ada", "agent");
    let served = Served::start(&workspace);
    let mut caller = slow(&served, &token);
    let mut told = [0; 4096];
    let read = caller.read(&mut told).expect("an answer");
    let told = String::from_utf8_lossy(&told[..read]).into_owned();
    assert!(told.starts_with("HTTP/1.1 504 "), "{told}");
    assert!(told.contains("application/problem+json"), "{told}");
    assert_eq!(served.get("/v1/whoami", &token).status, 200, "its place is free");
}
