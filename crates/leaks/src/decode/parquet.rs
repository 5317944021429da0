//! Everything a Parquet file says about its values.
//!
//! Pages are taken apart here where their encoding leaves values whole (plain
//! values, dictionaries): that costs little more than searching them. Only
//! encodings that tear values apart are decoded by the library.

mod bloom;
mod values;

use bytes::Bytes;
use parquet::basic::{Encoding as PageEncoding, LogicalType, Type};
use parquet::column::page::Page;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{ChunkReader, FileReader, RowGroupReader};
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescriptor;

use self::values::Plain;
use super::Damaged;
use crate::report::{Channel, Reason};
use crate::scan::{Place, Scan};

/// Searches pages, dictionaries, statistics, page index, bloom filters and footer.
pub(super) fn search<R: ChunkReader + TryClone + 'static>(
    scan: &Scan<'_>,
    source: R,
    place: &Place,
) -> Result<(), Damaged> {
    let properties = ReaderProperties::builder().set_read_page_statistics(true).build();
    let options = ReadOptionsBuilder::new().with_reader_properties(properties).build();
    let beside = source.try_clone()?;
    let reader = SerializedFileReader::new_with_options(source, options)?;
    // A file may have one index without the other: the reader's own option wants both.
    let mut indexes = ParquetMetaDataReader::new_with_metadata(reader.metadata().clone())
        .with_page_index_policy(PageIndexPolicy::Optional);
    indexes.read_page_indexes(&beside)?;
    let file = File { scan, place: place.inside(Channel::ParquetFooter, "parquet") };
    file.footer(&indexes.finish()?);
    let mut outcome = Ok(());
    for number in 0..reader.num_row_groups() {
        let group = reader.get_row_group(number)?;
        for column in 0..group.num_columns() {
            let chunk = group.metadata().column(column);
            let part = Column { file: &file, chunk, place: file.column_place(chunk, column, number) };
            // One column that cannot be read, an encrypted one perhaps, hides no other.
            if part.search(group.as_ref(), column, &beside).is_err() {
                outcome = Err(Damaged);
            }
        }
    }
    outcome
}

/// A source that can be read by two readers.
pub(super) trait TryClone: Sized {
    fn try_clone(&self) -> std::io::Result<Self>;
}

impl TryClone for std::fs::File {
    fn try_clone(&self) -> std::io::Result<Self> {
        self.try_clone()
    }
}

impl TryClone for Bytes {
    fn try_clone(&self) -> std::io::Result<Self> {
        Ok(self.clone())
    }
}

struct File<'s, 'm> {
    scan: &'s Scan<'m>,
    place: Place,
}

impl File<'_, '_> {
    fn footer(&self, metadata: &ParquetMetaData) {
        let footer = self.place.part(Channel::ParquetFooter, "footer");
        let file = metadata.file_metadata();
        self.scan.slice(&footer, file.created_by().unwrap_or_default().as_bytes());
        for entry in file.key_value_metadata().into_iter().flatten() {
            self.scan.slice(&footer, entry.key.as_bytes());
            let value = entry.value.as_deref().unwrap_or_default().as_bytes();
            self.scan.slice(&footer, value);
            super::cell(self.scan, value, || footer.clone());
        }
        for column in file.schema_descr().columns() {
            self.scan.slice(&footer, column.path().string().as_bytes());
        }
        for (number, group) in metadata.row_groups().iter().enumerate() {
            for (column, chunk) in group.columns().iter().enumerate() {
                let place = self.column_place(chunk, column, number);
                self.statistics(chunk.statistics(), &place.part(Channel::ParquetStatistics, "statistics"));
                let index = metadata.column_index().and_then(|index| index.get(number)?.get(column));
                if let Some(index) = index {
                    self.page_index(index, &place.part(Channel::ParquetPageIndex, "page index"));
                }
            }
        }
    }

    fn column_place(&self, chunk: &ColumnChunkMetaData, column: usize, group: usize) -> Place {
        let name = self.scan.shown(&chunk.column_path().string(), || format!("[column {}]", column + 1));
        self.place.part(Channel::ParquetPage, &format!("row group {group}, column {name}"))
    }

    fn statistics(&self, statistics: Option<&Statistics>, place: &Place) {
        let Some(statistics) = statistics else { return };
        for bound in [statistics.min_bytes_opt(), statistics.max_bytes_opt()].into_iter().flatten() {
            self.scan.slice(place, bound);
            let plain =
                Plain { scan: self.scan, physical: statistics.physical_type(), length: 0, is_day: true };
            plain.numbers(bound, place);
        }
    }

