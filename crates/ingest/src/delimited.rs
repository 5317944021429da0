//! Delimited text: CSV and its relatives.

use std::sync::Arc;

use async_trait::async_trait;
use encoding_rs::Encoding;
use object_store::ObjectStore;
use vermeil_model::Diagnostic;
use vermeil_model::pipeline::Source;

use crate::batch::{BatchBuilder, Place};
use crate::bytes::FileBytes;
use crate::cells::{Cell, Row};
use crate::encoding::{Intake, TextEncoding};
use crate::error::IngestError;
use crate::formats::{FileReader, Progress, Replay, SourceFormat, positions};
use crate::framing::{End, FieldSpan, Framed, Framer, MAX_ROW_BYTES, Separators};
use crate::location::Found;
use crate::plan::Plan;

/// Delimited text, set up for a source.
pub(crate) struct Delimited {
    dialect: Dialect,
    /// The columns of files without a header line.
    delimiter: char,
    declared: Option<Vec<String>>,
    /// What the columns of files with a header line are called instead of what it says.
    renamed: Option<Vec<String>>,
    plan: Arc<Plan>,
}

/// Looked for where the declared delimiter does not part the header line.
pub(crate) const USUAL_DELIMITERS: [char; 4] = [';', '\t', '|', ','];

/// How a source writes its rows.
#[derive(Clone, Copy)]
struct Dialect {
    encoding: TextEncoding,
    separators: Separators,
    quote: u8,
}

struct DelimitedReader {
    bytes: FileBytes,
    intake: Intake,
    framer: Framer,
    rows: RowReader,
    columns: Vec<String>,
}

/// Reads records of a file whose columns are known.
struct RowReader {
    dialect: Dialect,
    columns: Arc<[String]>,
    /// For each slot its position among the columns.
    positions: Vec<usize>,
    file: u32,
    /// Values that do not stand in the record as they are.
    scratch: String,
    values: Vec<FieldText>,
}

/// Where a slot's value stands.
#[derive(Clone, Copy)]
enum FieldText {
    /// In the record itself, which is UTF-8.
    Record(usize, usize),
    Scratch(usize, usize),
    Undecodable,
}

struct DelimitedRow<'a> {
    /// The record; empty where it is not in UTF-8 and all values are decoded.
    record: &'a str,
    rows: &'a RowReader,
}

impl Delimited {
    pub(crate) fn new(source: &Source, plan: Arc<Plan>) -> Result<Self, IngestError> {
        let encoding = plan.encoding;
        let byte = |role, value| {
            let byte = encoding.byte(value).filter(|byte| !matches!(byte, b'\n' | b'\r' | 0));
            byte.ok_or(IngestError::BadSeparator { role, value })
        };
        let declared = source.delimiter.unwrap_or(',');
        let delimiter = byte("delimiter", declared)?;
        let quote = byte("quote", source.quote.unwrap_or('"'))?;
        if quote == delimiter {
            return Err(IngestError::BadSeparator { role: "quote", value: source.quote.unwrap_or('"') });
        }
        let separators = Separators { delimiter: Some(delimiter), quote: Some(quote) };
        let dialect = Dialect { encoding, separators, quote };
        Ok(Self { dialect, delimiter: declared, declared: source.header.clone(), renamed: None, plan })
    }

    /// Calls the columns of a file with a header line so, whatever that line says.
    pub(crate) fn with_columns(self, columns: Vec<String>) -> Self {
        Self { renamed: Some(columns), ..self }
    }

    /// The names on a header line; `None` if it cannot be read.
    pub(crate) fn header(&self, framed: &Framed<'_>) -> Option<Vec<String>> {
        self.dialect.header(framed)
    }

    fn row_reader(&self, columns: &[String], name: &str, file: u32) -> Result<RowReader, IngestError> {
        Ok(RowReader {
            dialect: self.dialect,
            columns: columns.into(),
            positions: positions(&self.plan, columns, name)?,
            file,
            scratch: String::new(),
            values: Vec::new(),
        })
    }

