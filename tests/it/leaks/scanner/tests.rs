//! The scanner must be able to find: every spelling in every channel is planted and met.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Date32Array, Int64Array, RecordBatch};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::{Channel, Needles, Scan, Spelling, scan};

/// Invented, with letters that differ between encodings.
const NAME: &str = "Zélandine Quoxveil";

/// `NAME` as others might have written it, each between bytes that are none of it.
fn written() -> Vec<(Spelling, Vec<u8>)> {
    let wide = |bytes: fn(u16) -> [u8; 2]| NAME.encode_utf16().flat_map(bytes).collect();
    let hexadecimal: String = NAME.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut written = vec![
        (Spelling::Utf8, NAME.as_bytes().to_vec()),
        (Spelling::Utf8, b"ZELANDINE QUOXVEIL".to_vec()),
        (Spelling::Utf8, "zélandine quoxveil".as_bytes().to_vec()),
        (Spelling::Utf8, b"zelandine quoxveil".to_vec()),
        (Spelling::Utf8, b"lievxouq enidnalez".to_vec()),
        (Spelling::Windows1252, b"Z\xe9landine Quoxveil".to_vec()),
        (Spelling::Utf16LittleEndian, wide(u16::to_le_bytes)),
        (Spelling::Utf16BigEndian, wide(u16::to_be_bytes)),
        (Spelling::Hexadecimal, hexadecimal.to_uppercase().into_bytes()),
        (Spelling::Hexadecimal, hexadecimal.into_bytes()),
    ];
    for before in ["", "a", "ab"] {
        written.push((Spelling::Base64, STANDARD.encode(format!("{before}{NAME}, Lyon")).into_bytes()));
    }
    for (_, bytes) in &mut written {
        bytes.splice(..0, *b"x=");
        bytes.extend_from_slice(b";y");
    }
    written
}

/// Plants every spelling in turn and expects it in each of `channels`, in the plant's file.
#[track_caller]
fn check(name: &str, channels: &[Channel], plant: impl Fn(&Path, &[u8])) {
    for (spelling, bytes) in written() {
        let scan = scanned(name, |file| plant(file, &bytes));
        let met: BTreeSet<Channel> = scan
            .findings
            .iter()
            .filter(|finding| finding.spelling == spelling && finding.value == 0)
            .map(|finding| finding.channel)
            .collect();
        for channel in channels {
            assert!(
                met.contains(channel),
                "{spelling:?} is not found in {channel:?} of {name}, only in {met:?}"
            );
        }
        assert!(scan.unreadable.is_empty(), "{:?}", scan.unreadable);
    }
}

#[track_caller]
fn scanned(name: &str, plant: impl Fn(&Path)) -> Scan {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("deep").join(name);
    std::fs::create_dir(folder.path().join("deep")).expect("a folder");
    plant(&file);
    let days = [NaiveDate::from_ymd_opt(1907, 11, 23).expect("a day")];
    let needles = Needles::new(&[NAME.to_owned()], &days);
    super::super::wait_for(scan(folder.path(), &[], &needles)).expect("the folder is readable")
}

fn write(file: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::write(file, bytes).expect("a file");
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let scan = scanned("plain.txt", |file| write(file, "Zélandine, Quoxveil, 1907-11-24, 22758"));
    assert!(scan.findings.is_empty(), "{:?}", scan.findings);
    assert_eq!(scan.files, 1);
}

#[test]
fn plain_files_are_searched() {
    check("raw.bin", &[Channel::Bytes], |file, bytes| write(file, bytes));
}

#[test]
fn names_of_files_are_searched() {
    let scan = scanned("ZELANDINE QUOXVEIL.txt", |file| write(file, ""));
    assert!(scan.findings.iter().any(|finding| finding.channel == Channel::Path));
}

#[test]
fn days_are_found_as_text() {
    for text in ["1907-11-23", "23/11/1907", "19071123", "23111907"] {
        let scan = scanned("day.txt", |file| write(file, text));
        assert!(scan.findings.iter().any(|finding| finding.value == 1), "{text} is not found");
    }
}

