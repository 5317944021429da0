//! What is set right reaches whoever received it, with as much of it as they may see.

use serde_json::json;

use super::server::{Mailer, Manner};
use super::{check_letter, exported, handle_of, retried, standing, telling, told, webhook};
use crate::common::Workspace;
use crate::erase::{approved, with_input};
use crate::pipeline::profile_of;

#[track_caller]
fn rectified(workspace: &Workspace, profile: &str, field: &str, value: &str) {
    let reader = ["--role", "dpo", "--purpose", "data_subject_rights", "--reason", "as they asked"];
    let done = with_input(workspace, &[&["rectify", profile, field][..], &reader].concat(), value);
    assert_eq!(done.code, 0, "{}", done.stderr);
}

#[test]
fn what_is_set_right_reaches_whoever_received_it() {
    let mailer = Mailer::start(Manner::Answer(200));
    let workspace = telling(&webhook("mailer", &mailer));
    let profile = profile_of(&workspace, "shop", "S8");
    rectified(&workspace, &profile, "city", "Nantes");
    assert!(workspace.json_lines(&["recipients", "pending"]).is_empty(), "nobody had received them");
    let handle = handle_of(&exported(&workspace, "mailer", "a.csv"), 8);
    rectified(&workspace, &profile, "email", "autre@example.org");
    rectified(&workspace, &profile, "birth_name", "Autrenom");
    assert_eq!(retried(&workspace)["pending"], json!([]));
    let letters = mailer.letters();
    assert_eq!(letters.len(), 2);
    check_letter(&letters[0], "person.rectify", &handle);
    let mut fields: Vec<_> = letters.iter().map(|letter| letter.json()["data"]["fields"].clone()).collect();
    fields.sort_by_key(ToString::to_string);
    // Names at birth are not kept for marketing.
    assert_eq!(fields, [json!({ "birth_name": null }), json!({ "email": "autre@example.org" })]);
}

#[test]
fn whoever_is_erased_is_not_set_right_any_more() {
    let mailer = Mailer::start(Manner::Answer(503));
    let workspace = telling(&webhook("mailer", &mailer));
    exported(&workspace, "mailer", "a.csv");
    let profile = profile_of(&workspace, "shop", "S8");
    rectified(&workspace, &profile, "email", "autre@example.org");
    retried(&workspace);
    let number = approved(&workspace, &profile);
    told(&workspace, &["erase", "run", &number.to_string()]);
    mailer.behave(Manner::Answer(200));
    retried(&workspace);
    assert_eq!(standing(&workspace, number).0, "complete");
    let all = workspace.json_lines(&["recipients", "pending", "--all"]);
    let states: Vec<_> = all.iter().map(|one| (&one["kind"], &one["state"])).collect();
    let texts = ["rectify", "superseded", "erase", "answered"].map(|text| json!(text));
    assert_eq!(states, [(&texts[0], &texts[1]), (&texts[2], &texts[3])]);
    let kinds: Vec<_> = mailer.letters().iter().map(|letter| letter.json()["type"].clone()).collect();
    assert_eq!(kinds, ["person.rectify", "person.erase", "person.erase"]);
    assert_eq!(workspace.state("SELECT count(*) FROM notices WHERE kit IS NOT NULL"), 0);
}