    fn page_index(&self, index: &ColumnIndexMetaData, place: &Place) {
        match index {
            ColumnIndexMetaData::INT32(index) => {
                let bounds = index.min_values_iter().chain(index.max_values_iter()).flatten();
                bounds.for_each(|bound| self.scan.day(place, i64::from(*bound)));
            }
            ColumnIndexMetaData::INT64(index) => {
                let bounds = index.min_values_iter().chain(index.max_values_iter()).flatten();
                bounds.for_each(|bound| self.scan.number(place, *bound));
            }
            ColumnIndexMetaData::BYTE_ARRAY(index) | ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(index) => {
                let bounds = index.min_values_iter().chain(index.max_values_iter()).flatten();
                bounds.for_each(|bound| self.scan.slice(place, bound));
            }
            _ => {}
        }
    }
}

struct Column<'f, 's, 'm> {
    file: &'f File<'s, 'm>,
    chunk: &'f ColumnChunkMetaData,
    place: Place,
}

impl Column<'_, '_, '_> {
    fn search<R: ChunkReader>(
        &self,
        group: &dyn RowGroupReader,
        column: usize,
        source: &R,
    ) -> Result<(), Damaged> {
        let scan = self.file.scan;
        if self.chunk.file_path().is_some() {
            scan.unreadable(&self.place, "parquet column in another file", Reason::NotDecoded);
            return Ok(());
        }
        if !scan.may_decode(self.chunk.uncompressed_size().max(0) as u64) {
            scan.unreadable(&self.place, "parquet", Reason::TooLarge);
            return Ok(());
        }
        let mut pages = group.get_column_page_reader(column)?;
        let (mut number, mut are_whole) = (0, true);
        while let Some(page) = pages.get_next_page()? {
            are_whole &= self.page(&page, number)?;
            number += 1;
        }
        if !are_whole {
            let place = self.place.part(Channel::ParquetPage, "values");
            values::search(scan, group.get_column_reader(column)?, &place)?;
        }
        bloom::search(scan, self.chunk, source, group, column, &self.place)
    }

    /// Whether the page holds its values whole, or in a dictionary.
    fn page(&self, page: &Page, number: usize) -> Result<bool, Damaged> {
        let statistics = self.place.part(Channel::ParquetStatistics, &format!("page {number}, statistics"));
        self.file.statistics(page.statistics(), &statistics);
        let plain = Plain::of(self.file.scan, self.chunk.column_descr());
        let (channel, part) = match page {
            Page::DictionaryPage { .. } => (Channel::ParquetDictionary, "dictionary".to_owned()),
            Page::DataPage { .. } | Page::DataPageV2 { .. } => {
                (Channel::ParquetPage, format!("page {number}"))
            }
        };
        let place = self.place.part(channel, &part);
        let buffer = page.buffer();
        match (page, page.encoding()) {
            (Page::DictionaryPage { .. }, _) => plain.search(buffer, &place)?,
            (_, PageEncoding::PLAIN) => {
                let levels = levels_length(page, self.chunk.column_descr())?;
                self.file.scan.slice(&place, buffer.get(..levels).ok_or(Damaged)?);
                plain.search(&buffer[levels..], &place)?;
            }
            (_, encoding) => {
                self.file.scan.slice(&place, buffer);
                let is_dictionary =
                    matches!(encoding, PageEncoding::RLE_DICTIONARY | PageEncoding::PLAIN_DICTIONARY);
                return Ok(is_dictionary || self.chunk.column_type() == Type::BOOLEAN);
            }
        }
        Ok(true)
    }
}

/// Bytes before the values of a data page.
///
/// Source: Apache Parquet, "Data Pages": a length stands before each kind of
/// level in version 1 unless the column has none; in version 2 the header has it.
fn levels_length(page: &Page, column: &ColumnDescriptor) -> Result<usize, Damaged> {
    match page {
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            Ok(*def_levels_byte_len as usize + *rep_levels_byte_len as usize)
        }
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            let mut length = 0;
            let kinds =
                [(column.max_rep_level(), rep_level_encoding), (column.max_def_level(), def_level_encoding)];
            for (highest, encoding) in kinds.into_iter().filter(|(highest, _)| *highest > 0) {
                length += if *encoding == PageEncoding::RLE {
                    let given = buf.get(length..).and_then(<[u8]>::first_chunk).ok_or(Damaged)?;
                    4 + u32::from_le_bytes(*given) as usize
                } else {
                    let bits = 16 - (highest as u16).leading_zeros() as usize;
                    (*num_values as usize * bits).div_ceil(8)
                };
            }
            if length <= buf.len() { Ok(length) } else { Err(Damaged) }
        }
        Page::DictionaryPage { .. } => Ok(0),
    }
}

fn is_day(column: &ColumnDescriptor) -> bool {
    column.logical_type_ref() == Some(&LogicalType::Date)
        || column.converted_type() == parquet::basic::ConvertedType::DATE
}
