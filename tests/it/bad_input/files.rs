//! Files that are missing, empty, cut off, damaged or still being written.

use std::process::Stdio;
use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use super::{HEADER, check_mended, check_refused, in_french, landed, not_run_yet, row, rows, run_before};
use crate::common::{Ended, Workspace, assert_nothing_lost};

#[test]
fn a_missing_file_is_named_with_the_nearest_one() {
    let workspace = run_before();
    std::fs::rename(workspace.file("data/people.csv"), workspace.file("data/peoples.csv")).expect("renamed");
    let ended = workspace.run(&["run"]);
    check_refused(&ended, 1, &["there is no file `data/people.csv`", "did you mean `peoples.csv`?"]);
    let ended = in_french(&workspace, &["run"]);
    check_refused(
        &ended,
        1,
        &["il n'y a pas de fichier `data/people.csv`", "vouliez-vous dire `peoples.csv`"],
    );
    std::fs::rename(workspace.file("data/peoples.csv"), workspace.file("data/people.csv")).expect("renamed");
    check_mended(&workspace, 11);
}

#[test]
fn a_missing_folder_is_a_missing_file() {
    let workspace = not_run_yet();
    std::fs::rename(workspace.file("data"), workspace.file("delivered")).expect("renamed");
    check_refused(
        &workspace.run(&["run"]),
        1,
        &["there is no file `data/people.csv`", "relative to the pipeline's folder"],
    );
    std::fs::rename(workspace.file("delivered"), workspace.file("data")).expect("renamed");
    check_mended(&workspace, 10);
}

#[test]
fn an_empty_file_is_told_apart_from_one_without_rows() {
    let workspace = run_before();
    let text = std::fs::read(workspace.file("data/people.csv")).expect("a file");
    workspace.write("data/people.csv", "");
    check_refused(&workspace.run(&["run"]), 1, &["`data/people.csv` is empty", "deliver the file again"]);
    workspace.write("data/people.csv", HEADER);
    assert_eq!(workspace.land_and_publish()["records_in"], 0);
    workspace.write("data/people.csv", text);
    check_mended(&workspace, 11);
}

#[test]
fn a_header_that_lacks_a_mapped_column_is_named_with_the_nearest_one() {
    let workspace = run_before();
    workspace.edit("data/people.csv", "id,name,email,born", "id,name,e-mail,born");
    let says = ["`data/people.csv` has no column `email`", "did you mean `e-mail`?"];
    check_refused(&workspace.run(&["run"]), 1, &says);
    workspace.edit("data/people.csv", "id,name,e-mail,born", "id,name,x,born");
    let says = ["`data/people.csv` has no column `email`", "correct the name under `columns` or `key`"];
    check_refused(&workspace.run(&["run"]), 1, &says);
    workspace.edit("data/people.csv", "id,name,x,born", "id,name,email,born");
    check_mended(&workspace, 11);
}

#[test]
fn a_misspelt_key_of_the_pipeline_is_named_with_its_line_and_the_nearest_one() {
    let workspace = run_before();
    workspace.edit("pipeline.yaml", "    columns:", "    colums:");
    let ended = workspace.run(&["run"]);
    check_refused(&ended, 2, &["pipeline.yaml:9:", "`colums`", "did you mean `columns`?"]);
    let ended = in_french(&workspace, &["run"]);
    check_refused(&ended, 2, &["pipeline.yaml:9:", "`colums`", "vouliez-vous dire `columns`"]);
    workspace.edit("pipeline.yaml", "    colums:", "    columns:");
    workspace.edit("pipeline.yaml", "family_name: name", "familly_name: name");
    check_refused(&workspace.run(&["run"]), 2, &["no field `familly_name`", "did you mean `family_name`?"]);
    workspace.edit("pipeline.yaml", "familly_name: name", "family_name: name");
    check_mended(&workspace, 11);
}

#[test]
fn a_truncated_parquet_file_is_told_as_such() {
    let workspace = run_before();
    workspace.edit(
        "pipeline.yaml",
        "path: data/people.csv\n    format: delimited",
        "path: data/people.parquet\n    format: parquet",
    );
    let whole = parquet(0..11);
    // Cut in the footer, in the data and right behind the magic number.
    for kept in [whole.len() - 3, whole.len() / 2, 5] {
        workspace.write("data/people.parquet", &whole[..kept]);
        let says = ["the Parquet file `data/people.parquet` is cut off", "its end is missing"];
        check_refused(&workspace.run(&["run"]), 1, &says);
    }
    workspace.write("data/people.parquet", "id,name\n1,x\n");
    check_refused(&workspace.run(&["run"]), 1, &["`data/people.parquet` is no valid Parquet file"]);
    workspace.write("data/people.parquet", &whole);
    // The same rows as in the delimited file, so that ten are known already.
    check_mended(&workspace, 11);
}

#[test]
fn a_parquet_file_damaged_in_its_middle_lands_nothing_of_it() {
    let workspace = not_run_yet();
    workspace.edit(
        "pipeline.yaml",
        "path: data/people.csv\n    format: delimited",
        "path: data/people.parquet\n    format: parquet",
    );
    let whole = parquet(0..10);
    let mut damaged = whole.clone();
    damaged[4..60].fill(0xff);
    workspace.write("data/people.parquet", &damaged);
    check_refused(&workspace.run(&["run"]), 1, &["`data/people.parquet`"]);
    workspace.write("data/people.parquet", &whole);
    check_mended(&workspace, 10);
}

