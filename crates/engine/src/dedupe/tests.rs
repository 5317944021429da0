use std::collections::BTreeSet;
use std::fmt::Write;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use proptest::prelude::*;
use tokio::sync::mpsc;
use vermeil_model::RecordId;
use vermeil_model::pipeline::Matching;
use vermeil_resolve::MatchPlan;
use vermeil_resolve::infer::{ColumnSample, infer};

use super::intake::{Filled, Intake, NumberedRows};
use super::*;
use crate::progress::Silent;

/// Sets of keys that belong together.
fn partition(rows: &[String]) -> BTreeSet<BTreeSet<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = "key,given_name,family_name,birth_date,city\n".to_owned();
    rows.iter().for_each(|row| writeln!(text, "{row}").expect("memory"));
    std::fs::write(folder.path().join("rows.csv"), text).expect("a file");
    let request = DedupeRequest {
        file: "rows.csv".to_owned(),
        base: folder.path().to_owned(),
        storage_options: BTreeMap::new(),
        schema: Schema::built_in("customer.v1").expect("it ships"),
        id: Some("key".to_owned()),
        fields: Vec::new(),
        blocking: Vec::new(),
        exclusive: Vec::new(),
        model: None,
        threshold: None,
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let found = runtime.block_on(dedupe(&request, &Silent)).expect("deduped");
    let mut clusters: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for (key, cluster) in found.rows.iter() {
        clusters.entry(cluster).or_default().insert(key);
    }
    clusters.into_values().collect()
}

/// Rows of few values, so that much is alike and little certain.
fn rows() -> impl Strategy<Value = Vec<String>> {
    let cells = (0..6_usize, 0..6_usize, 0..5_u32, 0..3_usize);
    prop::collection::vec(cells, 2..60).prop_map(|rows| {
        let row = |(key, (given, family, day, city)): (usize, (usize, usize, u32, usize))| {
            let given = ["Anne", "Anna", "Bruno", "", "Claire", "Clara"][given];
            let family = ["Martin", "Martins", "Bertin", "Roux", "", "Petit"][family];
            let city = ["Caen", "Foix", ""][city];
            format!("{key},{given},{family},1950-03-1{day},{city}")
        };
        rows.into_iter().enumerate().map(row).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn clusters_do_not_depend_on_the_order_of_rows(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        prop_assert_eq!(partition(&rows), partition(&shuffled));
    }
}

/// Ids, what each record says, and the hash of each row, of rows that come so many at once.
fn taken(rows: usize, at_once: usize) -> (Vec<RecordId>, Vec<u64>, Vec<u64>) {
    let columns = ["key", "given_name", "family_name", "email"];
    let cell = |column: usize, row: usize| match column {
        0 => row.to_string(),
        1 => ["Anne", "Bruno", "CLAIRE", ""][row % 4].to_owned(),
        2 => format!("{}in", ["Bert", "Mart", "Quent"][row % 3]),
        _ => format!("{}@example.org", row / 2),
    };
    let cells = |column| (0..rows).map(move |row| cell(column, row)).collect::<Vec<_>>();
    let values: Vec<Vec<String>> = (0..columns.len()).map(cells).collect();
    let samples = columns.iter().zip(&values);
    let samples: Vec<ColumnSample> = samples
        .map(|(name, values)| ColumnSample { name, values: values.iter().map(String::as_str).collect() })
        .collect();
    let schema = Schema::built_in("customer.v1").expect("it ships");
    let mapping = infer(&samples, &schema, &[], Some("key"));
    let plan = MatchPlan::new(&mapping.schema, &Matching::default()).expect("a plan");
    let (sender, waiting) = mpsc::channel(rows.div_ceil(at_once));
    for first in (0..rows).step_by(at_once) {
        let some = first..rows.min(first + at_once);
        let arrays = values
            .iter()
            .map(|values| Arc::new(StringArray::from_iter_values(&values[some.clone()])) as ArrayRef);
        let rows = RecordBatch::try_from_iter(columns.into_iter().zip(arrays)).expect("rows");
        sender.try_send(NumberedRows { first: first as u32, rows }).expect("room for all");
    }
    drop(sender);
    let Filled { store, contents, .. } = Intake::new(plan, mapping, Some(0)).fill(waiting).expect("a store");
    let ids = (0..store.len() as u32).map(|record| store.record_id(RecordIndex(record))).collect();
    (ids, store.digests().collect(), contents)
}

#[test]
fn records_do_not_depend_on_how_many_rows_come_at_once() {
    let all_at_once = taken(1_000, 1_000);
    assert_eq!(all_at_once.0.len(), 1_000);
    for at_once in [1, 7, 300] {
        assert!(taken(1_000, at_once) == all_at_once, "{at_once} rows at once");
    }
}
