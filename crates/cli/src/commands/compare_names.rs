//! `vermeil compare-names`: which pairs of names in a CSV file are one name.

use std::path::Path;

use serde::Serialize;
use vermeil_resolve::names::{ALIKE, NameIndex, NameKind, Names};

use super::evaluate::unreadable;
use crate::args::{CompareNamesArguments, NamedParty};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::replacement::{Replacement, is_same_file};
use crate::session::Session;

/// The columns of the two names.
const NAME_COLUMNS: [&str; 2] = ["name1", "name2"];
/// Names that the column of what the names are of goes by.
const KIND_COLUMNS: [&str; 2] = ["kind", "schema"];
/// What is written of a pair, by the number of its row.
const WRITTEN_COLUMNS: [&str; 3] = ["row", "likeness", "is_match"];

/// What was compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedNames {
    /// The file that was read.
    pub file: String,
    /// The file that was written.
    pub out: String,
    /// How many pairs there are.
    pub pairs: u64,
    /// How many of them are one name.
    pub alike: u64,
}

/// Compares the pairs and writes what was found.
pub fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &CompareNamesArguments,
) -> Result<Outcome, Failure> {
    let CompareNamesArguments { file, out, kind } = arguments;
    if is_same_file(file, out) {
        return Err(CliError::WouldOverwrite(out.clone()).into());
    }
    let likenesses = compare(file, *kind)?;
    Replacement::begin(out)?.commit(|written| {
        let mut writer = csv::Writer::from_writer(written);
        writer.write_record(WRITTEN_COLUMNS)?;
        for (row, likeness) in (1..).zip(&likenesses) {
            let is_match = *likeness >= ALIKE;
            writer.write_record([u64::to_string(&row), format!("{likeness:.3}"), is_match.to_string()])?;
        }
        writer.flush()
    })?;
    let done = ComparedNames {
        file: file.display().to_string(),
        out: out.display().to_string(),
        pairs: likenesses.len() as u64,
        alike: likenesses.iter().filter(|likeness| **likeness >= ALIKE).count() as u64,
    };
    output.report(&done, |done| render::compare_names::render(&session.catalog, done))?;
    Ok(Outcome::Done)
}

/// The likeness of each pair, in the order of the file. How common a word is, is told from the whole file.
fn compare(file: &Path, kind: NamedParty) -> Result<Vec<f32>, CliError> {
    let mut reader = csv::Reader::from_path(file).map_err(|error| unreadable(file, error))?;
    let header = reader.headers().map_err(|error| unreadable(file, error))?.clone();
    let column = |name: &str| header.iter().position(|found| found == name);
    let [left, right] = NAME_COLUMNS.map(|name| {
        column(name).ok_or_else(|| CliError::ColumnMissing { file: file.to_owned(), wanted: name.to_owned() })
    });
    let (left, right) = (left?, right?);
    let kind_column = KIND_COLUMNS.into_iter().find_map(column);
    let (mut persons, mut organisations) = (Names::new(NameKind::Person), Names::new(NameKind::Organisation));
    let mut pairs: Vec<(NameKind, NameIndex, NameIndex)> = Vec::new();
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(|error| unreadable(file, error))? {
        let kind = kind_of(kind_column.map_or("", |column| &row[column]), kind);
        let names = if kind == NameKind::Person { &mut persons } else { &mut organisations };
        pairs.push((kind, names.add(&row[left]), names.add(&row[right])));
    }
    let of_pair = |(kind, left, right): &(NameKind, NameIndex, NameIndex)| {
        let names = if *kind == NameKind::Person { &persons } else { &organisations };
        names.likeness(*left, *right)
    };
    Ok(pairs.iter().map(of_pair).collect())
}

/// What a row says its names are of, or else what was told.
fn kind_of(said: &str, told: NamedParty) -> NameKind {
    match (said.trim().to_lowercase().as_str(), told) {
        ("person" | "personne", _) | ("", NamedParty::Person) => NameKind::Person,
        _ => NameKind::Organisation,
    }
}

#[cfg(test)]
mod tests;
