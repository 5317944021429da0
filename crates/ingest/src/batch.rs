//! Batches of rows: columns of what was read, and beside them what was rejected.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::DataType;
use vermeil_model::{Diagnostic, Plaintext};

use crate::cells::{Cell, Row};
use crate::plan::{Origin, Output, Plan, Value};

/// A batch ends at this many rows, rejected ones included.
pub const BATCH_ROWS: usize = 8192;

/// A batch ends when its rows, as delivered, reach this many bytes.
pub const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Some rows of a source, in order.
pub struct SourceBatch {
    /// `__key_0…: Utf8`, `__updated_at: Timestamp(µs, UTC)?` where mapped,
    /// `__subject_key_0…: Utf8` for events, `__replaced_by_0…: Utf8?`, then one nullable column for each
    /// field that is mapped or constant, in the schema's order: personal fields as
    /// canonical text (`Utf8`; days as `YYYY-MM-DD`), plain ones as Utf8, Int64,
    /// Float64, Date32, Timestamp(µs, UTC) or Boolean.
    pub rows: Plaintext<RecordBatch>,
    /// Where each row stood.
    pub places: Vec<Place>,
    /// Rows that break the contract.
    pub rejected: Vec<Rejected>,
    /// Rows read: `places.len() + rejected.len()`.
    pub rows_in: u64,
}

/// Where a row stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The position of its file in [`SourceStream::files`](crate::SourceStream::files).
    pub file: u32,
    /// Its first line in text formats, its number in Parquet; from 1.
    pub line: u64,
}

/// A row that breaks its contract.
pub struct Rejected {
    /// Code and arguments; no value of the row.
    pub diagnostic: Diagnostic,
    /// Where it stood.
    pub place: Place,
    /// The row as delivered, for [`replay`](crate::replay): its bytes without the
    /// line end (as UTF-8 where the encoding had to be converted), at most
    /// [`MAX_ROW_BYTES`](crate::MAX_ROW_BYTES) of them; for Parquet the mapped
    /// columns as a JSON object.
    pub raw: Plaintext<Vec<u8>>,
}

/// Gathers rows into a batch.
pub(crate) struct BatchBuilder {
    plan: Arc<Plan>,
    columns: Vec<ColumnBuilder>,
    places: Vec<Place>,
    rejected: Vec<Rejected>,
    bytes: usize,
    values: Vec<Value>,
}

enum ColumnBuilder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Decimal(Float64Builder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Boolean(BooleanBuilder),
}

impl BatchBuilder {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let columns =
            plan.columns.fields().iter().map(|field| ColumnBuilder::new(field.data_type())).collect();
        Self { plan, columns, places: Vec::new(), rejected: Vec::new(), bytes: 0, values: Vec::new() }
    }

    /// Takes a row, or rejects it if it breaks the contract; `raw` gives it as delivered.
    pub(crate) fn offer(
        &mut self,
        place: Place,
        row: &impl Row,
        raw_bytes: usize,
        raw: impl FnOnce() -> Vec<u8>,
    ) {
        match self.plan.read(row, &mut self.values) {
            Err(diagnostic) => self.reject(diagnostic, place, raw()),
            Ok(()) => {
                for ((output, value), column) in
                    self.plan.outputs.iter().zip(&self.values).zip(&mut self.columns)
                {
                    match &output.origin {
                        Origin::Slot(slot) => column.append(*value, &row.cell(*slot)),
                        Origin::Constant(text) => column.append(*value, &Cell::Written(text)),
                    }
                }
                self.places.push(place);
                self.bytes += raw_bytes;
            }
        }
    }

    /// Rejects a row.
    pub(crate) fn reject(&mut self, diagnostic: Diagnostic, place: Place, raw: Vec<u8>) {
        self.bytes += raw.len();
        self.rejected.push(Rejected { diagnostic, place, raw: Plaintext::new(raw) });
    }

    pub(crate) fn is_full(&self) -> bool {
        self.row_count() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    pub(crate) fn row_count(&self) -> usize {
        self.places.len() + self.rejected.len()
    }

    /// Hands over what was gathered and starts anew.
    pub(crate) fn finish(&mut self) -> SourceBatch {
        let rows_in = self.row_count() as u64;
        let columns: Vec<ArrayRef> = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        let rows = RecordBatch::try_new(Arc::clone(&self.plan.columns), columns)
            .expect("builders are made from the plan's columns and all get one value a row");
        self.bytes = 0;
        SourceBatch {
            rows: Plaintext::new(rows),
            places: std::mem::take(&mut self.places),
            rejected: std::mem::take(&mut self.rejected),
            rows_in,
        }
    }
}

impl ColumnBuilder {
    fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Int64 => Self::Integer(Int64Builder::new()),
            DataType::Float64 => Self::Decimal(Float64Builder::new()),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(..) => {
                Self::Timestamp(TimestampMicrosecondBuilder::new().with_data_type(data_type.clone()))
            }
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    fn append(&mut self, value: Value, cell: &Cell<'_>) {
        match (self, value) {
            (Self::Text(column), Value::Text) => column.append_value(cell.text().trim()),
            (Self::Text(column), value) => column.append_option(Output::canonical(value, "")),
            (Self::Integer(column), Value::Integer(number)) => column.append_value(number),
            (Self::Decimal(column), Value::Decimal(number)) => column.append_value(number),
            (Self::Date(column), Value::Day(days)) => column.append_value(days),
            (Self::Timestamp(column), Value::Moment(micros)) => column.append_value(micros),
            (Self::Boolean(column), Value::Boolean(flag)) => column.append_value(flag),
            // Only `Missing` is left: a plain column's builder has the type of its reading.
            (Self::Integer(column), _) => column.append_null(),
            (Self::Decimal(column), _) => column.append_null(),
            (Self::Date(column), _) => column.append_null(),
            (Self::Timestamp(column), _) => column.append_null(),
            (Self::Boolean(column), _) => column.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Integer(column) => Arc::new(column.finish()),
            Self::Decimal(column) => Arc::new(column.finish()),
            Self::Date(column) => Arc::new(column.finish()),
            Self::Timestamp(column) => Arc::new(column.finish()),
            Self::Boolean(column) => Arc::new(column.finish()),
        }
    }
}
