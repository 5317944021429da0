//! Bloom filters: hashes of values, which anyone can ask for a value.
//!
//! A filter says yes now and then to what it does not hold: asked for hundreds
//! of values, every filter would raise false alarms. So one that says yes is
//! compared with a filter made anew of the column's own values. A value is
//! there in hash only if the file's filter knows it and the new one does not:
//! what the pages hold is found there, and what chance adds is in both.

use parquet::bloom_filter::Sbbf;
use parquet::column::reader::ColumnReader;
use parquet::data_type::AsBytes;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, RowGroupReader};

use super::super::Damaged;
use super::values::each;
use crate::matcher::Hit;
use crate::report::{Channel, Encoding};
use crate::scan::{Place, Scan};

/// Asks the column's filter for every value, if it has one.
pub(super) fn search<R: ChunkReader>(
    scan: &Scan<'_>,
    chunk: &ColumnChunkMetaData,
    source: &R,
    group: &dyn RowGroupReader,
    column: usize,
    place: &Place,
) -> Result<(), Damaged> {
    let Some(filter) = Sbbf::read_from_column_chunk(chunk, source)? else { return Ok(()) };
    let known: Vec<(&[u8], usize)> =
        scan.matcher.probes().filter(|(bytes, _)| filter.check(*bytes)).collect();
    if known.is_empty() {
        return Ok(());
    }
    // A block has 32 bytes.
    let mut own = Sbbf::new(&vec![0; filter.num_blocks() * 32]);
    fill(&mut own, group.get_column_reader(column)?)?;
    let place = place.part(Channel::ParquetBloomFilter, "bloom filter");
    for (_, value) in known.into_iter().filter(|(bytes, _)| !own.check(*bytes)) {
        scan.found(&place, Hit { value, encoding: Encoding::Hash, start: 0, end: 0 }, 0);
    }
    Ok(())
}

fn fill(filter: &mut Sbbf, reader: ColumnReader) -> Result<(), Damaged> {
    match reader {
        ColumnReader::BoolColumnReader(_) => Ok(()),
        ColumnReader::Int32ColumnReader(reader) => each(reader, |value| filter.insert(value)),
        ColumnReader::Int64ColumnReader(reader) => each(reader, |value| filter.insert(value)),
        ColumnReader::Int96ColumnReader(reader) => each(reader, |value| filter.insert(value)),
        ColumnReader::FloatColumnReader(reader) => each(reader, |value| filter.insert(value)),
        ColumnReader::DoubleColumnReader(reader) => each(reader, |value| filter.insert(value)),
        ColumnReader::ByteArrayColumnReader(reader) => each(reader, |value| filter.insert(value.as_bytes())),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            each(reader, |value| filter.insert(value.as_bytes()))
        }
    }
}
