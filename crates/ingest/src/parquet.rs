//! Apache Parquet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::ArrowReaderOptions;
use ::parquet::arrow::async_reader::{
    AsyncFileReader, ParquetRecordBatchStream, ParquetRecordBatchStreamBuilder,
};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, TimeUnit};
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use object_store::{GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt};
use serde_json::{Map, Value, json};
use vermeil_model::Diagnostic;

use crate::batch::{BATCH_ROWS, BatchBuilder, Place};
use crate::cells::{Cell, Cells};
use crate::error::IngestError;
use crate::formats::{FileReader, Progress, Replay, SourceFormat, positions};
use crate::location::Found;
use crate::plan::Plan;

/// What a Parquet file starts and ends with.
pub(crate) const MAGIC: &[u8] = b"PAR1";

/// Parquet, set up for a source.
pub(crate) struct Parquet {
    plan: Arc<Plan>,
}

struct ParquetReader {
    stream: ParquetRecordBatchStream<ObjectReader>,
    name: String,
    file: u32,
    columns: Vec<String>,
    plan: Arc<Plan>,
    /// The slots' values of the batch under way.
    values: Vec<TextColumn>,
    /// The next row of it, and how many it has.
    rows: Range<usize>,
    /// The number of the last row taken, from 1.
    line: u64,
}

/// A column of values as text.
enum TextColumn {
    /// Text in the file: configured patterns hold.
    Written(StringArray),
    /// Made from a typed column.
    Typed(StringArray),
    /// Bytes that may or may not be UTF-8.
    Bytes(BinaryArray),
}

/// Reads ranges of one version of one object.
struct ObjectReader {
    store: Arc<dyn ObjectStore>,
    meta: ObjectMeta,
}

impl Parquet {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        Self { plan }
    }

    /// The columns of a file that hold single values.
    pub(crate) async fn single_valued_columns(
        store: &Arc<dyn ObjectStore>,
        found: &Found,
    ) -> Result<Vec<String>, IngestError> {
        check_magic(store, found).await?;
        let input = ObjectReader { store: Arc::clone(store), meta: found.meta.clone() };
        let builder = ParquetRecordBatchStreamBuilder::new(input)
            .await
            .map_err(|cause| failure(&found.file.name, cause))?;
        let fields = builder.schema().fields().iter();
        let single = fields.filter(|field| is_single_value(field.data_type()));
        Ok(single.map(|field| field.name().clone()).collect())
    }
}

#[async_trait]
impl SourceFormat for Parquet {
    async fn open(
        &self,
        store: &Arc<dyn ObjectStore>,
        found: &Found,
        file: u32,
    ) -> Result<Box<dyn FileReader>, IngestError> {
        let name = &found.file.name;
        check_magic(store, found).await?;
        let input = ObjectReader { store: Arc::clone(store), meta: found.meta.clone() };
        let builder =
            ParquetRecordBatchStreamBuilder::new(input).await.map_err(|cause| failure(name, cause))?;

        let fields = builder.schema().fields().clone();
        let columns: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
        let wanted = positions(&self.plan, &columns, name)?;
        if let Some(nested) = wanted.iter().find(|wanted| !is_single_value(fields[**wanted].data_type())) {
            return Err(IngestError::NestedColumn {
                file: name.clone(),
                column: columns[*nested].clone(),
                data_type: fields[*nested].data_type().to_string(),
            });
        }
        let projection = ProjectionMask::roots(builder.parquet_schema(), wanted);
        let stream = builder
            .with_projection(projection)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|cause| failure(name, cause))?;
        Ok(Box::new(ParquetReader {
            stream,
            name: name.clone(),
            file,
            columns,
            plan: Arc::clone(&self.plan),
            values: Vec::new(),
            rows: 0..0,
            line: 0,
        }))
    }

    fn replay(&self, row: &Replay<'_>, into: &mut BatchBuilder) -> Result<(), IngestError> {
        positions(&self.plan, row.columns, row.file)?;
        let place = Place { file: 0, line: row.line };
        let Ok(object) = serde_json::from_slice::<Map<String, Value>>(row.raw) else {
            into.reject(Diagnostic::new("not-json").with("position", 1), place, row.raw.to_vec());
            return Ok(());
        };
        let cells = Cells(self.plan.slots.iter().map(|slot| replayed_cell(object.get(slot))).collect());
        into.offer(place, &cells, row.raw.len(), || row.raw.to_vec());
        Ok(())
    }
}

#[async_trait]
impl FileReader for ParquetReader {
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    async fn fill(&mut self, batch: &mut BatchBuilder) -> Result<Progress, IngestError> {
        loop {
            for row in self.rows.by_ref() {
                self.line += 1;
                let cells = Cells(self.values.iter().map(|column| column.cell(row)).collect());
                let bytes = cells.0.iter().map(|cell| cell.text().len()).sum();
                let place = Place { file: self.file, line: self.line };
                batch.offer(place, &cells, bytes, || raw_row(&self.plan, &self.values, row));
                if batch.is_full() {
                    return Ok(Progress::BatchFull);
                }
            }
            let Some(next) = self.stream.next().await else { return Ok(Progress::FileDone) };
            let next = next.map_err(|cause| failure(&self.name, cause))?;
            self.rows = 0..next.num_rows();
            self.values = self
                .plan
                .slots
                .iter()
                .map(|slot| next.column_by_name(slot).and_then(TextColumn::of))
                .collect::<Option<_>>()
                .ok_or_else(|| IngestError::InvalidParquet { file: self.name.clone(), cause: None })?;
        }
    }
}

