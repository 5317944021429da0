//! What lands, and what does not land again.

use std::collections::BTreeMap;

use serde_json::json;

use super::{PEOPLE, person, silos, write_lines};
use crate::common::assert_nothing_lost;
use vermeil_model::SourceId;

const TABLES: [&str; 4] = ["landing/shop", "landing/web", "landing/club", "landing/orders"];

#[test]
fn a_first_run_lands_every_row_and_makes_one_profile_a_person() {
    let workspace = silos();
    let report = workspace.land_and_publish();
    assert_eq!(report["records_in"], 4 * PEOPLE);
    assert_eq!(report["records_landed"], 4 * PEOPLE);
    assert_eq!(report["profiles"], PEOPLE);
    for cluster in workspace.clusters() {
        let numbers: Vec<&str> = cluster.iter().map(|(_, key)| &key[1..]).collect();
        assert_eq!(numbers, [numbers[0]; 3], "one account of each silo, all of one person");
    }
}

#[test]
fn values_arrive_whatever_their_encoding() {
    let workspace = silos();
    workspace.land_and_publish();
    let names = |table: &str| {
        let rows = workspace.query(&format!("SELECT given_name, family_name FROM landing.{table}"));
        let mut names: Vec<String> =
            rows.iter().map(|row| format!("{} {}", row["given_name"], row["family_name"])).collect();
        names.sort_unstable();
        names
    };
    assert!(names("shop").contains(&"\"Isaure\" \"Tournebœuf\"".to_owned()), "{:?}", names("shop"));
    assert_eq!(names("shop"), names("web"));
    assert_eq!(names("shop"), names("club"));
}

#[test]
fn a_second_run_over_unchanged_input_lands_nothing() {
    let workspace = silos();
    workspace.land_and_publish();
    let versions = |tables: &[&str]| -> Vec<u64> {
        tables.iter().map(|table| workspace.stored(table).expect("landed").version).collect()
    };
    let golden =
        ["golden/profiles", "golden/members", "golden/history", "golden/provenance", "resolved/links"];
    let before = (versions(&TABLES), versions(&golden), workspace.content_of("lake").len());
    for _ in 0..2 {
        let report = workspace.land_and_publish();
        assert_eq!(report["records_landed"], 0);
        assert_eq!(report["unchanged"], 4 * PEOPLE);
        assert_eq!(report["up_to_date"], true);
        assert_eq!(report["profiles"], PEOPLE);
    }
    assert_eq!((versions(&TABLES), versions(&golden), workspace.content_of("lake").len()), before);
}

#[test]
fn equal_rows_of_one_load_land_once() {
    let workspace = silos();
    let twice = person(3).shop_row();
    workspace.edit("data/shop.csv", &twice, &format!("{twice}\r\n{twice}"));
    let report = workspace.land_and_publish();
    assert_eq!((&report["duplicates"], &report["records_landed"]), (&json!(1), &json!(4 * PEOPLE)));
    let report = workspace.land_and_publish();
    assert_eq!((&report["duplicates"], &report["unchanged"]), (&json!(1), &json!(4 * PEOPLE)));
}

#[test]
fn personal_fields_land_sealed_and_plain_ones_as_columns() {
    let workspace = silos();
    workspace.land_and_publish();
    for table in TABLES {
        let stored = workspace.stored(table).expect("landed");
        let columns: Vec<String> =
            stored.rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        for personal in ["family_name", "given_name", "email", "mobile", "birth_date", "subject_line"] {
            assert!(!columns.iter().any(|column| column == personal), "{table} has a column {personal}");
        }
        let mut sealed = stored.column("sealed_identifier");
        assert!(sealed.iter().all(|cell| !cell.is_empty()), "{table}: the key of each row is sealed");
        sealed.sort_unstable();
        sealed.dedup();
        assert_eq!(sealed.len(), PEOPLE, "{table}: no two sealed values are alike");
    }
}

