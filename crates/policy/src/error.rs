//! What can be wrong with policy files, with the way out.

use std::fmt;

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use crate::place::Place;

/// Something is wrong with a policy file. Places are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is, its fields are named in it")]
pub enum PolicyError {
    /// Not Cedar.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax { file: String, line: usize, column: usize, message: String },
    /// A role, purpose, class, action or entity type that no schema declares.
    #[error("{file}:{line}:{column}: there is no {name}")]
    UnknownName {
        file: String,
        line: usize,
        column: usize,
        /// As written, such as `Role::"agnet"`.
        name: String,
        /// Empty where none is near.
        nearest: String,
        /// All that may stand there.
        known: String,
    },
    /// Cedar that can mean nothing under the schema.
    #[error("{file}:{line}:{column}: {message}")]
    Invalid {
        file: String,
        line: usize,
        column: usize,
        message: String,
        /// Empty where there is none.
        hint: String,
    },
    /// A template, which nothing links.
    #[error("{file}:{line}:{column}: a policy with a placeholder never applies")]
    Template { file: String, line: usize, column: usize },
    /// Two policies of the folder have one name.
    #[error("{file}:{line}:{column}: a second policy has the id `{id}`")]
    DuplicateId { file: String, line: usize, column: usize, id: String },
    /// There are policies, but no file that declares their roles.
    #[error("{file} is missing: it declares roles and purposes")]
    NamesMissing { file: String },
    /// The file that declares roles and purposes declares something else.
    #[error("{file}: `{found}` is neither an enumeration of `Role` nor of `Purpose`")]
    NamesInvalid { file: String, found: String },
    /// A name that the system reads under itself.
    #[error("{file}: `{name}` is a name of the system")]
    ReservedName { file: String, name: String },
}

impl PolicyError {
    pub(crate) fn syntax(at: Place, message: String) -> Self {
        Self::Syntax { file: at.file, line: at.line, column: at.column, message }
    }
}

impl Diagnose for PolicyError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        let at = |code: &str, file: &str, line: &usize, column: &usize| {
            Diagnostic::new(code).with("file", file).with("line", line).with("column", column)
        };
        Some(match self {
            Self::Syntax { file, line, column, message } => {
                at("policy-syntax", file, line, column).with("message", message)
            }
            Self::UnknownName { file, line, column, name, nearest, known } => {
                at("policy-unknown-name", file, line, column)
                    .with("name", name)
                    .with("nearest", nearest)
                    .with("known", known)
            }
            Self::Invalid { file, line, column, message, hint } => {
                at("policy-invalid", file, line, column).with("message", message).with("hint", hint)
            }
            Self::Template { file, line, column } => at("policy-template", file, line, column),
            Self::DuplicateId { file, line, column, id } => {
                at("policy-duplicate-id", file, line, column).with("id", id)
            }
            Self::NamesMissing { file } => Diagnostic::new("policy-names-missing").with("file", file),
            Self::NamesInvalid { file, found } => {
                Diagnostic::new("policy-names-invalid").with("file", file).with("found", found)
            }
            Self::ReservedName { file, name } => {
                Diagnostic::new("policy-reserved-name").with("file", file).with("name", name)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

/// All that is wrong with the files of a folder; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(pub(crate) Vec<PolicyError>);

impl PolicyErrors {
    /// Each of them, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &PolicyError> {
        self.0.iter()
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[0].fmt(f)
    }
}

impl std::error::Error for PolicyErrors {}

/// Tells the first; `vermeil check` tells all.
impl Diagnose for PolicyErrors {
    fn diagnostic(&self) -> Option<Diagnostic> {
        self.0[0].diagnostic()
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}
