//! Where personal values are readable: decodes every file below a folder and
//! searches what comes out.
//!
//! A byte search alone proves little: Parquet pages are compressed, dictionaries
//! and numbers hide text, JSON escapes it. So every container is opened, and
//! everything found in it is searched in its turn:
//!
//! ```text
//! file ─▶ its path ─▶ its bytes ─┬▶ Parquet: pages, values, statistics, indexes, footer, bloom filters
//!                                ├▶ SQLite: every cell and the schema
//!                                ├▶ gzip, framed snappy: the content, searched again
//!                                └▶ JSON: strings, keys and numbers
//! ```
//!
//! What cannot be opened is reported too: it could hold anything. A finding
//! names the value by its position, so that a report may be shown.

mod compressed;
mod needles;
mod parquet;
mod sqlite;
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use self::needles::{Needles, Spelling};

/// What a scan found.
#[derive(Debug, Default)]
pub struct Scan {
    /// Files read.
    pub files: u64,
    /// Bytes of them, as they lie on the disk.
    pub bytes: u64,
    /// Where values are readable.
    pub findings: BTreeSet<Finding>,
    /// Files that look like a container and cannot be opened.
    pub unreadable: BTreeSet<Unreadable>,
}

/// One value, readable in one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Relative to the folder.
    pub file: PathBuf,
    pub channel: Channel,
    pub spelling: Spelling,
    /// Position of the value in the list searched for; the value itself is never repeated.
    pub value: usize,
}

/// A file that could not be opened as what it seems to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreadable {
    /// Relative to the folder.
    pub file: PathBuf,
    /// As what it was to be opened.
    pub container: &'static str,
}

/// The part of a file in which a value is readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// The name of the file or of a folder on its way.
    Path,
    /// The file as it lies on the disk.
    Bytes,
    /// What a gzip or snappy file holds.
    Decompressed,
    /// A string, key or number of a JSON text, its escapes resolved.
    Json,
    /// A page of Parquet, decompressed.
    ParquetPage,
    /// The dictionary of a Parquet column.
    ParquetDictionary,
    /// A value of a Parquet column, decoded.
    ParquetValue,
    /// Minimum or maximum of a Parquet column or page.
    ParquetStatistics,
    /// Minimum or maximum in the page index of a Parquet file.
    ParquetPageIndex,
    /// Key, value or column name in the footer of a Parquet file.
    ParquetFooter,
    /// A bloom filter says the value may be there. It errs now and then.
    ParquetBloomFilter,
    /// A cell of an SQLite table.
    SqliteCell,
    /// A name or statement in the schema of an SQLite database.
    SqliteSchema,
}

/// Searches every file below `folder`, except below the folders `left_out` (relative to it).
///
/// # Errors
/// A file or folder cannot be read.
pub async fn scan(folder: &Path, left_out: &[&str], needles: &Needles) -> io::Result<Scan> {
    let mut files = Vec::new();
    collect(folder, &|path| left_out.iter().any(|out| path == folder.join(out)), &mut files)?;
    let mut scan = Scan::default();
    for file in files {
        let bytes = fs::read(&file)?;
        let relative = file.strip_prefix(folder).unwrap_or(&file).to_owned();
        scan.files += 1;
        scan.bytes += bytes.len() as u64;
        let mut search = Search { needles, file: relative.clone(), scan: &mut scan };
        search.bytes(Channel::Path, relative.as_os_str().as_encoded_bytes());
        search.content(Channel::Bytes, &bytes);
        if bytes.starts_with(sqlite::MAGIC) && sqlite::search(&file, &mut search).await.is_err() {
            search.unreadable("sqlite");
        }
    }
    Ok(scan)
}

/// Every file below `folder`, in order. Links are not followed.
fn collect(folder: &Path, left_out: &dyn Fn(&Path) -> bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if left_out(&path) {
            continue;
        }
        if kind.is_dir() {
            collect(&path, left_out, files)?;
        } else if kind.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// The search of one file.
struct Search<'a> {
    needles: &'a Needles,
    file: PathBuf,
    scan: &'a mut Scan,
}

impl Search<'_> {
    /// Searches bytes, and whatever they turn out to contain.
    fn content(&mut self, channel: Channel, bytes: &[u8]) {
        self.bytes(channel, bytes);
        match compressed::decompress(bytes) {
            compressed::Decompressed::NotCompressed => {}
            compressed::Decompressed::Content(content) => self.content(Channel::Decompressed, &content),
            compressed::Decompressed::Unreadable(container) => self.unreadable(container),
        }
        if bytes.starts_with(parquet::MAGIC) && parquet::search(bytes, self).is_err() {
            self.unreadable("parquet");
        }
        self.json(bytes);
    }

    fn bytes(&mut self, channel: Channel, bytes: &[u8]) {
        for hit in self.needles.find(bytes) {
            self.found(channel, hit);
        }
    }

    fn number(&mut self, channel: Channel, number: i64) {
        if let Some(hit) = self.needles.find_number(number) {
            self.found(channel, hit);
        }
    }

    /// Strings, keys and numbers of a JSON text, or of one in each line.
    fn json(&mut self, bytes: &[u8]) {
        if !matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) {
            return;
        }
        match serde_json::from_slice(bytes) {
            Ok(value) => self.json_value(&value),
            Err(_) => {
                for line in bytes.split(|byte| *byte == b'\n') {
                    if let Ok(value) = serde_json::from_slice(line) {
                        self.json_value(&value);
                    }
                }
            }
        }
    }

    fn json_value(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                if let Some(number) = number.as_i64() {
                    self.number(Channel::Json, number);
                }
            }
            Value::String(text) => {
                self.bytes(Channel::Json, text.as_bytes());
                // Delta keeps statistics as JSON inside a string.
                self.json(text.as_bytes());
            }
            Value::Array(values) => values.iter().for_each(|value| self.json_value(value)),
            Value::Object(members) => {
                for (key, value) in members {
                    self.bytes(Channel::Json, key.as_bytes());
                    self.json_value(value);
                }
            }
        }
    }

    fn found(&mut self, channel: Channel, (value, spelling): (usize, Spelling)) {
        self.scan.findings.insert(Finding { file: self.file.clone(), channel, spelling, value });
    }

    fn unreadable(&mut self, container: &'static str) {
        self.scan.unreadable.insert(Unreadable { file: self.file.clone(), container });
    }
}
