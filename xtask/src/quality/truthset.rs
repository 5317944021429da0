//! Senzing's truth set as one file: three sources with columns of their own, persons and organisations.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{csv, text_of};

/// Its folder.
pub const NAME: &str = "senzing_truthset";

const SOURCES: [&str; 3] = ["customers.csv", "reference.csv", "watchlist.csv"];

/// Writes one file of all columns, and the truth about it; a record's id is its source and its number there.
///
/// # Errors
/// A file cannot be read or written.
pub fn convert(data: &Path, folder: &Path) -> Result<(PathBuf, PathBuf), String> {
    let sources = SOURCES.map(|name| text_of(&data.join(name)).map(|text| csv::rows(&text)));
    let mut columns: Vec<String> = Vec::new();
    let mut records: Vec<BTreeMap<String, String>> = Vec::new();
    for source in sources {
        let source = source?;
        let Some((header, rows)) = source.split_first() else { continue };
        for column in header {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        records.extend(rows.iter().map(|row| header.iter().cloned().zip(row.iter().cloned()).collect()));
    }
    let cell =
        |record: &BTreeMap<String, String>, column: &str| record.get(column).cloned().unwrap_or_default();
    let others: Vec<&str> =
        columns.iter().map(String::as_str).filter(|column| *column != "RECORD_ID").collect();
    let mut input = csv::line(&[&["record_id"], others.as_slice()].concat());
    for record in &records {
        let id = id_of(&cell(record, "DATA_SOURCE"), &cell(record, "RECORD_ID"));
        let cells: Vec<String> = others.iter().map(|column| cell(record, column)).collect();
        let cells: Vec<&str> = std::iter::once(id.as_str()).chain(cells.iter().map(String::as_str)).collect();
        input.push_str(&csv::line(&cells));
    }
    let truth = truth_of(&text_of(&data.join("actual_truthset_key.csv"))?);
    let write = |name: &str, text: String| {
        let file = folder.join(name);
        fs::write(&file, text).map_err(|cause| format!("{}: {cause}", file.display()))?;
        Ok::<_, String>(file)
    };
    Ok((write("input.csv", input)?, write("truth.csv", truth)?))
}

/// How the clusters found differ from the truth's entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differences {
    /// Entities that are clusters exactly.
    pub as_they_are: usize,
    /// All there are.
    pub entities: usize,
    /// Groups of records that come out wrong: entities and clusters that share records with one another,
    /// each cluster's entities beside each other, ` / ` between clusters.
    pub groups: Vec<String>,
}

/// Compares clusters with the truth.
///
/// # Errors
/// A file cannot be read.
pub fn differences(clusters: &Path, truth: &Path) -> Result<Differences, String> {
    let found = groups(&text_of(clusters)?);
    let actual = groups(&text_of(truth)?);
    let as_they_are = actual.intersection(&found).count();
    // Wrong clusters and wrong entities that share a record are told together.
    let mut wrong: Vec<BTreeSet<&String>> = Vec::new();
    for records in actual.symmetric_difference(&found) {
        let mut group: BTreeSet<&String> = records.iter().collect();
        wrong.retain(|other| {
            let is_apart = other.is_disjoint(&group);
            if !is_apart {
                group.extend(other);
            }
            is_apart
        });
        wrong.push(group);
    }
    wrong.sort();
    let written = |sets: &BTreeSet<BTreeSet<String>>, group: &BTreeSet<&String>| {
        let own = sets.iter().filter(|set| set.iter().any(|record| group.contains(record)));
        let own = own.map(|set| set.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
        own.collect::<Vec<_>>().join(" / ")
    };
    let groups = wrong
        .iter()
        .map(|group| format!("{}\n  found as {}", written(&actual, group), written(&found, group)))
        .collect();
    Ok(Differences { as_they_are, entities: actual.len(), groups })
}

fn id_of(source: &str, number: &str) -> String {
    format!("{source}:{number}")
}

fn truth_of(key: &str) -> String {
    let rows = csv::rows(key);
    let mut truth = csv::line(&["record_id", "entity_id"]);
    let Some((header, rows)) = rows.split_first() else { return truth };
    for row in rows {
        let cell = |name: &str| {
            let place = header.iter().position(|column| column == name);
            place.and_then(|place| row.get(place)).map(String::as_str).unwrap_or_default()
        };
        truth.push_str(&csv::line(&[&id_of(cell("DATA_SOURCE"), cell("RECORD_ID")), cell("CLUSTER_ID")]));
    }
    truth
}

/// The sets of records of a file of two columns, record and group.
pub(super) fn groups(text: &str) -> BTreeSet<BTreeSet<String>> {
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in csv::rows(text).into_iter().skip(1) {
        if let [record, group] = row.as_slice() {
            groups.entry(group.clone()).or_default().insert(record.clone());
        }
    }
    groups.into_values().collect()
}