    /// Says so where a column is missing only because another delimiter parts the header.
    fn explained(&self, error: IngestError, columns: &[String]) -> IngestError {
        let (IngestError::MissingColumn { file, column, .. }, [whole]) = (&error, columns) else {
            return error;
        };
        let parted = |by: &char| whole.split(*by).any(|part| part.trim_matches('"') == column);
        match USUAL_DELIMITERS.into_iter().find(parted) {
            Some(likely) => {
                IngestError::OtherDelimiter { file: file.clone(), delimiter: self.delimiter, likely }
            }
            None => error,
        }
    }
}

#[async_trait]
impl SourceFormat for Delimited {
    async fn open(
        &self,
        store: &Arc<dyn ObjectStore>,
        found: &Found,
        file: u32,
    ) -> Result<Box<dyn FileReader>, IngestError> {
        let mut bytes = FileBytes::open(store, found).await?;
        let mut intake = Intake::new(self.dialect.encoding);
        let mut framer = Framer::new(self.dialect.separators, 1);
        let name = &found.file.name;
        let columns = match &self.declared {
            Some(columns) => columns.clone(),
            None => loop {
                if let Some(header) = framer.next() {
                    let written = self.header(&header);
                    let written = written.ok_or(IngestError::BadHeader { file: name.clone() })?;
                    break self.renamed.clone().unwrap_or(written);
                }
                match bytes.next().await? {
                    Some(chunk) => intake.feed(&chunk, |bytes| framer.feed(bytes)),
                    None if framer.is_finished() => return Err(IngestError::Empty { file: name.clone() }),
                    None => {
                        intake.finish(|bytes| framer.feed(bytes));
                        framer.finish(End::Complete);
                    }
                }
            },
        };
        let rows = self.row_reader(&columns, name, file).map_err(|error| self.explained(error, &columns))?;
        Ok(Box::new(DelimitedReader { bytes, intake, framer, rows, columns }))
    }

    fn replay(&self, row: &Replay<'_>, into: &mut BatchBuilder) -> Result<(), IngestError> {
        let mut rows = self.row_reader(row.columns, row.file, 0)?;
        let mut framer = Framer::new(self.dialect.separators, row.line);
        framer.feed(row.raw);
        framer.finish(End::Complete);
        while let Some(framed) = framer.next() {
            rows.take(framed, into);
        }
        Ok(())
    }
}

#[async_trait]
impl FileReader for DelimitedReader {
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    async fn fill(&mut self, batch: &mut BatchBuilder) -> Result<Progress, IngestError> {
        loop {
            while let Some(framed) = self.framer.next() {
                self.rows.take(framed, batch);
                if batch.is_full() {
                    return Ok(Progress::BatchFull);
                }
            }
            if self.framer.is_finished() {
                return Ok(Progress::FileDone);
            }
            match self.bytes.next().await? {
                Some(chunk) => self.intake.feed(&chunk, |bytes| self.framer.feed(bytes)),
                None => {
                    self.intake.finish(|bytes| self.framer.feed(bytes));
                    self.framer.finish(self.bytes.end().await?);
                }
            }
        }
    }
}

impl RowReader {
    fn take(&mut self, framed: Framed<'_>, batch: &mut BatchBuilder) {
        let place = |line| Place { file: self.file, line };
        match framed {
            Framed::TooLong { raw, line } => {
                let diagnostic = Diagnostic::new("row-too-long").with("most", MAX_ROW_BYTES);
                batch.reject(diagnostic, place(line), raw.to_vec());
            }
            Framed::UnclosedQuote { raw, line } => {
                batch.reject(Diagnostic::new("unclosed-quote"), place(line), raw.to_vec());
            }
            Framed::Record { raw, line, fields } => {
                let place = place(line);
                match self.locate(raw, fields) {
                    Err(diagnostic) => batch.reject(diagnostic, place, raw.to_vec()),
                    Ok(record) => {
                        let row = DelimitedRow { record, rows: self };
                        batch.offer(place, &row, raw.len(), || raw.to_vec());
                    }
                }
            }
        }
    }

