//! Values of a column: as they lie in plain pages, or decoded one by one.

use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType};
use parquet::schema::types::ColumnDescriptor;

use super::super::{Damaged, cell};
use super::is_day;
use crate::report::Channel;
use crate::scan::{Place, Scan};

/// Values decoded at a time.
const BATCH: usize = 4096;

/// Values that lie one behind the other.
pub(super) struct Plain<'s, 'm> {
    pub(super) scan: &'s Scan<'m>,
    pub(super) physical: Type,
    /// Of each, where all have the same.
    pub(super) length: usize,
    pub(super) is_day: bool,
}

impl<'s, 'm> Plain<'s, 'm> {
    pub(super) fn of(scan: &'s Scan<'m>, column: &ColumnDescriptor) -> Self {
        let length = column.type_length().max(0) as usize;
        Self { scan, physical: column.physical_type(), length, is_day: is_day(column) }
    }

    pub(super) fn search(&self, values: &[u8], place: &Place) -> Result<(), Damaged> {
        match self.physical {
            Type::BYTE_ARRAY => self.texts(values, place),
            Type::FIXED_LEN_BYTE_ARRAY if self.length > 0 => {
                let mut joined = Vec::with_capacity(values.len() + values.len() / self.length);
                for value in values.chunks(self.length) {
                    joined.push(0);
                    joined.extend_from_slice(value);
                    cell(self.scan, value, || place.inside(Channel::ParquetPage, "value"));
                }
                self.scan.slice(place, &joined);
                Ok(())
            }
            _ => {
                self.numbers(values, place);
                self.scan.slice(place, values);
                Ok(())
            }
        }
    }

    /// Each text stands behind its length; a NUL instead tells where a word ends.
    fn texts(&self, values: &[u8], place: &Place) -> Result<(), Damaged> {
        let mut separated = values.to_vec();
        let mut at = 0;
        while let Some(prefix) = separated.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<4>) {
            let length = u32::from_le_bytes(*prefix) as usize;
            *prefix = [0; 4];
            let value = separated.get(at + 4..at + 4 + length).ok_or(Damaged)?;
            cell(self.scan, value, || place.inside(Channel::ParquetPage, "value"));
            at += 4 + length;
        }
        self.scan.slice(place, &separated);
        Ok(())
    }

    pub(super) fn numbers(&self, values: &[u8], place: &Place) {
        match self.physical {
            Type::INT32 => {
                for value in values.as_chunks().0 {
                    self.number(i64::from(i32::from_le_bytes(*value)), place);
                }
            }
            Type::INT64 => {
                for value in values.as_chunks().0 {
                    self.scan.number(place, i64::from_le_bytes(*value));
                }
            }
            Type::DOUBLE => {
                for value in values.as_chunks().0 {
                    self.scan.number(place, f64::from_le_bytes(*value) as i64);
                }
            }
            Type::INT96 => {
                for value in values.as_chunks::<12>().0 {
                    let [a, b, c, d, e, f, g, h, day @ ..] = *value;
                    let nanoseconds = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
                    // Days are counted from noon of 24 November 4714 BC.
                    let days = i64::from(u32::from_le_bytes(day)) - 2_440_588;
                    self.scan
                        .number(place, days.saturating_mul(86_400_000_000_000).saturating_add(nanoseconds));
                }
            }
            _ => {}
        }
    }

    fn number(&self, number: i64, place: &Place) {
        if self.is_day { self.scan.day(place, number) } else { self.scan.number(place, number) }
    }
}

/// Searches values that only the library can put together.
pub(super) fn search(scan: &Scan<'_>, reader: ColumnReader, place: &Place) -> Result<(), Damaged> {
    let number = |number: i64| scan.day(place, number);
    match reader {
        ColumnReader::BoolColumnReader(_) => Ok(()),
        ColumnReader::Int32ColumnReader(reader) => each(reader, |value| number(i64::from(*value))),
        ColumnReader::Int64ColumnReader(reader) => each(reader, |value| number(*value)),
        ColumnReader::Int96ColumnReader(reader) => each(reader, |value| number(value.to_nanos())),
        ColumnReader::FloatColumnReader(reader) => each(reader, |value| number(*value as i64)),
        ColumnReader::DoubleColumnReader(reader) => each(reader, |value| number(*value as i64)),
        ColumnReader::ByteArrayColumnReader(reader) => texts(scan, reader, place),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => texts(scan, reader, place),
    }
}

fn texts<T: DataType>(scan: &Scan<'_>, reader: ColumnReaderImpl<T>, place: &Place) -> Result<(), Damaged> {
    const ENOUGH: usize = 256 * 1024;
    let mut joined = Vec::new();
    let inside = place.inside(Channel::ParquetPage, "value");
    each(reader, |value| {
        cell(scan, value.as_bytes(), || inside.clone());
        joined.push(0);
        joined.extend_from_slice(value.as_bytes());
        if joined.len() >= ENOUGH {
            scan.slice(place, &joined);
            joined.clear();
        }
    })?;
    scan.slice(place, &joined);
    Ok(())
}

/// Calls `take` with each value of a column.
pub(super) fn each<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    mut take: impl FnMut(&T::T),
) -> Result<(), Damaged> {
    let (mut definitions, mut repetitions, mut values) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let (records, _, _) =
            reader.read_records(BATCH, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
        if records == 0 {
            return Ok(());
        }
        values.iter().for_each(&mut take);
        definitions.clear();
        repetitions.clear();
        values.clear();
    }
}
