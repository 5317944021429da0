use std::collections::BTreeSet;
use std::fmt::Write;

use proptest::prelude::*;

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
