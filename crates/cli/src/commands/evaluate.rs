//! `vermeil evaluate`: clusters against a known truth, both as CSV files.

use std::collections::HashSet;
use std::path::Path;

use vermeil_resolve::measure::measure;

use crate::accuracy::Accuracy;
use crate::args::EvaluateArguments;
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Compares the two files.
pub fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &EvaluateArguments,
) -> Result<Outcome, Failure> {
    let accuracy = evaluate(&arguments.clusters, &arguments.truth, &arguments.id)?;
    output.report(&accuracy, |accuracy| render::evaluate::render(&session.catalog, accuracy))?;
    Ok(Outcome::Done)
}

fn evaluate(clusters_file: &Path, truth_file: &Path, id: &str) -> Result<Accuracy, CliError> {
    let accuracy = Accuracy::from(measure(&partition(clusters_file, id)?, &partition(truth_file, id)?));
    if accuracy.unclustered == accuracy.truth_records {
        let (clusters, truth) = (clusters_file.to_owned(), truth_file.to_owned());
        return Err(CliError::NothingInCommon { clusters, truth });
    }
    Ok(accuracy)
}

/// Names that the column of a record's group goes by, in either file.
const GROUP_COLUMNS: [&str; 5] = ["cluster", "cluster_id", "entity_id", "person_id", "profile_id"];

/// Reads which group each record of a CSV file is in; column `id` names the records.
fn partition(file: &Path, id: &str) -> Result<Vec<(String, String)>, CliError> {
    let unreadable = |error: csv::Error| unreadable(file, error);
    let mut reader = csv::Reader::from_path(file).map_err(unreadable)?;
    let header = reader.headers().map_err(unreadable)?.clone();
    let column = |names: &[&str]| {
        header
            .iter()
            .position(|name| names.contains(&name))
            .ok_or_else(|| CliError::ColumnMissing { file: file.to_owned(), wanted: names.join(" | ") })
    };
    let (record_column, group_column) = (column(&[id])?, column(&GROUP_COLUMNS)?);
    let (mut groups, mut seen) = (Vec::new(), HashSet::new());
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(unreadable)? {
        // The reader lets only rows through that are as long as the header.
        let (record, group) = (row[record_column].to_owned(), row[group_column].to_owned());
        if !seen.insert(record.clone()) {
            let line = row.position().map_or(0, |place| place.line());
            return Err(CliError::RecordTwice { file: file.to_owned(), line });
        }
        groups.push((record, group));
    }
    Ok(groups)
}

/// Why a CSV file could not be read, without what stands in it.
pub(super) fn unreadable(file: &Path, error: csv::Error) -> CliError {
    match error.into_kind() {
        csv::ErrorKind::Io(cause) => CliError::Unreadable { file: file.to_owned(), cause },
        csv::ErrorKind::UnequalLengths { pos, .. } | csv::ErrorKind::Utf8 { pos, .. } => {
            CliError::RowMalformed { file: file.to_owned(), line: pos.map_or(0, |place| place.line()) }
        }
        _ => CliError::RowMalformed { file: file.to_owned(), line: 0 },
    }
}

#[cfg(test)]
mod tests;