#[test]
fn events_are_sealed_and_tied_to_their_record() {
    let workspace = silos();
    workspace.land_and_publish();
    let (orders, shop) =
        (workspace.stored("landing/orders").expect("landed"), workspace.stored("landing/shop"));
    let records: BTreeMap<String, String> = {
        let shop = shop.expect("landed");
        shop.column("record_tag").into_iter().zip(shop.column("record_id")).collect()
    };
    for subject in orders.column("subject_tag") {
        assert!(records.contains_key(&subject), "an order whose customer is not found");
    }
    let total = workspace.cell("SELECT sum(amount) FROM landing.orders");
    let expected: f64 =
        (0..PEOPLE).map(|number| format!("1{number}.5").parse::<f64>().expect("a number")).sum();
    assert_eq!(total, json!(expected), "decimal commas are read");
    let opened = workspace.query("SELECT subject_line FROM landing.orders");
    assert!(opened.iter().any(|row| row["subject_line"] == "Colis de Brunehilde"));
}

#[test]
fn an_event_may_come_before_its_record() {
    let workspace = silos();
    write_lines(
        &workspace,
        "data/orders.csv",
        "ORDER;KIND;AT;AMOUNT;NO;ABOUT",
        std::iter::once("B900;order;2024-03-11T09:30:00Z;12,00;S900;Colis".to_owned()),
    );
    workspace.land_and_publish();
    workspace.append("data/shop.csv", person(900).shop_row() + "\n");
    workspace.land_and_publish();
    let subject = workspace.stored("landing/orders").expect("landed").column("subject_tag");
    let shop = workspace.stored("landing/shop").expect("landed");
    assert!(shop.column("record_tag").contains(&subject[0]));
}

#[test]
fn until_land_stops_there_and_a_later_run_goes_on() {
    let workspace = silos();
    let report = workspace.json(&["run", "--until", "land"]);
    assert_nothing_lost(&report);
    assert_eq!(report["records_landed"], 4 * PEOPLE);
    assert_eq!(report["profiles"], 0);
    let stages: Vec<&str> = report["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .filter_map(|stage| stage["name"].as_str())
        .collect();
    assert_eq!(stages, ["land"]);
    assert!(workspace.stored("golden/profiles").is_none());
    let report = workspace.land_and_publish();
    assert_eq!((&report["records_landed"], &report["profiles"]), (&json!(0), &json!(PEOPLE)));
}

#[test]
fn a_suppressed_record_does_not_land() {
    let workspace = silos();
    // Suppression needs the pipeline's keys, which the first run makes.
    workspace.edit("pipeline.yaml", "data/shop.csv", "data/shop-later.csv");
    write_lines(
        &workspace,
        "data/shop-later.csv",
        "NO;NOM;PRENOM;MAIL;TEL;RUE;CP;VILLE;NE_LE",
        std::iter::empty(),
    );
    workspace.land_and_publish();
    let shop: SourceId = "shop".parse().expect("an id");
    workspace.with_engine(async |engine| engine.suppress_record(&shop, &["S4"]).await.expect("suppressed"));
    workspace.edit("pipeline.yaml", "data/shop-later.csv", "data/shop.csv");
    for landed in [PEOPLE - 1, 0] {
        let report = workspace.land_and_publish();
        assert_eq!((&report["suppressed"], &report["records_landed"]), (&json!(1), &json!(landed)));
    }
    let keys: Vec<String> =
        workspace.accounts().into_iter().filter(|own| own.source == "shop").map(|own| own.key).collect();
    assert_eq!(keys.len(), PEOPLE - 1);
    assert!(!keys.contains(&"S4".to_owned()));
}

#[test]
fn several_files_of_a_source_are_one_load() {
    let workspace = silos();
    workspace.edit("pipeline.yaml", "data/orders.csv", "data/orders-*.csv");
    for (file, number) in [("data/orders-b.csv", 1), ("data/orders-a.csv", 2)] {
        let order = format!("B{number};order;2024-03-11T09:30:00Z;12,00;S{number};Colis");
        let shared = "B7;order;2024-03-12T09:30:00Z;3,00;S7;Colis".to_owned();
        write_lines(&workspace, file, "ORDER;KIND;AT;AMOUNT;NO;ABOUT", [order, shared].into_iter());
    }
    let report = workspace.land_and_publish();
    let orders =
        report["sources"].as_array().expect("sources").iter().find(|source| source["source"] == "orders");
    let orders = orders.expect("a source");
    assert_eq!((&orders["records_landed"], &orders["duplicates"]), (&json!(3), &json!(1)));
}