impl TextColumn {
    /// The column's values as text; `None` if a value has no such form (a moment beyond the calendar).
    fn of(column: &ArrayRef) -> Option<Self> {
        let as_text = |column: &ArrayRef| {
            let column = cast(column, &DataType::Utf8).ok()?;
            Some(column.as_string::<i32>().clone())
        };
        Some(match column.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Written(as_text(column)?),
            DataType::Dictionary(_, values) => return Self::of(&cast(column, values).ok()?),
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => {
                Self::Bytes(cast(column, &DataType::Binary).ok()?.as_binary::<i32>().clone())
            }
            // Whole numbers without `.0`: an id that went through a float column
            // must look the same in every source. Not a number is no value.
            DataType::Float32 => Self::Typed(
                column
                    .as_primitive::<Float32Type>()
                    .iter()
                    .map(|number| number.filter(|number| !number.is_nan()).map(|number| number.to_string()))
                    .collect(),
            ),
            DataType::Float16 | DataType::Float64 => Self::Typed(
                cast(column, &DataType::Float64)
                    .ok()?
                    .as_primitive::<Float64Type>()
                    .iter()
                    .map(|number| number.filter(|number| !number.is_nan()).map(|number| number.to_string()))
                    .collect(),
            ),
            // By way of UTC: names of time zones would need a zone database.
            DataType::Timestamp(_, Some(_)) => {
                let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
                Self::Typed(as_text(&cast(column, &utc).ok()?)?)
            }
            _ => Self::Typed(as_text(column)?),
        })
    }

    fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Written(values) if values.is_valid(row) => Cell::Written(values.value(row)),
            Self::Typed(values) if values.is_valid(row) => Cell::Typed(Cow::Borrowed(values.value(row))),
            Self::Bytes(values) if values.is_valid(row) => match std::str::from_utf8(values.value(row)) {
                Ok(text) => Cell::Written(text),
                Err(_) => Cell::Undecodable,
            },
            _ => Cell::Missing,
        }
    }
}

impl AsyncFileReader for ObjectReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        async move {
            let options = GetOptions {
                range: Some(range.into()),
                if_match: strong_tag(&self.meta),
                ..GetOptions::default()
            };
            let read = async { self.store.get_opts(&self.meta.location, options).await?.bytes().await };
            read.await.map_err(|cause| ParquetError::External(Box::new(cause)))
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        async move {
            let size = self.meta.size;
            let metadata = ParquetMetaDataReader::new()
                .with_metadata_options(options.map(|options| options.metadata_options().clone()))
                .load_and_finish(self, size)
                .await?;
            Ok(Arc::new(metadata))
        }
        .boxed()
    }
}

/// The object's tag where a store compares it: weak ones never match.
fn strong_tag(meta: &ObjectMeta) -> Option<String> {
    meta.e_tag.clone().filter(|tag| !tag.starts_with("W/"))
}

async fn check_magic(store: &Arc<dyn ObjectStore>, found: &Found) -> Result<(), IngestError> {
    let (file, size) = (found.file.name.clone(), found.meta.size);
    if size == 0 {
        return Err(IngestError::Empty { file });
    }
    let length = size.min(MAGIC.len() as u64);
    let read = async |range| {
        let bytes = store.get_range(&found.meta.location, range).await;
        bytes.map_err(|cause| failure(&file, ParquetError::External(Box::new(cause))))
    };
    let (head, tail) = (read(0..length).await?, read(size - length..size).await?);
    match (head == MAGIC, tail == MAGIC) {
        (true, true) if size >= 12 => Ok(()),
        (true, _) => Err(IngestError::TruncatedParquet { file }),
        (false, _) => Err(IngestError::InvalidParquet { file, cause: None }),
    }
}

fn failure(file: &str, cause: ParquetError) -> IngestError {
    let file = file.to_owned();
    match cause {
        ParquetError::External(cause) => match cause.downcast_ref() {
            Some(object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. }) => {
                IngestError::Changed { file }
            }
            _ => IngestError::Unreadable { file, cause },
        },
        cause => IngestError::InvalidParquet { file, cause: Some(cause) },
    }
}

fn is_single_value(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_single_value(values),
        DataType::Interval(_) | DataType::Duration(_) => false,
        other => !other.is_nested(),
    }
}

/// The mapped columns of a row as JSON, text apart from what was typed.
fn raw_row(plan: &Plan, values: &[TextColumn], row: usize) -> Vec<u8> {
    let value = |column: &TextColumn| match (column.cell(row), column) {
        (Cell::Written(text), _) => json!(text),
        (Cell::Typed(text), _) => json!({ "typed": text }),
        (Cell::Undecodable, TextColumn::Bytes(bytes)) => json!({ "bytes": bytes.value(row) }),
        _ => Value::Null,
    };
    // Sorted, whatever order `serde_json::Map` has: a row is known again by these bytes.
    let object: BTreeMap<&str, Value> =
        plan.slots.iter().zip(values).map(|(name, column)| (name.as_str(), value(column))).collect();
    serde_json::to_vec(&object).expect("a map of text always serialises")
}

fn replayed_cell(value: Option<&Value>) -> Cell<'_> {
    match value {
        None | Some(Value::Null) => Cell::Missing,
        Some(Value::String(text)) => Cell::Written(text),
        Some(typed) => match typed.get("typed").and_then(Value::as_str) {
            Some(text) => Cell::Typed(Cow::Borrowed(text)),
            None => Cell::Undecodable,
        },
    }
}
