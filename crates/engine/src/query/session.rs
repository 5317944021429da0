//! The session that one statement is understood and answered in.
//!
//! One session, one statement: so each statement has the grant, the publication and the keys of its moment.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{CatalogProvider, SchemaProvider};
use datafusion::common::ParamValues;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion::sql::sqlparser::parser::ParserError;

use super::QueryResult;
use super::catalog::{CATALOG, DEFAULT_SCHEMA, PolicyCatalog};
use super::fault::SqlFault;
use super::literals::{self, Literals};
use super::statement;
use super::view::View;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::session::query_session;

/// What one statement of a reader is understood and answered in.
pub struct ReadingSession {
    pub(super) context: SessionContext,
    view: Arc<View>,
}

/// A statement that was understood: it is a query, and names only what is there for its reader.
pub struct Understood {
    plan: LogicalPlan,
    literals: Literals,
    explains: bool,
}

/// What those who speak another dialect of SQL add to a session.
pub trait SessionExtension: Send + Sync {
    /// Schemas, under their names, that describe the tables there are. They are outside the policy: nothing
    /// in them may come from a row of a table.
    fn schemas(&self, tables: &VisibleTables) -> Vec<(String, Arc<dyn SchemaProvider>)>;

    /// Adds functions of values to `context`.
    ///
    /// # Errors
    /// DataFusion refuses one.
    fn register(&self, context: &SessionContext) -> DataFusionResult<()>;
}

/// Which tables a reader sees, for those who list them.
#[derive(Debug, Clone)]
pub struct VisibleTables(Arc<View>);

impl Engine {
    /// A session for one statement of `reader`, in a dialect that needs `extension`.
    ///
    /// # Errors
    /// - [`EngineError::Denied`]: no such role, or not for this purpose;
    /// - the state database or the keyring cannot be reached.
    pub async fn reading_session(
        &self,
        reader: &Reader,
        extension: &dyn SessionExtension,
    ) -> Result<ReadingSession, EngineError> {
        let view = Arc::new(View::of(self, reader).await?);
        let schemas = extension.schemas(&VisibleTables::over(Arc::clone(&view)));
        let session = ReadingSession::over(self, view, schemas, session_config())?;
        extension.register(&session.context)?;
        Ok(session)
    }
}

impl ReadingSession {
    /// A session of DataFusion's own dialect.
    pub(super) async fn plain(engine: &Engine, reader: &Reader) -> Result<Self, EngineError> {
        let view = Arc::new(View::of(engine, reader).await?);
        Self::over(engine, view, Vec::new(), session_config())
    }

    pub(super) fn over(
        engine: &Engine,
        view: Arc<View>,
        describing: Vec<(String, Arc<dyn SchemaProvider>)>,
        config: SessionConfig,
    ) -> Result<Self, EngineError> {
        let context = query_session(engine, config)?;
        let catalog = PolicyCatalog::new(Arc::clone(&view)).describing(describing);
        context.register_catalog(CATALOG, Arc::new(catalog));
        Ok(Self { context, view })
    }

    /// Understands a statement that is written in DataFusion's dialect.
    pub(super) async fn understand_text(&self, sql: &str) -> Result<Understood, EngineError> {
        let literals = Literals::of(sql);
        let state = self.context.state();
        let dialect = state.config_options().sql_parser.dialect;
        let parsed = state.sql_to_statement(sql, &dialect);
        let statement = parsed.map_err(|cause| plan_error(&self.view, &literals, &cause))?;
        self.plan(state, statement, literals).await
    }

    /// Understands a statement. Reads the lake's logs and no rows, and opens nothing.
    ///
    /// `written` is the text that it was parsed from: what stands in it as a value is told in no error.
    ///
    /// # Errors
    /// - [`EngineError::NotAQuery`]: the statement would change something;
    /// - [`EngineError::Sql`]: it names what is not there for this role, or is not supported;
    /// - the state database, the keyring or the lake cannot be reached.
    pub async fn understand(
        &self,
        written: &str,
        statement: SqlStatement,
    ) -> Result<Understood, EngineError> {
        let statement = Statement::Statement(Box::new(statement));
        self.plan(self.context.state(), statement, Literals::of(written)).await
    }

