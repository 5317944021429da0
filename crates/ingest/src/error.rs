//! Why a whole source cannot be read.

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

/// A source cannot be read as configured, or not any further.
///
/// Single rows never raise it: they are [`Rejected`](crate::Rejected).
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// No such file, or no file fits the pattern.
    #[error("there is no file `{path}`")]
    Missing {
        /// As configured.
        path: String,
        /// The file of that folder whose name is nearest, where one is near.
        nearest: Option<String>,
    },
    /// Zero bytes, or no header line.
    #[error("`{file}` is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// The header line is longer than a row may be, or not in the declared encoding.
    #[error("the header line of `{file}` cannot be read")]
    BadHeader {
        /// The file.
        file: String,
    },
    /// A mapped column is not in the file.
    #[error("`{file}` has no column `{column}`")]
    MissingColumn {
        /// The file.
        file: String,
        /// The column as mapped.
        column: String,
        /// The file's column whose name is nearest, where one is near.
        nearest: Option<String>,
    },
    /// The header is one column to the declared delimiter, and holds a mapped column
    /// between others of another.
    #[error("the header line of `{file}` is not parted by `{delimiter}`")]
    OtherDelimiter {
        /// The file.
        file: String,
        /// The declared delimiter.
        delimiter: char,
        /// The one that seems to part the header line.
        likely: char,
    },
    /// A mapped column's name stands in the header more than once.
    #[error("`{file}` has more than one column `{column}`")]
    DuplicateColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A mapped Parquet column is a list, a struct or the like.
    #[error("column `{column}` of `{file}` is of type {data_type}, which is no single value")]
    NestedColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its Arrow type.
        data_type: String,
    },
    /// Permission, disk or network.
    #[error("cannot read `{file}`")]
    Unreadable {
        /// The file, or the place as configured.
        file: String,
        /// What the store says.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Starts as Parquet and does not end as such.
    #[error("the Parquet file `{file}` is cut off")]
    TruncatedParquet {
        /// The file.
        file: String,
    },
    /// Not Parquet, or damaged.
    #[error("`{file}` is no valid Parquet file")]
    InvalidParquet {
        /// The file.
        file: String,
        /// What the Parquet reader says; `None` where the file does not even start as one.
        #[source]
        cause: Option<::parquet::errors::ParquetError>,
    },
    /// The file was replaced, cut or rewritten while it was read.
    #[error("`{file}` changed while it was read")]
    Changed {
        /// The file.
        file: String,
    },
    /// The path is neither a file nor a URL of a known kind.
    #[error("`{path}` is no place to read from")]
    BadLocation {
        /// As configured.
        path: String,
        /// What is wrong with it.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No encoding has that label.
    #[error("there is no encoding `{encoding}`")]
    UnknownEncoding {
        /// The label.
        encoding: String,
    },
    /// Delimiter or quote is not one byte in the source's encoding, ends lines, or both are the same.
    #[error("`{value}` cannot be the {role}")]
    BadSeparator {
        /// `delimiter`, `quote` or `decimal`.
        role: &'static str,
        /// The character as configured.
        value: char,
    },
    /// A canonical field is named that the schema lacks.
    #[error("schema `{schema}` has no field `{field}`")]
    UnknownField {
        /// The schema.
        schema: String,
        /// The field as named.
        field: String,
        /// The schema's field whose name is nearest, where one is near.
        nearest: Option<String>,
    },
    /// A pattern that cannot tell a day.
    #[error("`{format}` cannot read a date for `{field}`")]
    BadDateFormat {
        /// The canonical field, or `updated_at`.
        field: String,
        /// The pattern.
        format: String,
    },
    /// A pattern on a field that is neither date nor timestamp.
    #[error("`{field}` is neither date nor timestamp and takes no format")]
    UnusedFormat {
        /// The canonical field.
        field: String,
    },
    /// A constant that is not of its field's type.
    #[error("the constant for `{field}` is not of type {expected}")]
    BadConstant {
        /// The canonical field.
        field: String,
        /// The field's type.
        expected: &'static str,
    },
    /// A field both mapped and constant.
    #[error("`{field}` is both mapped and constant")]
    MappedAndConstant {
        /// The canonical field.
        field: String,
    },
    /// A required field that no column is mapped to.
    #[error("required field `{field}` is not mapped")]
    RequiredNotMapped {
        /// The canonical field.
        field: String,
    },
}

impl IngestError {
    pub(crate) fn unreadable(file: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unreadable { file: file.to_owned(), cause: cause.into() }
    }
}

impl Diagnose for IngestError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Missing { path, nearest } => near("source-missing", nearest).with("path", path),
            Self::Empty { file } => Diagnostic::new("source-empty").with("file", file),
            Self::BadHeader { file } => Diagnostic::new("source-bad-header").with("file", file),
            Self::MissingColumn { file, column, nearest } => {
                near("source-missing-column", nearest).with("file", file).with("column", column)
            }
            Self::OtherDelimiter { file, delimiter, likely } => Diagnostic::new("source-other-delimiter")
                .with("file", file)
                .with("delimiter", delimiter)
                .with("likely", likely.escape_default()),
            Self::DuplicateColumn { file, column } => {
                Diagnostic::new("source-duplicate-column").with("file", file).with("column", column)
            }
            Self::NestedColumn { file, column, data_type } => Diagnostic::new("source-nested-column")
                .with("file", file)
                .with("column", column)
                .with("type", data_type),
            Self::Unreadable { file, cause } => {
                Diagnostic::new("source-unreadable").with("file", file).with("cause", cause)
            }
            Self::TruncatedParquet { file } => Diagnostic::new("source-truncated-parquet").with("file", file),
            Self::InvalidParquet { file, .. } => Diagnostic::new("source-invalid-parquet").with("file", file),
            Self::Changed { file } => Diagnostic::new("source-changed").with("file", file),
            Self::BadLocation { path, cause } => {
                Diagnostic::new("source-bad-location").with("path", path).with("cause", cause)
            }
            Self::UnknownEncoding { encoding } => {
                Diagnostic::new("source-unknown-encoding").with("encoding", encoding)
            }
            Self::BadSeparator { role, value } => {
                Diagnostic::new("source-bad-separator").with("role", role).with("value", value)
            }
            Self::UnknownField { schema, field, nearest } => {
                near("source-unknown-field", nearest).with("schema", schema).with("field", field)
            }
            Self::BadDateFormat { field, format } => {
                Diagnostic::new("source-bad-date-format").with("field", field).with("format", format)
            }
            Self::UnusedFormat { field } => Diagnostic::new("source-unused-format").with("field", field),
            Self::BadConstant { field, expected } => {
                Diagnostic::new("source-bad-constant").with("field", field).with("expected", expected)
            }
            Self::MappedAndConstant { field } => {
                Diagnostic::new("source-mapped-and-constant").with("field", field)
            }
            Self::RequiredNotMapped { field } => {
                Diagnostic::new("source-required-not-mapped").with("field", field)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing { .. }
            | Self::Empty { .. }
            | Self::BadHeader { .. }
            | Self::MissingColumn { .. }
            | Self::OtherDelimiter { .. }
            | Self::DuplicateColumn { .. }
            | Self::NestedColumn { .. }
            | Self::Unreadable { .. }
            | Self::TruncatedParquet { .. }
            | Self::InvalidParquet { .. }
            | Self::Changed { .. } => ErrorKind::Failed,
            Self::BadLocation { .. }
            | Self::UnknownEncoding { .. }
            | Self::BadSeparator { .. }
            | Self::UnknownField { .. }
            | Self::BadDateFormat { .. }
            | Self::UnusedFormat { .. }
            | Self::BadConstant { .. }
            | Self::MappedAndConstant { .. }
            | Self::RequiredNotMapped { .. } => ErrorKind::Usage,
        }
    }
}

/// A code that comes in two forms, with and without a suggestion.
fn near(code: &str, nearest: &Option<String>) -> Diagnostic {
    match nearest {
        None => Diagnostic::new(code),
        Some(nearest) => Diagnostic::new(&format!("{code}-near")).with("nearest", nearest),
    }
}

/// The name nearest to `given`, if any is near enough to be meant.
pub fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    // Differences of case alone are the most common mistake and count for nothing.
    let given = given.to_lowercase();
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(&given, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.to_owned())
}
