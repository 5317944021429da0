//! How a file is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use object_store::ObjectStore;
use serde_json::{Map, Value};
use vermeil_model::pipeline::Format;

use super::described;
use crate::bytes::FileBytes;
use crate::delimited::{Delimited, USUAL_DELIMITERS};
use crate::encoding::{Intake, TextEncoding};
use crate::error::IngestError;
use crate::framing::{End, Framed, Framer, Separators};
use crate::location::Found;
use crate::parquet::{MAGIC, Parquet};
use crate::plan::Plan;

/// How much of a text's beginning tells its delimiter and its columns.
const HEAD_BYTES: usize = 1024 * 1024;
/// Rows that are parted by each delimiter on trial.
const ROWS_PARTED: usize = 200;
/// Of a text twice as long as they are together, so many excerpts of so many bytes are kept: what its first
/// rows hold may not be what the others hold.
const EXCERPTS: u64 = 32;
const EXCERPT_BYTES: usize = 64 * 1024;
/// Rows of NDJSON whose names are gathered.
const ROWS_NAMED: usize = 1000;

/// How a file is written, and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileForm {
    /// How the bytes are read.
    pub format: Format,
    /// Delimited text only: between fields.
    pub delimiter: Option<char>,
    /// Of text; `UTF-8` for Parquet.
    pub encoding: &'static str,
    /// In the file's order (NDJSON: by name); each name once, none empty.
    pub columns: Vec<String>,
}

/// The beginning of a text, and what all of it says of its encoding.
struct Survey {
    head: Vec<u8>,
    /// Whether the head is all there is.
    is_whole: bool,
    census: Census,
    /// From places evenly over the text: whole lines, as they stand there.
    excerpts: Vec<Vec<u8>>,
    size: u64,
    read: u64,
}

/// Counts what is UTF-8 and what cannot be.
#[derive(Default)]
pub(super) struct Census {
    /// Characters beyond ASCII in valid UTF-8.
    beyond_ascii: u64,
    /// Bytes that are no UTF-8.
    invalid: u64,
    /// The beginning of a character that the next chunk may complete.
    begun: Vec<u8>,
}

impl FileForm {
    /// The form of a file, and some of its lines from all over it.
    pub(super) async fn of(
        store: &Arc<dyn ObjectStore>,
        found: &Found,
    ) -> Result<(FileForm, Vec<Vec<u8>>), IngestError> {
        let name = &found.file.name;
        let mut bytes = FileBytes::open(store, found).await?;
        let first = bytes.next().await?.unwrap_or_default();
        let (form, excerpts) = if first.starts_with(MAGIC) {
            let (format, delimiter) = (Format::Parquet, None);
            let columns = Parquet::single_valued_columns(store, found).await?;
            (FileForm { format, delimiter, encoding: UTF_8.name(), columns }, Vec::new())
        } else {
            let survey = Survey::of(&first, &mut bytes, found.file.size_bytes).await?;
            if survey.head.trim_ascii().is_empty() {
                return Err(IngestError::Empty { file: name.clone() });
            }
            let form = survey.form().ok_or_else(|| IngestError::BadHeader { file: name.clone() })?;
            let excerpts = survey.into_excerpts(&form);
            (form, excerpts)
        };
        if form.columns.is_empty() {
            return Err(IngestError::Empty { file: name.clone() });
        }
        Ok((form, excerpts))
    }
}

impl Survey {
    async fn of(first: &[u8], rest: &mut FileBytes, size: u64) -> Result<Survey, IngestError> {
        let mut survey = Survey {
            head: Vec::new(),
            is_whole: true,
            census: Census::default(),
            excerpts: vec![Vec::new(); EXCERPTS as usize],
            size,
            read: 0,
        };
        survey.take(first);
        while let Some(chunk) = rest.next().await? {
            survey.take(&chunk);
        }
        Ok(survey)
    }

