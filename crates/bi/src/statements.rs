//! Statements as clients write them, understood far enough to describe them.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use pgwire::api::portal::Format;
use pgwire::api::results::FieldInfo;
use pgwire::api::stmt::QueryParser;
use pgwire::api::{ClientInfo, Type};
use pgwire::error::PgWireResult;
use pgwire::messages::response::TransactionStatus;
use pgwire::types::format::FormatOptions;
use vermeil_engine::EngineError;

use crate::catalogue::rewrite;
use crate::command::Command;
use crate::parameters::{self, Parameter};
use crate::{answer, connection, fault, run};

/// Reads PostgreSQL's dialect.
#[derive(Debug)]
pub(crate) struct Statements(PostgresCompatibilityParser);

/// A statement that a client prepared.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) written: Arc<str>,
    pub(crate) command: Command,
    /// Of what the engine answers: how it was described.
    pub(crate) described: Option<Arc<Described>>,
}

/// How a statement was described.
pub(crate) struct Described {
    pub(crate) columns: SchemaRef,
    parameters: Vec<Parameter>,
}

impl Statements {
    pub(crate) fn new() -> Self {
        Self(PostgresCompatibilityParser::new())
    }

    /// # Errors
    /// It is no SQL: told without its values.
    pub(crate) fn parse(&self, sql: &str) -> PgWireResult<Vec<SqlStatement>> {
        let parsed = self.0.parse(sql);
        let parsed = parsed.map_err(|cause| fault::of_engine(&EngineError::not_sql(sql, &cause)))?;
        Ok(parsed.into_iter().map(rewrite::statement).collect())
    }
}

#[async_trait]
impl QueryParser for Statements {
    type Statement = Prepared;

    async fn parse_sql<C>(
        &self,
        client: &C,
        sql: &str,
        _types: &[Option<Type>],
    ) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let connection = connection::of(client)?;
        connection.begin_statement();
        let mut statements = self.parse(sql)?.into_iter();
        let Some(statement) = statements.next() else { return Ok(None) };
        if statements.next().is_some() {
            return Err(fault::error(fault::SYNTAX, "one statement is prepared at a time"));
        }
        let mut prepared =
            Prepared { written: sql.into(), command: Command::of(statement)?, described: None };
        if let Command::Engine(statement) | Command::Copy { query: statement, .. } = &prepared.command
            // What would be refused needs no description, and is refused when it is executed.
            && client.transaction_status() != TransactionStatus::Error
        {
            let (_session, understood) = connection.understand(sql, (**statement).clone()).await?;
            let plan = understood.plan();
            prepared.described = Some(Arc::new(Described {
                columns: Arc::clone(plan.schema().inner()),
                parameters: parameters::of(plan)?,
            }));
        }
        Ok(Some(prepared))
    }

    fn get_parameter_types(&self, prepared: &Prepared) -> PgWireResult<Vec<Type>> {
        let described = prepared.described.as_ref();
        let parameters = described.map(|described| described.parameters.iter());
        Ok(parameters.into_iter().flatten().map(|parameter| parameter.wire.clone()).collect())
    }

    fn get_result_schema(
        &self,
        prepared: &Prepared,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        let columns = match (&prepared.command, &prepared.described) {
            (Command::Engine(_), Some(described)) => Arc::clone(&described.columns),
            (Command::Show(name), _) => run::shown_columns(name.as_deref()),
            _ => Arc::new(Schema::empty()),
        };
        fields(&columns, format)
    }
}

/// How columns are described.
pub(crate) fn fields(columns: &SchemaRef, format: Option<&Format>) -> PgWireResult<Vec<FieldInfo>> {
    let format = format.unwrap_or(&Format::UnifiedText);
    // Whoever describes a statement without columns may have asked for formats all the same.
    if columns.fields().is_empty() {
        return Ok(Vec::new());
    }
    answer::fields(columns, format, Arc::new(FormatOptions::default())).map(|fields| (*fields).clone())
}
