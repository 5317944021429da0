//! Fields that survive together: an address is one record's or nobody's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Person, person, profile_of, silos};
use crate::common::Workspace;

const ADDRESS: [&str; 3] = ["street", "postal_code", "city"];

/// The silos, where nothing but the schema says how an address survives.
fn with_whole_addresses() -> Workspace {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "    city: longest\n", "");
    workspace
}

/// Person `number` as the shop, which changed last, writes their address.
fn readdress(workspace: &Workspace, number: usize, [street, postal_code, city]: [&str; 3]) {
    let [street, postal_code, city] = [street, postal_code, city].map(str::to_owned);
    let changed = Person { street, postal_code, city, ..person(number) };
    workspace.edit("data/shop.csv", &person(number).shop_row(), &changed.shop_row());
}

/// The address of the profile of the shop's customer, and the sources and rules of its parts.
fn address(workspace: &Workspace, number: usize) -> (Vec<Value>, BTreeMap<String, (String, String)>) {
    let profile = profile_of(workspace, "shop", &format!("S{number}"));
    let explained =
        workspace.json(&["explain", &profile, "--role", "dpo", "--purpose", "data_subject_rights"]);
    let text = |value: &Value, key: &str| value[key].as_str().expect("text").to_owned();
    let values = explained["values"].as_array().expect("values");
    let of_address = values.iter().filter(|value| ADDRESS.contains(&text(value, "field").as_str()));
    let places = of_address.map(|value| (text(value, "field"), (text(value, "source"), text(value, "rule"))));
    let shown = |field: &&str| {
        let found = values.iter().find(|value| value["field"] == **field);
        found.map_or(Value::Null, |value| value["value"].clone())
    };
    (ADDRESS.iter().map(shown).collect(), places.collect())
}

#[test]
fn an_address_is_of_one_record_whatever_is_missing_in_it() {
    let workspace = with_whole_addresses();
    readdress(&workspace, 4, ["", "69006", "Lyon"]);
    workspace.land_and_publish();
    let (values, places) = address(&workspace, 4);
    assert_eq!(values, [Value::Null, json!("69006"), json!("Lyon")], "no street of another address");
    assert!(
        places.values().all(|place| *place == ("shop".to_owned(), "most_recent".to_owned())),
        "{places:?}"
    );
}

#[test]
fn a_town_alone_takes_nobody_away_from_an_address() {
    let workspace = with_whole_addresses();
    readdress(&workspace, 5, ["", "", "Lyon"]);
    workspace.land_and_publish();
    let (values, places) = address(&workspace, 5);
    let Person { street, postal_code, city, .. } = person(5);
    assert_eq!(values, [street, postal_code, city]);
    assert!(places.values().all(|place| place.0 == "web"), "{places:?}");
}

#[test]
fn a_pipeline_chooses_the_fields_and_the_rule_of_a_group_or_lifts_it() {
    let workspace = with_whole_addresses();
    readdress(&workspace, 6, ["", "69006", "Lyon"]);
    let own =
        "  groups: { address: { fields: [street, postal_code, city], core: [street], golden: longest } }\n";
    workspace.append("pipeline.yaml", own);
    workspace.land_and_publish();
    let (values, places) = address(&workspace, 6);
    assert_eq!(values[0], person(6).street);
    assert!(places.values().all(|place| *place == ("web".to_owned(), "longest".to_owned())), "{places:?}");

    workspace.edit("pipeline.yaml", own, "  groups: { address: ~ }\n");
    workspace.land_and_publish();
    let (values, _) = address(&workspace, 6);
    assert_eq!(values[..2], [json!(person(6).street), json!("69006")], "each field by itself");
}

#[test]
fn a_group_of_what_is_no_field_is_refused_before_anything_is_read() {
    let workspace = with_whole_addresses();
    workspace.append("pipeline.yaml", "  groups: { home: { fields: [street, doorbell] } }\n");
    for command in ["check", "run"] {
        let ended = workspace.run(&[command]);
        assert_eq!(ended.code, 2, "{command}: {}", ended.stderr);
        assert!((ended.stdout + &ended.stderr).contains("`doorbell`"), "{command}");
    }
}
