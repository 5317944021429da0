use std::collections::{HashMap, HashSet};
use std::path::Path;

use tempfile::TempDir;

use super::*;
use measure::{accounts, shares};

mod measure;

const FILES: [&str; 5] = ["erp.csv", "web.ndjson", "crm.csv", "orders.ndjson", "truth.csv"];

fn made(settings: &Settings) -> (TempDir, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let summary = generate(settings, folder.path()).unwrap();
    (folder, summary)
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (first, _) = made(&Settings::new(300, 7));
    let (second, _) = made(&Settings::new(300, 7));
    let (third, _) = made(&Settings::new(300, 8));
    for name in FILES {
        assert!(bytes(first.path(), name) == bytes(second.path(), name), "{name}");
        assert!(bytes(first.path(), name) != bytes(third.path(), name), "{name}");
    }
}

#[test]
fn the_summary_counts_what_the_files_hold() {
    let mut settings = Settings::new(2_000, 1);
    settings.rates.bad_rows = 0.02;
    settings.rates.duplicate_rows = 0.02;
    let (folder, summary) = made(&settings);
    assert_eq!((summary.people, summary.organisations), (2_000, 100));
    for (name, header, counted) in [
        ("erp.csv", 1, summary.erp),
        ("web.ndjson", 0, summary.web),
        ("crm.csv", 1, summary.crm),
        ("orders.ndjson", 0, summary.orders),
    ] {
        let bytes = bytes(folder.path(), name);
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').skip(header).collect();
        let distinct: HashSet<&[u8]> = lines.iter().copied().collect();
        assert_eq!(counted.rows, lines.len() as u64, "{name}");
        assert_eq!(counted.duplicates, (lines.len() - distinct.len()) as u64, "{name}");
        assert!(counted.bad > 0 && counted.duplicates > 0, "{name}: {counted:?}");
    }
    let silos = [summary.erp, summary.web, summary.crm];
    let good: u64 = silos.iter().map(|silo| silo.rows - silo.duplicates - silo.bad).sum();
    assert_eq!(summary.accounts, good);
    assert_eq!(truth(folder.path()).unwrap().len() as u64, good);
}

#[test]
fn every_row_of_the_truth_is_an_account_and_every_person_has_one() {
    let (folder, summary) = made(&Settings::new(1_000, 2));
    let (truth, accounts) = (truth(folder.path()).unwrap(), accounts(folder.path()));
    for row in truth.keys() {
        assert!(accounts.contains_key(row), "{row:?}");
    }
    let people: HashSet<&str> = truth.values().map(String::as_str).collect();
    assert_eq!(people.len() as u64, summary.people + summary.organisations);
    let rows_a_person = truth.values().filter(|id| id.starts_with('P')).count() as f64 / 1_000.0;
    assert!((2.2..2.6).contains(&rows_a_person), "{rows_a_person}");
}

#[test]
fn a_malformed_truth_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("truth.csv"), "source,key,person_id\nerp,1,P1\nerp,2\n").unwrap();
    assert!(matches!(truth(folder.path()), Err(SynthError::Truth { line: 3, .. })));
    std::fs::remove_file(folder.path().join("truth.csv")).unwrap();
    assert!(matches!(truth(folder.path()), Err(SynthError::Read { .. })));
}

#[test]
fn the_erp_writes_windows_1252_and_the_others_utf_8() {
    let (folder, _) = made(&Settings::new(1_000, 3));
    let erp = bytes(folder.path(), "erp.csv");
    assert!(std::str::from_utf8(&erp).is_err());
    let (text, _, malformed) = encoding_rs::WINDOWS_1252.decode(&erp);
    assert!(!malformed && text.contains('É') && text.starts_with("KUNNR;"));
    for name in &FILES[1..] {
        assert!(std::str::from_utf8(&bytes(folder.path(), name)).is_ok(), "{name}");
    }
}

