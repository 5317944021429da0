//! Reading YAML with errors that name the line and the nearest valid key.

use serde::de::DeserializeOwned;

use crate::diagnostic::{Diagnose, Diagnostic, ErrorKind};

/// A YAML file could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// A key that no one reads: most often a misspelling.
    #[error("{file}:{line}:{column}: unknown key `{key}`{}", did_you_mean(nearest))]
    UnknownKey {
        /// The file as the user named it.
        file: String,
        /// From 1.
        line: u64,
        /// From 1.
        column: u64,
        /// The key found.
        key: String,
        /// The nearest valid key, where one is near.
        nearest: Option<String>,
    },
    /// Anything else: syntax, types, missing keys.
    #[error("{file}:{line}:{column}: {message}")]
    Invalid {
        /// The file as the user named it.
        file: String,
        /// From 1; 0 where unknown.
        line: u64,
        /// From 1; 0 where unknown.
        column: u64,
        /// What the parser says.
        message: String,
    },
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|key| format!(", did you mean `{key}`?")).unwrap_or_default()
}

impl Diagnose for YamlError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::UnknownKey { file, line, column, key, nearest } => {
                let code = if nearest.is_some() { "yaml-unknown-key-near" } else { "yaml-unknown-key" };
                Diagnostic::new(code)
                    .with("file", file)
                    .with("line", line)
                    .with("column", column)
                    .with("key", key)
                    .with("nearest", nearest.as_deref().unwrap_or_default())
            }
            Self::Invalid { file, line, column, message } => Diagnostic::new("yaml-invalid")
                .with("file", file)
                .with("line", line)
                .with("column", column)
                .with("message", message),
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

/// Parses `text`, which came from `file`.
pub(crate) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, YamlError> {
    serde_saphyr::from_str(text).map_err(|error| {
        // The snippet would quote the file; the place is enough.
        let error = error.without_snippet();
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        let file = file.to_owned();
        match error {
            serde_saphyr::Error::SerdeUnknownField { field, expected, .. } => {
                let nearest = nearest(field, expected.iter().copied()).map(str::to_owned);
                YamlError::UnknownKey { file, line, column, key: field.clone(), nearest }
            }
            other => YamlError::Invalid { file, line, column, message: other.to_string() },
        }
    })
}

/// The valid name nearest to `given`, if any is near enough to be meant.
pub fn nearest<'a>(given: &str, valid: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    valid
        .map(|name| (strsim::normalized_damerau_levenshtein(given, name), name))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
