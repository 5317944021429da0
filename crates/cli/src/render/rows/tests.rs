use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::Int32Type;
use serde_json::json;

use super::*;

fn batch() -> RecordBatch {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let columns: [(&str, ArrayRef); 8] = [
        ("city", Arc::new(StringViewArray::from(vec![Some("Nîmes"), None]))),
        ("accounts", Arc::new(Int64Array::from(vec![Some(12345), None]))),
        ("share", Arc::new(Float64Array::from(vec![Some(0.5), Some(f64::NAN)]))),
        ("active", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("tag", Arc::new(BinaryArray::from(vec![Some(&[0x0a, 0xff][..]), None]))),
        ("since", Arc::new(Date32Array::from(vec![Some(19_782), None]))),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(1_709_164_800_000_000), None]).with_timezone("UTC"),
            ),
        ),
        ("scores", Arc::new(list)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[test]
fn a_row_becomes_a_json_object() {
    assert_eq!(
        serde_json::Value::Object(object(&batch(), 0)),
        json!({
            "city": "Nîmes", "accounts": 12345, "share": 0.5, "active": true, "tag": "0aff",
            "since": "2024-02-29", "at": "2024-02-29T00:00:00Z", "scores": [1, null],
        })
    );
}

#[test]
fn what_is_missing_or_no_number_becomes_null() {
    let row = object(&batch(), 1);
    assert_eq!(row.len(), 8);
    assert!(row.values().all(serde_json::Value::is_null), "{row:?}");
}

#[test]
fn a_table_shows_missing_values_as_empty() {
    let batch = batch().project(&[0, 1]).unwrap();
    let mut rows = Rows::new(batch.schema());
    rows.push(&batch, 0);
    rows.push(&batch, 1);
    assert_eq!(rows.len(), 2);
    assert_eq!(
        rows.take(),
        "\
╭───────┬──────────╮
│ city  ┆ accounts │
╞═══════╪══════════╡
│ Nîmes ┆    12345 │
│       ┆          │
╰───────┴──────────╯"
    );
    assert_eq!(rows.len(), 0);
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    assert_eq!(visible("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
}
