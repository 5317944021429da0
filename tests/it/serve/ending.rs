//! How a service begins and ends.

use std::time::Duration;

use serde_json::json;

use super::{Served, published};
use crate::pipeline::{person, silos};

#[test]
fn a_service_that_is_asked_to_end_ends_well() {
    let workspace = published();
    let served = Served::start(&workspace);
    assert_eq!(served.get("/health/live", "").expect(200), json!({ "status": "ok" }));
    assert_eq!(served.get("/health/ready", "").expect(200), json!({ "status": "ok" }));
    assert_eq!(served.terminate(), 0, "{}", workspace.log());
}

#[test]
fn what_is_under_way_when_the_end_comes_is_answered() {
    let workspace = published();
    let token = workspace.token("ada", "agent");
    let served = Served::start(&workspace);
    let address = served.url("/v1/customers/find");
    let body = json!({ "purpose": "customer_care", "identifiers": { "email": person(8).email } }).to_string();
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let (address, body, token) = (address.clone(), body.clone(), token.clone());
            std::thread::spawn(move || {
                let request = super::client().post(address).bearer_auth(token);
                super::send(request.header("content-type", "application/json").body(body)).status
            })
        })
        .collect();
    // Until the first is under way.
    while !workspace.audited("find").iter().any(|(_, outcome)| outcome.is_some()) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(served.terminate(), 0, "{}", workspace.log());
    for one in asking {
        assert_eq!(one.join().expect("an answer"), 200);
    }
}

#[test]
fn a_service_that_was_killed_starts_again_with_what_was_confirmed() {
    let workspace = published();
    let token = workspace.token("ada", "dpo");
    let mut served = Served::start(&workspace);
    let subjects = json!({ "subjects": [{ "field": "email", "value": person(8).email }] });
    let opened = served.post("/v1/erasures", &token, &subjects).expect(201);
    served.child.kill().expect("killed");
    served.child.wait().expect("gone");
    let served = Served::start(&workspace);
    let listed = served.get("/v1/erasures", &token).expect(200);
    assert_eq!(listed["erasures"], opened["erasures"]);
}

#[test]
fn without_a_lake_there_is_no_service() {
    let refused = silos().run(&["serve", "--http", "127.0.0.1:0"]);
    assert!(refused.code == 2 && refused.stderr.contains("vermeil run"), "{}", refused.stderr);
}

#[test]
fn nothing_is_served_in_the_clear_to_other_machines() {
    let workspace = published();
    let refused = workspace.run(&["serve", "--http", "0.0.0.0:0"]);
    assert!(refused.code == 2 && refused.stderr.contains("--tls-cert"), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");
}

#[test]
fn a_lake_that_is_gone_makes_the_service_unready_and_not_dead() {
    let workspace = published();
    let served = Served::start(&workspace);
    let (lake, aside) = (workspace.file("lake"), workspace.file("lake-aside"));
    std::fs::rename(&lake, &aside).expect("moved");
    assert_eq!(served.get("/health/ready", "").problem(503).0, "unavailable");
    assert_eq!(served.get("/health/live", "").status, 200);
    std::fs::rename(&aside, &lake).expect("moved back");
    assert_eq!(served.get("/health/ready", "").status, 200);
}
