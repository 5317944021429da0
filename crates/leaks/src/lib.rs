//! Finds given values in any folder, whatever the files are encoded in.
//!
//! A byte search alone proves little: pages are compressed, dictionaries and
//! numbers hide text, escapes break it, encodings rewrite it. So every file is
//! opened by what it begins with, and everything found in it is searched in turn:
//!
//! ```text
//! folder ─▶ names, link targets, extended attributes
//!    └────▶ bytes of each file ─┬▶ gzip, zstd, lz4, snappy, zip, tar ─▶ the content, from the start
//!                               ├▶ Parquet: pages, dictionaries, statistics, indexes, bloom filters, footer
//!                               ├▶ Arrow IPC: batches, dictionaries, schema
//!                               └▶ SQLite: rows of every page image in database, log and journal
//! each stretch of bytes ─▶ [`squeeze`] ─▶ [`grams`] ─▶ [`verify`] ─▶ finding
//!    └─ around escapes ─▶ unescaped, from the start
//! ```
//!
//! What cannot be opened is reported too: it could hold anything. A report never
//! repeats a value, so that it may be shown.

pub mod corpus;
mod decode;
mod escapes;
mod forms;
mod grams;
mod matcher;
mod report;
mod scan;
mod squeeze;
mod stream;
mod values;
mod verify;

pub mod recall;

pub use self::matcher::Matcher;
pub use self::report::{Channel, Encoding, Finding, Reason, Report, Unreadable, ValueName};
pub use self::scan::{Cells, Limits, scan, scan_column, scan_files};
pub use self::values::{Values, ValuesError};
