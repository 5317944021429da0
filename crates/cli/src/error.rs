//! What the command line itself can fail at. Everything else is an error of the
//! crate it comes from.

use std::io;
use std::path::PathBuf;

use vermeil_audit::InvalidKey;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::schema::SchemaError;
use vermeil_model::{Diagnose, Diagnostic, Schema};

/// An error of the command line.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// There is no pipeline file.
    #[error("there is no pipeline at {}", .0.display())]
    PipelineMissing(PathBuf),
    /// A file cannot be read.
    #[error("could not read {}", file.display())]
    Unreadable {
        file: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// A folder cannot be read.
    #[error("could not read the folder {}", folder.display())]
    FolderUnreadable {
        folder: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// A file or folder cannot be written.
    #[error("could not write {}", file.display())]
    Unwritable {
        file: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// A file to be written is one that is read.
    #[error("{} would be written over", .0.display())]
    WouldOverwrite(PathBuf),
    /// A report on matching was asked for, and nothing was matched.
    #[error("there is nothing to report on: no records were matched")]
    NothingMatched,
    /// A pipeline names a schema that is neither shipped nor a file.
    #[error("there is no schema `{name}`")]
    SchemaUnknown { name: String, file: PathBuf },
    /// A schema file is malformed or contradicts itself.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A folder to be filled holds something already.
    #[error("{} is not empty", .0.display())]
    FolderTaken(PathBuf),
    /// A table file lacks a column. Those it has are not told: without a header they are values.
    #[error("{} has no column `{wanted}`", file.display())]
    ColumnMissing { file: PathBuf, wanted: String },
    /// A table file is malformed.
    #[error("{}:{line}: not a row of this table", file.display())]
    RowMalformed { file: PathBuf, line: u64 },
    /// A table file names one record twice.
    #[error("{}:{line}: a record stands here for the second time", file.display())]
    RecordTwice { file: PathBuf, line: u64 },
    /// A table file has a risk that is no probability.
    #[error("{}:{line}: a risk is a number from 0 to 1", file.display())]
    RiskInvalid { file: PathBuf, line: u64 },
    /// Two table files share no record.
    #[error("{} and {} have no record in common", clusters.display(), truth.display())]
    NothingInCommon { clusters: PathBuf, truth: PathBuf },
    /// An id is not a UUID. It is not repeated: people mistype names here.
    #[error("argument {0} is not an id")]
    NotAnId(&'static str),
    /// A line of statements of consent is none. It is not repeated: it names a person.
    #[error("line {line} is no statement of consent")]
    NotAStatement {
        /// The line.
        line: u64,
    },
    /// A command that asks questions has nobody to ask.
    #[error("there is no terminal to ask questions in")]
    NoTerminal,
    /// A row of a file of answers is none. It is not repeated: people mistype names here.
    #[error("{}:{line}: `{column}` is none", file.display())]
    AnswerInvalid { file: PathBuf, line: u64, column: &'static str },
    /// An answer of a file cannot be taken.
    #[error("{}:{line}: {reason}", file.display())]
    AnswerRefused { file: PathBuf, line: u64, reason: String },
    /// A line is no query. It is not repeated: it names people.
    #[error("this is no query: a JSON object of fields and texts is expected")]
    QueryMalformed,
    /// Standard input names nobody. It is not repeated: it is about a person.
    #[error("this names nobody: a JSON object of fields and texts is expected")]
    RequestMalformed,
    /// What was typed is not what was to be confirmed. It is not repeated.
    #[error("generation {generation} was not confirmed: nothing was destroyed")]
    NotConfirmed { generation: String },
    /// A key to verify the audit log with is malformed.
    #[error("this is no key of an audit log")]
    AuditKey {
        #[source]
        cause: InvalidKey,
    },
    /// The threads that commands run on cannot be started.
    #[error("could not start working threads")]
    Runtime(#[source] io::Error),
    /// Standard input cannot be read.
    #[error("could not read standard input")]
    Input(#[source] io::Error),
    /// Standard output cannot be written.
    #[error("could not write to standard output")]
    Output(#[source] io::Error),
}

impl Diagnose for CliError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        let diagnostic = match self {
            Self::PipelineMissing(file) => {
                Diagnostic::new("cli-pipeline-missing").with("file", file.display())
            }
            Self::Unreadable { file, .. } => Diagnostic::new("cli-unreadable").with("file", file.display()),
            Self::FolderUnreadable { folder, .. } => {
                Diagnostic::new("cli-folder-unreadable").with("folder", folder.display())
            }
            Self::Unwritable { file, .. } => Diagnostic::new("cli-unwritable").with("file", file.display()),
            Self::WouldOverwrite(file) => Diagnostic::new("cli-would-overwrite").with("file", file.display()),
            Self::NothingMatched => Diagnostic::new("cli-nothing-matched"),
            Self::SchemaUnknown { name, file } => Diagnostic::new("cli-schema-unknown")
                .with("name", name)
                .with("file", file.display())
                .with("known", Schema::built_in_names().collect::<Vec<_>>().join(", ")),
            Self::Schema(error) => return schema_diagnostic(error),
            Self::FolderTaken(folder) => Diagnostic::new("cli-folder-taken").with("folder", folder.display()),
            Self::ColumnMissing { file, wanted } => {
                Diagnostic::new("cli-column-missing").with("file", file.display()).with("wanted", wanted)
            }
            Self::RowMalformed { file, line } => {
                Diagnostic::new("cli-row-malformed").with("file", file.display()).with("line", line)
            }
            Self::RecordTwice { file, line } => {
                Diagnostic::new("cli-record-twice").with("file", file.display()).with("line", line)
            }
            Self::RiskInvalid { file, line } => {
                Diagnostic::new("cli-risk-invalid").with("file", file.display()).with("line", line)
            }
            Self::NothingInCommon { clusters, truth } => Diagnostic::new("cli-nothing-in-common")
                .with("clusters", clusters.display())
                .with("truth", truth.display()),
            Self::NotAnId(argument) => Diagnostic::new("cli-not-an-id").with("argument", argument),
            Self::NotAStatement { line } => Diagnostic::new("cli-not-a-statement").with("line", line),
            Self::NoTerminal => Diagnostic::new("cli-no-terminal"),
            Self::AnswerInvalid { file, line, column } => Diagnostic::new("cli-answer-invalid")
                .with("file", file.display())
                .with("line", line)
                .with("column", column),
            Self::AnswerRefused { file, line, reason } => Diagnostic::new("cli-answer-refused")
                .with("file", file.display())
                .with("line", line)
                .with("reason", reason),
            Self::QueryMalformed => Diagnostic::new("cli-query-malformed"),
            Self::RequestMalformed => Diagnostic::new("cli-request-malformed"),
            Self::NotConfirmed { generation } => {
                Diagnostic::new("cli-not-confirmed").with("generation", generation)
            }
            Self::AuditKey { .. } => Diagnostic::new("cli-audit-key"),
            Self::Runtime(_) => Diagnostic::new("cli-runtime"),
            Self::Input(_) => Diagnostic::new("cli-input"),
            Self::Output(_) => Diagnostic::new("cli-output"),
        };
        Some(diagnostic)
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::PipelineMissing(_)
            | Self::FolderUnreadable { .. }
            | Self::SchemaUnknown { .. }
            | Self::Schema(_)
            | Self::FolderTaken(_)
            | Self::WouldOverwrite(_)
            | Self::NothingMatched
            | Self::ColumnMissing { .. }
            | Self::RowMalformed { .. }
            | Self::RecordTwice { .. }
            | Self::RiskInvalid { .. }
            | Self::NothingInCommon { .. }
            | Self::NotAnId(_)
            | Self::NotAStatement { .. }
            | Self::NoTerminal
            | Self::AnswerInvalid { .. }
            | Self::AnswerRefused { .. }
            | Self::QueryMalformed
            | Self::RequestMalformed
            | Self::NotConfirmed { .. }
            | Self::AuditKey { .. } => ErrorKind::Usage,
            Self::Unreadable { .. }
            | Self::Unwritable { .. }
            | Self::Runtime(_)
            | Self::Input(_)
            | Self::Output(_) => ErrorKind::Failed,
        }
    }
}

fn schema_diagnostic(error: &SchemaError) -> Option<Diagnostic> {
    Some(match error {
        SchemaError::Yaml(error) => return error.diagnostic(),
        SchemaError::DuplicateField { file, field } => {
            Diagnostic::new("schema-duplicate-field").with("file", file).with("field", field)
        }
        SchemaError::ReservedField { file, field } => {
            Diagnostic::new("schema-reserved-field").with("file", file).with("field", field)
        }
        SchemaError::NoPurpose { file, field } => {
            Diagnostic::new("schema-no-purpose").with("file", file).with("field", field)
        }
        SchemaError::UnfitGeneralisation { file, field, to } => {
            Diagnostic::new("schema-unfit-generalisation")
                .with("file", file)
                .with("field", field)
                .with("to", to)
        }
        SchemaError::UnfitGroup { file, group, field } => {
            Diagnostic::new("schema-unfit-group").with("file", file).with("group", group).with("field", field)
        }
        SchemaError::UnknownBlockingField { file, rule, field } => {
            Diagnostic::new("schema-unknown-blocking-field")
                .with("file", file)
                .with("rule", rule)
                .with("field", field)
        }
    })
}
