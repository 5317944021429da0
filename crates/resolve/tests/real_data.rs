//! The whole way over data with a known truth, with one configuration for all:
//! the shipped schema `customer.v1` and the default threshold.
//!
//! `VERMEIL_TEST_DATA` names the folder; it defaults to `../shared/data` beside the
//! repository. Where it is absent the tests say so and pass.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod common;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use vermeil_model::pipeline::Matching;
use vermeil_model::{Probability, RecordId, Schema};
use vermeil_resolve::cluster::{ClusterSettings, cluster};
use vermeil_resolve::estimate::{EstimateSettings, estimate};
use vermeil_resolve::measure::{Measures, measure};
use vermeil_resolve::plan::FieldIndex;
use vermeil_resolve::{Blocks, FeatureStoreBuilder, Frequencies, MatchPlan, RecordIndex, Scorer};

use common::data_folder;

/// A column of a file, or several joined by a blank, and the canonical field it is.
type Mapping = (&'static [&'static str], &'static str);

const FAKE_1000: &[Mapping] = &[
    (&["first_name"], "given_name"),
    (&["surname"], "family_name"),
    (&["dob"], "birth_date"),
    (&["city"], "city"),
    (&["email"], "email"),
];

const FEBRL4: &[Mapping] = &[
    (&["given_name"], "given_name"),
    (&["surname"], "family_name"),
    (&["street_number", "address_1"], "street"),
    (&["suburb"], "city"),
    (&["postcode"], "postal_code"),
    (&["date_of_birth"], "birth_date"),
    (&["soc_sec_id"], "national_id"),
];

const FR_CLIENTS_SIM: &[Mapping] = &[
    (&["prenoms"], "given_name"),
    (&["nom"], "family_name"),
    (&["date_naissance"], "birth_date"),
    (&["lieu_naissance"], "birth_place"),
];

#[cfg(not(debug_assertions))]
const HISTORICAL_50K: &[Mapping] = &[
    (&["first_name"], "given_name"),
    (&["surname"], "family_name"),
    (&["dob"], "birth_date"),
    (&["birth_place"], "birth_place"),
    (&["postcode_fake"], "postal_code"),
];

#[test]
fn small_and_noisy_records_are_resolved() {
    check("fake_1000", FAKE_1000, 0.95);
}

#[test]
fn two_clean_files_are_resolved() {
    check("febrl4", FEBRL4, 0.9996);
}

#[test]
fn french_clients_of_three_silos_are_resolved() {
    check("fr_clients_sim", FR_CLIENTS_SIM, 0.98);
}

// Slow without optimisation, so only where it is on.
#[cfg(not(debug_assertions))]
#[test]
fn historical_figures_with_many_errors_do_not_chain() {
    check("historical_50k", HISTORICAL_50K, 0.92);
}

#[track_caller]
fn check(folder: &str, mapping: &[Mapping], least_f1: f64) {
    let Some(folder) = data_folder(folder) else { return };
    let found = resolved(&folder, mapping);
    assert!(
        found.pairwise.f1 >= least_f1,
        "pairwise F1 {:.4} is below {least_f1}, and {:?} prevail",
        found.pairwise.f1,
        found.prevailing
    );
}

fn resolved(folder: &Path, mapping: &[Mapping]) -> Measures {
    let started = Instant::now();
    let schema = Schema::built_in("customer.v1").expect("it is shipped");
    let plan = MatchPlan::new(&schema, &Matching::default()).expect("it is valid");

    let mut builder = FeatureStoreBuilder::new(&plan);
    for (record, row) in rows(&folder.join("input.csv"), mapping) {
        let values: Vec<(FieldIndex, &str)> =
            row.iter().map(|(field, value)| (plan.field_index(field).unwrap(), value.as_str())).collect();
        builder.push(record, 0, &values);
    }
    let store = builder.finish().unwrap();
    let blocks = Blocks::build(&store, &plan, 1_000_000, &[]);
    let model = estimate(&store, &plan, &blocks, EstimateSettings::default());
    let scorer = Scorer::new(&store, &plan, &model, &Frequencies::counted(&store, &plan)).unwrap();

    let threshold = Probability(0.5).to_bits();
    let scoring = Instant::now();
    let mut candidates = 0_u64;
    let mut links = Vec::new();
    scorer.find_links(threshold, blocks.pairs().inspect(|_| candidates += 1), |link| {
        links.push(link);
        ControlFlow::Continue(())
    });
    let scored = scoring.elapsed();
    let clusters =
        cluster(store.len(), &links, ClusterSettings::default(), |left, right| scorer.weight(left, right));

    let found: Vec<(u128, RecordIndex)> = (0..store.len() as u32)
        .map(RecordIndex)
        .map(|record| (store.record_id(record).0, clusters.first_of(record)))
        .collect();
    let measures = measure(&found, &truth(&folder.join("truth.csv")));
    println!(
        "{}: {} records, {candidates} candidate pairs ({:.2} million pairs/s), {} links, {} clusters, largest {}, {} joins refused",
        folder.file_name().unwrap().display(),
        store.len(),
        candidates as f64 / scored.as_secs_f64() / 1e6,
        links.len(),
        clusters.count(),
        clusters.largest(),
        clusters.refused().len(),
    );
    println!(
        "  pairwise P {:.4} R {:.4} F1 {:.4} · B³ P {:.4} R {:.4} F1 {:.4} · {:?} prevail · {:.1} s",
        measures.pairwise.precision,
        measures.pairwise.recall,
        measures.pairwise.f1,
        measures.b_cubed.precision,
        measures.b_cubed.recall,
        measures.b_cubed.f1,
        measures.prevailing,
        started.elapsed().as_secs_f64(),
    );
    measures
}

fn rows(file: &Path, mapping: &[Mapping]) -> Vec<(RecordId, Vec<(&'static str, String)>)> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let headers = reader.headers().unwrap().clone();
    let place = |column: &str| headers.iter().position(|header| header == column).unwrap();
    let columns: Vec<(Vec<usize>, &str)> = mapping
        .iter()
        .map(|(columns, field)| (columns.iter().map(|column| place(column)).collect(), *field))
        .collect();
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let value =
                |places: &[usize]| places.iter().map(|&place| &row[place]).collect::<Vec<_>>().join(" ");
            let values = columns.iter().map(|(places, field)| (*field, value(places))).collect();
            (RecordId(row[0].parse().unwrap()), values)
        })
        .collect()
}

fn truth(file: &Path) -> Vec<(u128, String)> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader.records().map(|row| row.unwrap()).map(|row| (row[0].parse().unwrap(), row[1].to_owned())).collect()
}
