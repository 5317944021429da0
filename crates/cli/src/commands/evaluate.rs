//! `vermeil evaluate`: clusters against a known truth, both as CSV files.

use std::collections::HashSet;
use std::path::Path;

use serde::Serialize;
use vermeil_resolve::measure::{Calibration, calibration, measure};

use super::dedupe::RISK_COLUMN;
use crate::accuracy::Accuracy;
use crate::args::EvaluateArguments;
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// How well clusters agree with the truth.
#[derive(Debug, Serialize)]
pub struct Evaluated {
    /// Precision, recall and F1.
    #[serde(flatten)]
    pub accuracy: Accuracy,
    /// Whether their risks come true; `None`: they have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// Which group each record of a file is in, and the risk of that group where the file tells it.
struct Partition {
    groups: Vec<(String, String)>,
    risks: Option<Vec<f64>>,
}

/// Compares the two files.
pub fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &EvaluateArguments,
) -> Result<Outcome, Failure> {
    let evaluated = evaluate(&arguments.clusters, &arguments.truth, &arguments.id)?;
    output.report(&evaluated, |evaluated| render::evaluate::render(&session.catalog, evaluated))?;
    Ok(Outcome::Done)
}

fn evaluate(clusters_file: &Path, truth_file: &Path, id: &str) -> Result<Evaluated, CliError> {
    let (clusters, truth) = (partition(clusters_file, id)?, partition(truth_file, id)?);
    let accuracy = Accuracy::from(measure(&clusters.groups, &truth.groups));
    if accuracy.unclustered == accuracy.truth_records {
        let (clusters, truth) = (clusters_file.to_owned(), truth_file.to_owned());
        return Err(CliError::NothingInCommon { clusters, truth });
    }
    let calibration = clusters.risks.and_then(|risks| {
        let rows = clusters.groups.into_iter().zip(risks);
        let rows: Vec<_> = rows.map(|((record, group), risk)| (record, group, risk)).collect();
        calibration(&rows, &truth.groups)
    });
    Ok(Evaluated { accuracy, calibration })
}

/// Names that the column of a record's group goes by, in either file.
const GROUP_COLUMNS: [&str; 5] = ["cluster", "cluster_id", "entity_id", "person_id", "profile_id"];

/// Reads which group each record of a CSV file is in; column `id` names the records.
fn partition(file: &Path, id: &str) -> Result<Partition, CliError> {
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
    let risk_column = column(&[RISK_COLUMN]).ok();
    let mut risks = risk_column.map(|_| Vec::new());
    let (mut groups, mut seen) = (Vec::new(), HashSet::new());
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(unreadable)? {
        // The reader lets only rows through that are as long as the header.
        let (record, group) = (row[record_column].to_owned(), row[group_column].to_owned());
        let line = row.position().map_or(0, |place| place.line());
        if !seen.insert(record.clone()) {
            return Err(CliError::RecordTwice { file: file.to_owned(), line });
        }
        if let (Some(column), Some(risks)) = (risk_column, &mut risks) {
            let risk = row[column].parse().ok().filter(|risk| (0.0..=1.0).contains(risk));
            risks.push(risk.ok_or_else(|| CliError::RiskInvalid { file: file.to_owned(), line })?);
        }
        groups.push((record, group));
    }
    Ok(Partition { groups, risks })
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
