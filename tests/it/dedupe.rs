//! `vermeil dedupe`: one file, no pipeline.

mod bad_files;
mod forms;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::Ended;

/// A folder to work in, and one for temporary files; both go with it.
pub struct Desk {
    folder: tempfile::TempDir,
}

/// Rows that belong together, by their keys.
type Partition = BTreeSet<BTreeSet<String>>;

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(desk.temporary()).expect("a folder");
        desk
    }

    /// A folder that holds one file.
    pub fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let desk = Self::new();
        desk.write(name, content);
        desk
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn temporary(&self) -> PathBuf {
        self.file("temporary")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.file(name), content).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).expect("a text file")
    }

    /// `vermeil dedupe` in this folder, run to its end.
    fn dedupe(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vermeil"));
        command
            .arg("dedupe")
            .args(arguments)
            .env("LC_ALL", "C")
            .current_dir(self.folder.path())
            .env("TMPDIR", self.temporary());
        command.output().expect("the binary starts").into()
    }

    /// One that must succeed, and the object it prints.
    #[track_caller]
    pub fn report(&self, arguments: &[&str]) -> Value {
        let ended = self.dedupe(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ended.code, 0, "{arguments:?} failed:\n{}", ended.stderr);
        serde_json::from_str(&ended.stdout).expect("one JSON object and nothing else")
    }

    /// One that must fail with this exit code, and say each of these.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], code: i32, said: &[&str]) {
        let ended = self.dedupe(arguments);
        assert_eq!(ended.code, code, "{arguments:?}:\n{}{}", ended.stdout, ended.stderr);
        for said in said {
            assert!(ended.stderr.contains(said), "no {said:?} in\n{}", ended.stderr);
        }
        assert!(!self.file("clusters.csv").exists(), "clusters were written");
    }

    /// The rows of a file of clusters: key and cluster, in its order.
    fn rows(&self, name: &str) -> Vec<(String, u32)> {
        let text = self.read(name);
        let rows = text.lines().skip(1).map(|line| line.rsplit_once(',').expect("two columns"));
        rows.map(|(key, cluster)| (key.to_owned(), cluster.parse().expect("a number"))).collect()
    }

    fn partition(&self, name: &str) -> Partition {
        let mut clusters: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        for (key, cluster) in self.rows(name) {
            assert!(clusters.entry(cluster).or_default().insert(key), "a key stands twice");
        }
        clusters.into_values().collect()
    }

    /// Every file below the folder.
    fn files(&self) -> BTreeSet<String> {
        fn gather(folder: &Path, files: &mut BTreeSet<String>) {
            for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
                match entry.path() {
                    path if path.is_dir() => gather(&path, files),
                    path => {
                        files.insert(path.file_name().expect("a name").to_string_lossy().into_owned());
                    }
                }
            }
        }
        let mut files = BTreeSet::new();
        gather(self.folder.path(), &mut files);
        files
    }
}

const GIVEN: [&str; 20] = [
    "Anne", "Bruno", "Claire", "Denis", "Emma", "Fabien", "Gisele", "Hugo", "Irene", "Jules", "Karine",
    "Leon", "Margot", "Nicolas", "Odile", "Pascal", "Rosalie", "Simon", "Therese", "Victor",
];
const FAMILY: [&str; 17] = [
    "Abadie",
    "Bertin",
    "Carpentier",
    "Delorme",
    "Estienne",
    "Fontaine",
    "Guibert",
    "Hamelin",
    "Imbert",
    "Joubert",
    "Lacroix",
    "Marchand",
    "Normand",
    "Ollivier",
    "Perrault",
    "Quentin",
    "Rousselot",
];
const CITIES: [&str; 7] = ["Amiens", "Brest", "Caen", "Dijon", "Evreux", "Foix", "Grenoble"];

/// Invented people, each in two rows, the second with a slip; keys `<person>a` and `<person>b`.
/// Cells never hold a delimiter.
pub fn people(count: usize) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for person in 0..count {
        let (given, family) = (GIVEN[person % GIVEN.len()], FAMILY[person % FAMILY.len()]);
        let born = format!("{}-{:02}-{:02}", 1930 + person * 7 % 70, 1 + person % 12, 1 + person * 3 % 28);
        let email = format!("{}.{}{person}@example.org", given.to_lowercase(), family.to_lowercase());
        let city = CITIES[person % CITIES.len()];
        let row = |key: char, family: &str| {
            let cells = [&format!("{person}{key}"), given, family, &born, city, &email];
            cells.iter().map(|cell| (*cell).to_string()).collect::<Vec<String>>()
        };
        rows.push(row('a', family));
        rows.push(row('b', &family.replacen('r', "rr", 1)));
    }
    rows
}

const HEADER: [&str; 6] = ["customer", "given_name", "family_name", "birth_date", "city", "email"];

