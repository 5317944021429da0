//! What a statement asks of the wire.

use datafusion::sql::sqlparser::ast::{
    CloseCursor, CopyOption, CopySource, CopyTarget, Expr, FetchDirection, ObjectName, Query, Reset, Set,
    Statement as SqlStatement, Value, ValueWithSpan,
};
use pgwire::error::PgWireResult;

use crate::copy::CopyFormat;
use crate::fault;
use crate::settings;

/// A statement by what is to be done about it.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    /// The engine's: it answers queries, and refuses all else.
    Engine(Box<SqlStatement>),
    /// `COPY (…) TO STDOUT`: a query whose rows come as a file would have them.
    Copy {
        query: Box<SqlStatement>,
        format: CopyFormat,
    },
    Set {
        name: String,
        value: Option<String>,
    },
    Reset(Option<String>),
    /// `None`: all settings.
    Show(Option<String>),
    Begin,
    Commit,
    Rollback,
    Declare {
        name: String,
        query: Box<SqlStatement>,
        hold: bool,
    },
    /// `None`: all rows that are left.
    Fetch {
        name: String,
        rows: Option<usize>,
    },
    /// As `Fetch`, without telling the rows.
    Close(Option<String>),
    /// `DISCARD ALL`.
    Discard,
    /// `None`: all.
    Deallocate(Option<String>),
    /// Nothing is to be done, and the client wants to hear that it was.
    Nothing(&'static str),
}

impl Command {
    /// # Errors
    /// The statement writes to or reads from a file, or asks for something that cursors cannot do.
    pub(crate) fn of(statement: SqlStatement) -> PgWireResult<Self> {
        Ok(match statement {
            SqlStatement::Set(set) => of_set(set)?,
            SqlStatement::Reset(reset) => Self::Reset(match reset.reset {
                Reset::ALL => None,
                Reset::ConfigurationParameter(name) => Some(dotted(&name)),
            }),
            SqlStatement::ShowVariable { variable } => {
                let words: Vec<String> =
                    variable.iter().map(|word| word.value.to_ascii_lowercase()).collect();
                Self::Show(match words.join(" ").as_str() {
                    "all" => None,
                    "transaction isolation level" => Some("transaction_isolation".to_owned()),
                    "time zone" => Some("timezone".to_owned()),
                    "session authorization" => Some("session_authorization".to_owned()),
                    _ => Some(words.join(".")),
                })
            }
            SqlStatement::StartTransaction { .. } => Self::Begin,
            SqlStatement::Commit { .. } => Self::Commit,
            SqlStatement::Rollback { savepoint: None, .. } => Self::Rollback,
            SqlStatement::Rollback { .. } => Self::Nothing("ROLLBACK"),
            SqlStatement::Savepoint { .. } => Self::Nothing("SAVEPOINT"),
            SqlStatement::ReleaseSavepoint { .. } => Self::Nothing("RELEASE"),
            SqlStatement::Discard { .. } => Self::Discard,
            SqlStatement::UNLISTEN { .. } => Self::Nothing("UNLISTEN"),
            SqlStatement::Deallocate { name, .. } => {
                Self::Deallocate((!name.value.eq_ignore_ascii_case("all")).then_some(name.value))
            }
            SqlStatement::Declare { stmts } => of_declaration(stmts)?,
            SqlStatement::Fetch { name, direction, .. } => {
                Self::Fetch { name: name.value, rows: rows_of(&direction)? }
            }
            SqlStatement::Close { cursor } => Self::Close(match cursor {
                CloseCursor::All => None,
                CloseCursor::Specific { name } => Some(name.value),
            }),
            SqlStatement::Copy { source, to, target, options, .. } => of_copy(source, to, &target, &options)?,
            other => Self::Engine(Box::new(other)),
        })
    }
}

fn of_set(set: Set) -> PgWireResult<Command> {
    Ok(match set {
        Set::SingleAssignment { variable, values, .. } => {
            Command::Set { name: dotted(&variable), value: value_of(&values)? }
        }
        Set::SetTimeZone { value, .. } => {
            Command::Set { name: "timezone".to_owned(), value: value_of(&[value])? }
        }
        Set::SetNames { charset_name, .. } => {
            Command::Set { name: "client_encoding".to_owned(), value: Some(charset_name.value) }
        }
        // Whatever isolation is asked for, a statement sees one publication; and nothing writes.
        Set::SetTransaction { .. } => Command::Nothing("SET"),
        _ => return Err(fault::error(fault::NO_PRIVILEGE, "the role is that of the token")),
    })
}

/// `DEFAULT` is no value, and a list is one.
fn value_of(values: &[Expr]) -> PgWireResult<Option<String>> {
    let texts: PgWireResult<Vec<String>> = values.iter().map(text_of).collect();
    let text = texts?.join(", ");
    Ok((!text.eq_ignore_ascii_case("default")).then_some(text))
}