#[test]
fn escapes_of_json_are_resolved() {
    for text in [
        r#"{"add":{"name":"Z\u00e9landine Quoxveil"}}"#,
        "{\"a\":1}\n{\"Z\\u00e9landine Quoxveil\":2}\n",
        r#"{"stats":"{\"max\":\"Z\\u00e9landine\\u0020Quoxveil\"}"}"#,
    ] {
        let scan = scanned("log.json", |file| write(file, text));
        assert!(scan.findings.iter().any(|finding| finding.channel == Channel::Json), "{text}");
    }
    let scan = scanned("log.json", |file| write(file, r#"{"birth":-22685}"#));
    assert!(scan.findings.iter().any(|finding| finding.spelling == Spelling::Number));
}

#[test]
fn parquet_pages_are_decompressed_and_decoded() {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    for compression in [Compression::SNAPPY, zstd, Compression::UNCOMPRESSED] {
        let properties = || WriterProperties::builder().set_compression(compression);
        let dictionary = [Channel::ParquetDictionary, Channel::ParquetValue];
        check("dictionary.parquet", &dictionary, |file, bytes| {
            parquet_file(file, bytes, properties().build())
        });
        let page = [Channel::ParquetPage, Channel::ParquetValue];
        check("plain.parquet", &page, |file, bytes| {
            parquet_file(file, bytes, properties().set_dictionary_enabled(false).build());
        });
        // Front coding tears values apart: only decoded are they whole.
        let torn =
            properties().set_dictionary_enabled(false).set_encoding(Encoding::DELTA_BYTE_ARRAY).build();
        check("torn.parquet", &[Channel::ParquetValue], |file, bytes| {
            parquet_file(file, bytes, torn.clone())
        });
    }
}

#[test]
fn parquet_statistics_and_indexes_are_searched() {
    let properties = WriterProperties::builder()
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_column_index_truncate_length(None)
        .set_statistics_truncate_length(None)
        .build();
    let channels = [Channel::ParquetStatistics, Channel::ParquetPageIndex];
    check("statistics.parquet", &channels, |file, bytes| parquet_file(file, bytes, properties.clone()));
}

#[test]
fn parquet_footers_are_searched() {
    let scan = scanned("footer.parquet", |file| {
        let note = KeyValue::new("note".to_owned(), NAME.to_owned());
        let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![note])).build();
        parquet_file(file, b"nothing", properties);
    });
    assert!(scan.findings.iter().any(|finding| finding.channel == Channel::ParquetFooter));
}

#[test]
fn bloom_filters_are_asked() {
    let properties = WriterProperties::builder().set_bloom_filter_enabled(true).build();
    let scan = scanned("bloom.parquet", |file| parquet_file(file, NAME.as_bytes(), properties.clone()));
    assert!(scan.findings.iter().any(|finding| finding.channel == Channel::ParquetBloomFilter));
}

#[test]
fn days_are_found_as_numbers_in_parquet() {
    for column in [
        Arc::new(Date32Array::from(vec![-22685, 4])) as ArrayRef,
        Arc::new(Int64Array::from(vec![-22685_i64 * 86_400_000_000, 4])),
    ] {
        let scan = scanned("days.parquet", |file| parquet_column(file, &column, WriterProperties::default()));
        let met: BTreeSet<Channel> = scan
            .findings
            .iter()
            .filter(|finding| finding.spelling == Spelling::Number && finding.value == 1)
            .map(|finding| finding.channel)
            .collect();
        let expected = [Channel::ParquetValue, Channel::ParquetStatistics, Channel::ParquetPageIndex];
        assert_eq!(met, BTreeSet::from(expected));
    }
}

#[test]
fn cells_of_sqlite_are_searched() {
    check("state.db", &[Channel::SqliteCell, Channel::Bytes], |file, bytes| {
        super::super::wait_for(sqlite_file(file, bytes)).expect("a database");
    });
}

