//! The simple and the extended protocol.
//!
//! Nothing that an earlier message understood is used again: `Parse` understands a statement to describe it, and
//! `Execute` does so anew, as everything stands then.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use pgwire::api::portal::{Format, Portal, PortalExecutionState};
use pgwire::api::query::{
    ExtendedQueryHandler, SimpleQueryHandler, send_execution_response, send_partial_query_response,
};
use pgwire::api::results::{DescribePortalResponse, DescribeStatementResponse, FieldInfo, Response, Tag};
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{ClientInfo, ClientPortalStore, DEFAULT_NAME, ErrorHandler, PgWireConnectionState, Type};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::extendedquery::{Execute, Sync as PgSync};
use pgwire::messages::response::{EmptyQueryResponse, ReadyForQuery, TransactionStatus};
use vermeil_engine::Understood;

use crate::command::Command;
use crate::run::{self, Context};
use crate::statements::{Prepared, Statements, fields};
use crate::{connection, fault, parameters};

/// Answers statements, for every client of a server.
#[derive(Debug)]
pub(crate) struct Handlers {
    statements: Arc<Statements>,
}

/// Tells clients kinds of errors, and no text of a library.
pub(crate) struct Errors;

impl ErrorHandler for Errors {
    fn on_error<C: ClientInfo>(&self, _client: &C, error: &mut PgWireError) {
        fault::leave_out(error);
    }
}

impl Handlers {
    pub(crate) fn new() -> Self {
        Self { statements: Arc::new(Statements::new()) }
    }
}

#[async_trait]
impl SimpleQueryHandler for Handlers {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let connection = connection::of(client)?;
        connection.begin_statement();
        let statements = self.statements.parse(query)?;
        if statements.is_empty() {
            return Ok(vec![Response::EmptyQuery]);
        }
        let alone = statements.len() == 1;
        let mut responses = Vec::with_capacity(statements.len());
        for statement in statements {
            let command = Command::of(statement)?;
            // What it sends comes before the answers of the others.
            if matches!(command, Command::Copy { .. }) && !alone {
                return Err(fault::error(fault::UNSUPPORTED, "COPY stands alone"));
            }
            let context = Context { connection: &connection, written: query, format: &Format::UnifiedText };
            responses.push(run::command(client, &context, command, |_| Ok(Vec::new())).await?);
        }
        Ok(responses)
    }
}

#[async_trait]
impl ExtendedQueryHandler for Handlers {
    type Statement = Prepared;
    type QueryParser = Statements;

    fn query_parser(&self) -> Arc<Statements> {
        Arc::clone(&self.statements)
    }

    async fn do_describe_statement<C>(
        &self,
        client: &mut C,
        target: &StoredStatement<Prepared>,
    ) -> PgWireResult<DescribeStatementResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let types = self.statements.get_parameter_types(&target.statement)?;
        let count = types.len().max(target.parameter_types.len());
        let said = |position: usize| target.parameter_types.get(position).cloned().flatten();
        let types = (0..count)
            .map(|position| said(position).or_else(|| types.get(position).cloned()).unwrap_or(Type::UNKNOWN))
            .collect();
        let columns = self.columns(client, &target.statement, None).await?;
        Ok(DescribeStatementResponse::new(types, columns))
    }

    async fn do_describe_portal<C>(
        &self,
        client: &mut C,
        target: &Portal<Prepared>,
    ) -> PgWireResult<DescribePortalResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let format = Some(&target.result_column_format);
        let columns = self.columns(client, &target.statement.statement, format).await?;
        Ok(DescribePortalResponse::new(columns))
    }

    /// As the library's, but that rows go out as they come: it would hold all that are asked for at once.
    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        connection::of(client)?.begin_statement();
        client.set_state(PgWireConnectionState::QueryInProgress);
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        let rows = usize::try_from(message.max_rows).unwrap_or(0);
        match client.portal_store().get_portal(name) {
            None => return Err(PgWireError::PortalNotFound(name.to_owned())),
            Some(Entry::Empty) => {
                client.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
            }
            Some(Entry::Value(portal)) => self.execute(client, &portal, rows).await?,
        }
        client.set_state(PgWireConnectionState::ReadyForQuery);
        Ok(())
    }

    /// Outside a transaction, what a client opened ends here.
    async fn on_sync<C>(&self, client: &mut C, _message: PgSync) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match client.transaction_status() {
            TransactionStatus::Idle => client.portal_store().clear_portals(),
            _ => client.portal_store().rm_portal(DEFAULT_NAME),
        }
        let ready = ReadyForQuery::new(client.transaction_status());
        client.send(PgWireBackendMessage::ReadyForQuery(ready)).await?;
        Ok(())
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Prepared>,
        _rows: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let connection = connection::of(client)?;
        let Prepared { written, command, described } = &portal.statement.statement;
        let format = &portal.result_column_format;
        let context = Context { connection: &connection, written, format };
        let bound = |understood: &Understood| {
            let plan = understood.plan();
            let same = described.as_ref().is_none_or(|described| described.columns == *plan.schema().inner());
            if !same {
                return Err(fault::error(fault::UNSUPPORTED, "cached plan must not change result type"));
            }
            parameters::bound(portal, &parameters::of(plan)?)
        };
        run::command(client, &context, command.clone(), bound).await
    }
}

impl Handlers {
    /// The columns of what a statement answers with.
    async fn columns<C: ClientInfo>(
        &self,
        client: &C,
        prepared: &Prepared,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        match &prepared.command {
            Command::Fetch { name, .. } => {
                let cursor = connection::of(client)?.cursor(name).await?;
                fields(cursor.schema(), format)
            }
            _ => self.statements.get_result_schema(prepared, format),
        }
    }

    async fn execute<C>(&self, client: &mut C, portal: &Portal<Prepared>, rows: usize) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let state = portal.state();
        let mut state = state.lock().await;
        if matches!(*state, PortalExecutionState::Initial) {
            // Whatever comes of it, it is not executed twice.
            *state = PortalExecutionState::Finished;
            let status = client.transaction_status();
            match ExtendedQueryHandler::do_query(self, client, portal, rows).await? {
                Response::Query(answer) => *state = PortalExecutionState::Suspended(answer),
                Response::TransactionStart(tag) => {
                    client.set_transaction_status(status.to_in_transaction_state());
                    return send_execution_response(client, tag).await;
                }
                Response::TransactionEnd(tag) => {
                    client.set_transaction_status(status.to_idle_state());
                    return send_execution_response(client, tag).await;
                }
                Response::Execution(tag) => return send_execution_response(client, tag).await,
                _ => return Err(fault::error(fault::UNSUPPORTED, "the statement has no answer")),
            }
        }
        match std::mem::replace(&mut *state, PortalExecutionState::Finished) {
            PortalExecutionState::Suspended(mut answer) => {
                if send_partial_query_response(client, &mut answer, rows).await? {
                    *state = PortalExecutionState::Suspended(answer);
                }
                Ok(())
            }
            _ => send_execution_response(client, Tag::new("SELECT").with_rows(0)).await,
        }
    }
}
