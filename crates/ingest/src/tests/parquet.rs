use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, StringViewArray, TimestampMillisecondArray,
};
use arrow::datatypes::{Int32Type, Int64Type};

use super::{Folder, block_on};
use crate::BATCH_ROWS;

const NAMES: &str = "path: a.parquet, format: parquet, key: [id], columns: { given_name: first, city: town }";

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn names() -> Vec<u8> {
    file(vec![
        ("town", Arc::new(StringViewArray::from(vec![Some("Lyon"), None]))),
        ("id", Arc::new(Int64Array::from(vec![7, 8]))),
        ("first", Arc::new(["Ada", "Blaise"].into_iter().collect::<DictionaryArray<Int32Type>>())),
        ("size", Arc::new(Int64Array::from(vec![42, 37]))),
    ])
}

#[test]
fn columns_are_mapped_whatever_their_order_and_text_type() {
    Folder::new(NAMES).file("a.parquet", names()).check(&["7|Ada|Lyon", "8|Blaise|"]);
}

#[test]
fn typed_columns_become_the_fields_types_and_patterns_hold_for_text_only() {
    let source = "path: a.parquet, format: parquet, key: [id], updated_at: at, columns: { \
        birth_date: { column: born, format: '%d/%m/%Y' }, customer_since: { column: since, format: '%d/%m/%Y' }, \
        active: live, account_number: nr }";
    Folder::new(source)
        .file(
            "a.parquet",
            file(vec![
                ("id", Arc::new(BinaryArray::from(vec![b"k1".as_slice(), b"k2"]))),
                (
                    "at",
                    Arc::new(TimestampMillisecondArray::from(vec![1_500, 0]).with_timezone("Europe/Paris")),
                ),
                ("born", Arc::new(StringArray::from(vec!["09/12/1906", ""]))),
                ("since", Arc::new(Date32Array::from(vec![Some(1), None]))),
                ("live", Arc::new(BooleanArray::from(vec![true, false]))),
                ("nr", Arc::new(Float64Array::from(vec![1001.0, f64::NAN]))),
            ]),
        )
        .check(&[
            "k1|1970-01-01T00:00:01.500000Z|1001|1906-12-09|1970-01-02|true",
            "k2|1970-01-01T00:00:00.000000Z||||false",
        ]);
}

#[test]
fn a_rejected_row_is_kept_as_json_and_parsed_again() {
    let source =
        "path: a.parquet, format: parquet, key: [id], columns: { birth_date: born, given_name: first }";
    let folder = Folder::new(source).file(
        "a.parquet",
        file(vec![
            ("id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
            ("born", Arc::new(StringArray::from(vec!["1906-12-09", "09/12/1906", "1906-12-09"]))),
            ("first", Arc::new(BinaryArray::from(vec![b"Ada".as_slice(), b"Ada", b"\xff"]))),
        ]),
    );
    let all = folder.read().unwrap();
    assert_eq!(all.rows, ["1|Ada|1906-12-09"]);
    let rejections = all.rejections();
    assert_eq!(
        rejections,
        ["2: not-a-date column=born expected=YYYY-MM-DD", "3: invalid-encoding column=first encoding=UTF-8",]
    );

    // By these bytes a row is known again: sorted, whatever order JSON objects have elsewhere.
    assert_eq!(
        String::from_utf8_lossy(&all.raw[0]),
        r#"{"born":"09/12/1906","first":"Ada","id":{"typed":"2"}}"#
    );
    let columns = ["id", "born", "first"];
    assert_eq!(folder.replay(&columns, &all.raw[0], 2).unwrap().rejections(), rejections[..1]);
    assert_eq!(folder.replay(&columns, &all.raw[1], 3).unwrap().rejections(), rejections[1..]);
    let mended =
        Folder::new(&source.replace("birth_date: born", "birth_date: { column: born, format: '%d/%m/%Y' }"));
    assert_eq!(mended.replay(&columns, &all.raw[0], 2).unwrap().rows, ["2|Ada|1906-12-09"]);
    assert_eq!(mended.replay(&columns, b"oops", 4).unwrap().rejections(), ["4: not-json position=1"]);
}

#[test]
fn batches_end_at_their_number_of_rows() {
    let count = BATCH_ROWS + 10;
    let ids: Int64Array = (0..count as i64).collect();
    let text: StringArray = (0..count).map(|_| Some("Ada")).collect();
    let folder = Folder::new(NAMES).file(
        "a.parquet",
        file(vec![("id", Arc::new(ids)), ("first", Arc::new(text.clone())), ("town", Arc::new(text))]),
    );
    let all = folder.read().unwrap();
    assert_eq!((all.rows.len(), all.lines.last()), (count, Some(&(count as u64))));
}

#[test]
fn a_file_that_is_cut_off_says_so_wherever_the_cut_is() {
    let whole = names();
    for length in [4, 10, 100, whole.len() / 2, whole.len() - 4, whole.len() - 1] {
        Folder::new(NAMES)
            .file("a.parquet", &whole[..length])
            .check_error("source-truncated-parquet file=a.parquet");
    }
}

#[test]
fn a_file_that_is_no_parquet_says_so() {
    let invalid = "source-invalid-parquet file=a.parquet";
    Folder::new(NAMES).file("a.parquet", "id,first,town\n1,Ada,Lyon\n").check_error(invalid);
    Folder::new(NAMES).file("a.parquet", "PAR1 and nothing like it PAR1").check_error(invalid);
    Folder::new(NAMES).file("a.parquet", "").check_error("source-empty file=a.parquet");
}

#[test]
fn a_mapped_column_must_hold_single_values() {
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]);
    let text = StringArray::from(vec!["Ada"]);
    let bytes =
        file(vec![("id", Arc::new(text.clone())), ("first", Arc::new(lists)), ("town", Arc::new(text))]);
    let error = Folder::new(NAMES).file("a.parquet", bytes).read().unwrap_err();
    assert!(matches!(error, crate::IngestError::NestedColumn { column, .. } if column == "first"));
}

#[test]
fn a_file_replaced_while_it_is_read_is_an_error() {
    let folder = Folder::new(NAMES).file("a.parquet", names());
    let mut stream = folder.open().unwrap();
    std::fs::write(folder.path("a.parquet"), [names(), names()].concat()).unwrap();
    let error = block_on(stream.next_batch()).unwrap().err().unwrap();
    assert!(matches!(error, crate::IngestError::Changed { .. }), "{error}");
    assert!(block_on(stream.next_batch()).is_none());
}
