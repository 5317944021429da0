//! SQL over what a role may see.
//!
//! ```text
//! session     one statement is understood and answered in it, also for those who bring a dialect of their own
//! statement   only queries pass
//! literals    what the statement says of people is told to nobody
//! catalog     only policy tables are there
//! table       which columns a grant shows: plain, pseudonymous, opened, or not at all
//! visible     rows of whoever may not be seen for the purpose are left out, before
//! open        sealed columns become columns, after
//! reading     the audit log has taken the intent
//! trail       that log as tables, for those who may read it
//! fault       what is told of a failure
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
mod fault;
mod literals;
mod open;
mod reading;
mod session;
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
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use vermeil_audit::Status;

pub use self::fault::{QueryFault, SqlFault};
use self::session::run_error;
pub use self::session::{ReadingSession, SessionExtension, Understood, VisibleTables};
use self::view::View;
use crate::engine::{Engine, Reader};
use crate::error::EngineError;

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
        let session = ReadingSession::plain(self, reader).await?;
        let understood = session.understand_text(sql).await?;
        session.answer(understood, Vec::new()).await
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

#[cfg(test)]
mod tests;
