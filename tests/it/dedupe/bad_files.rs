//! Files that have something wrong with them.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Desk, delimited, people, truth};

fn codes(report: &Value) -> Vec<&str> {
    let warnings = report["warnings"].as_array().expect("a list");
    warnings.iter().filter_map(|warning| warning["code"].as_str()).collect()
}

#[test]
fn a_file_without_rows_is_told_as_such() {
    let desk = Desk::new();
    desk.write("people.csv", delimited(&people(2), ","));
    desk.refused(&["peple.csv"], 1, &["there is no file `peple.csv`", "did you mean `people.csv`?"]);
    desk.write("empty.csv", "");
    desk.refused(&["empty.csv"], 1, &["`empty.csv` is empty"]);
    desk.write("blank.csv", "\n\n  \n");
    desk.refused(&["blank.csv"], 1, &["blank.csv"]);
    desk.write("header.csv", "given_name,family_name\n");
    desk.refused(&["header.csv"], 1, &["has no row that can be read"]);
    desk.write("objects.jsonl", "{}\n{}\n");
    desk.refused(&["objects.jsonl"], 1, &["`objects.jsonl` is empty"]);
    desk.write("cut.parquet", "PAR1 and no more");
    desk.refused(&["cut.parquet"], 1, &["cut.parquet"]);
}

#[test]
fn one_row_is_one_cluster() {
    let desk = Desk::with("one.csv", "given_name,family_name,city\nAnne,Abadie,Foix\n");
    let report = desk.report(&["one.csv"]);
    assert_eq!(desk.read("clusters.csv"), "row,cluster\n1,1\n");
    assert_eq!(codes(&report), Vec::<&str>::new());
}

#[test]
fn columns_that_tell_nothing_change_nothing() {
    let mut rows = people(60);
    let extra = |place: usize| [String::new(), "same".to_owned(), format!("Q{place:07}X")];
    rows.iter_mut().enumerate().for_each(|(place, row)| row.extend(extra(place)));
    let text = delimited(&rows, ",").replacen("email\n", "email,nothing,constant,unique\n", 1);
    let desk = Desk::with("people.csv", text);
    let report = desk.report(&["people.csv", "--id", "customer"]);
    assert_eq!(desk.partition("clusters.csv"), truth(60));
    let columns = report["columns"].as_array().expect("a list");
    assert!(columns[6..].iter().all(|column| column["field"].is_null()), "{columns:?}");
}

#[test]
fn a_file_in_which_nothing_can_be_compared_says_so() {
    let desk = Desk::with("same.csv", "a,b\nx,\nx,\nx,\n");
    desk.refused(&["same.csv"], 1, &["no column can be compared", "--map FIELD=COLUMN"]);
}

#[test]
fn a_hundred_thousand_copies_end_in_seconds_and_are_reported() {
    let mut text = "key,given_name,family_name,birth_date,email\n".to_owned();
    for key in 0..100_000 {
        writeln!(text, "{key},Anne,Abadie,1950-02-03,anne@example.org").expect("memory");
    }
    let desk = Desk::with("copies.csv", text);
    let started = Instant::now();
    let report = desk.report(&["copies.csv", "--id", "key"]);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    assert_eq!(report["records"], 100_000);
    // What all rows share tells nothing: either they are one, or it is said why not.
    let clusters = report["clusters"].as_u64().expect("a count");
    let is_explained = !report["oversized_blocks"].as_array().expect("a list").is_empty()
        && codes(&report).contains(&"dedupe-copies-apart");
    assert!(clusters == 1 || is_explained, "{report}");
}

#[test]
fn a_file_with_one_telling_field_is_not_trusted() {
    let mut text = "key,gender,city\n".to_owned();
    for key in 0..400 {
        writeln!(text, "{key},{},Town{}", ["f", "m"][key % 2], (b'a' + (key % 7) as u8) as char)
            .expect("memory");
    }
    let desk = Desk::with("thin.csv", text);
    let report = desk.report(&["thin.csv", "--id", "key"]);
    let told = codes(&report);
    assert!(told.iter().any(|code| code.ends_with("-informative")), "{told:?}");
}

#[test]
fn rows_that_cannot_be_read_are_counted_and_left_out() {
    let mut text = delimited(&people(60), ",");
    text.push_str("short,row\nnul,An\0ne,Abadie,1950-02-03,Foix,a@example.org\n");
    let desk = Desk::with("people.csv", text);
    let report = desk.report(&["people.csv", "--id", "customer"]);
    assert_eq!(desk.partition("clusters.csv"), truth(60));
    let expected = json!({
        "nul-byte": { "rows": 1, "first_line": 123 },
        "too-few-fields": { "rows": 1, "first_line": 122 },
    });
    assert_eq!(report["rejected"], expected);
    let shown = desk.dedupe(&["people.csv", "--id", "customer"]).stdout;
    assert!(shown.contains("too-few-fields, first at line 122"), "{shown}");
}

#[test]
fn a_file_of_mostly_unreadable_rows_ends_with_a_code_of_its_own() {
    let mut text = delimited(&people(10), ",");
    text.push_str(&"short,row\n".repeat(5));
    let desk = Desk::with("people.csv", text);
    assert_eq!(desk.dedupe(&["people.csv", "--id", "customer"]).code, 3);
}

#[test]
fn scripts_marks_and_empty_texts_are_values_like_others() {
    let mut rows = people(60);
    for (place, (arabic, composed)) in [("مريم", "Zoé"), ("ليلى", "Chloé")].into_iter().enumerate()
    {
        let row = |key: &str, given: &str, family: &str| {
            let born = format!("19{}0-05-06", 5 + place);
            [key, given, family, &born, "", ""].map(str::to_owned).to_vec()
        };
        let decomposed = composed.replace('é', "e\u{301}");
        rows.push(row(&format!("{}a", 60 + 2 * place), composed, "Zweifel"));
        rows.push(row(&format!("{}b", 60 + 2 * place), &decomposed, "Zweifel"));
        rows.push(row(&format!("{}a", 61 + 2 * place), arabic, "بن يوسف"));
        rows.push(row(&format!("{}b", 61 + 2 * place), &format!("\u{200f}{arabic}"), "بن يوسف"));
    }
    let desk = Desk::with("people.csv", delimited(&rows, ","));
    desk.report(&["people.csv", "--id", "customer"]);
    assert_eq!(desk.partition("clusters.csv"), truth(64));
}

#[test]
fn rows_of_one_key_stay_rows_and_are_warned_of() {
    let mut rows = people(60);
    rows[2][0] = rows[0][0].clone();
    rows[4][0].clear();
    rows[6][0].clear();
    let desk = Desk::with("people.csv", delimited(&rows, ","));
    let report = desk.report(&["people.csv", "--id", "customer"]);
    assert_eq!((&report["repeated_keys"], &report["missing_keys"]), (&json!(1), &json!(2)));
    assert_eq!(codes(&report), ["dedupe-repeated-keys", "dedupe-missing-keys"]);
    let written = desk.rows("clusters.csv");
    assert_eq!(written.len(), 120);
    // Two people, though they have one key.
    assert_eq!((written[0].1, written[2].1), (1, 2));
}
