//! The leak scan: bytes searched a second for the values of 100 people.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use vermeil_leaks::{Limits, Matcher, Values};

use crate::customers::{COLUMNS, Customer, Customers};
use crate::report::{Meaning, Report};

const SECTION: &str = "leaks";
/// People whose values are searched for.
const PEOPLE: usize = 100;
/// Columns that are searched for: those that tell one person from another.
const SEARCHED: [&str; 6] = ["given_name", "family_name", "email", "mobile", "street", "birth_date"];

/// Scans files of invented customers of each kind, on one thread, `runs` times.
///
/// # Errors
/// A file cannot be written or read, or something is found.
pub fn measure(rows: usize, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let mut customers = Customers::new();
    let sought: Vec<Customer> = customers.by_ref().take(PEOPLE).collect();
    let searched = (0..COLUMNS.len()).filter(|column| SEARCHED.contains(&COLUMNS[*column]));
    let columns: Vec<usize> = searched.collect();
    let texts = sought.iter().flat_map(|customer| columns.iter().map(|&column| customer[column].to_string()));
    let matcher = Matcher::new(&Values::from_texts(texts));
    eprintln!("searching for {} values", matcher.values());
    let others: Vec<Customer> = customers.take(rows).collect();
    for (kind, write) in KINDS {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        write(folder.path(), &others).with_context(|| format!("no {kind} file"))?;
        let (mut speeds, mut decoding) = (Vec::new(), Vec::new());
        for run in 0..runs {
            eprintln!("scanning {kind}, run {} of {runs}", run + 1);
            let started = Instant::now();
            let scanned = vermeil_leaks::scan(folder.path(), &[], &matcher, Limits::default())?;
            let seconds = started.elapsed().as_secs_f64();
            anyhow::ensure!(scanned.unreadable.is_empty(), "{kind} could not be read");
            speeds.push(scanned.decoded_bytes as f64 / 1e9 / seconds);
            let started = Instant::now();
            decode(folder.path()).with_context(|| format!("{kind} could not be decoded"))?;
            decoding.push(scanned.decoded_bytes as f64 / 1e9 / started.elapsed().as_secs_f64());
        }
        let measures = "bytes on disk and bytes decoded from them, read and searched for the values of \
                        100 people in every encoding; one thread";
        report.add(SECTION, Meaning { name: kind, unit: "GB/s", measures }, &speeds);
        let name = format!("{kind}, decoding alone");
        let measures = "the same bytes, read and decoded and not searched: what no search could outrun";
        report.add(SECTION, Meaning { name: &name, unit: "GB/s", measures }, &decoding);
    }
    Ok(())
}

type Write = fn(&Path, &[Customer]) -> anyhow::Result<()>;

const KINDS: [(&str, Write); 5] = [
    ("CSV", |folder, customers| Ok(fs::write(folder.join("customers.csv"), text(customers))?)),
    ("NDJSON", |folder, customers| {
        let mut lines = Vec::new();
        for customer in customers {
            let object: serde_json::Map<_, _> = (COLUMNS.iter().zip(customer.iter()))
                .map(|(column, value)| ((*column).to_owned(), value.to_string().into()))
                .collect();
            serde_json::to_writer(&mut lines, &object)?;
            lines.push(b'\n');
        }
        Ok(fs::write(folder.join("customers.ndjson"), lines)?)
    }),
    ("zstd", |folder, customers| {
        let mut writer = zstd::Encoder::new(File::create(folder.join("customers.csv.zst"))?, 3)?;
        writer.write_all(&text(customers))?;
        writer.finish()?;
        Ok(())
    }),
    ("Parquet", |folder, customers| {
        let columns = COLUMNS.iter().enumerate().map(|(column, name)| {
            let values = customers.iter().map(|customer| Some(customer[column].to_string()));
            (*name, Arc::new(values.collect::<StringArray>()) as ArrayRef)
        });
        let batch = RecordBatch::try_from_iter(columns)?;
        let file = File::create(folder.join("customers.parquet"))?;
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None)?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    }),
    // Sealed values, and what is compressed beyond decoding.
    ("random bytes", |folder, customers| {
        let mut state = 1_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        let bytes: Vec<u8> = (0..customers.len() * 16).flat_map(|_| random()).collect();
        Ok(fs::write(folder.join("random.bin"), bytes)?)
    }),
];

fn text(customers: &[Customer]) -> Vec<u8> {
    let mut text = String::new();
    for customer in customers {
        for value in customer.iter() {
            text.push_str(value);
            text.push(';');
        }
        text.push('\n');
    }
    text.into_bytes()
}

/// Reads and decodes what a scan would, and does nothing with it.
fn decode(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        drain(&mut File::open(&path)?)?;
        match path.extension().and_then(OsStr::to_str) {
            Some("zst") => drain(&mut zstd::Decoder::new(File::open(&path)?)?)?,
            Some("parquet") => {
                let reader = SerializedFileReader::new(File::open(&path)?)?;
                for group in (0..reader.num_row_groups()).map(|group| reader.get_row_group(group)) {
                    let group = group?;
                    for column in 0..group.num_columns() {
                        let mut pages = group.get_column_page_reader(column)?;
                        while let Some(page) = pages.get_next_page()? {
                            black_box(page.buffer());
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn drain(reader: &mut dyn Read) -> io::Result<()> {
    let mut chunk = vec![0; 128 * 1024];
    while reader.read(&mut chunk)? > 0 {
        black_box(&chunk);
    }
    Ok(())
}
