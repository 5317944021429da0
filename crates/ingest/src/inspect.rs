//! Looking at a source without reading all of it.

use std::collections::BTreeSet;

use vermeil_model::pipeline::Format;
use vermeil_model::schema::FieldType;
use vermeil_model::{Diagnostic, FieldClass};

use crate::error::{IngestError, nearest};
use crate::location::SourceFile;
use crate::plan::{Origin, Plan};
use crate::stream::{SourceSpec, prepare};

/// What a source looks like, and what its first rows already show to be wrong.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// How its bytes are read.
    pub format: Format,
    /// Its files, in the order in which they are read.
    pub files: Vec<FileInspection>,
    /// Columns of any file that nothing is mapped to, in alphabetical order.
    pub unmapped: Vec<String>,
    /// The canonical fields that are mapped or constant, in the schema's order.
    pub fields: Vec<MappedField>,
    /// Rows looked at: at most one batch of each file.
    pub rows_looked_at: u64,
    /// How many of them break the contract.
    pub rows_rejected: u64,
    /// The first problems, in order.
    pub problems: Vec<Problem>,
}

/// A file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInspection {
    /// Name and size.
    pub file: SourceFile,
    /// Its columns, in order; for NDJSON the names its first rows hold.
    pub columns: Vec<String>,
}

/// A canonical field and where its values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// The canonical field.
    pub field: String,
    /// How it is protected.
    pub class: FieldClass,
    /// How it is typed.
    pub data_type: FieldType,
    /// Where its values come from.
    pub origin: FieldOrigin,
    /// How dates and timestamps are written.
    pub format: Option<String>,
}

/// Where a field's values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldOrigin {
    /// The source's column.
    Column(String),
    /// The same value in every row.
    Constant(String),
}

/// Something that is wrong with a source, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The row's place in it, from 1; `None` where the whole file is meant.
    pub line: Option<u64>,
    /// What is wrong.
    pub diagnostic: Diagnostic,
}

/// Reaches every file of a source, checks its columns, and reads at most one
/// batch of each; lists the first `most_problems` problems.
///
/// # Errors
/// [`IngestError`] where the source could not be read at all.
pub async fn inspect(spec: SourceSpec<'_>, most_problems: usize) -> Result<Inspection, IngestError> {
    let mut stream = prepare(spec).await?;
    let samples = stream.sample().await?;
    let mut inspection = Inspection {
        format: spec.source.format,
        files: Vec::new(),
        unmapped: Vec::new(),
        fields: fields(stream.plan()),
        rows_looked_at: 0,
        rows_rejected: 0,
        problems: Vec::new(),
    };
    let slots = &stream.plan().slots;
    let mut unmapped = BTreeSet::new();
    for (file, (columns, batch)) in stream.files().iter().zip(samples) {
        inspection.rows_looked_at += batch.rows_in;
        inspection.rows_rejected += batch.rejected.len() as u64;
        if batch.rows_in > 0 {
            inspection.problems.extend(unseen(slots, &columns, &file.name));
        }
        inspection.problems.extend(batch.rejected.into_iter().map(|rejected| Problem {
            file: file.name.clone(),
            line: Some(rejected.place.line),
            diagnostic: rejected.diagnostic,
        }));
        unmapped.extend(columns.iter().filter(|column| !slots.contains(column)).cloned());
        inspection.files.push(FileInspection { file: file.clone(), columns });
    }
    inspection.problems.truncate(most_problems);
    inspection.unmapped = unmapped.into_iter().collect();
    Ok(inspection)
}

fn fields(plan: &Plan) -> Vec<MappedField> {
    plan.outputs
        .iter()
        .filter_map(|output| {
            let (class, data_type) = output.kind?;
            Some(MappedField {
                field: output.name.clone(),
                class,
                data_type,
                origin: match &output.origin {
                    Origin::Slot(_) => FieldOrigin::Column(plan.column_of(output).to_owned()),
                    Origin::Constant(text) => FieldOrigin::Constant(text.clone()),
                },
                format: output.format().map(str::to_owned),
            })
        })
        .collect()
}

/// Mapped names that none of a file's first rows hold: only NDJSON can have
/// such, and may rightly so, for its rows leave out what they lack.
fn unseen(slots: &[String], columns: &[String], file: &str) -> Vec<Problem> {
    slots
        .iter()
        .filter(|slot| !columns.contains(slot))
        .map(|slot| {
            let code = "source-column-not-seen";
            let diagnostic = match nearest(slot, columns.iter().map(String::as_str)) {
                None => Diagnostic::new(code),
                Some(nearest) => Diagnostic::new(&format!("{code}-near")).with("nearest", nearest),
            };
            Problem {
                file: file.to_owned(),
                line: None,
                diagnostic: diagnostic.with("file", file).with("column", slot),
            }
        })
        .collect()
}
