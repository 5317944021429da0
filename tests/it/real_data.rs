//! The main job on data with known truth: nothing is lost, a second run finds
//! nothing to do, and what belongs together comes together.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use crate::common::{Workspace, assert_nothing_lost, test_data};

const FAKE_1000: &str = "
name: fake
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: people
    path: data/input.csv
    format: delimited
    key: [record_id]
    columns:
      given_name: first_name
      family_name: surname
      birth_date: dob
      city: city
      email: email
    constants: { party_kind: person }
";

const FEBRL4: &str = "
name: febrl
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: people
    path: data/input.csv
    format: delimited
    key: [record_id]
    columns:
      given_name: given_name
      family_name: surname
      street: address_1
      address_extra: address_2
      city: suburb
      postal_code: postcode
      birth_date: { column: date_of_birth, format: '%Y%m%d' }
      national_id: soc_sec_id
    constants: { party_kind: person }
";

const FR_CLIENTS_SIM: &str = "
name: clients
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: erp
    path: data/erp.csv
    format: delimited
    key: [record_id]
    columns:
      family_name: nom
      given_name: prenoms
      birth_date: { column: date_naissance, format: '%d/%m/%Y' }
      birth_place: lieu_naissance
      birth_country: pays_naissance
    constants: &person { party_kind: person }
  - id: crm
    path: data/crm.csv
    format: delimited
    key: [record_id]
    columns:
      family_name: nom
      given_name: prenoms
      birth_date: { column: date_naissance, format: '%d/%m/%Y' }
      birth_place: lieu_naissance
      birth_country: pays_naissance
    constants: *person
  - id: web
    path: data/web.ndjson
    format: ndjson
    key: [record_id]
    columns:
      family_name: nom
      given_name: prenoms
      birth_date: date_naissance
      birth_place: lieu_naissance
      birth_country: pays_naissance
    constants: *person
";

/// 2,987 rows have a birth date that is no day, such as 1662-01-81: more than the default limit.
const HISTORICAL_50K: &str = "
name: figures
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: figures
    path: data/input.csv
    format: delimited
    key: [record_id]
    columns:
      full_name: full_name
      given_name: first_name
      family_name: surname
      birth_date: dob
      birth_place: birth_place
      postal_code: postcode_fake
      gender: gender
      occupation: occupation
    constants: { party_kind: person }
quarantine: { limit: 0.1 }
";

/// Days of birth are left out: the customers alone write them in several ways, and a
/// source has one pattern.
const SENZING_TRUTHSET: &str = "
name: truthset
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: customers
    path: data/customers.csv
    format: delimited
    key: [RECORD_ID]
    columns: &party
      party_kind: RECORD_TYPE
      full_name: PRIMARY_NAME_FULL
      organisation_name: PRIMARY_NAME_ORG
      family_name: PRIMARY_NAME_LAST
      given_name: PRIMARY_NAME_FIRST
      email: EMAIL_ADDRESS
      phone: PHONE_NUMBER
      street: ADDR_LINE1
      city: ADDR_CITY
      postal_code: ADDR_POSTAL_CODE
  - id: reference
    path: data/reference.csv
    format: delimited
    key: [RECORD_ID]
    columns: *party
  - id: watchlist
    path: data/watchlist.csv
    format: delimited
    key: [RECORD_ID]
    columns:
      party_kind: RECORD_TYPE
      full_name: PRIMARY_NAME_FULL
      family_name: PRIMARY_NAME_LAST
      given_name: PRIMARY_NAME_FIRST
      email: EMAIL_ADDRESS
      phone: PHONE_NUMBER
      street: ADDR_LINE1
      city: ADDR_CITY
      postal_code: ADDR_POSTAL_CODE
";

#[test]
fn small_and_noisy_records_become_profiles() {
    check("fake_1000", FAKE_1000, 1_000, 0.88);
}

#[test]
fn two_files_of_clean_records_become_profiles() {
    check("febrl4", FEBRL4, 10_000, 0.99);
}

