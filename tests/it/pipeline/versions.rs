//! Changed rows are new versions of the same record.

use serde_json::json;

use super::{PEOPLE, person, profile_of, record_of, silos};
use crate::common::Workspace;

/// The versions of a record of the shop or the web site, by content: equal contents, equal letters.
fn contents(workspace: &Workspace, source: &str, key: &str) -> Vec<(String, String)> {
    let record = record_of(workspace, source, key);
    let stored = workspace.stored(&format!("landing/{source}")).expect("landed");
    let (records, tags) = (stored.column("record_id"), stored.column("content_tag"));
    let mut versions: Vec<(String, String)> = stored
        .column("version")
        .into_iter()
        .zip(records.iter().zip(tags))
        .filter(|(_, (own, _))| **own == record)
        .map(|(version, (_, tag))| (version, tag))
        .collect();
    versions.sort_unstable();
    versions
}

fn city_in_profile(workspace: &Workspace, source: &str, key: &str) -> String {
    let profile = profile_of(workspace, source, key);
    let city = workspace.cell(&format!("SELECT city FROM golden.profiles WHERE profile_id = '{profile}'"));
    city.as_str().expect("a city").to_owned()
}

#[test]
fn a_changed_row_is_a_new_version_of_the_same_record() {
    let workspace = silos();
    workspace.land_and_publish();
    let (record, profile) = (record_of(&workspace, "shop", "S8"), profile_of(&workspace, "shop", "S8"));
    let city = person(8).city;
    // The profile shows the longest.
    workspace.edit("data/shop.csv", &format!(";{city};"), &format!(";{city}-sur-Loire;"));
    let report = workspace.land_and_publish();
    assert_eq!((&report["records_landed"], &report["unchanged"]), (&json!(1), &json!(4 * PEOPLE - 1)));
    assert_eq!(
        (&report["merges"], &report["splits"], &report["profiles"]),
        (&json!(0), &json!(0), &json!(PEOPLE))
    );
    assert_eq!(record_of(&workspace, "shop", "S8"), record);
    assert_eq!(profile_of(&workspace, "shop", "S8"), profile);
    assert_eq!(contents(&workspace, "shop", "S8").len(), 2);
    assert_eq!(city_in_profile(&workspace, "shop", "S8"), format!("{city}-sur-Loire"));
    let current =
        workspace.query(&format!("SELECT version, city FROM landing.shop WHERE record_id = '{record}'"));
    assert_eq!(current, [json!({ "version": 2, "city": format!("{city}-sur-Loire") })]);
    assert_eq!(workspace.land_and_publish()["records_landed"], 0);
}

#[test]
fn a_row_that_changes_back_is_a_third_version() {
    let workspace = silos();
    workspace.land_and_publish();
    let (before, after) = (person(8).mobile, "06 39 98 77 77");
    workspace.edit("data/shop.csv", &before, after);
    assert_eq!(workspace.land_and_publish()["records_landed"], 1);
    workspace.edit("data/shop.csv", after, &before);
    assert_eq!(workspace.land_and_publish()["records_landed"], 1);
    let versions = contents(&workspace, "shop", "S8");
    assert_eq!(versions.len(), 3);
    assert_eq!(versions[0].1, versions[2].1);
    assert_ne!(versions[0].1, versions[1].1);
    assert_eq!(workspace.land_and_publish()["records_landed"], 0);
}

#[test]
fn with_a_clock_both_rows_of_one_key_land_as_versions() {
    let workspace = silos();
    let mut moved = person(5);
    moved.street = "1 place des Versions".to_owned();
    // The later version stands first: the clock counts, not the order.
    let before = person(5).web_row("2024-05-01T10:00:00Z");
    workspace.edit(
        "data/web.ndjson",
        &before,
        &format!("{}\n{before}", moved.web_row("2024-06-01T10:00:00Z")),
    );
    let report = workspace.land_and_publish();
    assert_eq!((&report["records_landed"], &report["quarantined"]), (&json!(4 * PEOPLE + 1), &json!(0)));
    assert_eq!(contents(&workspace, "web", "w5").len(), 2);
    let record = record_of(&workspace, "web", "w5");
    let current = workspace.query(&format!("SELECT street FROM landing.web WHERE record_id = '{record}'"));
    assert_eq!(current, [json!({ "street": "1 place des Versions" })]);
    let report = workspace.land_and_publish();
    assert_eq!((&report["records_landed"], &report["up_to_date"]), (&json!(0), &json!(true)));
}

#[test]
fn a_version_that_comes_late_does_not_become_the_current_one() {
    let workspace = silos();
    workspace.land_and_publish();
    let record = record_of(&workspace, "web", "w5");
    let (now, mut late) = (person(5).web_row("2024-05-01T10:00:00Z"), person(5));
    late.street = "9 quai du Retard".to_owned();
    workspace.edit("data/web.ndjson", &now, &late.web_row("2023-01-01T00:00:00Z"));
    assert_eq!(workspace.land_and_publish()["records_landed"], 1);
    let shown = || workspace.query(&format!("SELECT street FROM landing.web WHERE record_id = '{record}'"));
    assert_eq!(shown(), [json!({ "street": person(5).street })]);
    // Neither the late row nor the current one, delivered again, is news.
    assert_eq!(workspace.land_and_publish()["records_landed"], 0);
    workspace.edit("data/web.ndjson", &late.web_row("2023-01-01T00:00:00Z"), &now);
    assert_eq!(workspace.land_and_publish()["records_landed"], 0);
    assert_eq!(shown(), [json!({ "street": person(5).street })]);
    assert_eq!(contents(&workspace, "web", "w5").len(), 2);
}

#[test]
fn a_row_that_is_no_longer_delivered_keeps_its_record() {
    let workspace = silos();
    workspace.land_and_publish();
    workspace.edit("data/shop.csv", &format!("{}\r\n", person(8).shop_row()), "");
    let report = workspace.land_and_publish();
    assert_eq!((&report["unchanged"], &report["up_to_date"]), (&json!(4 * PEOPLE - 1), &json!(true)));
    assert_eq!(workspace.clusters().len(), PEOPLE);
}
