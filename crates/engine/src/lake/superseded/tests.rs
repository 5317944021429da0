use parquet::arrow::arrow_reader::RowSelector;
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn what_counts_is_selected_and_the_rest_skipped(
        total in 1_u32..500,
        rows in proptest::collection::btree_set(0_u32..500, 0..60),
    ) {
        let superseded: RoaringBitmap = rows.into_iter().filter(|row| *row < total).collect();
        let file = FileRows { total, superseded: superseded.clone() };
        let selectors: Vec<RowSelector> = file.selection().into_inner().into();
        let counts: Vec<bool> =
            selectors.iter().flat_map(|part| std::iter::repeat_n(!part.skip, part.row_count)).collect();
        let expected: Vec<bool> = (0..total).map(|row| !superseded.contains(row)).collect();
        prop_assert_eq!(counts, expected);
    }

    #[test]
    fn what_is_kept_as_text_is_read_back(
        total in 1_u32..200_000,
        rows in proptest::collection::btree_set(0_u32..200_000, 1..90),
    ) {
        let mut superseded = Superseded::default();
        superseded.insert("part-0.parquet".to_owned(), FileRows { total, superseded: rows.into_iter().collect() });
        let text = serde_json::to_string(&superseded).expect("numbers and names");
        prop_assert_eq!(serde_json::from_str::<Superseded>(&text).expect("its own text"), superseded);
    }
}

#[test]
fn a_damaged_bitmap_is_an_error() {
    for text in ["AAAA", "not base64", ""] {
        let text = format!(r#"{{"files":{{"a":{{"total":3,"superseded":"{text}"}}}}}}"#);
        assert!(serde_json::from_str::<Superseded>(&text).is_err(), "{text}");
    }
}

#[test]
fn files_that_are_gone_are_forgotten() {
    let mut superseded = Superseded::default();
    for file in ["a", "b"] {
        superseded.insert(file.to_owned(), FileRows { total: 3, superseded: RoaringBitmap::from([1]) });
    }
    let left = superseded.only(&BTreeSet::from(["b".to_owned()]));
    assert_eq!((left.rows(), left.of_file("a").is_none(), left.of_file("b").is_some()), (1, true, true));
}