    fn take(&mut self, chunk: &[u8]) {
        let taken = chunk.len().min(HEAD_BYTES - self.head.len());
        self.head.extend_from_slice(&chunk[..taken]);
        self.is_whole &= taken == chunk.len();
        self.census.take(chunk);
        self.excerpt(chunk);
    }

    /// Keeps what of a chunk lies in an excerpt. Small texts have none: their first rows are all there is.
    fn excerpt(&mut self, chunk: &[u8]) {
        let (from, to) = (self.read, self.read + chunk.len() as u64);
        self.read = to;
        if self.size <= 2 * EXCERPTS * EXCERPT_BYTES as u64 {
            return;
        }
        for (number, excerpt) in (0..EXCERPTS).zip(&mut self.excerpts) {
            let start = self.size * number / EXCERPTS;
            let end = start + EXCERPT_BYTES as u64;
            let (start, end) = (start.clamp(from, to), end.clamp(from, to));
            excerpt.extend_from_slice(&chunk[(start - from) as usize..(end - from) as usize]);
        }
    }

    /// The excerpts without the lines that are cut.
    fn into_excerpts(self, form: &FileForm) -> Vec<Vec<u8>> {
        // Cut into lines before it is converted, UTF-16 would fall apart.
        if form.encoding.starts_with("UTF-16") {
            return Vec::new();
        }
        let whole_lines = |excerpt: Vec<u8>| {
            let first = excerpt.iter().position(|byte| *byte == b'\n')? + 1;
            let last = excerpt.iter().rposition(|byte| *byte == b'\n')? + 1;
            (first < last).then(|| excerpt[first..last].to_vec())
        };
        self.excerpts.into_iter().filter_map(whole_lines).collect()
    }

    /// `None` where no header line can be read.
    fn form(&self) -> Option<FileForm> {
        let (beyond_ascii, invalid) = self.census.finished();
        let encoding = match self.head.get(..2) {
            Some([0xff, 0xfe]) => UTF_16LE,
            Some([0xfe, 0xff]) => UTF_16BE,
            // A few broken bytes in a text full of valid ones do not make it another encoding.
            _ if invalid > beyond_ascii => WINDOWS_1252,
            _ => UTF_8,
        };
        let encoding = encoding.name();
        let text = self.text(TextEncoding::of_label(Some(encoding)).ok()?);
        let starts = text.iter().find(|byte| !byte.is_ascii_whitespace());
        if starts == Some(&b'{') {
            let columns = ndjson_columns(&text);
            return Some(FileForm { format: Format::Ndjson, delimiter: None, encoding, columns });
        }
        let delimiter = self.delimiter(&text);
        let columns = self.columns(&text, delimiter, encoding)?;
        Some(FileForm { format: Format::Delimited, delimiter: Some(delimiter), encoding, columns })
    }

    /// The head as it is cut into rows.
    fn text(&self, encoding: TextEncoding) -> Vec<u8> {
        let (mut intake, mut text) = (Intake::new(encoding), Vec::new());
        intake.feed(&self.head, |bytes| text.extend_from_slice(bytes));
        if self.is_whole {
            intake.finish(|bytes| text.extend_from_slice(bytes));
        }
        text
    }

    /// The delimiter by which most rows have as many fields as the first; of several, the one
    /// that makes more fields. A comma where none parts the first row.
    fn delimiter(&self, text: &[u8]) -> char {
        let judged = USUAL_DELIMITERS.into_iter().filter_map(|delimiter| {
            let mut framer = self.framer(text, delimiter);
            let Some(Framed::Record { fields, .. }) = framer.next() else { return None };
            let fields = fields.len();
            let (mut rows, mut alike) = (1_u32, 1_u32);
            while let Some(framed) = framer.next().filter(|_| rows < ROWS_PARTED as u32) {
                rows += 1;
                alike += u32::from(
                    matches!(framed, Framed::Record { fields: parts, .. } if parts.len() == fields),
                );
            }
            // In hundredths: a row or two that are broken decide nothing.
            (fields > 1).then_some(((alike * 100 / rows, fields), delimiter))
        });
        judged.max_by_key(|(judged, _)| *judged).map_or(',', |(_, delimiter)| delimiter)
    }

