//! Parquet files with a value in one place each.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use ::arrow::array::{Array, ArrayRef, BinaryArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding as PageEncoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};

use super::{Carrier, Takes, packable};
use crate::report::Channel;

pub(super) fn carriers() -> Vec<Carrier> {
    use Channel::{
        ParquetBloomFilter, ParquetDictionary, ParquetFooter, ParquetPage, ParquetPageIndex,
        ParquetStatistics,
    };
    use Takes::{Anything, Plain, Text};
    let carrier = |place, channel, takes, plant| Carrier { kind: "parquet", place, channel, takes, plant };
    vec![
        carrier("page (zstd)", ParquetPage, Anything, |folder, bytes| {
            let properties = bare().set_compression(Compression::ZSTD(ZstdLevel::default()));
            column(folder, &[&packable(bytes)], properties)
        }),
        carrier("page (snappy)", ParquetPage, Anything, |folder, bytes| {
            column(folder, &[bytes, &packable(bytes)], bare().set_compression(Compression::SNAPPY))
        }),
        carrier("page of version 2", ParquetPage, Anything, |folder, bytes| {
            column(folder, &[b"other", bytes], bare().set_writer_version(WriterVersion::PARQUET_2_0))
        }),
        carrier("front-coded page", ParquetPage, Anything, |folder, bytes| {
            // Of the second value only what differs from the first is stored.
            let (start, _) = bytes.split_at(bytes.len() / 2);
            let properties = bare().set_encoding(PageEncoding::DELTA_BYTE_ARRAY);
            column(folder, &[start, bytes], properties)
        }),
        carrier("page of lengths and bytes", ParquetPage, Anything, |folder, bytes| {
            column(
                folder,
                &[b"before", bytes, b"after"],
                bare().set_encoding(PageEncoding::DELTA_LENGTH_BYTE_ARRAY),
            )
        }),
        carrier("gzip in a page", Channel::Decompressed, Anything, |folder, bytes| {
            column(folder, &[&super::gzip(bytes)?], bare())
        }),
        carrier("dictionary", ParquetDictionary, Anything, |folder, bytes| {
            let properties = bare().set_dictionary_enabled(true).set_compression(Compression::SNAPPY);
            column(folder, &[bytes, b"other", bytes], properties)
        }),
        carrier("statistics", ParquetStatistics, Anything, |folder, bytes| {
            patched(folder, bytes, |metadata, file| {
                let length =
                    u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().unwrap_or_default());
                let _ = metadata;
                (file.len() - 8 - length as usize, file.len())
            })
        }),
        carrier("page index", ParquetPageIndex, Anything, |folder, bytes| {
            patched(folder, bytes, |metadata, _| {
                let chunk = metadata.row_group(0).column(0);
                let start = chunk.column_index_offset().unwrap_or_default() as usize;
                (start, start + chunk.column_index_length().unwrap_or_default() as usize)
            })
        }),
        carrier("footer", ParquetFooter, Text, |folder, bytes| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            column(
                folder,
                &[b"other"],
                bare().set_key_value_metadata(Some(vec![KeyValue::new("note".to_owned(), text)])),
            )
        }),
        carrier("column name", ParquetFooter, Text, |folder, bytes| {
            let array: ArrayRef = Arc::new(StringArray::from(vec!["other"]));
            write(folder, &String::from_utf8_lossy(bytes), array, bare())
        }),
        carrier("writer", ParquetFooter, Text, |folder, bytes| {
            column(folder, &[b"other"], bare().set_created_by(String::from_utf8_lossy(bytes).into_owned()))
        }),
        carrier("bloom filter", ParquetBloomFilter, Plain, bloom_filter),
    ]
}

fn bare() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_compression(Compression::UNCOMPRESSED)
        .set_statistics_enabled(EnabledStatistics::None)
}

fn column(folder: &Path, values: &[&[u8]], properties: WriterPropertiesBuilder) -> io::Result<bool> {
    write(folder, "note", Arc::new(BinaryArray::from(values.to_vec())), properties)
}

fn write(
    folder: &Path,
    name: &str,
    array: Arc<dyn Array>,
    properties: WriterPropertiesBuilder,
) -> io::Result<bool> {
    let file = File::create(folder.join("people.parquet"))?;
    let batch = RecordBatch::try_from_iter([(name, array)]).map_err(io::Error::other)?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build()))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(true)
}

/// Puts a value in place of another within the part of a file that `part` tells.
fn patched(
    folder: &Path,
    bytes: &[u8],
    part: fn(&ParquetMetaData, &[u8]) -> (usize, usize),
) -> io::Result<bool> {
    let other = vec![b'x'; bytes.len()];
    let properties = bare()
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_column_index_truncate_length(None)
        .set_statistics_truncate_length(None);
    column(folder, &[&other], properties)?;
    let path = folder.join("people.parquet");
    let mut file = fs::read(&path)?;
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(&path)?)?;
    let (start, end) = part(&metadata, &file);
    let mut at = start;
    while let Some(found) = file[at..end].windows(bytes.len()).position(|window| window == other) {
        file[at + found..at + found + bytes.len()].copy_from_slice(bytes);
        at += found + bytes.len();
    }
    super::file(&path, &file)
}

/// The filter of a column that held a value, on the same column without it.
fn bloom_filter(folder: &Path, bytes: &[u8]) -> io::Result<bool> {
    let filter_of = |values: &[&[u8]]| {
        column(folder, values, bare().set_bloom_filter_enabled(true).set_bloom_filter_max_ndv(100))?;
        let path = folder.join("people.parquet");
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(&path)?)?;
        let chunk = metadata.row_group(0).column(0);
        let start = chunk.bloom_filter_offset().unwrap_or_default() as usize;
        let length = chunk.bloom_filter_length().unwrap_or_default() as usize;
        Ok::<_, io::Error>((fs::read(&path)?, start..start + length))
    };
    let other = vec![b'x'; bytes.len()];
    let (with, place) = filter_of(&[bytes, b"another"])?;
    let filter = with[place].to_vec();
    let (mut without, place) = filter_of(&[&other, b"another"])?;
    if filter.len() != place.len() {
        return Err(io::Error::other("both filters have one size"));
    }
    without[place].copy_from_slice(&filter);
    super::file(&folder.join("people.parquet"), &without)
}
