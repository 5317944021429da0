//! An agent finds a customer by any identifier in one call, and sees what the role allows.

use serde_json::{Value, json};

use super::{Served, published};
use crate::pipeline::{person, profile_of};

fn wanted(purpose: &str, identifiers: Value) -> Value {
    json!({ "purpose": purpose, "identifiers": identifiers })
}

#[test]
fn an_agent_finds_a_customer_by_any_identifier_in_one_call() {
    let workspace = published();
    let token = workspace.token("ada", "agent");
    let served = Served::start(&workspace);
    let (someone, profile) = (person(8), profile_of(&workspace, "shop", "S8"));
    for identifiers in [
        json!({ "email": format!(" {} ", someone.email.to_uppercase()) }),
        json!({ "mobile": someone.mobile }),
        json!({ "email": someone.email, "mobile": "+33 6 99 99 99 99" }),
    ] {
        let found = served.post("/v1/customers/find", &token, &wanted("customer_care", identifiers.clone()));
        let found = found.expect(200);
        let [customer] = found["customers"].as_array().expect("a list").as_slice() else {
            panic!("{identifiers}: {found}")
        };
        assert_eq!(customer["profile_id"], profile.as_str());
        assert_eq!(customer["matched_by"].as_array().expect("fields").len(), 1, "{customer}");
        assert_eq!(customer["profile"]["family_name"], someone.family, "{customer}");
        assert!(!customer["records"].as_array().expect("records").is_empty());
    }
    assert_eq!(workspace.audited("find").len(), 4, "each identifier is in the log");
}

#[test]
fn who_is_not_known_is_no_error() {
    let workspace = published();
    let token = workspace.token("ada", "agent");
    let served = Served::start(&workspace);
    let nobody = wanted("customer_care", json!({ "email": "nobody@courrier.example" }));
    assert_eq!(served.post("/v1/customers/find", &token, &nobody).expect(200), json!({ "customers": [] }));
}

#[test]
fn purpose_and_role_decide_what_may_be_asked() {
    let workspace = published();
    let [agent, analyst] = ["agent", "analyst"].map(|role| workspace.token("ada", role));
    let served = Served::start(&workspace);
    let email = json!({ "email": person(8).email });
    let refused = |token: &str, purpose: &str, identifiers: &Value| {
        served.post("/v1/customers/find", token, &wanted(purpose, identifiers.clone())).problem(403)
    };
    let code = |code: &str| ("forbidden".to_owned(), Some(code.to_owned()));
    assert_eq!(refused(&agent, "marketing", &email), code("purpose-not-granted"));
    assert_eq!(refused(&agent, "curiosity", &email), code("purpose-not-granted"));
    assert_eq!(refused(&analyst, "customer_care", &email), code("role-not-for-endpoint"));
    let unknown = wanted("customer_care", json!({ "shoe_size": "44" }));
    let (kind, code) = served.post("/v1/customers/find", &agent, &unknown).problem(422);
    assert_eq!((kind.as_str(), code.as_deref()), ("invalid", Some("field-not-indexed")));
}

#[test]
fn a_description_finds_who_it_may_be_about_and_an_explanation_says_why() {
    let workspace = published();
    let token = workspace.token("ada", "dpo");
    let served = Served::start(&workspace);
    let (someone, profile) = (person(8), profile_of(&workspace, "shop", "S8"));
    let description = json!({
        "purpose": "data_subject_rights",
        "values": { "family_name": someone.family, "given_name": someone.given, "city": someone.city,
                    "email": someone.email },
    });
    let found = served.post("/v1/resolve", &token, &description).expect(200);
    assert_eq!(found["candidates"][0]["profile_id"], profile.as_str(), "{found}");
    assert!(found["candidates"][0]["probability"].as_f64() > Some(0.5));

    let address = format!("/v1/profiles/{profile}/explanation?purpose=data_subject_rights");
    let explained = served.get(&address, &token).expect(200);
    assert_eq!(explained["members"].as_array().expect("records").len(), 3, "{explained}");
    let unknown = "/v1/profiles/00000000-0000-4000-8000-000000000001/explanation?purpose=data_subject_rights";
    assert_eq!(served.get(unknown, &token).problem(404).0, "not-found");
    assert_eq!(served.get("/v1/profiles/nobody/explanation", &token).problem(404).0, "not-found");
}
