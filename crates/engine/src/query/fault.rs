//! Of what kind the failure of a query is: all that is told of one that arose while rows flowed, and what a
//! program is told of one that arose before.

use std::fmt;
use std::io;

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

/// Why a statement was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlFault {
    /// It is no SQL.
    Syntax,
    /// It names a table or a schema that is not there for this role.
    UnknownTable,
    /// It names a column that is not there for this role.
    UnknownColumn,
    /// It names a column that two tables have.
    AmbiguousColumn,
    /// It calls a function that is not there.
    UnknownFunction,
    /// It gives an operator or a function what it does not take.
    WrongType,
    /// It is SQL that is not supported.
    Unsupported,
    /// Anything else.
    Other,
}

/// Why a query failed while it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryFault {
    /// A cast, a division or an overflow.
    Value,
    /// Its memory.
    Memory,
    /// Its memory, and the space that it may use beside.
    MemoryAndSpace,
    /// A file that it put rows aside in.
    TemporaryFile,
    /// Something that is not supported.
    Unsupported,
    /// The files of the lake.
    Lake,
    /// Anything else.
    Operation,
}

impl SqlFault {
    /// The kind of a failure to plan. Tables and functions are told apart by the planner's words only.
    pub(super) fn of(cause: &DataFusionError) -> Self {
        match cause.find_root() {
            DataFusionError::SQL(..) => Self::Syntax,
            DataFusionError::NotImplemented(_) => Self::Unsupported,
            DataFusionError::SchemaError(cause, _) => match cause.as_ref() {
                SchemaError::FieldNotFound { .. } => Self::UnknownColumn,
                SchemaError::AmbiguousReference { .. } => Self::AmbiguousColumn,
                _ => Self::Other,
            },
            DataFusionError::Plan(words) if words.starts_with("Invalid function") => Self::UnknownFunction,
            DataFusionError::Plan(words)
                if words.contains("not found") || words.contains("failed to resolve") =>
            {
                Self::UnknownTable
            }
            DataFusionError::Plan(words) if words.contains("coerce") || words.contains("signature") => {
                Self::WrongType
            }
            DataFusionError::Plan(words) if words.starts_with("Unsupported") => Self::Unsupported,
            _ => Self::Other,
        }
    }
}

impl QueryFault {
    /// The kind of a failure while rows flow. The text of `cause` may quote a value
    /// ("cannot cast 'Lovelace' to Int32"), so that nothing else of it is kept.
    pub(crate) fn of(cause: &DataFusionError) -> Self {
        match cause.find_root() {
            DataFusionError::IoError(cause) => Self::of_temporary_file(cause),
            DataFusionError::ArrowError(cause, _) => match cause.as_ref() {
                ArrowError::IoError(_, cause) => Self::of_temporary_file(cause),
                _ => Self::Value,
            },
            DataFusionError::ResourcesExhausted(_) => Self::Memory,
            DataFusionError::NotImplemented(_) => Self::Unsupported,
            DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) => Self::Lake,
            _ => Self::Operation,
        }
    }

    /// Files of the lake fail as `ObjectStore` and `ParquetError`: what is left are those of the query itself.
    fn of_temporary_file(cause: &io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::QuotaExceeded | io::ErrorKind::StorageFull => Self::MemoryAndSpace,
            _ => Self::TemporaryFile,
        }
    }
}

impl fmt::Display for QueryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "a value does not fit the operation (a cast, a division or an overflow)",
            Self::Memory => "memory is exhausted",
            Self::MemoryAndSpace => "memory is exhausted, and so is the space for temporary files",
            Self::TemporaryFile => "a temporary file cannot be written or read",
            Self::Unsupported => "it uses something that is not supported",
            Self::Lake => "the lake cannot be read",
            Self::Operation => "an operation failed",
        })
    }
}