#[test]
fn a_field_of_one_megabyte_waits_in_quarantine_until_it_may_be_that_long() {
    let workspace = run_before();
    let long = "x".repeat(1 << 20);
    workspace.append("data/people.csv", format!("11,{long},p11@guichet.example,1990-01-01\n{}", row(12)));
    let report = workspace.land_and_publish();
    assert_eq!((&report["quarantined"], &report["records_landed"]), (&json!(1), &json!(2)));
    let entry = &workspace.json_lines(&["quarantine", "ls"])[0];
    assert_eq!(entry["diagnostic"]["code"], "field-too-long");
    assert_eq!(entry["line"], 13);
    let told = workspace.run(&["quarantine", "ls"]).stdout;
    assert!(told.contains("1048576 bytes") || told.contains("1,048,576 bytes"), "{told}");
    assert!(!told.contains("xxxx"), "the value is not repeated");
    workspace.edit(
        "pipeline.yaml",
        "    columns:",
        "    contract: { max_field_bytes: 2000000 }\n    columns:",
    );
    assert_eq!(workspace.json(&["quarantine", "replay"])["landed"], 1);
    check_mended(&workspace, 13);
    let longest = workspace.cell("SELECT max(character_length(family_name)) FROM landing.people");
    assert_eq!(longest, 1 << 20);
}

#[test]
fn nul_bytes_cost_their_row_and_no_other() {
    let workspace = run_before();
    workspace.append("data/people.csv", b"11,Per\0sonne,p11@guichet.example,1990-01-01\n\0\0\0\n");
    workspace.append("data/people.csv", row(12));
    let report = workspace.land_and_publish();
    assert_eq!((&report["quarantined"], &report["records_landed"]), (&json!(2), &json!(2)));
    let entries = workspace.json_lines(&["quarantine", "ls"]);
    let found: Vec<(&Value, &Value)> =
        entries.iter().map(|entry| (&entry["diagnostic"]["code"], &entry["line"])).collect();
    assert_eq!(found[0], (&json!("nul-byte"), &json!(13)));
    workspace.edit("data/people.csv", "\0sonne", "sonne11");
    workspace.edit("data/people.csv", "\0\0\0\n", "");
    workspace.edit("data/people.csv", "Personne11", "Personne");
    check_mended(&workspace, 13);
}

#[test]
fn a_stray_quote_costs_one_line() {
    let workspace = run_before();
    workspace
        .append("data/people.csv", format!("11,\"Personne,p11@guichet.example,1990-01-01\n{}", rows(12..20)));
    let report = workspace.land_and_publish();
    assert_eq!((&report["quarantined"], &report["records_landed"]), (&json!(1), &json!(9)));
    workspace.edit("data/people.csv", "\"Personne", "Personne");
    check_mended(&workspace, 20);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_read_to_where_it_ended_and_later_on() {
    let workspace = not_run_yet();
    // The last row is still being written when the run begins.
    let last = row(ROWS);
    let (written, rest) = last.split_at(9);
    workspace.write("data/people.csv", format!("{HEADER}{}{written}", rows(0..ROWS)));
    let ended = while_landing(&workspace, || {
        workspace.append("data/people.csv", rest.to_owned() + &rows(ROWS + 1..ROWS + 5))
    });
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("a report");
    assert_nothing_lost(&report);
    assert_eq!((&report["records_landed"], &report["quarantined"]), (&json!(ROWS), &json!(0)));

    let report = workspace.json(&["run", "--until", "land"]);
    assert_nothing_lost(&report);
    assert_eq!((&report["records_landed"], &report["unchanged"]), (&json!(5), &json!(ROWS)));
    assert_eq!(landed(&workspace), Vec::from_iter(0..ROWS + 5));
}

#[test]
fn a_file_that_is_cut_while_it_is_read_is_told_as_changed() {
    let workspace = not_run_yet();
    workspace.write("data/people.csv", HEADER.to_owned() + &rows(0..ROWS));
    let ended =
        while_landing(&workspace, || workspace.write("data/people.csv", HEADER.to_owned() + &rows(0..10)));
    check_refused(
        &ended,
        1,
        &["`data/people.csv` changed while it was read", "nothing of it was landed twice"],
    );
    check_mended(&workspace, 10);
}

/// More rows than are read ahead of what lands, by far: the file is not at its end yet
/// when the first of them are taken.
const ROWS: usize = 70_000;

/// Starts `run --until land` and calls `meanwhile` when the first rows were taken.
fn while_landing(workspace: &Workspace, meanwhile: impl FnOnce()) -> Ended {
    let mut command = workspace.command(&["run", "--until", "land", "--format", "json"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let table = workspace.file("lake/landing/people/_delta_log");
    while !table.is_dir() {
        assert!(run.try_wait().expect("a child").is_none(), "the run ended before it took a row");
        std::thread::yield_now();
    }
    meanwhile();
    run.wait_with_output().expect("a child").into()
}

/// The rows of the delimited file as Parquet.
fn parquet(numbers: std::ops::Range<usize>) -> Vec<u8> {
    let text = rows(numbers);
    let column = |position| {
        let cell = |line: &'_ str| line.split(',').nth(position).expect("four fields").to_owned();
        Arc::new(StringArray::from(text.lines().map(cell).collect::<Vec<_>>())) as _
    };
    let names = HEADER.trim_end().split(',');
    let columns: Vec<_> = names.enumerate().map(|(position, name)| (name, column(position))).collect();
    let rows = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a footer");
    bytes
}