    async fn plan(
        &self,
        state: SessionState,
        mut statement: Statement,
        literals: Literals,
    ) -> Result<Understood, EngineError> {
        statement::check_statement(&statement)?;
        literals::leave_out_of_plan(&mut statement);
        let explains = matches!(&statement, Statement::Explain(_))
            || matches!(&statement, Statement::Statement(sql) if matches!(**sql, SqlStatement::Explain { .. }));
        let planned = state.statement_to_plan(statement).await;
        let plan = planned.map_err(|cause| plan_error(&self.view, &literals, &cause))?;
        statement::check_plan(&plan)?;
        Ok(Understood { plan, literals, explains })
    }

    /// Answers a statement that this session understood, `parameters` for its placeholders in their order.
    ///
    /// # Errors
    /// - [`EngineError::Sql`]: a parameter does not fit, or the statement is not supported;
    /// - [`EngineError::Query`]: what can be computed beforehand failed.
    ///
    /// Errors of running come from [`QueryResult::next`].
    pub async fn answer(
        &self,
        understood: Understood,
        parameters: Vec<ScalarValue>,
    ) -> Result<QueryResult, EngineError> {
        let Understood { plan, literals, explains } = understood;
        // A plan would show them.
        if explains && !parameters.is_empty() {
            let message = "EXPLAIN takes no parameters".to_owned();
            return Err(EngineError::Sql { message, fault: SqlFault::Unsupported });
        }
        let literals = literals.and(parameters.iter().map(ToString::to_string));
        let fail = |cause: DataFusionError| plan_error(&self.view, &literals, &cause);
        let plan = match parameters.is_empty() {
            true => plan,
            false => {
                let parameters = ParamValues::List(parameters.into_iter().map(Into::into).collect());
                plan.replace_params_with_values(&parameters).map_err(fail)?
            }
        };
        let plan = self.context.state().create_physical_plan(&plan).await.map_err(fail)?;
        let rows = execute_stream(plan, self.context.task_ctx());
        let rows = rows.map_err(|cause| run_error(&self.view, &cause))?;
        Ok(QueryResult { schema: rows.schema(), rows: Some(rows), view: Arc::clone(&self.view) })
    }
}

impl Understood {
    /// What it is, as a plan: its columns and parameters can be read from it, and no row.
    pub fn plan(&self) -> &LogicalPlan {
        &self.plan
    }
}

impl VisibleTables {
    pub(super) fn over(view: Arc<View>) -> Self {
        Self(view)
    }

    /// Their schemas and names.
    pub fn names(&self) -> Vec<(String, String)> {
        let catalog = self.catalog();
        let in_schema = |schema: String| {
            let tables = catalog.schema(&schema).map(|schema| schema.table_names()).unwrap_or_default();
            tables.into_iter().map(move |table| (schema.clone(), table))
        };
        catalog.schema_names().into_iter().flat_map(in_schema).collect()
    }

    /// The columns that the reader sees of one; `None` where there is no such table.
    ///
    /// # Errors
    /// The lake or the audit log cannot be read.
    pub async fn columns(&self, schema: &str, table: &str) -> DataFusionResult<Option<SchemaRef>> {
        let Some(schema) = self.catalog().schema(schema) else { return Ok(None) };
        Ok(schema.table(table).await?.map(|table| table.schema()))
    }

    fn catalog(&self) -> PolicyCatalog {
        PolicyCatalog::new(Arc::clone(&self.0))
    }
}

impl EngineError {
    /// What another parser says against `sql`, without the values in it.
    pub fn not_sql(sql: &str, cause: &ParserError) -> Self {
        Self::Sql { message: Literals::of(sql).leave_out(&cause.to_string()), fault: SqlFault::Syntax }
    }
}

/// No row is read while planning, so the text quotes the user's SQL and names of columns only.
fn plan_error(view: &View, literals: &Literals, cause: &DataFusionError) -> EngineError {
    view.failure().take().unwrap_or_else(|| {
        // Literals are computed with while planning; what fails then is told as if it ran.
        if matches!(cause.find_root(), DataFusionError::ArrowError(..)) {
            return EngineError::query(cause);
        }
        let message = literals.leave_out(&cause.strip_backtrace());
        EngineError::Sql { message, fault: SqlFault::of(cause) }
    })
}

/// What is told of a failure while rows flow.
pub(super) fn run_error(view: &View, cause: &DataFusionError) -> EngineError {
    view.failure().take().unwrap_or_else(|| EngineError::query(cause))
}

pub(super) fn session_config() -> SessionConfig {
    SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(CATALOG, DEFAULT_SCHEMA)
        .with_information_schema(true)
        // Filters stay above the policy's operators, so bounds found while
        // running could not be used; and they are values.
        .set_bool("datafusion.optimizer.enable_dynamic_filter_pushdown", false)
}
