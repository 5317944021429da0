//! The leak scan: bytes searched a second for the values of 100 people.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use vermeil_leaks::{Limits, Matcher, Values};

use crate::customers::{COLUMNS, Customer, Customers, strangers};
use crate::machine::processor_time;
use crate::report::{Meaning, Report};

const SECTION: &str = "leaks";
/// People whose values are searched for.
const PEOPLE: usize = 100;
/// Times that a file is decoded for one figure: once is over before the processor's time has moved on.
const DECODINGS: u64 = 20;
/// Columns that are searched for where names are in the rows: those that tell one person from another.
const SEARCHED: [&str; 6] = ["given_name", "family_name", "email", "mobile", "street", "birth_date"];

/// Scans files of invented customers of each kind, on one thread, `runs` times.
///
/// # Errors
/// A file cannot be written or read, or something of people who are in none of them is found.
pub fn measure(rows: usize, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let matcher = Matcher::new(&Values::from_texts(strangers(PEOPLE).into_iter().flatten()));
    eprintln!("searching for {} values", matcher.values());
    let mut customers = Customers::new();
    let namesakes: Vec<Customer> = customers.by_ref().take(PEOPLE).collect();
    let customers: Vec<Customer> = customers.take(rows).collect();
    for (kind, write) in KINDS {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        write(folder.path(), &customers).with_context(|| format!("no {kind} file"))?;
        let (mut speeds, mut decoding) = (Vec::new(), Vec::new());
        for run in 0..runs {
            eprintln!("scanning {kind}, run {} of {runs}", run + 1);
            let (scanned, speed) = scan(folder.path(), &matcher)?;
            anyhow::ensure!(scanned.unreadable.is_empty(), "{kind} could not be read");
            anyhow::ensure!(scanned.findings.is_empty(), "people who are not in {kind} were found there");
            speeds.push(speed);
            let started = processor_time()?;
            for _ in 0..DECODINGS {
                decode(folder.path()).with_context(|| format!("{kind} could not be decoded"))?;
            }
            decoding.push(speed_of(DECODINGS * scanned.decoded_bytes, started)?);
        }
        let measures = "bytes on disk and bytes decoded from them, read and searched for the values of \
                        100 people in every encoding, of which there is none; a second of one core";
        report.add(SECTION, Meaning { name: kind, unit: "GB/s", measures }, &speeds);
        let name = format!("{kind}, decoding alone");
        let measures = "the same bytes, read and decoded and not searched: what no search could outrun";
        report.add(SECTION, Meaning { name: &name, unit: "GB/s", measures }, &decoding);
    }
    measure_namesakes(&namesakes, &customers, runs, report)
}

/// The dear case: each word that is found must be looked at, and is told.
fn measure_namesakes(
    namesakes: &[Customer],
    customers: &[Customer],
    runs: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let searched = (0..COLUMNS.len()).filter(|column| SEARCHED.contains(&COLUMNS[*column]));
    let columns: Vec<usize> = searched.collect();
    let texts = namesakes.iter().flat_map(|customer| columns.iter().map(|&column| customer[column].clone()));
    let matcher = Matcher::new(&Values::from_texts(texts));
    let folder = tempfile::tempdir().context("no temporary folder")?;
    fs::write(folder.path().join("customers.csv"), text(customers))?;
    let (mut speeds, mut found) = (Vec::new(), 0);
    for _ in 0..runs {
        let (scanned, speed) = scan(folder.path(), &matcher)?;
        anyhow::ensure!(!scanned.findings.is_empty(), "names that are in CSV were not found there");
        found = scanned.findings.iter().map(|finding| finding.count).sum();
        speeds.push(speed);
    }
    let each = found as f64 / customers.len() as f64;
    let measures =
        format!("CSV, searched for 100 people whose names others have: {each:.1} are found in each row");
    report.add(SECTION, Meaning { name: "CSV, names found", unit: "GB/s", measures: &measures }, &speeds);
    Ok(())
}

/// A scan, and the bytes it decoded in a second, in GB.
fn scan(folder: &Path, matcher: &Matcher) -> anyhow::Result<(vermeil_leaks::Report, f64)> {
    let started = processor_time()?;
    let scanned = vermeil_leaks::scan(folder, &[], matcher, Limits::default())?;
    let speed = speed_of(scanned.decoded_bytes, started)?;
    Ok((scanned, speed))
}

fn speed_of(bytes: u64, started: Duration) -> anyhow::Result<f64> {
    Ok(bytes as f64 / 1e9 / (processor_time()? - started).as_secs_f64())
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
