//! What can be wrong with a pipeline file.

use crate::diagnostic::{Diagnose, Diagnostic, ErrorKind};
use crate::ids::SourceId;
use crate::yaml::YamlError;

/// A pipeline file is malformed or contradicts itself.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PipelineError {
    /// Not readable as a pipeline.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// Two sources share an id.
    #[error("{file}: source `{source_id}` is defined twice")]
    DuplicateSource {
        /// The pipeline file.
        file: String,
        /// The id.
        source_id: SourceId,
    },
    /// A source without a key cannot tell a changed row from a new one.
    #[error("{file}: source `{source_id}` has an empty `key`")]
    NoKey {
        /// The pipeline file.
        file: String,
        /// The source.
        source_id: SourceId,
    },
    /// The key of the record that replaces another is not of as many parts as the source's own.
    #[error("{file}: `replaced_by` of source `{source_id}` must name as many columns as its `key`")]
    ReplacedByMismatch {
        /// The pipeline file.
        file: String,
        /// The source.
        source_id: SourceId,
    },
    /// A source is named that is not defined.
    #[error("{file}: `{place}` names source `{source_id}`, which is not defined")]
    UnknownSource {
        /// The pipeline file.
        file: String,
        /// Where it is named.
        place: String,
        /// The unknown source.
        source_id: SourceId,
    },
    /// A number is outside its range.
    #[error("{file}: `{place}` is {value}, but must lie in {range}")]
    OutOfRange {
        /// The pipeline file.
        file: String,
        /// The key.
        place: String,
        /// The number given.
        value: f64,
        /// Such as `(0, 1)`.
        range: &'static str,
    },
    /// Roles stand in the file as they did before there were policy files.
    #[error("{file}: `roles` is now written as policies:\n{policies}")]
    RolesMoved {
        /// The pipeline file.
        file: String,
        /// Two files that say the same, each after a comment with its name.
        policies: String,
    },
}

impl Diagnose for PipelineError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Yaml(error) => return error.diagnostic(),
            Self::DuplicateSource { file, source_id } => {
                Diagnostic::new("pipeline-duplicate-source").with("file", file).with("source", source_id)
            }
            Self::NoKey { file, source_id } => {
                Diagnostic::new("pipeline-no-key").with("file", file).with("source", source_id)
            }
            Self::ReplacedByMismatch { file, source_id } => {
                Diagnostic::new("pipeline-replaced-by-mismatch").with("file", file).with("source", source_id)
            }
            Self::UnknownSource { file, place, source_id } => Diagnostic::new("pipeline-unknown-source")
                .with("file", file)
                .with("place", place)
                .with("source", source_id),
            Self::OutOfRange { file, place, value, range } => Diagnostic::new("pipeline-out-of-range")
                .with("file", file)
                .with("place", place)
                .with("value", value)
                .with("range", range),
            Self::RolesMoved { file, policies } => {
                Diagnostic::new("pipeline-roles-moved").with("file", file).with("policies", policies)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}
