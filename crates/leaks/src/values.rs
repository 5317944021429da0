//! The list of values to search for.
//!
//! Three forms, told apart by the first line:
//!
//! - **lines**: one value a line;
//! - **NDJSON**: an object a line, each member a value and its name the label:
//!   `{"family_name":"Quoxveil","email":"zq@quoxveil.example"}`;
//! - **CSV** with the header `value` or `label,value` (in either order).
//!
//! Empty lines and values are passed over.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use crate::report::ValueName;

/// Values to search for, with their places in the list.
#[derive(Clone, Default)]
pub struct Values {
    entries: Vec<(ValueName, String)>,
}

/// Texts are personal: only their number is shown.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("len", &self.entries.len()).finish_non_exhaustive()
    }
}

/// A list of values that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    /// The file cannot be read.
    #[error("could not read the values in {}", file.display())]
    Unreadable {
        /// The list.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A line is neither a value nor what the first line promises.
    #[error("{}:{line}: not a value", file.display())]
    Malformed {
        /// The list.
        file: PathBuf,
        /// From 1.
        line: u64,
    },
    /// The list holds no value.
    #[error("{} holds no value", .0.display())]
    Empty(PathBuf),
}

impl Diagnose for ValuesError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Unreadable { file, .. } => {
                Diagnostic::new("leaks-values-unreadable").with("file", file.display())
            }
            Self::Malformed { file, line } => {
                Diagnostic::new("leaks-values-malformed").with("file", file.display()).with("line", line)
            }
            Self::Empty(file) => Diagnostic::new("leaks-values-empty").with("file", file.display()),
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

impl Values {
    /// Reads a list of values.
    ///
    /// # Errors
    /// The file cannot be read, has a malformed line, or holds no value.
    pub fn read(file: &Path) -> Result<Self, ValuesError> {
        let text = fs::read_to_string(file)
            .map_err(|cause| ValuesError::Unreadable { file: file.to_owned(), cause })?;
        let values =
            Self::parse(&text).map_err(|line| ValuesError::Malformed { file: file.to_owned(), line })?;
        if values.entries.is_empty() {
            return Err(ValuesError::Empty(file.to_owned()));
        }
        Ok(values)
    }

    /// Unlabelled values, one a line from 1.
    pub fn from_texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let named = |(line, text): (u64, T)| (ValueName { line, label: None }, text.into());
        Self { entries: (1..).zip(texts).map(named).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn entries(&self) -> &[(ValueName, String)] {
        &self.entries
    }

    /// The number of a malformed line where there is one.
    fn parse(text: &str) -> Result<Self, u64> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default().trim();
        let entries = match first {
            "value" | "label,value" | "value,label" => parse_csv(text)?,
            _ if first.starts_with('{') => parse_ndjson(text)?,
            _ => {
                let named = |(line, text): (u64, &str)| (ValueName { line, label: None }, text.to_owned());
                (1..).zip(text.lines()).map(named).collect()
            }
        };
        let filled = |(name, text): (ValueName, String)| {
            let text = text.trim();
            (!text.is_empty()).then(|| (name, text.to_owned()))
        };
        Ok(Self { entries: entries.into_iter().filter_map(filled).collect() })
    }
}

fn parse_csv(text: &str) -> Result<Vec<(ValueName, String)>, u64> {
    let malformed = |error: csv::Error| error.position().map_or(1, csv::Position::line);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(malformed)?.clone();
    let column = |name: &str| header.iter().position(|column| column.trim() == name);
    let (value, label) = (column("value").ok_or(1_u64)?, column("label"));
    let mut entries = Vec::new();
    for row in reader.records() {
        let row = row.map_err(malformed)?;
        let line = row.position().map_or(0, csv::Position::line);
        let label = label.map(|column| row[column].to_owned());
        entries.push((ValueName { line, label }, row[value].to_owned()));
    }
    Ok(entries)
}

fn parse_ndjson(text: &str) -> Result<Vec<(ValueName, String)>, u64> {
    let mut entries = Vec::new();
    for (line, object) in (1..).zip(text.lines()).filter(|(_, object)| !object.trim().is_empty()) {
        let members: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(object).map_err(|_| line)?;
        for (label, value) in members {
            let text = match value {
                serde_json::Value::String(text) => text,
                serde_json::Value::Number(number) => number.to_string(),
                serde_json::Value::Null => continue,
                _ => return Err(line),
            };
            entries.push((ValueName { line, label: Some(label) }, text));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
