//! What comes of each command.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_pg::datatypes::encode_recordbatch;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use futures::{Sink, SinkExt, stream};
use pgwire::api::portal::Format;
use pgwire::api::results::{QueryResponse, Response, Tag};
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::TransactionStatus;
use pgwire::messages::startup::ParameterStatus;
use pgwire::types::format::FormatOptions;
use vermeil_engine::Understood;

use crate::answer::{self, Answer, Cursor};
use crate::command::{Command, shown_as};
use crate::connection::Connection;
use crate::settings::{PURPOSE, Refused};
use crate::{copy, fault};

/// Where a command comes from.
pub(crate) struct Context<'a> {
    pub(crate) connection: &'a Arc<Connection>,
    /// The text that it stands in.
    pub(crate) written: &'a str,
    /// How the client wants its rows.
    pub(crate) format: &'a Format,
}

/// Settings whose value every client is told when it changes, as PostgreSQL does.
const REPORTED: [&str; 5] = ["application_name", "client_encoding", "datestyle", "intervalstyle", "timezone"];

/// Does what `command` says; `bound` gives the parameters of what the engine answers.
pub(crate) async fn command<C>(
    client: &mut C,
    context: &Context<'_>,
    command: Command,
    bound: impl FnOnce(&Understood) -> PgWireResult<Vec<ScalarValue>> + Send,
) -> PgWireResult<Response>
where
    C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
    C::PortalStore: PortalStore,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let connection = context.connection;
    let failed = client.transaction_status() == TransactionStatus::Error;
    if failed && !matches!(command, Command::Commit | Command::Rollback) {
        return Err(fault::error(
            fault::FAILED_TRANSACTION,
            "current transaction is aborted, commands ignored until end of transaction block",
        ));
    }
    Ok(match command {
        Command::Engine(statement) => {
            let answer = answered(context, *statement, bound).await?;
            Response::Query(answer.response(context.format, formats(connection))?)
        }
        Command::Copy { query, format } => {
            let answer = answered(context, *query, bound).await?;
            Response::Execution(copy::send(client, answer, &format, formats(connection)).await?)
        }
        Command::Declare { name, query, hold } => {
            if !hold && client.transaction_status() == TransactionStatus::Idle {
                return Err(fault::error(
                    fault::NO_TRANSACTION,
                    "DECLARE CURSOR can only be used in transaction blocks",
                ));
            }
            let answer = answered(context, *query, bound).await?;
            connection.declare(name, Cursor::new(answer), hold)?;
            tag("DECLARE CURSOR")
        }
        Command::Fetch { name, rows } => {
            let cursor = connection.cursor(&name).await?;
            Response::Query(Cursor::response(cursor, rows, context.format, formats(connection))?)
        }
        Command::Close(name) => {
            connection.close(name.as_deref())?;
            tag("CLOSE CURSOR")
        }
        Command::Set { name, value } => set(client, connection, &name, value).await?,
        Command::Reset(Some(name)) => {
            set(client, connection, &name, None).await?;
            tag("RESET")
        }
        Command::Reset(None) => {
            connection.settings().reset_all();
            tag("RESET")
        }
        Command::Show(name) => shown(context, name.as_deref())?,
        Command::Begin if client.transaction_status() == TransactionStatus::Idle => {
            Response::TransactionStart(Tag::new("BEGIN"))
        }
        Command::Begin => tag("BEGIN"),
        Command::Commit | Command::Rollback => {
            connection.end_transaction();
            client.portal_store().clear_portals();
            let rolled_back = failed || matches!(command, Command::Rollback);
            Response::TransactionEnd(Tag::new(if rolled_back { "ROLLBACK" } else { "COMMIT" }))
        }
        Command::Discard => {
            connection.settings().reset_all();
            connection.close(None)?;
            tag("DISCARD ALL")
        }
        Command::Deallocate(name) => {
            if let Some(name) = name {
                client.portal_store().rm_statement(&name);
            }
            tag("DEALLOCATE")
        }
        Command::Nothing(word) => tag(word),
    })
}

/// The columns of what `SHOW` answers.
pub(crate) fn shown_columns(name: Option<&str>) -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    Arc::new(match name {
        Some(name) => Schema::new(vec![text(shown_as(name))]),
        None => Schema::new(vec![text("name"), text("setting"), text("description")]),
    })
}

async fn answered(
    context: &Context<'_>,
    statement: SqlStatement,
    bound: impl FnOnce(&Understood) -> PgWireResult<Vec<ScalarValue>> + Send,
) -> PgWireResult<Answer> {
    let connection = context.connection;
    let place = connection.place()?;
    let (session, understood) = connection.understand(context.written, statement).await?;
    let parameters = bound(&understood)?;
    let result = connection.watch().until(session.answer(understood, parameters)).await?;
    let result = result.map_err(|cause| fault::of_engine(&cause))?;
    Ok(Answer::new(result, Arc::clone(connection.watch()), place))
}

async fn set<C>(
    client: &mut C,
    connection: &Arc<Connection>,
    name: &str,
    value: Option<String>,
) -> PgWireResult<Response>
where
    C: Sink<PgWireBackendMessage> + Unpin + Send,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    let mut settings = connection.settings().clone();
    settings.set(name, value).map_err(|refused| {
        let (code, message) = match refused {
            Refused::Unknown => (fault::UNKNOWN_SETTING, "unrecognized configuration parameter"),
            Refused::Fixed => (fault::FIXED_SETTING, "the parameter cannot be changed"),
            Refused::Value => (fault::INVALID_PARAMETER, "the parameter does not take this value"),
        };
        fault::error(code, message)
    })?;
    let name = name.to_ascii_lowercase();
    if name == PURPOSE {
        // A purpose that the role is not granted is told now, not at the next query.
        connection.session_for(settings.clone()).await?;
    }
    let told = settings.get(&name).unwrap_or_default().to_owned();
    *connection.settings() = settings;
    if REPORTED.contains(&name.as_str()) {
        let status = ParameterStatus::new(shown_as(&name).to_owned(), told);
        client.feed(PgWireBackendMessage::ParameterStatus(status)).await?;
    }
    Ok(tag("SET"))
}

fn shown(context: &Context<'_>, name: Option<&str>) -> PgWireResult<Response> {
    let settings = context.connection.settings();
    let columns: Vec<ArrayRef> = match name {
        Some(name) => {
            let value = settings.get(name);
            let unknown = || fault::error(fault::UNKNOWN_SETTING, "unrecognized configuration parameter");
            vec![Arc::new(StringArray::from(vec![value.ok_or_else(unknown)?]))]
        }
        None => {
            let (names, values): (Vec<_>, Vec<_>) = settings.all().unzip();
            let described = vec![""; names.len()];
            [names, values, described]
                .into_iter()
                .map(|column| Arc::new(StringArray::from(column)) as _)
                .collect()
        }
    };
    let schema = shown_columns(name);
    let fields = answer::fields(&schema, context.format, Arc::new(FormatOptions::default()))?;
    let batch =
        RecordBatch::try_new(schema, columns).map_err(|cause| PgWireError::ApiError(Box::new(cause)))?;
    let rows: Vec<_> = encode_recordbatch(Arc::clone(&fields), batch).collect();
    let mut response = QueryResponse::new(fields, stream::iter(rows));
    response.set_command_tag("SHOW");
    Ok(Response::Query(response))
}

fn formats(connection: &Connection) -> Arc<FormatOptions> {
    Arc::new(connection.settings().formats())
}

fn tag(word: &str) -> Response {
    Response::Execution(Tag::new(word))
}