#[test]
fn gzip_and_snappy_are_decompressed() {
    check("stored.gz", &[Channel::Decompressed], |file, bytes| {
        let length = u16::try_from(bytes.len()).expect("short");
        let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
        let lengths = [length.to_le_bytes(), (!length).to_le_bytes()];
        write(file, [header.as_slice(), lengths.as_flattened(), bytes, &[0; 8]].concat());
    });
    check("framed.sz", &[Channel::Decompressed], |file, bytes| {
        let literal = u8::try_from(bytes.len() - 1).expect("short");
        let length = u8::try_from(bytes.len() + 7).expect("short");
        let size = u8::try_from(bytes.len()).expect("short");
        let header = b"\xff\x06\x00\x00sNaPpY";
        let chunk = [0, length, 0, 0, 9, 9, 9, 9, size, 60 << 2, literal];
        write(file, [header.as_slice(), &chunk, bytes].concat());
    });
}

#[test]
fn compressed_matches_are_resolved() {
    // A block with tables of its own, unlike the stored ones above.
    let gzipped = STANDARD.decode(GZIPPED).expect("base64");
    let scan = scanned("members.gz", |file| write(file, &gzipped));
    let found = scan.findings.iter().any(|finding| finding.channel == Channel::Decompressed);
    assert!(found && scan.unreadable.is_empty(), "{scan:?}");
}

#[test]
fn what_cannot_be_opened_is_told() {
    let containers: HashMap<&str, &[u8]> = HashMap::from([
        ("parquet", b"PAR1 cut off".as_slice()),
        ("gzip", &[0x1f, 0x8b, 8, 0, 0]),
        ("zstd", &[0x28, 0xb5, 0x2f, 0xfd, 0]),
        ("sqlite", b"SQLite format 3\0 cut off"),
    ]);
    for (container, bytes) in containers {
        let scan = scanned("opaque", |file| write(file, bytes));
        let told: Vec<&str> = scan.unreadable.iter().map(|unreadable| unreadable.container).collect();
        assert_eq!(told, [container]);
    }
}

/// `gzip -9` of a text over nine words, in which the name stands more than once.
const GZIPPED: &str = "\
    H4sIAAAAAAACA31VW46EMAz77yl6pf2dP8R0pUodkAqM9kp7jr3YjkTjlDj0q6/UOI5THn+/ZVqeeUmxpn09apzX1+uzk2LJ\
    7zrlbV3i17H+vFMucXrWtG0pziWnZcd++J7m/aiAeChoNwVKi2oDQObPquZUlEF3GXtgKcEnlcYsIK7tCzOzBJfuo+dEaXQx\
    pIgRAhFIpqMOCgJMGzYnfCfYkw5WydhUia7ACGuHnIwSIiMSIg84YlABr8wCiU06ipxWiCbRwGh+vU060PM8vfjLFIfUPO8E\
    peTNNJpSNfYPtvpCtS3JJFy0QKTN3bYkp8DrtydUQucxUHvpIffXtbAWTDJBvAA4kg63lAwX8MZrAnJVy+tcv+uo1NZsnkG8\
    9xBI3FoazhJ1UCY17g6Vh9LmPh7lKAUzTmNTDJ47fWrvTMd9bX8eFmOka/gHR1n/o+UGAAA=";

fn parquet_file(file: &Path, bytes: &[u8], properties: WriterProperties) {
    let column: ArrayRef = Arc::new(BinaryArray::from(vec![bytes, bytes]));
    parquet_column(file, &column, properties);
}

fn parquet_column(file: &Path, column: &ArrayRef, properties: WriterProperties) {
    let batch = RecordBatch::try_from_iter([("value", Arc::clone(column))]).expect("one column");
    let file = File::create(file).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
}

async fn sqlite_file(file: &Path, bytes: &[u8]) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql("CREATE TABLE people (id INTEGER, anything)").execute(&mut connection).await?;
    sqlx::query("INSERT INTO people VALUES (1, $1)").bind(bytes).execute(&mut connection).await?;
    connection.close().await
}
