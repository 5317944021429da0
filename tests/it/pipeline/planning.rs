//! `plan` foretells, `optimize` tidies, and neither changes what is known.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{PEOPLE, Person, person, profile_of, record_of, silos};
use crate::common::Workspace;

const WRITTEN: &str = "2024-05-01T10:00:00Z";

/// The plan's counts, added up as a run's report has them.
fn foretold(plan: &Value) -> BTreeMap<&'static str, u64> {
    let reads = plan["reads"].as_array().expect("reads");
    let sum = |names: &[&str]| -> u64 {
        reads.iter().flat_map(|read| names.iter().map(|name| read[name].as_u64().expect("a count"))).sum()
    };
    BTreeMap::from([
        ("records_in", sum(&["rows"])),
        ("records_landed", sum(&["new", "changed"])),
        ("unchanged", sum(&["unchanged"])),
        ("duplicates", sum(&["duplicates"])),
        ("quarantined", sum(&["quarantined"])),
        ("suppressed", sum(&["suppressed"])),
        ("profiles", plan["profiles"].as_u64().expect("a count")),
        ("merges", plan["merges"].as_u64().expect("a count")),
        ("splits", plan["splits"].as_u64().expect("a count")),
    ])
}

/// Plans, runs, and compares what was foretold with what happened.
#[track_caller]
fn check(workspace: &Workspace) {
    let content = || workspace.file("lake").is_dir().then(|| workspace.content_of("lake"));
    let (lake, has_keys) = (content(), workspace.file("state").exists());
    let plan = workspace.json(&["plan"]);
    assert!(content() == lake, "a plan writes nothing to the lake");
    assert_eq!(workspace.file("state").exists(), has_keys, "a plan makes no keys");
    let report = workspace.land_and_publish();
    for (count, foretold) in foretold(&plan) {
        assert_eq!(report[count], foretold, "{count}");
    }
}

#[test]
fn a_plan_foretells_the_first_run_an_idle_one_and_one_with_changes() {
    let workspace = silos();
    check(&workspace);
    check(&workspace);
    workspace.edit("data/shop.csv", &person(8).mobile, "06 39 98 55 55");
    let again = person(9).shop_row();
    workspace
        .append("data/shop.csv", format!("{again}\nS40;seul\n{}\n", again.replace("courrier", "lettres")));
    workspace.append("data/web.ndjson", person(60).web_row(WRITTEN) + "\n");
    check(&workspace);
}

#[test]
fn a_plan_foretells_merges_splits_and_new_columns() {
    let workspace = silos();
    // One more account of person 60, who has none elsewhere, and one that is a stranger for now.
    let stranger = Person { number: 61, ..person(60) };
    let mut other = Person { number: 61, ..person(75) };
    other.given = "Philibert";
    other.family = "Sertillanges";
    workspace.append("data/web.ndjson", person(60).web_row(WRITTEN) + "\n" + &other.web_row(WRITTEN) + "\n");
    workspace.land_and_publish();

    workspace.append("data/web.ndjson", stranger.web_row("2024-06-01T10:00:00Z") + "\n");
    workspace.edit(
        "pipeline.yaml",
        "constants: { party_role: customer }",
        "constants: { party_role: customer, country: FR }",
    );
    let plan = workspace.json(&["plan"]);
    assert_eq!(
        plan["schema_changes"],
        json!([{ "table": "landing.shop", "column": "country", "data_type": "Utf8" }])
    );
    assert_eq!(plan["merges"], 1);
    check(&workspace);

    workspace.append("data/web.ndjson", other.web_row("2024-07-01T10:00:00Z") + "\n");
    assert_eq!(workspace.json(&["plan"])["splits"], 1);
    check(&workspace);
}

#[test]
fn optimize_merges_files_and_nothing_else_changes() {
    let workspace = silos();
    workspace.land_and_publish();
    for mobile in ["06 39 98 55 55", "06 39 98 66 66", "06 39 98 77 77"] {
        let mut changed = person(8);
        changed.mobile = mobile.to_owned();
        let text = std::fs::read(workspace.file("data/shop.csv")).expect("a file");
        let rows: String = text.into_iter().map(char::from).collect();
        let row = rows.lines().find(|row| row.starts_with("S8;")).expect("a row").to_owned();
        workspace.edit("data/shop.csv", &row, &changed.shop_row());
        workspace.append(
            "data/orders.csv",
            format!("B{};call;2024-03-11T09:30:00Z;0,5;S8;x\nB;;\n", &mobile[12..]),
        );
        workspace.land_and_publish();
    }
    let tables = ["landing/shop", "landing/orders", "landing/quarantine"];
    let rows = |table: &str| {
        let stored = workspace.stored(table).expect("landed");
        let columns = stored.rows.schema();
        let columns: Vec<Vec<String>> =
            columns.fields().iter().map(|field| stored.column(field.name())).collect();
        let mut rows: Vec<Vec<String>> = (0..stored.rows.num_rows())
            .map(|row| columns.iter().map(|column| column[row].clone()).collect())
            .collect();
        rows.sort_unstable();
        (stored.files, rows)
    };
    let before = tables.map(rows);
    let asked = "SELECT p.given_name, p.mobile, m.source FROM golden.profiles p
                 JOIN golden.members m ON p.profile_id = m.profile_id ORDER BY 1, 2, 3";
    let (shown, clusters) = (workspace.query(asked), workspace.clusters());

    let report = workspace.json(&["optimize"]);
    let optimized = report["tables"].as_array().expect("tables");
    let shop = optimized.iter().find(|table| table["table"] == "landing.shop").expect("the shop");
    assert_eq!((&shop["files_before"], &shop["files_after"]), (&json!(4), &json!(1)));
    for (table, (files, known)) in tables.into_iter().zip(before) {
        let (files_now, rows) = rows(table);
        assert!(files_now <= files, "{table}");
        assert!(rows == known, "{table}: other rows than before");
    }
    assert_eq!(workspace.query(asked), shown);
    assert_eq!(workspace.clusters(), clusters);
    let report = workspace.land_and_publish();
    assert_eq!((&report["records_landed"], &report["up_to_date"]), (&json!(0), &json!(true)));
    assert_eq!(report["profiles"], PEOPLE);

    // And the tables can still be added to.
    workspace.append("data/web.ndjson", person(60).web_row(WRITTEN) + "\n");
    assert_eq!(workspace.land_and_publish()["profiles"], PEOPLE + 1);
    workspace.json(&["optimize"]);
    assert_eq!(workspace.land_and_publish()["records_landed"], 0);
    assert_eq!(workspace.clusters().len(), PEOPLE + 1);
}

