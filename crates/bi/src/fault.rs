//! What clients are told of a failure: an SQLSTATE (ISO/IEC 9075-2, PostgreSQL's appendix A) and a message
//! without values. What went wrong inside is told by its kind alone.

use pgwire::error::{ErrorInfo, PgWireError};
use vermeil_engine::{EngineError, QueryFault, SqlFault};
use vermeil_model::Diagnose;
use vermeil_model::diagnostic::ErrorKind;

pub(crate) const PROTOCOL_VIOLATION: &str = "08P01";
pub(crate) const INVALID_PARAMETER: &str = "22023";
pub(crate) const NOT_READABLE: &str = "22P02";
pub(crate) const READ_ONLY: &str = "25006";
pub(crate) const NO_TRANSACTION: &str = "25P01";
pub(crate) const FAILED_TRANSACTION: &str = "25P02";
pub(crate) const INVALID_AUTHORIZATION: &str = "28000";
pub(crate) const WRONG_PASSWORD: &str = "28P01";
pub(crate) const UNKNOWN_CURSOR: &str = "34000";
pub(crate) const UNKNOWN_DATABASE: &str = "3D000";
pub(crate) const DUPLICATE_CURSOR: &str = "42P03";
pub(crate) const UNKNOWN_STATEMENT: &str = "26000";
pub(crate) const NO_PRIVILEGE: &str = "42501";
pub(crate) const SYNTAX: &str = "42601";
pub(crate) const UNKNOWN_SETTING: &str = "42704";
pub(crate) const FIXED_SETTING: &str = "55P02";
pub(crate) const UNSUPPORTED: &str = "0A000";
pub(crate) const TOO_MANY_CONNECTIONS: &str = "53300";
pub(crate) const TOO_MANY_OPEN: &str = "53400";
pub(crate) const CANCELED: &str = "57014";
const INTERNAL: &str = "XX000";

/// An error that ends the statement.
pub(crate) fn error(code: &str, message: impl Into<String>) -> PgWireError {
    info("ERROR", code, message)
}

/// An error that ends the connection.
pub(crate) fn fatal(code: &str, message: impl Into<String>) -> PgWireError {
    info("FATAL", code, message)
}

fn info(severity: &str, code: &str, message: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new(severity.to_owned(), code.to_owned(), message.into())))
}

/// What is told of an error of the engine.
pub(crate) fn of_engine(cause: &EngineError) -> PgWireError {
    match cause {
        EngineError::Sql { message, fault } => error(of_sql(*fault), message),
        EngineError::Query { kind } => error(of_query(*kind), cause.to_string()),
        EngineError::NotAQuery { .. } => error(READ_ONLY, cause.to_string()),
        EngineError::DamagedValue { .. } => error("XX001", cause.to_string()),
        _ if cause.kind() == ErrorKind::Denied => error(NO_PRIVILEGE, cause.to_string()),
        // Paths and addresses of the service are the operator's: they are in the log.
        _ => {
            let code = cause.diagnostic().map_or_else(|| "internal".to_owned(), |diagnostic| diagnostic.code);
            tracing::warn!(code, %cause, "a statement of a client cannot be answered");
            error(INTERNAL, format!("the service cannot answer ({code})"))
        }
    }
}

fn of_sql(fault: SqlFault) -> &'static str {
    match fault {
        SqlFault::Syntax => SYNTAX,
        SqlFault::UnknownTable => "42P01",
        SqlFault::UnknownColumn => "42703",
        SqlFault::AmbiguousColumn => "42702",
        SqlFault::UnknownFunction => "42883",
        SqlFault::WrongType => "42804",
        SqlFault::Unsupported => UNSUPPORTED,
        SqlFault::Other => "42000",
    }
}

fn of_query(fault: QueryFault) -> &'static str {
    match fault {
        QueryFault::Value => "22000",
        QueryFault::Memory => "53200",
        QueryFault::MemoryAndSpace => "53100",
        QueryFault::TemporaryFile | QueryFault::Lake => "58030",
        QueryFault::Unsupported => UNSUPPORTED,
        QueryFault::Operation => INTERNAL,
    }
}

/// Leaves the protocol library's own errors, whose texts may quote what a client sent, with their code alone.
pub(crate) fn leave_out(cause: &mut PgWireError) {
    let kept = match cause {
        PgWireError::UserError(_) | PgWireError::IoError(_) => return,
        PgWireError::StatementNotFound(_) => error(UNKNOWN_STATEMENT, "there is no such prepared statement"),
        PgWireError::PortalNotFound(_) => error(UNKNOWN_CURSOR, "there is no such portal"),
        PgWireError::FailedToParseParameter(_)
        | PgWireError::InvalidRustTypeForParameter(_)
        | PgWireError::ParameterIndexOutOfBound(_) => parameter(),
        PgWireError::ApiError(_) => error(INTERNAL, "the service cannot answer"),
        _ => error(PROTOCOL_VIOLATION, "the message does not follow the protocol"),
    };
    *cause = kept;
}

/// A parameter cannot be read: neither which value it has nor why is told.
pub(crate) fn parameter() -> PgWireError {
    error(NOT_READABLE, "a parameter is not written as its type is")
}