pub fn delimited(rows: &[Vec<String>], delimiter: &str) -> String {
    let mut text = HEADER.join(delimiter) + "\n";
    for row in rows {
        text.push_str(&row.join(delimiter));
        text.push('\n');
    }
    text
}

/// What [`people`] are in truth.
fn truth(count: usize) -> Partition {
    (0..count).map(|person| BTreeSet::from([format!("{person}a"), format!("{person}b")])).collect()
}

#[test]
fn rows_of_one_person_come_together() {
    let desk = Desk::with("people.csv", delimited(&people(120), ","));
    let report = desk.report(&["people.csv", "--id", "customer", "--out", "found.csv"]);
    assert_eq!(desk.partition("found.csv"), truth(120));
    assert_eq!((&report["records"], &report["clusters"]), (&Value::from(240), &Value::from(120)));
    assert_eq!(report["largest_cluster"], 2);
    assert_eq!(report["warnings"], Value::Array(Vec::new()));
    for key in ["candidate_pairs", "pairs_per_record", "links", "seconds", "stages", "oversized_blocks"] {
        assert!(!report[key].is_null(), "no `{key}` in {report}");
    }
}

#[test]
fn clusters_are_numbered_in_the_order_of_the_file() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    desk.report(&["people.csv", "--id", "customer"]);
    assert!(desk.read("clusters.csv").starts_with("customer,cluster\n0a,1\n0b,1\n1a,2\n1b,2\n2a,3\n"));
    // Without a column that names them, rows go by their number.
    desk.report(&["people.csv"]);
    assert!(desk.read("clusters.csv").starts_with("row,cluster\n1,1\n2,1\n3,2\n"));
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let mut rows = people(150);
    // Slips that leave it to the weights who is who.
    for (place, row) in rows.iter_mut().enumerate().filter(|(place, _)| place % 3 == 0) {
        row[5].clear();
        row[3] = row[3].replacen('1', "7", 1 + place % 2);
    }
    let partition = |rows: &[Vec<String>]| {
        let desk = Desk::with("people.csv", delimited(rows, ","));
        desk.report(&["people.csv", "--id", "customer"]);
        desk.partition("clusters.csv")
    };
    let expected = partition(&rows);
    rows.reverse();
    assert_eq!(partition(&rows), expected);
    rows.sort_by_key(|row| row[5].bytes().rev().collect::<Vec<u8>>());
    assert_eq!(partition(&rows), expected);
}

#[test]
fn a_person_reads_what_was_understood_and_found() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    let ended = desk.dedupe(&["people.csv", "--id", "customer"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for said in ["given_name", "given name", "birth_date", "its name", "told so", "pairs compared per record"]
    {
        assert!(ended.stdout.contains(said), "no {said:?} in\n{}", ended.stdout);
    }
    assert!(!GIVEN.iter().any(|name| ended.stdout.contains(name)), "{}", ended.stdout);
    let french = desk.dedupe(&["people.csv", "--id", "customer", "--lang", "fr"]);
    assert!(french.stdout.contains("nom de famille"), "{}", french.stdout);
}

#[test]
fn nothing_is_left_but_keys_and_clusters() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    desk.report(&["people.csv", "--id", "customer", "--save-model", "model.json"]);
    let expected = ["clusters.csv", "model.json", "people.csv"];
    assert_eq!(desk.files(), expected.map(str::to_owned).into());
    for written in ["clusters.csv", "model.json"] {
        let text = desk.read(written).to_lowercase();
        let mut values = GIVEN.iter().chain(&FAMILY).chain(&CITIES).map(|value| value.to_lowercase());
        assert!(!values.any(|value| text.contains(&value)), "{written}:\n{text}");
        assert!(!text.contains("@example"), "{written}:\n{text}");
    }
}

#[test]
fn the_result_can_be_evaluated() {
    let desk = Desk::with("people.csv", delimited(&people(60), ","));
    desk.report(&["people.csv", "--id", "customer"]);
    let keys = people(60).into_iter().map(|row| row[0].clone());
    let truth: String = keys.map(|key| format!("{key},{}\n", &key[..key.len() - 1])).collect();
    desk.write("truth.csv", format!("customer,entity_id\n{truth}"));
    let output = Command::new(env!("CARGO_BIN_EXE_vermeil"))
        .args(["evaluate", "--format", "json", "--clusters", "clusters.csv", "--truth", "truth.csv"])
        .args(["--id", "customer"])
        .current_dir(desk.folder.path())
        .output()
        .expect("the binary starts");
    let ended = Ended::from(output);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let accuracy: Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    assert_eq!((&accuracy["pairwise_f1"], &accuracy["b3_f1"]), (&Value::from(1.0), &Value::from(1.0)));
}