fn text_of(value: &Expr) -> PgWireResult<String> {
    match value {
        Expr::Value(ValueWithSpan { value, .. }) => Ok(match value {
            Value::Number(digits, _) => digits.clone(),
            Value::Boolean(value) => if *value { "on" } else { "off" }.to_owned(),
            value => value.clone().into_string().unwrap_or_default(),
        }),
        Expr::Identifier(word) => Ok(word.value.clone()),
        Expr::UnaryOp { op, expr } => Ok(format!("{op}{}", text_of(expr)?)),
        Expr::CompoundIdentifier(words) => {
            Ok(words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join("."))
        }
        // `SET SESSION … = interval '…'` and the like.
        _ => Err(fault::error(fault::INVALID_PARAMETER, "a setting takes a word, a number or a text")),
    }
}

fn of_declaration(declarations: Vec<datafusion::sql::sqlparser::ast::Declare>) -> PgWireResult<Command> {
    let mut declarations = declarations.into_iter();
    let (Some(declaration), None) = (declarations.next(), declarations.next()) else {
        return Err(fault::error(fault::SYNTAX, "a cursor is declared alone"));
    };
    let (Some(name), Some(query)) = (declaration.names.into_iter().next(), declaration.for_query) else {
        return Err(fault::error(fault::SYNTAX, "a cursor is declared for a query"));
    };
    if declaration.scroll == Some(true) {
        return Err(fault::error(fault::UNSUPPORTED, "cursors go forward only"));
    }
    Ok(Command::Declare { name: name.value, query: of_query(query), hold: declaration.hold == Some(true) })
}

fn rows_of(direction: &FetchDirection) -> PgWireResult<Option<usize>> {
    let counted = |value: &ValueWithSpan| match &value.value {
        Value::Number(digits, _) => digits.parse().ok().map(Some),
        _ => None,
    };
    match direction {
        FetchDirection::Next | FetchDirection::Forward { limit: None } => Some(Some(1)),
        FetchDirection::All | FetchDirection::ForwardAll => Some(None),
        FetchDirection::Count { limit } | FetchDirection::Forward { limit: Some(limit) } => counted(limit),
        _ => None,
    }
    .ok_or_else(|| fault::error(fault::UNSUPPORTED, "cursors go forward only"))
}

fn of_copy(
    source: CopySource,
    to: bool,
    target: &CopyTarget,
    options: &[CopyOption],
) -> PgWireResult<Command> {
    match (to, target) {
        (true, CopyTarget::Stdout) => {}
        (true, _) => {
            return Err(fault::error(
                fault::NO_PRIVILEGE,
                "COPY writes to the client, and to no file or program",
            ));
        }
        (false, CopyTarget::Stdin) => {
            return Err(fault::error(fault::READ_ONLY, "only queries are allowed: `COPY … FROM` is not"));
        }
        (false, _) => {
            return Err(fault::error(fault::NO_PRIVILEGE, "COPY reads no file and no program"));
        }
    }
    let query = match source {
        CopySource::Query(query) => of_query(query),
        CopySource::Table { table_name, columns } => selected(&table_name, &columns)?,
    };
    Ok(Command::Copy { query, format: CopyFormat::of(options)? })
}

fn of_query(query: Box<Query>) -> Box<SqlStatement> {
    Box::new(SqlStatement::Query(query))
}

fn selected(
    table: &ObjectName,
    columns: &[datafusion::sql::sqlparser::ast::Ident],
) -> PgWireResult<Box<SqlStatement>> {
    use datafusion::sql::sqlparser::{dialect::PostgreSqlDialect, parser::Parser};
    let columns = match columns {
        [] => "*".to_owned(),
        columns => columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    // Both are names that the parser wrote.
    let parsed = Parser::parse_sql(&PostgreSqlDialect {}, &format!("SELECT {columns} FROM {table}"));
    let statement = parsed.ok().and_then(|statements| statements.into_iter().next());
    statement.map(Box::new).ok_or_else(|| fault::error(fault::SYNTAX, "COPY takes a table or a query"))
}

fn dotted(name: &ObjectName) -> String {
    let words = name.0.iter().filter_map(|part| part.as_ident()).map(|word| word.value.as_str());
    words.collect::<Vec<_>>().join(".")
}

/// The tag of a setting that was told.
pub(crate) fn shown_as(name: &str) -> &str {
    match name {
        "timezone" => "TimeZone",
        "datestyle" => "DateStyle",
        "intervalstyle" => "IntervalStyle",
        settings::PURPOSE => settings::PURPOSE,
        name => name,
    }
}
