//! Arrow IPC: every value of every batch and dictionary, and the schema.

use std::io::{Read, Seek};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_ipc::reader::{FileReader, StreamReader};

use super::{Damaged, cell};
use crate::report::Channel;
use crate::scan::{Place, Scan};

/// Searches an IPC file.
pub(super) fn file<R: Read + Seek>(scan: &Scan<'_>, reader: &mut R, place: &Place) -> Result<(), Damaged> {
    let reader = FileReader::try_new(reader, None)?;
    let mut columns = Columns::new(scan, place.inside(Channel::ArrowValue, "arrow file"));
    columns.schema(&reader.schema());
    for (key, value) in reader.custom_metadata() {
        columns.metadata(key, value);
    }
    reader.into_iter().try_for_each(|batch| columns.batch(&batch?))
}

/// Searches an IPC stream.
pub(super) fn stream(scan: &Scan<'_>, reader: &mut dyn Read, place: &Place) -> Result<(), Damaged> {
    let mut reader = StreamReader::try_new(reader, None)?;
    let mut columns = Columns::new(scan, place.inside(Channel::ArrowValue, "arrow stream"));
    columns.schema(&reader.schema());
    reader.try_for_each(|batch| columns.batch(&batch?))
}

struct Columns<'s, 'm> {
    scan: &'s Scan<'m>,
    place: Place,
    joined: Vec<u8>,
    batches: usize,
}

impl<'s, 'm> Columns<'s, 'm> {
    fn new(scan: &'s Scan<'m>, place: Place) -> Self {
        Self { scan, place, joined: Vec::new(), batches: 0 }
    }

    fn schema(&self, schema: &Schema) {
        schema.metadata().iter().for_each(|(key, value)| self.metadata(key, value));
        for field in schema.flattened_fields() {
            self.scan.slice(&self.place.part(Channel::ArrowSchema, "schema"), field.name().as_bytes());
            field.metadata().iter().for_each(|(key, value)| self.metadata(key, value));
        }
    }

    fn metadata(&self, key: &str, value: &str) {
        let place = self.place.part(Channel::ArrowSchema, "metadata");
        self.scan.slice(&place, key.as_bytes());
        self.scan.slice(&place, value.as_bytes());
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Damaged> {
        if !self.scan.may_decode(batch.get_array_memory_size() as u64) {
            return Err(Damaged);
        }
        for (number, (field, column)) in (1..).zip(batch.schema().fields().iter().zip(batch.columns())) {
            let name = self.column_name(field, number);
            let part = format!("batch {}, column {name}", self.batches);
            let place = self.place.part(Channel::ArrowValue, &part);
            self.array(column, &place);
            self.flush(&place);
        }
        self.batches += 1;
        Ok(())
    }

    fn column_name(&self, field: &Field, number: usize) -> String {
        self.scan.shown(field.name(), || format!("[column {number}]"))
    }

    /// Joins the texts of an array, each behind a NUL, and looks its numbers up.
    fn array(&mut self, array: &ArrayRef, place: &Place) {
        use DataType::{
            Binary, BinaryView, Date32, Date64, Dictionary, FixedSizeBinary, FixedSizeList, Float64, Int32,
            Int64, LargeBinary, LargeList, LargeUtf8, List, Map, Struct, Timestamp, UInt32, UInt64, Union,
            Utf8, Utf8View,
        };
        match array.data_type() {
            Utf8 => {
                array.as_string::<i32>().iter().flatten().for_each(|text| self.text(text.as_bytes(), place))
            }
            LargeUtf8 => {
                array.as_string::<i64>().iter().flatten().for_each(|text| self.text(text.as_bytes(), place))
            }
            Utf8View => {
                array.as_string_view().iter().flatten().for_each(|text| self.text(text.as_bytes(), place))
            }
            Binary => array.as_binary::<i32>().iter().flatten().for_each(|bytes| self.text(bytes, place)),
            LargeBinary => {
                array.as_binary::<i64>().iter().flatten().for_each(|bytes| self.text(bytes, place))
            }
            BinaryView => array.as_binary_view().iter().flatten().for_each(|bytes| self.text(bytes, place)),
            FixedSizeBinary(_) => {
                array.as_fixed_size_binary().iter().flatten().for_each(|bytes| self.text(bytes, place));
            }
            // Values that no row refers to are readable all the same.
            Dictionary(_, _) => self.array(&array.as_any_dictionary().values().clone(), place),
            List(_) => self.array(array.as_list::<i32>().values(), place),
            LargeList(_) => self.array(array.as_list::<i64>().values(), place),
            FixedSizeList(_, _) => self.array(array.as_fixed_size_list().values(), place),
            Map(_, _) => self.children(array.as_map().entries().columns(), place),
            Struct(_) => self.children(array.as_struct().columns(), place),
            Union(fields, _) => {
                let union = array.as_union();
                let children: Vec<ArrayRef> = fields.iter().map(|(id, _)| union.child(id).clone()).collect();
                self.children(&children, place);
            }
            Date32 | Int32 | UInt32 | Int64 | UInt64 | Date64 | Timestamp(_, _) | Float64 => {
                self.numbers(array, place)
            }
            _ => {}
        }
    }

    fn children(&mut self, children: &[ArrayRef], place: &Place) {
        children.iter().for_each(|child| self.array(child, place));
    }

    fn numbers(&self, array: &ArrayRef, place: &Place) {
        let is_day = array.data_type() == &DataType::Date32;
        let Ok(numbers) = arrow::compute::cast(array, &DataType::Int64) else { return };
        for number in numbers.as_primitive::<arrow::datatypes::Int64Type>().iter().flatten() {
            if is_day { self.scan.day(place, number) } else { self.scan.number(place, number) }
        }
    }

    fn text(&mut self, bytes: &[u8], place: &Place) {
        const ENOUGH: usize = 256 * 1024;
        cell(self.scan, bytes, || place.inside(Channel::ArrowValue, "value"));
        self.joined.push(0);
        self.joined.extend_from_slice(bytes);
        if self.joined.len() >= ENOUGH {
            self.flush(place);
        }
    }

    fn flush(&mut self, place: &Place) {
        self.scan.slice(place, &self.joined);
        self.joined.clear();
    }
}
