//! Everything a Parquet file says about its values.

use std::io::Write;

use parquet::basic::Type;
use parquet::bloom_filter::Sbbf;
use parquet::column::page::Page;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::file::statistics::Statistics;

use super::{Channel, Search, Spelling};

/// How a file begins.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// Values decoded at a time.
const BATCH: usize = 4096;

/// Searches pages, values, dictionaries, statistics, page index, footer and bloom filters.
pub(super) fn search(file: &[u8], search: &mut Search<'_>) -> Result<(), ParquetError> {
    let properties =
        ReaderProperties::builder().set_read_bloom_filter(true).set_read_page_statistics(true).build();
    let options = ReadOptionsBuilder::new().with_page_index().with_reader_properties(properties).build();
    // The reader wants a file or a type of a crate that is not at hand here.
    let mut copy = tempfile::tempfile()?;
    copy.write_all(file)?;
    let reader = SerializedFileReader::new_with_options(copy, options)?;
    footer(reader.metadata(), search);
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        for column in 0..group.num_columns() {
            pages(group.as_ref(), column, search)?;
            values(group.get_column_reader(column)?, search)?;
            if let Some(filter) = group.get_column_bloom_filter(column) {
                bloom_filter(filter, search);
            }
        }
    }
    Ok(())
}

fn footer(metadata: &ParquetMetaData, search: &mut Search<'_>) {
    let file = metadata.file_metadata();
    for entry in file.key_value_metadata().into_iter().flatten() {
        search.bytes(Channel::ParquetFooter, entry.key.as_bytes());
        search.content(Channel::ParquetFooter, entry.value.as_deref().unwrap_or_default().as_bytes());
    }
    for column in file.schema_descr().columns() {
        search.bytes(Channel::ParquetFooter, column.path().string().as_bytes());
    }
    for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        statistics(column.statistics(), search);
    }
    for index in metadata.column_index().into_iter().flatten().flatten() {
        page_index(index, search);
    }
}

fn pages(group: &dyn RowGroupReader, column: usize, search: &mut Search<'_>) -> Result<(), ParquetError> {
    for page in group.get_column_page_reader(column)? {
        let page = page?;
        let channel = match page {
            Page::DictionaryPage { .. } => Channel::ParquetDictionary,
            Page::DataPage { .. } | Page::DataPageV2 { .. } => Channel::ParquetPage,
        };
        search.bytes(channel, page.buffer());
        statistics(page.statistics(), search);
    }
    Ok(())
}

fn values(reader: ColumnReader, search: &mut Search<'_>) -> Result<(), ParquetError> {
    const VALUE: Channel = Channel::ParquetValue;
    match reader {
        ColumnReader::BoolColumnReader(_) => Ok(()),
        ColumnReader::Int32ColumnReader(reader) => {
            each(reader, |value| search.number(VALUE, i64::from(*value)))
        }
        ColumnReader::Int64ColumnReader(reader) => each(reader, |value| search.number(VALUE, *value)),
        ColumnReader::Int96ColumnReader(reader) => {
            each(reader, |value| search.number(VALUE, value.to_nanos()))
        }
        ColumnReader::FloatColumnReader(reader) => each(reader, |value| search.number(VALUE, *value as i64)),
        ColumnReader::DoubleColumnReader(reader) => each(reader, |value| search.number(VALUE, *value as i64)),
        // Text inside may be JSON or compressed: the checkpoints of Delta hold JSON.
        ColumnReader::ByteArrayColumnReader(reader) => {
            each(reader, |value| search.content(VALUE, value.as_bytes()))
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            each(reader, |value| search.content(VALUE, value.as_bytes()))
        }
    }
}

fn each<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    mut take: impl FnMut(&T::T),
) -> Result<(), ParquetError> {
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

fn statistics(statistics: Option<&Statistics>, search: &mut Search<'_>) {
    let Some(statistics) = statistics else { return };
    for bound in [statistics.min_bytes_opt(), statistics.max_bytes_opt()].into_iter().flatten() {
        match statistics.physical_type() {
            Type::INT32 | Type::INT64 => integer(Channel::ParquetStatistics, bound, search),
            _ => search.bytes(Channel::ParquetStatistics, bound),
        }
    }
}

fn page_index(index: &ColumnIndexMetaData, search: &mut Search<'_>) {
    const INDEX: Channel = Channel::ParquetPageIndex;
    match index {
        ColumnIndexMetaData::INT32(index) => {
            let bounds = index.min_values_iter().chain(index.max_values_iter()).flatten();
            bounds.for_each(|bound| search.number(INDEX, i64::from(*bound)));
        }
        ColumnIndexMetaData::INT64(index) => {
            let bounds = index.min_values_iter().chain(index.max_values_iter()).flatten();
            bounds.for_each(|bound| search.number(INDEX, *bound));
        }
        ColumnIndexMetaData::BYTE_ARRAY(index) | ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(index) => {
            let bounds = index.min_values_iter().chain(index.max_values_iter()).flatten();
            bounds.for_each(|bound| search.bytes(INDEX, bound));
        }
        _ => {}
    }
}

fn bloom_filter(filter: &Sbbf, search: &mut Search<'_>) {
    let probes: Vec<usize> =
        search.needles.probes().filter(|(text, _)| filter.check(*text)).map(|(_, value)| value).collect();
    for value in probes {
        search.found(Channel::ParquetBloomFilter, (value, Spelling::Utf8));
    }
}

fn integer(channel: Channel, little_endian: &[u8], search: &mut Search<'_>) {
    if let Ok(bytes) = little_endian.try_into() {
        search.number(channel, i64::from(i32::from_le_bytes(bytes)));
    } else if let Ok(bytes) = little_endian.try_into() {
        search.number(channel, i64::from_le_bytes(bytes));
    }
}
