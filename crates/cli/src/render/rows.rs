//! Rows of a query.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use comfy_table::{Cell, CellAlignment, Table};
use serde_json::{Map, Value};

use super::{table, value};

/// Rows gathered for one table.
///
/// They are data, not figures of ours: numbers stay as programs write them.
pub struct Rows {
    schema: SchemaRef,
    table: Table,
}

impl Rows {
    /// No rows yet.
    pub fn new(schema: SchemaRef) -> Self {
        let table = headed(&schema);
        Self { schema, table }
    }

    /// Adds one row of a batch.
    pub fn push(&mut self, batch: &RecordBatch, row: usize) {
        self.table.add_row(batch.columns().iter().map(|column| {
            let cell = Cell::new(visible(&value::text(column, row)));
            if column.data_type().is_numeric() { cell.set_alignment(CellAlignment::Right) } else { cell }
        }));
    }

    /// How many rows were gathered.
    pub fn len(&self) -> usize {
        self.table.row_count()
    }

    /// The table of the rows gathered; gathering begins anew.
    pub fn take(&mut self) -> String {
        let empty = headed(&self.schema);
        std::mem::replace(&mut self.table, empty).trim_fmt()
    }
}

/// One row of a batch as a JSON object. Of columns with the same name the last one stands.
pub fn object(batch: &RecordBatch, row: usize) -> Map<String, Value> {
    let schema = batch.schema_ref();
    let columns = schema.fields().iter().zip(batch.columns());
    columns.map(|(field, column)| (field.name().clone(), value::json(column, row))).collect()
}

fn headed(schema: &SchemaRef) -> Table {
    let mut table = table::empty_table();
    table.set_header(schema.fields().iter().map(|field| visible(field.name())));
    table
}

/// Text without control characters: a value could otherwise rewrite the terminal.
pub fn visible(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests;