    fn columns(&self, text: &[u8], delimiter: char, encoding: &'static str) -> Option<Vec<String>> {
        let form =
            FileForm { format: Format::Delimited, delimiter: Some(delimiter), encoding, columns: Vec::new() };
        let (source, schema) = described("", &form);
        let plan = Arc::new(Plan::new(&source, &schema).ok()?);
        let delimited = Delimited::new(&source, plan).ok()?;
        let header = delimited.header(&self.framer(text, delimiter).next()?)?;
        Some(distinct(header))
    }

    fn framer(&self, text: &[u8], delimiter: char) -> Framer {
        let delimiter = u8::try_from(delimiter).ok();
        let mut framer = Framer::new(Separators { delimiter, quote: Some(b'"') }, 1);
        framer.feed(text);
        if self.is_whole {
            framer.finish(End::Complete);
        }
        framer
    }
}

impl Census {
    pub(super) fn take(&mut self, chunk: &[u8]) {
        if self.begun.is_empty() {
            return self.count(chunk);
        }
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(chunk);
        self.count(&bytes);
    }

    fn count(&mut self, mut bytes: &[u8]) {
        while !bytes.is_ascii() {
            match std::str::from_utf8(bytes) {
                Ok(text) => return self.beyond_ascii += beyond_ascii(text.as_bytes()),
                Err(error) => {
                    let (valid, rest) = bytes.split_at(error.valid_up_to());
                    self.beyond_ascii += beyond_ascii(valid);
                    let Some(broken) = error.error_len() else {
                        self.begun = rest.to_vec();
                        return;
                    };
                    self.invalid += broken as u64;
                    bytes = &rest[broken..];
                }
            }
        }
    }

    /// Characters beyond ASCII, and bytes that are no UTF-8, now that the text has ended.
    pub(super) fn finished(&self) -> (u64, u64) {
        (self.beyond_ascii, self.invalid + self.begun.len() as u64)
    }
}

/// Characters beyond ASCII in valid UTF-8: each has one byte that begins it.
fn beyond_ascii(utf8: &[u8]) -> u64 {
    utf8.iter().filter(|byte| **byte >= 0xc0).count() as u64
}

/// Names as they are, but for those that are empty or stand a second time.
fn distinct(header: Vec<String>) -> Vec<String> {
    let written: BTreeSet<String> = header.iter().cloned().collect();
    let mut taken = BTreeSet::new();
    let mut names = Vec::with_capacity(header.len());
    for (place, name) in header.into_iter().enumerate() {
        let stem = if name.is_empty() { format!("column_{}", place + 1) } else { name };
        let mut name = stem.clone();
        let mut number = 2;
        while taken.contains(&name) || (name != stem && written.contains(&name)) {
            name = format!("{stem}_{number}");
            number += 1;
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// The names of the first rows' values; names of lists are left out.
fn ndjson_columns(text: &[u8]) -> Vec<String> {
    let mut single: BTreeMap<String, bool> = BTreeMap::new();
    for line in text.split(|byte| *byte == b'\n').take(ROWS_NAMED) {
        if let Ok(Value::Object(object)) = serde_json::from_slice(line) {
            gather(&object, "", &mut single);
        }
    }
    single.into_iter().filter(|(_, single)| *single).map(|(name, _)| name).collect()
}

fn gather(object: &Map<String, Value>, prefix: &str, single: &mut BTreeMap<String, bool>) {
    for (name, value) in object {
        let name = format!("{prefix}{name}");
        match value {
            Value::Object(inner) => {
                gather(inner, &format!("{name}."), single);
                single.insert(name, false);
            }
            Value::Array(_) => drop(single.insert(name, false)),
            _ => drop(single.entry(name).or_insert(true)),
        }
    }
}
