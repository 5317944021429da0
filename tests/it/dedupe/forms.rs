//! Files as they come: delimiters, encodings, formats.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::json;

use super::{Desk, HEADER, delimited, people, truth};

#[track_caller]
fn check(name: &str, content: impl AsRef<[u8]>) {
    let desk = Desk::with(name, content);
    desk.report(&[name, "--id", "customer"]);
    assert_eq!(desk.partition("clusters.csv"), truth(60));
}

#[test]
fn any_usual_delimiter_is_recognised() {
    for delimiter in [",", ";", "\t", "|"] {
        check("people.txt", delimited(&people(60), delimiter));
    }
}

#[test]
fn commas_within_fields_do_not_hide_the_delimiter() {
    let mut rows = people(60);
    rows.iter_mut().for_each(|row| row[4] = format!("{}, Cedex, France", row[4]));
    check("people.csv", delimited(&rows, ";"));
}

#[test]
fn windows_1252_is_recognised_though_its_first_accent_stands_last() {
    let mut text = delimited(&people(60), ";").into_bytes();
    text.extend(b"Zo\xeb;Zo\xeb;Ang\xe9lique;1901-01-01;N\xeemes;z@example.org\n");
    let desk = Desk::with("people.csv", text);
    let report = desk.report(&["people.csv", "--id", "customer"]);
    assert_eq!((&report["records"], &report["rejected"]), (&json!(121), &json!({})));
    assert!(desk.read("clusters.csv").ends_with("Zoë,61\n"));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_content() {
    let text = format!("\u{feff}{}", delimited(&people(60), ",").replace('\n', "\r\n"));
    check("people.csv", text);
}

#[test]
fn columns_without_a_name_or_of_one_name_are_told_apart() {
    let text = delimited(&people(60), ",").replacen("city,email", "city,city", 1);
    let text = text.lines().map(|line| format!("{line},\n")).collect::<String>();
    let desk = Desk::with("people.csv", text);
    let report = desk.report(&["people.csv", "--id", "customer"]);
    let columns = report["columns"].as_array().expect("a list");
    let names: Vec<&str> = columns.iter().filter_map(|column| column["column"].as_str()).collect();
    assert_eq!(names[4..], ["city", "city_2", "column_7"]);
    assert_eq!(columns[5]["meaning"], "email");
}

#[test]
fn json_lines_are_rows() {
    let mut text = String::new();
    for row in people(60) {
        let mut object: serde_json::Map<_, _> =
            HEADER.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), json!(cell))).collect();
        let name = json!({ "given": object.remove("given_name"), "family": object.remove("family_name") });
        object.insert("name".to_owned(), name);
        object.insert("tags".to_owned(), json!(["a", "b"]));
        text.push_str(&format!("{}\n", json!(object)));
    }
    check("people.jsonl", text);
}

#[test]
fn parquet_is_read_by_its_columns() {
    let rows = people(60);
    let mut columns: Vec<(&str, ArrayRef)> = HEADER
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let column = StringArray::from_iter_values(rows.iter().map(|row| row[place].as_str()));
            (*name, Arc::new(column) as ArrayRef)
        })
        .collect();
    columns.push(("visits", Arc::new(Int64Array::from_iter_values(0..rows.len() as i64))));
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let desk = Desk::new();
    let file = File::create(desk.file("people.parquet")).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    desk.report(&["people.parquet", "--id", "customer"]);
    assert_eq!(desk.partition("clusters.csv"), truth(60));
}

#[test]
fn a_file_whose_first_rows_are_all_alike_is_understood_by_the_others() {
    let mut text = "key,a,b,c,remark\n".to_owned();
    let remark = "taken over from the old system ".repeat(12);
    for key in 0..25_000 {
        text.push_str(&format!("x{key},,,,{remark}\n"));
    }
    for row in people(3_000) {
        text.push_str(&format!("{},{},{},{},\n", row[0], row[1], row[3], row[5]));
    }
    let desk = Desk::with("sorted.csv", text);
    let report = desk.report(&["sorted.csv", "--id", "key"]);
    let fields: Vec<&serde_json::Value> =
        report["columns"].as_array().expect("a list").iter().map(|column| &column["meaning"]).collect();
    assert_eq!(fields[..4], ["record_key", "given_name", "birth_date", "email"]);
}
