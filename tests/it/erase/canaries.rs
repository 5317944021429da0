//! What stands in the clear where it should not keeps an erasure from being complete.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use super::approved;
use crate::common::Workspace;
use crate::pipeline::{person, profile_of, record_of, silos};

/// Carries out a request that cannot be proven; returns the files that it names.
#[track_caller]
fn unproven(workspace: &Workspace, number: i64) -> Vec<String> {
    let number = number.to_string();
    let ended = workspace.run(&["erase", "run", &number, "--format", "json"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("a report");
    let erasure = &report["erasures"][0];
    assert_eq!(erasure["status"], "running", "{report}");
    let email = person(4).email;
    assert!(!ended.stdout.contains(&email) && !ended.stderr.contains(&email), "the value is repeated");
    assert_eq!(workspace.run(&["erase", "certificate", &number]).code, 2, "there is no certificate");
    let traces = erasure["traces"].as_array().expect("a list").iter();
    let files: BTreeSet<String> =
        traces.map(|trace| trace["file"].as_str().expect("a file").to_owned()).collect();
    files.into_iter().collect()
}

#[track_caller]
fn complete(workspace: &Workspace, number: i64) {
    let report = workspace.json(&["erase", "run", &number.to_string()]);
    assert_eq!(report["erasures"][0]["status"], "complete", "{report}");
}

fn parquet(column: &str, value: &str) -> Vec<u8> {
    let column_of = Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let rows = RecordBatch::try_from_iter([(column, column_of)]).expect("a column");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a footer");
    bytes
}

#[test]
fn a_stray_file_with_a_value_is_named_until_it_is_gone() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S4"));
    workspace.write("lake/notes/export.txt", format!("called {} back", person(4).email));
    workspace.write("lake/golden/copy.parquet", parquet("whoever", &person(4).mobile));
    assert_eq!(unproven(&workspace, number), ["golden/copy.parquet", "notes/export.txt"]);
    fs::remove_file(workspace.file("lake/notes/export.txt")).expect("there");
    assert_eq!(unproven(&workspace, number), ["golden/copy.parquet"]);
    fs::remove_file(workspace.file("lake/golden/copy.parquet")).expect("there");
    complete(&workspace, number);
}

#[test]
fn a_line_in_the_log_of_a_table_that_nobody_touches_is_named() {
    let workspace = silos();
    workspace.append("data/shop.csv", "S99;too;few\r\n");
    workspace.land_and_publish();
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S4"));
    let log = "lake/landing/quarantine/_delta_log/00000000000000000001.json";
    let line = json!({ "commitInfo": { "operationParameters": { "predicate": format!("email = '{}'", person(4).email) } } });
    workspace.append(log, format!("{line}\n"));
    assert_eq!(unproven(&workspace, number), [log.trim_start_matches("lake/")]);
}

#[test]
fn ids_count_as_text_and_as_bytes() {
    let workspace = silos();
    workspace.land_and_publish();
    let record = record_of(&workspace, "shop", "S4");
    let number = approved(&workspace, &record);
    workspace.write("lake/ids.txt", &record);
    workspace.write(
        "lake/ids.bin",
        u128::from_str_radix(&record.replace('-', ""), 16).expect("an id").to_be_bytes(),
    );
    assert_eq!(unproven(&workspace, number), ["ids.bin", "ids.txt"]);
}

#[test]
fn orphans_of_tables_that_are_touched_go() {
    let workspace = silos();
    workspace.land_and_publish();
    let record = record_of(&workspace, "shop", "S4");
    let number = approved(&workspace, &record);
    // Of a write that was cut off, whole and torn.
    workspace.write("lake/landing/shop/part-orphan.parquet", parquet("record_id", &record));
    workspace.write("lake/landing/web/part-torn.parquet", "PAR1");
    workspace.write("lake/landing/web/part-cut.parquet#1", person(4).email);
    complete(&workspace, number);
    for gone in ["shop/part-orphan.parquet", "web/part-torn.parquet", "web/part-cut.parquet#1"] {
        assert!(!workspace.file("lake/landing").join(gone).exists(), "{gone}");
    }
}

#[test]
fn what_cannot_be_opened_may_hold_anything() {
    let workspace = silos();
    workspace.land_and_publish();
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S4"));
    workspace.write("lake/archive.parquet", "PAR1 and then nothing of it PAR1");
    assert_eq!(unproven(&workspace, number), ["archive.parquet"]);
}

#[test]
fn a_table_of_a_source_that_is_no_longer_named_is_told() {
    let workspace = silos();
    workspace.land_and_publish();
    let pipeline = std::fs::read_to_string(workspace.file("pipeline.yaml")).expect("a pipeline");
    let (before, club) = pipeline.split_once("  - id: club").expect("a source");
    let (_, after) = club.split_once("  - id: orders").expect("a source");
    let without = format!("{before}  - id: orders{after}").replace("[shop, club, web]", "[shop, web]");
    workspace.write("pipeline.yaml", without);
    workspace.land_and_publish();
    let number = approved(&workspace, &profile_of(&workspace, "shop", "S4"));
    assert_eq!(unproven(&workspace, number), ["landing/club"]);
}