#[test]
fn every_event_belongs_to_an_account_of_the_erp() {
    let (folder, summary) = made(&Settings::new(1_000, 4));
    let truth = truth(folder.path()).unwrap();
    let text = String::from_utf8(bytes(folder.path(), "orders.ndjson")).unwrap();
    let mut kinds: HashMap<String, u32> = HashMap::new();
    for event in text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        let account = event["accountId"].as_str().unwrap().to_owned();
        assert!(truth.contains_key(&("erp".to_owned(), account)));
        *kinds.entry(event["kind"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    assert!(summary.orders.rows > 800, "{summary:?}");
}

#[test]
fn every_column_that_the_demo_pipeline_maps_is_there() {
    let (folder, _) = made(&Settings::new(500, 1));
    let text = include_str!("../../../pipelines/demo/pipeline.yaml");
    let pipeline = vermeil_model::Pipeline::parse("pipeline.yaml", text).unwrap();
    for source in &pipeline.sources {
        let file = String::from_utf8_lossy(&bytes(folder.path(), source.path.trim_start_matches("data/")))
            .into_owned();
        let delimiter = source.delimiter.unwrap_or(',');
        let header: HashSet<&str> = file.lines().next().unwrap().split(delimiter).collect();
        let objects: Vec<serde_json::Value> =
            file.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let mapped = source.columns.values().chain(&source.updated_at).map(|mapping| mapping.column());
        for column in mapped.chain(source.key.iter().map(String::as_str)) {
            let pointer = format!("/{}", column.replace('.', "/"));
            let there = header.contains(column) || objects.iter().any(|row| row.pointer(&pointer).is_some());
            assert!(there, "{}: {column}", source.id);
        }
    }
}

#[test]
fn strangers_share_names_and_households_share_phones_and_addresses() {
    let (folder, _) = made(&Settings::new(3_000, 5));
    let (truth, accounts) = (truth(folder.path()).unwrap(), accounts(folder.path()));
    let shared = |positions: &[usize]| {
        let mut people: HashMap<Vec<&str>, HashSet<&str>> = HashMap::new();
        for (row, person) in truth.iter().filter(|(_, person)| person.starts_with('P')) {
            let value: Vec<&str> = positions.iter().map(|place| accounts[row][*place].as_str()).collect();
            if value.iter().all(|part| !part.is_empty()) {
                people.entry(value).or_default().insert(person);
            }
        }
        people.values().filter(|people| people.len() > 1).count()
    };
    for (what, positions, at_least) in [
        ("whole names", &[0, 1][..], 60),
        ("family name and postal code", &[1, 3], 200),
        ("phones, of those who have one the mobile", &[7], 25),
        ("e-mail addresses", &[6], 20),
    ] {
        assert!(shared(positions) >= at_least, "{what}: {}", shared(positions));
    }
}

/// Checks the shares of the table in the crate's docs: of pairs that differ among those with both values,
/// and of pairs that miss one, each within 0.02.
#[track_caller]
fn check_rates(settings: &Settings, table: [(&str, f64, f64); 8]) -> HashMap<&'static str, f64> {
    let (folder, _) = made(settings);
    let measured = shares(folder.path());
    for (field, differ, missing) in table {
        let shares = measured[field];
        let differing = shares.differ_of_both();
        assert!((differing - differ).abs() <= 0.02, "{field} differs: {differing:.3}, not {differ}");
        let missed = shares.missing;
        assert!((missed - missing).abs() <= 0.02, "{field} missing: {missed:.3}, not {missing}");
    }
    measured.into_iter().map(|(field, shares)| (field, shares.differ_of_both())).collect()
}

/// Shares of pairs in historical_50k that differ among those with both values, as in the crate's docs.
const HISTORICAL: [(&str, f64); 3] = [("given_name", 0.569), ("family_name", 0.286), ("birth_date", 0.491)];

#[test]
fn by_default_accounts_differ_as_the_docs_say_and_family_names_as_in_historical_50k() {
    let differing = check_rates(
        &Settings::new(6_000, 1),
        [
            ("given_name", 0.393, 0.0),
            ("family_name", 0.292, 0.0),
            ("birth_date", 0.204, 0.609),
            ("postal_code", 0.188, 0.295),
            ("gender", 0.042, 0.733),
            ("occupation", 0.0, 0.988),
            ("email", 0.170, 0.367),
            ("phone", 0.123, 0.446),
        ],
    );
    assert!(differing["family_name"] >= HISTORICAL[1].1);
}

#[test]
fn scaled_rates_make_names_and_dates_at_least_as_hard_as_historical_50k() {
    let mut settings = Settings::new(6_000, 1);
    settings.rates = settings.rates.scaled(3.5);
    let differing = check_rates(
        &settings,
        [
            ("given_name", 0.820, 0.0),
            ("family_name", 0.691, 0.0),
            ("birth_date", 0.544, 0.609),
            ("postal_code", 0.308, 0.263),
            ("gender", 0.040, 0.718),
            ("occupation", 0.0, 0.990),
            ("email", 0.244, 0.377),
            ("phone", 0.275, 0.448),
        ],
    );
    for (field, historical) in HISTORICAL {
        assert!(differing[field] >= historical, "{field}: {}", differing[field]);
    }
}
