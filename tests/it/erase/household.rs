//! People who share an address, a number, a decision: only one of them is erased.

use serde_json::json;

use super::{approved, erased, stored_profiles, with_input};
use crate::common::Workspace;
use crate::pipeline::{PEOPLE, person, profile_of, record_of, silos};

/// The silos, with a relative who has the e-mail address and the number of person 9.
fn with_relative() -> Workspace {
    let workspace = silos();
    let nine = person(9);
    let row = format!(
        "S900;Zygomat;Philibert;{};{};7 allée des Soupirs Anciens;33000;Bordeaux;01/02/1931\r\n",
        nine.email, nine.mobile
    );
    workspace.append("data/shop.csv", row.chars().map(|letter| letter as u8).collect::<Vec<u8>>());
    workspace.land_and_publish();
    assert_ne!(profile_of(&workspace, "shop", "S900"), profile_of(&workspace, "shop", "S9"));
    workspace
}

#[test]
fn a_shared_address_names_nobody_and_the_other_is_left_as_they_are() {
    let workspace = with_relative();
    let ambiguous = with_input(&workspace, &["erase", "open", "--field", "email"], &person(9).email);
    assert!(ambiguous.code == 2 && ambiguous.stderr.contains("2 people"), "{}", ambiguous.stderr);
    let relative = profile_of(&workspace, "shop", "S900");
    let before = stored_profiles(&workspace).remove(&relative);
    assert!(before.is_some());
    erased(&workspace, &profile_of(&workspace, "shop", "S9"));
    assert_eq!(stored_profiles(&workspace).remove(&relative), before, "to the byte");
    // Nor does the next load take the relative for the one who was erased, changed or not.
    workspace.edit("data/shop.csv", "Soupirs Anciens", "Soupirs Nouveaux");
    let report = workspace.land_and_publish();
    assert_eq!((&report["suppressed"], &report["records_landed"]), (&json!(4), &json!(1)), "{report}");
    assert_eq!(profile_of(&workspace, "shop", "S900"), relative);
}

#[test]
fn one_contact_point_alone_lands_and_is_shown() {
    let workspace = silos();
    workspace.land_and_publish();
    erased(&workspace, &profile_of(&workspace, "shop", "S9"));
    let row =
        format!("S901;Zygomat;Philibert;{};06 39 98 00 11;;33000;Bordeaux;01/02/1931\r\n", person(9).email);
    workspace.append("data/shop.csv", row);
    let report = workspace.land_and_publish();
    assert_eq!(report["records_landed"], 1, "{report}");
    assert_eq!(report["sources"][0]["flagged"], 1, "{report}");
    let flagged = workspace.json_lines(&["erase", "flagged"]);
    let record = record_of(&workspace, "shop", "S901");
    assert_eq!(flagged.len(), 1);
    assert_eq!((&flagged[0]["record_id"], &flagged[0]["source"]), (&json!(record), &json!("shop")));
    // Whoever it is can be erased too, and then is flagged no more.
    erased(&workspace, &record);
    assert!(workspace.json_lines(&["erase", "flagged"]).is_empty());
}

#[test]
fn decisions_about_the_erased_are_forgotten_and_their_companions_live_on() {
    let workspace = with_relative();
    let (nine, relative) = (profile_of(&workspace, "shop", "S9"), profile_of(&workspace, "shop", "S900"));
    let ended = workspace.run(&["never-link", &nine, &relative, "--reason", "two people"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    workspace.land_and_publish();
    let nine = profile_of(&workspace, "shop", "S9");
    erased(&workspace, &nine);
    assert!(workspace.json_lines(&["decisions"]).is_empty());
    workspace.land_and_publish();
    assert_eq!(workspace.cell("SELECT count(*) FROM golden.profiles"), PEOPLE);
}

#[test]
fn ids_that_went_into_the_profile_go_with_it() {
    let workspace = with_relative();
    let (nine, relative) = (profile_of(&workspace, "shop", "S9"), profile_of(&workspace, "shop", "S900"));
    assert_eq!(workspace.run(&["merge", &nine, &relative, "--reason", "one person"]).code, 0);
    assert_eq!(workspace.land_and_publish()["merges"], 1);
    let merged = profile_of(&workspace, "shop", "S9");
    let number = approved(&workspace, &merged);
    let status = workspace.json(&["erase", "status", &number.to_string()]);
    assert_eq!((&status["summary"]["profiles"], &status["summary"]["records"]), (&json!(2), &json!(4)));
    assert_eq!(workspace.json(&["erase", "run", &number.to_string()])["erasures"][0]["status"], "complete");
    let history = workspace.cell("SELECT count(*) FROM golden.history");
    assert_eq!(history, 0, "the merge is about nobody any more");
}

#[test]
fn an_account_that_came_while_the_erasure_was_under_way_gets_a_profile_of_its_own() {
    let workspace = silos();
    workspace.land_and_publish();
    let profile = profile_of(&workspace, "shop", "S9");
    let number = approved(&workspace, &profile);
    let row = person(9).web_row("2024-06-01T10:00:00Z").replace("\"w9\"", "\"w9-bis\"");
    workspace.append("data/web.ndjson", row + "\n");
    workspace.land_and_publish();
    assert_eq!(profile_of(&workspace, "web", "w9-bis"), profile);
    // As where a run had published it after the keys were destroyed.
    workspace.change_state("UPDATE erasures SET status = 'running'");
    let before = stored_profiles(&workspace);
    let report = workspace.json(&["erase", "run", &number.to_string()]);
    assert_eq!(report["erasures"][0]["status"], "complete", "{report}");
    let own = profile_of(&workspace, "web", "w9-bis");
    let after = stored_profiles(&workspace);
    assert!(!before.contains_key(&own) && !after.contains_key(&profile), "the id of the erased lives on");
    assert_eq!(workspace.cell(&format!("SELECT records FROM golden.profiles WHERE profile_id = '{own}'")), 1);
    let mut others = before.keys().filter(|id| **id != profile);
    assert!(others.all(|id| after.contains_key(id)), "another profile is another");
    assert_eq!(workspace.land_and_publish()["up_to_date"], true);
}
