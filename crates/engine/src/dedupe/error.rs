//! Why a file cannot be deduped.

use vermeil_ingest::IngestError;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use crate::error::EngineError;

/// A file cannot be deduped. No text holds a value of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message says what it is, its fields are named in it")]
pub enum DedupeError {
    #[error(transparent)]
    File(#[from] IngestError),
    #[error("{option} names `{column}`, which is no column of the file")]
    UnknownColumn { option: &'static str, column: String, nearest: Option<String> },
    #[error("--map names `{field}`, which is no field")]
    UnknownField { field: String, nearest: Option<String>, fields: String },
    #[error("the threshold is {value}, which is no probability in (0, 1)")]
    Threshold { value: f64 },
    #[error("`{file}` has no row that can be read")]
    NoRows { file: String },
    #[error("no column can be compared")]
    NothingCompared,
    #[error("the file has more than {} rows", u32::MAX)]
    TooManyRows,
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Diagnose for DedupeError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::File(IngestError::Missing { path, nearest }) => Diagnostic::new("dedupe-file-missing")
                .with("file", path)
                .with("nearest", nearest.as_deref().unwrap_or_default()),
            Self::File(IngestError::Empty { file }) => {
                Diagnostic::new("dedupe-file-empty").with("file", file)
            }
            Self::File(IngestError::BadHeader { file }) => {
                Diagnostic::new("dedupe-bad-header").with("file", file)
            }
            Self::File(cause) => return cause.diagnostic(),
            Self::UnknownColumn { option, column, nearest } => Diagnostic::new("dedupe-unknown-column")
                .with("option", option)
                .with("column", column)
                .with("nearest", nearest.as_deref().unwrap_or_default()),
            Self::UnknownField { field, nearest, fields } => Diagnostic::new("dedupe-unknown-field")
                .with("field", field)
                .with("nearest", nearest.as_deref().unwrap_or_default())
                .with("fields", fields),
            Self::Threshold { value } => Diagnostic::new("dedupe-threshold").with("value", value),
            Self::NoRows { file } => Diagnostic::new("dedupe-no-rows").with("file", file),
            Self::NothingCompared => Diagnostic::new("dedupe-nothing-compared"),
            Self::TooManyRows => Diagnostic::new("dedupe-too-many-rows").with("most", u32::MAX),
            Self::Engine(cause) => return cause.diagnostic(),
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownColumn { .. } | Self::UnknownField { .. } | Self::Threshold { .. } => {
                ErrorKind::Usage
            }
            Self::NoRows { .. } | Self::NothingCompared | Self::TooManyRows => ErrorKind::Failed,
            Self::File(cause) => cause.kind(),
            Self::Engine(cause) => cause.kind(),
        }
    }
}
