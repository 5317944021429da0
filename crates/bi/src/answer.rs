//! Rows as they come.

use std::pin::Pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_pg::datatypes::{arrow_schema_to_pg_fields, encode_recordbatch};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldInfo, QueryResponse};
use pgwire::error::PgWireResult;
use pgwire::messages::data::DataRow;
use pgwire::types::format::FormatOptions;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};
use vermeil_engine::QueryResult;

use crate::connection::Watch;
use crate::fault;

/// The answer to a query: batch after batch, within the time of the statement that asks for it.
pub(crate) struct Answer {
    result: Option<QueryResult>,
    schema: SchemaRef,
    watch: Arc<Watch>,
    _place: OwnedSemaphorePermit,
}

/// An answer that is taken in parts.
pub(crate) struct Cursor {
    answer: Answer,
    /// Rows that came, and that nobody took yet.
    left: Option<RecordBatch>,
}

/// Encoded rows.
pub(crate) type Rows = Pin<Box<dyn Stream<Item = PgWireResult<DataRow>> + Send>>;

impl Answer {
    pub(crate) fn new(result: QueryResult, watch: Arc<Watch>, place: OwnedSemaphorePermit) -> Self {
        Self { schema: Arc::clone(&result.schema), result: Some(result), watch, _place: place }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next rows; `None` at the end. What is ended before its end is dropped at once, so that the audit
    /// log says so.
    async fn next(&mut self) -> PgWireResult<Option<RecordBatch>> {
        let Some(mut result) = self.result.take() else { return Ok(None) };
        match self.watch.until(result.next()).await? {
            None => Ok(None),
            Some(Err(cause)) => Err(fault::of_engine(&cause)),
            Some(Ok(batch)) => {
                self.result = Some(result);
                Ok(Some(batch))
            }
        }
    }

    fn batches(self) -> impl Stream<Item = PgWireResult<RecordBatch>> + Send {
        stream::try_unfold(
            self,
            |mut answer| async move { Ok(answer.next().await?.map(|batch| (batch, answer))) },
        )
    }

    /// Its rows, for a client.
    pub(crate) fn response(
        self,
        format: &Format,
        formats: Arc<FormatOptions>,
    ) -> PgWireResult<QueryResponse> {
        let fields = fields(&self.schema, format, formats)?;
        Ok(QueryResponse::new(Arc::clone(&fields), encoded(self.batches(), fields)))
    }

    /// Its rows, encoded as `fields` say.
    pub(crate) fn rows(self, fields: Arc<Vec<FieldInfo>>) -> Rows {
        encoded(self.batches(), fields)
    }
}

impl Cursor {
    pub(crate) fn new(answer: Answer) -> Self {
        Self { answer, left: None }
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        self.answer.schema()
    }

    /// No more than `most` rows, but one where there is one.
    async fn next(&mut self, most: usize) -> PgWireResult<Option<RecordBatch>> {
        loop {
            let batch = match self.left.take() {
                Some(batch) => batch,
                None => match self.answer.next().await? {
                    Some(batch) => batch,
                    None => return Ok(None),
                },
            };
            if batch.num_rows() > most {
                self.left = Some(batch.slice(most, batch.num_rows() - most));
                return Ok(Some(batch.slice(0, most)));
            }
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
    }

    /// Its next rows for a client: all that are left, where none are counted.
    pub(crate) fn response(
        this: OwnedMutexGuard<Self>,
        rows: Option<usize>,
        format: &Format,
        formats: Arc<FormatOptions>,
    ) -> PgWireResult<QueryResponse> {
        let fields = fields(this.schema(), format, formats)?;
        let left = rows.unwrap_or(usize::MAX);
        let batches = stream::try_unfold((this, left), |(mut cursor, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let batch = cursor.next(left).await?;
            Ok(batch.map(|batch| {
                let left = left - batch.num_rows();
                (batch, (cursor, left))
            }))
        });
        let mut response = QueryResponse::new(Arc::clone(&fields), encoded(batches, fields));
        response.set_command_tag("FETCH");
        Ok(response)
    }
}

/// How the columns of a schema go over the wire.
pub(crate) fn fields(
    schema: &SchemaRef,
    format: &Format,
    formats: Arc<FormatOptions>,
) -> PgWireResult<Arc<Vec<FieldInfo>>> {
    if let Format::Individual(codes) = format
        && codes.len() != schema.fields().len()
    {
        return Err(fault::error(fault::PROTOCOL_VIOLATION, "there are other columns than formats"));
    }
    let fields = arrow_schema_to_pg_fields(schema, format, Some(formats));
    fields.map(Arc::new).map_err(|_| {
        fault::error(fault::UNSUPPORTED, "a column is of a type that the protocol does not know")
    })
}

fn encoded(
    batches: impl Stream<Item = PgWireResult<RecordBatch>> + Send + 'static,
    fields: Arc<Vec<FieldInfo>>,
) -> Rows {
    let rows = move |batch| {
        // The encoder's errors may quote what it encodes.
        let rows = encode_recordbatch(Arc::clone(&fields), batch);
        stream::iter(rows.map(|row| {
            row.map_err(|_| fault::error(fault::NOT_READABLE, "a value does not fit the type of its column"))
        }))
        .boxed()
    };
    Box::pin(batches.map_ok(rows).try_flatten())
}
