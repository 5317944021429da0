//! SQL over what a role may see.
//!
//! ```text
//! statement   only queries pass
//! literals    what the statement says of people is told to nobody
//! catalog     only policy tables are there
//! table       which columns a grant shows: plain, pseudonymous, opened, or not at all
//! visible     rows of whoever may not be seen for the purpose are left out, before
//! open        sealed columns become columns, after
//! reading     the audit log has taken the intent
//! trail       that log as tables, for those who may read it
//! ```
//!
//! Invariants:
//! - What a role may not see is absent from every schema it can ask for, so no
//!   view, subquery, cast, plan or error can bring it out.
//! - Who withdrew, objected or is restricted is left out of the rows before anything is counted.
//! - A query reads one publication, whatever runs meanwhile.
//! - Nothing is opened unless the query takes a column of its class, and then
//!   not before the audit trail holds the intent.
//! - An error that arises while rows flow is told by its kind alone: its text
//!   may quote a value.

mod catalog;
mod literals;
mod open;
mod reading;
mod statement;
mod table;
mod trail;
mod unsealing;
mod values;
mod view;
mod visible;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use vermeil_audit::Status;

use self::catalog::{CATALOG, DEFAULT_SCHEMA, PolicyCatalog};
use self::literals::Literals;
use self::view::View;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::session::query_session;

/// The rows that answer a query, as they come.
///
/// Dropped before its end it stops the query; what was opened until then is
/// still put into the audit trail, if the program goes on long enough.
pub struct QueryResult {
    /// The columns of the answer.
    pub schema: SchemaRef,
    /// `None` once the answer has ended.
    rows: Option<SendableRecordBatchStream>,
    view: Arc<View>,
}

impl Engine {
    /// Asks one SQL query, in the name of `reader`.
    ///
    /// # Errors
    /// - [`EngineError::Denied`]: no such role, or not for this purpose;
    /// - [`EngineError::NotAQuery`]: the statement would change something;
    /// - [`EngineError::Sql`]: the SQL is malformed, or names what is not there for this role;
    /// - the state database, the keyring or the lake cannot be reached.
    ///
    /// Errors of running come from [`QueryResult::next`].
    pub async fn query(&self, sql: &str, reader: &Reader) -> Result<QueryResult, EngineError> {
        let view = Arc::new(View::of(self, reader).await?);
        let session = query_session(self, session_config())?;
        session.register_catalog(CATALOG, Arc::new(PolicyCatalog::new(Arc::clone(&view))));
        answer(sql, &session, view).await
    }
}

impl QueryResult {
    /// The next rows; `None` at the end. Nothing comes after an error.
    ///
    /// # Errors
    /// - [`EngineError::Query`]: an operation failed;
    /// - [`EngineError::DamagedValue`]: a sealed value does not open;
    /// - the audit trail, the keys or the lake cannot be reached.
    pub async fn next(&mut self) -> Option<Result<RecordBatch, EngineError>> {
        let (status, error) = match self.rows.as_mut()?.next().await {
            Some(Ok(batch)) => return Some(Ok(batch)),
            Some(Err(cause)) => (Status::Failed, Some(run_error(&self.view, &cause))),
            None => (Status::Done, None),
        };
        self.rows = None;
        let written = self.view.readings().end(status).await;
        error.or(written.err()).map(Err)
    }
}

impl Drop for QueryResult {
    fn drop(&mut self) {
        // First the rows, so that nothing is opened after the count.
        self.rows = None;
        let view = Arc::clone(&self.view);
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            && view.readings().are_open()
        {
            runtime.spawn(async move {
                if let Err(cause) = view.readings().end(Status::Failed).await {
                    tracing::warn!(%cause, "the end of an abandoned query is not in the audit trail");
                }
            });
        }
    }
}

async fn answer(sql: &str, session: &SessionContext, view: Arc<View>) -> Result<QueryResult, EngineError> {
    let plan = plan(sql, session, &view).await?;
    let rows = execute_stream(plan, session.task_ctx()).map_err(|cause| run_error(&view, &cause))?;
    Ok(QueryResult { schema: rows.schema(), rows: Some(rows), view })
}

/// Understands a query. Reads the lake's logs and no rows.
async fn plan(
    sql: &str,
    session: &SessionContext,
    view: &View,
) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
    let literals = Literals::of(sql);
    let fail = |cause: DataFusionError| plan_error(view, &literals, &cause);
    let state = session.state();
    let dialect = state.config_options().sql_parser.dialect;
    let mut statement = state.sql_to_statement(sql, &dialect).map_err(fail)?;
    statement::check_statement(&statement)?;
    literals::leave_out_of_plan(&mut statement);
    let plan = state.statement_to_plan(statement).await.map_err(fail)?;
    statement::check_plan(&plan)?;
    state.create_physical_plan(&plan).await.map_err(fail)
}

/// No row is read while planning, so the text quotes the user's SQL and names of columns only.
fn plan_error(view: &View, literals: &Literals, cause: &DataFusionError) -> EngineError {
    view.failure().take().unwrap_or_else(|| {
        // Literals are computed with while planning; what fails then is told as if it ran.
        if matches!(cause.find_root(), DataFusionError::ArrowError(..)) {
            return EngineError::query(cause);
        }
        EngineError::Sql { message: literals.leave_out(&cause.strip_backtrace()) }
    })
}

fn run_error(view: &View, cause: &DataFusionError) -> EngineError {
    view.failure().take().unwrap_or_else(|| EngineError::query(cause))
}

fn session_config() -> SessionConfig {
    SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, DEFAULT_SCHEMA)
        .with_information_schema(true)
        // Filters stay above the policy's operators, so bounds found while
        // running could not be used; and they are values.
        .set_bool("datafusion.optimizer.enable_dynamic_filter_pushdown", false)
}

#[cfg(test)]
mod tests;
