//! A lake is made of plain Delta tables: another implementation reads them.

use serde_json::{Value, json};

use crate::pipeline::{person, silos, write_shop};
use crate::python::{Python, answer};

/// Folder in the lake, name in SQL.
const TABLES: [(&str, &str); 9] = [
    ("landing/shop", "landing.shop"),
    ("landing/web", "landing.web"),
    ("landing/club", "landing.club"),
    ("landing/orders", "landing.orders"),
    ("resolved/links", "resolved.links"),
    ("golden/profiles", "golden.profiles"),
    ("golden/members", "golden.members"),
    ("golden/provenance", "golden.provenance"),
    ("golden/history", "golden.history"),
];

#[test]
fn deltalake_reads_what_vermeil_queries() {
    let Some(python) = Python::find() else { return };
    let workspace = silos();
    workspace.land_and_publish();
    write_shop(&workspace, (1..crate::pipeline::PEOPLE).map(|number| person(number).shop_row()));
    workspace.land_and_publish();
    // Folds in what lies beside: rows that were superseded are known to the state database only.
    workspace.json(&["optimize"]);
    let seen = seen_by_deltalake(&python, &workspace);
    for (folder, table) in TABLES {
        let queried = workspace.cell(&format!("SELECT count(*) FROM {table}"));
        assert_eq!(seen(folder)["rows"], queried, "{table}");
    }
    let shop = seen("landing/shop");
    assert_eq!(shop["rows"], shop["distinct"]["record_id"]);
}

#[test]
fn the_log_keeps_statistics_of_counters_only_and_no_predicate() {
    let Some(python) = Python::find() else { return };
    let workspace = silos();
    workspace.land_and_publish();
    // Every kind of commit: a load more, profiles replaced, files compacted.
    write_shop(&workspace, (1..crate::pipeline::PEOPLE).map(|number| person(number + 1).shop_row()));
    workspace.land_and_publish();
    workspace.json(&["optimize"]);

    let seen = seen_by_deltalake(&python, &workspace);
    let statistics: Vec<Value> = ["landing/shop", "golden/profiles", "golden/members"]
        .map(|folder| seen(folder)["statistics"].take())
        .into();
    assert_eq!(statistics, [json!(["load", "version"]), json!(["publication"]), json!([])]);

    let mut operations = Vec::new();
    for (folder, table) in TABLES {
        for commit in seen(folder)["history"].as_array().expect("a list") {
            let parameters = commit["parameters"].as_array().expect("a list");
            assert!(!parameters.contains(&json!("predicate")), "{table}: {commit}");
            operations.push(commit["operation"].clone());
        }
    }
    for operation in ["CREATE TABLE", "WRITE", "OPTIMIZE"] {
        assert!(operations.contains(&json!(operation)), "no {operation} was looked at: {operations:?}");
    }
}

/// What `deltalake` says of a folder of the lake.
fn seen_by_deltalake(python: &Python, workspace: &crate::common::Workspace) -> impl Fn(&str) -> Value {
    let lake = workspace.file("lake");
    let folder = |below: &str| lake.join(below).to_str().expect("UTF-8").to_owned();
    let folders: Vec<String> = TABLES.iter().map(|(below, _)| folder(below)).collect();
    let seen = answer(python.script("delta_tables.py").args(&folders), "");
    move |below| seen[lake.join(below).to_str().expect("UTF-8")].clone()
}