#[test]
fn french_clients_of_three_silos_become_profiles() {
    let Some(data) = test_data("fr_clients_sim") else { return };
    let workspace = Workspace::new(FR_CLIENTS_SIM);
    let mut input = csv::Reader::from_path(data.join("input.csv")).expect("a file");
    let mut silos: BTreeMap<String, Vec<BTreeMap<String, String>>> = BTreeMap::new();
    for row in input.deserialize() {
        let row: BTreeMap<String, String> = row.expect("a row");
        silos.entry(row["source"].clone()).or_default().push(row);
    }
    for silo in ["erp", "crm"] {
        let mut file = csv::Writer::from_writer(Vec::new());
        file.write_record(silos[silo][0].keys()).expect("written");
        silos[silo].iter().for_each(|row| file.write_record(row.values()).expect("written"));
        workspace.write(&format!("data/{silo}.csv"), file.into_inner().expect("written"));
    }
    let web: String = silos["web"].iter().map(|row| serde_json::json!(row).to_string() + "\n").collect();
    workspace.write("data/web.ndjson", web);
    resolved(&workspace, 15_486);
    let truth = data.join("truth.csv");
    check_accuracy("fr_clients_sim", &workspace, &truth, 0.93, |_, key| key.to_owned());
}

#[test]
fn persons_and_companies_of_three_sources_become_profiles() {
    let Some(folder) = test_data("senzing_truthset") else { return };
    let workspace = workspace(&folder, SENZING_TRUTHSET);
    resolved(&workspace, 159);
    let mut truth = csv::Reader::from_path(folder.join("actual_truthset_key.csv")).expect("a file");
    let rows = truth.deserialize::<BTreeMap<String, String>>().map(|row| row.expect("a row"));
    let truth = rows.map(|row| {
        let record = format!("{}:{}", row["DATA_SOURCE"].to_lowercase(), row["RECORD_ID"]);
        format!("{record},{}\n", row["CLUSTER_ID"])
    });
    workspace.write("truth.csv", String::from("record_id,entity_id\n") + &truth.collect::<String>());
    check_accuracy("senzing_truthset", &workspace, &workspace.file("truth.csv"), 0.3, |source, key| {
        format!("{source}:{key}")
    });
}

#[test]
fn historical_figures_with_many_errors_become_profiles() {
    check("historical_50k", HISTORICAL_50K, 50_578, 0.80);
}

#[track_caller]
fn check(folder: &str, pipeline: &str, records: u64, least_f1: f64) {
    let Some(data) = test_data(folder) else { return };
    let workspace = workspace(&data, pipeline);
    resolved(&workspace, records);
    check_accuracy(folder, &workspace, &data.join("truth.csv"), least_f1, |_, key| key.to_owned());
}

/// A pipeline that finds the test data as `data/`.
fn workspace(data: &Path, pipeline: &str) -> Workspace {
    let workspace = Workspace::new(pipeline);
    for file in std::fs::read_dir(data).expect("a folder") {
        let file = file.expect("a file").path();
        let name = file.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        workspace.write(&format!("data/{name}"), std::fs::read(&file).expect("a file"));
    }
    workspace
}

/// Runs twice: everything is accounted for, and the second time nothing changes.
#[track_caller]
fn resolved(workspace: &Workspace, records: u64) {
    let started = Instant::now();
    let first = workspace.json(&["run"]);
    println!("ran in {:.1} s: {first}", started.elapsed().as_secs_f64());
    assert_nothing_lost(&first);
    assert_eq!(first["records_in"], records);
    let profiles = workspace.clusters();
    let published: usize = profiles.iter().map(|profile| profile.len()).sum();
    assert_eq!(first["profiles"], profiles.len());
    assert_eq!(first["records_landed"], published, "a landed record is in no profile, or in two");

    let second = workspace.json(&["run"]);
    assert_nothing_lost(&second);
    assert_eq!(second["records_landed"], 0, "{second}");
    assert_eq!(second["unchanged"], first["records_landed"], "{second}");
    assert_eq!(second["up_to_date"], Value::Bool(true), "{second}");
    assert_eq!(workspace.clusters(), profiles);
}

/// Compares the profiles with the truth through `evaluate`, as a user would.
#[track_caller]
fn check_accuracy(
    name: &str,
    workspace: &Workspace,
    truth: &Path,
    least_f1: f64,
    id: impl Fn(&str, &str) -> String,
) {
    let mut clusters = String::from("record_id,cluster_id\n");
    for account in workspace.accounts() {
        clusters += &format!("{},{}\n", id(&account.source, &account.key), account.profile);
    }
    workspace.write("clusters.csv", clusters);
    let clusters = workspace.file("clusters.csv");
    let files = [clusters.to_str().expect("UTF-8"), truth.to_str().expect("UTF-8")];
    let accuracy = workspace.json(&["evaluate", "--clusters", files[0], "--truth", files[1]]);
    println!("{name}: {accuracy}");
    let f1 = accuracy["pairwise_f1"].as_f64().expect("a number");
    assert!(least_f1 <= f1, "{name}: pairwise F1 is below {least_f1}: {accuracy}");
    assert_eq!(accuracy["unknown"], 0, "{accuracy}");
}