    /// Finds the slots' values in a record; gives the record as text where it is UTF-8.
    fn locate<'a>(&mut self, raw: &'a [u8], fields: &[FieldSpan]) -> Result<&'a str, Diagnostic> {
        let column_at = |position| {
            let field = fields.iter().position(|field| field.holds(position)).unwrap_or(fields.len());
            // A record with too many fields may go wrong behind the last named one.
            self.columns.get(field).cloned().unwrap_or_else(|| (field + 1).to_string())
        };
        if let Some(position) = raw.iter().position(|byte| *byte == 0) {
            return Err(Diagnostic::new("nul-byte").with("column", column_at(position)));
        }
        let record = match self.dialect.encoding {
            TextEncoding::SingleByte(_) => "",
            TextEncoding::Utf8 | TextEncoding::Converted(_) => std::str::from_utf8(raw).map_err(|error| {
                Diagnostic::new("invalid-encoding")
                    .with("column", column_at(error.valid_up_to()))
                    .with("encoding", self.dialect.encoding.name())
            })?,
        };
        let (expected, found) = (self.columns.len(), fields.len());
        if expected != found {
            let code = if found < expected { "too-few-fields" } else { "too-many-fields" };
            return Err(Diagnostic::new(code).with("expected", expected).with("found", found));
        }
        self.scratch.clear();
        self.values.clear();
        for position in &self.positions {
            let value = self.dialect.locate(raw, fields[*position], &mut self.scratch);
            self.values.push(value);
        }
        Ok(record)
    }
}

impl Row for DelimitedRow<'_> {
    fn cell(&self, slot: usize) -> Cell<'_> {
        match self.rows.values[slot] {
            FieldText::Record(start, end) => Cell::Written(&self.record[start..end]),
            FieldText::Scratch(start, end) => Cell::Written(&self.rows.scratch[start..end]),
            FieldText::Undecodable => Cell::Undecodable,
        }
    }
}

impl Dialect {
    /// Finds a field's value, decoded and without quotes.
    fn locate(self, raw: &[u8], field: FieldSpan, scratch: &mut String) -> FieldText {
        let start = scratch.len();
        match (field.direct(), self.encoding) {
            (Some(range), TextEncoding::SingleByte(encoding)) => {
                match decode(encoding, &raw[range], scratch) {
                    Some(()) => FieldText::Scratch(start, scratch.len()),
                    None => FieldText::Undecodable,
                }
            }
            (Some(range), _) => FieldText::Record(range.start, range.end),
            (None, encoding) => {
                let mut bytes = Vec::new();
                field.unquote(raw, self.quote, &mut bytes);
                let decoded = match encoding {
                    TextEncoding::SingleByte(encoding) => decode(encoding, &bytes, scratch),
                    _ => std::str::from_utf8(&bytes).ok().map(|text| scratch.push_str(text)),
                };
                match decoded {
                    Some(()) => FieldText::Scratch(start, scratch.len()),
                    None => FieldText::Undecodable,
                }
            }
        }
    }

    /// The names on a header line; `None` if it cannot be read.
    fn header(self, framed: &Framed<'_>) -> Option<Vec<String>> {
        let Framed::Record { raw, fields, .. } = framed else { return None };
        let name = |field: &FieldSpan| {
            let mut scratch = String::new();
            let name = match self.locate(raw, *field, &mut scratch) {
                FieldText::Record(start, end) => std::str::from_utf8(&raw[start..end]).ok()?,
                FieldText::Scratch(start, end) => &scratch[start..end],
                FieldText::Undecodable => return None,
            };
            Some(name.trim().to_owned())
        };
        fields.iter().map(name).collect()
    }
}

fn decode(encoding: &'static Encoding, bytes: &[u8], scratch: &mut String) -> Option<()> {
    scratch.push_str(&encoding.decode_without_bom_handling_and_without_replacement(bytes)?);
    Some(())
}