#[test]
fn a_plan_shows_which_records_would_join_profiles_and_which_would_leave() {
    let workspace = silos();
    workspace.land_and_publish();
    let [one, other] = [1, 2].map(|number| profile_of(&workspace, "shop", &format!("S{number}")));
    workspace.json(&["merge", &one, &other, "--reason", "one person"]);
    let [stays, leaves] = [("shop", "S4"), ("web", "w4")].map(|(of, key)| record_of(&workspace, of, key));
    let whole = profile_of(&workspace, "shop", "S4");
    workspace.json(&["split", &whole, &leaves, "--reason", "two people"]);

    let plan = workspace.json(&["plan"]);
    let [merge] = plan["merge_examples"].as_array().expect("examples").as_slice() else { panic!("{plan}") };
    let profiles = [merge["profile"].as_str(), merge["other"].as_str()].map(Option::unwrap);
    assert!(profiles == [&one, &other] || profiles == [&other, &one], "{merge}");
    assert_eq!(merge["by"], json!([{ "ground": "decision", "detail": "1" }]));
    let [split] = plan["split_examples"].as_array().expect("examples").as_slice() else { panic!("{plan}") };
    assert_eq!((&split["profile"], &split["other"]), (&json!(whole), &Value::Null));
    assert_eq!(split["by"], json!([{ "ground": "decision", "detail": "2" }]));
    assert_eq!(split["records"][1], leaves);
    assert!(split["weight_bits_before"].as_f64() > Some(0.0), "{split}");
    let text = workspace.run(&["plan"]).stdout;
    assert!(text.contains(&leaves) && text.contains("decision 2"), "{text}");
    assert_ne!(stays, leaves);

    let none = workspace.json(&["plan", "--examples", "0"]);
    assert_eq!((&none["merges"], &none["merge_examples"]), (&json!(1), &json!([])));
}

#[test]
fn a_plan_names_the_link_that_would_join_two_profiles() {
    let workspace = silos();
    workspace.land_and_publish();
    // Later than the others: the older profile keeps its id.
    workspace.append("data/web.ndjson", stranger().web_row(WRITTEN) + "\n");
    workspace.land_and_publish();
    let [known, new] = [("shop", "S6"), ("web", "w77")].map(|(of, key)| profile_of(&workspace, of, key));
    assert_ne!(known, new);
    let as_known = Person { number: 77, ..person(6) }.web_row("2024-09-01T10:00:00Z");
    let utf8 = |text: &str| text.bytes().map(char::from).collect::<String>();
    workspace.edit("data/web.ndjson", &utf8(&stranger().web_row(WRITTEN)), &utf8(&as_known));
    let plan = workspace.json(&["plan"]);
    let example = &plan["merge_examples"][0];
    // Both are as old as each other: which of them stays goes by their ids.
    let profiles = [example["profile"].as_str(), example["other"].as_str()].map(Option::unwrap);
    assert!(profiles == [&known, &new] || profiles == [&new, &known], "{example}");
    let changed = json!(record_of(&workspace, "web", "w77"));
    assert!(example["records"].as_array().is_some_and(|records| records.contains(&changed)), "{example}");
    assert!(example["probability"].as_f64() > Some(0.5), "{example}");
    assert!(example["rules"].as_array().is_some_and(|rules| !rules.is_empty()), "{example}");
}

/// Nobody that the silos know.
fn stranger() -> Person {
    Person {
        number: 77,
        given: "Théodule",
        family: "Ortholan",
        email: "inconnu@ailleurs.example".to_owned(),
        mobile: "07 00 00 11 44".to_owned(),
        street: "2 impasse Perdue".to_owned(),
        postal_code: "97120".to_owned(),
        city: "Nulle-Part".to_owned(),
        ..person(11)
    }
}
