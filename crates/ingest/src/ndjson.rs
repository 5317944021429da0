//! NDJSON: one JSON object a line.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::ObjectStore;
use serde_json::{Map, Number, Value};
use vermeil_model::Diagnostic;

use crate::batch::{BatchBuilder, Place};
use crate::bytes::FileBytes;
use crate::cells::{Cell, Cells};
use crate::encoding::{Intake, TextEncoding};
use crate::error::IngestError;
use crate::formats::{FileReader, Progress, Replay, SourceFormat};
use crate::framing::{End, Framed, Framer, MAX_ROW_BYTES, Separators};
use crate::location::Found;
use crate::plan::Plan;

/// Names are gathered from this many rows of a file.
const ROWS_LOOKED_AT: usize = 1000;

/// Whole numbers from here on are no longer told apart by a 64-bit float.
const FLOAT_EXACT_LIMIT: f64 = 9_007_199_254_740_992.0;

/// NDJSON, set up for a source.
pub(crate) struct Ndjson {
    lines: LineReader,
}

/// Reads lines as rows.
#[derive(Clone)]
struct LineReader {
    plan: Arc<Plan>,
    /// For each slot the way to its value; a name may itself hold dots.
    paths: Arc<[Vec<String>]>,
    file: u32,
    names: BTreeSet<String>,
    rows_left_to_look_at: usize,
}

struct NdjsonReader {
    bytes: FileBytes,
    intake: Intake,
    framer: Framer,
    lines: LineReader,
}

impl Ndjson {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let paths = plan.slots.iter().map(|slot| slot.split('.').map(str::to_owned).collect()).collect();
        let rows_left_to_look_at = ROWS_LOOKED_AT;
        Self { lines: LineReader { plan, paths, file: 0, names: BTreeSet::new(), rows_left_to_look_at } }
    }
}

#[async_trait]
impl SourceFormat for Ndjson {
    async fn open(
        &self,
        store: &Arc<dyn ObjectStore>,
        found: &Found,
        file: u32,
    ) -> Result<Box<dyn FileReader>, IngestError> {
        Ok(Box::new(NdjsonReader {
            bytes: FileBytes::open(store, found).await?,
            intake: Intake::new(self.lines.plan.encoding),
            framer: Framer::new(Separators::default(), 1),
            lines: LineReader { file, ..self.lines.clone() },
        }))
    }

    fn replay(&self, row: &Replay<'_>, into: &mut BatchBuilder) -> Result<(), IngestError> {
        let mut framer = Framer::new(Separators::default(), row.line);
        framer.feed(row.raw);
        framer.finish(End::Complete);
        let mut lines = self.lines.clone();
        while let Some(framed) = framer.next() {
            lines.take(framed, into);
        }
        Ok(())
    }
}

#[async_trait]
impl FileReader for NdjsonReader {
    fn columns(&self) -> Vec<String> {
        self.lines.names.iter().cloned().collect()
    }

    async fn fill(&mut self, batch: &mut BatchBuilder) -> Result<Progress, IngestError> {
        loop {
            while let Some(framed) = self.framer.next() {
                self.lines.take(framed, batch);
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

impl LineReader {
    fn take(&mut self, framed: Framed<'_>, batch: &mut BatchBuilder) {
        match framed {
            Framed::Record { raw, line, .. } => self.take_line(raw, line, batch),
            // Without quotes to leave open, too long is all that a line can be.
            Framed::TooLong { raw, line } | Framed::UnclosedQuote { raw, line } => {
                let diagnostic = Diagnostic::new("row-too-long").with("most", MAX_ROW_BYTES);
                batch.reject(diagnostic, Place { file: self.file, line }, raw.to_vec());
            }
        }
    }

    fn take_line(&mut self, raw: &[u8], line: u64, batch: &mut BatchBuilder) {
        let place = Place { file: self.file, line };
        match self.parse(raw) {
            Err(diagnostic) => batch.reject(diagnostic, place, raw.to_vec()),
            Ok(None) => {}
            Ok(Some(object)) => {
                if self.rows_left_to_look_at > 0 {
                    self.rows_left_to_look_at -= 1;
                    gather_names(&object, "", &mut self.names);
                }
                let cells = self.plan.slots.iter().zip(&*self.paths);
                let cells = Cells(cells.map(|(name, path)| cell(&object, name, path)).collect());
                batch.offer(place, &cells, raw.len(), || raw.to_vec());
            }
        }
    }

    /// The object on a line; `None` on a blank one.
    fn parse(&self, raw: &[u8]) -> Result<Option<Map<String, Value>>, Diagnostic> {
        if raw.contains(&0) {
            return Err(Diagnostic::new("line-nul-byte"));
        }
        let encoding = self.plan.encoding;
        let text = match encoding {
            TextEncoding::SingleByte(single) => {
                single.decode_without_bom_handling_and_without_replacement(raw)
            }
            TextEncoding::Utf8 | TextEncoding::Converted(_) => {
                std::str::from_utf8(raw).ok().map(Cow::Borrowed)
            }
        };
        let Some(text) = text else {
            return Err(Diagnostic::new("line-invalid-encoding").with("encoding", encoding.name()));
        };
        if text.trim().is_empty() {
            return Ok(None);
        }
        match serde_json::from_str(&text) {
            Ok(Value::Object(object)) => Ok(Some(object)),
            Ok(_) => Err(Diagnostic::new("not-an-object")),
            // The parser's own words could quote the line.
            Err(error) => Err(Diagnostic::new("not-json").with("position", error.column())),
        }
    }
}

fn cell<'a>(object: &'a Map<String, Value>, name: &str, path: &[String]) -> Cell<'a> {
    let value = object.get(name).or_else(|| {
        let (last, parents) = path.split_last()?;
        let object = parents.iter().try_fold(object, |object, key| object.get(key)?.as_object())?;
        object.get(last)
    });
    match value {
        None | Some(Value::Null) => Cell::Missing,
        Some(Value::String(text)) => Cell::Written(text),
        Some(Value::Bool(flag)) => Cell::Typed(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Some(Value::Number(number)) => number_cell(number),
        Some(Value::Array(_) | Value::Object(_)) => Cell::Nested,
    }
}

fn number_cell(number: &Number) -> Cell<'_> {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.abs() >= FLOAT_EXACT_LIMIT => Cell::Inexact,
        // Whole numbers without `.0`: an id must look the same in every source.
        Some(float) if number.is_f64() => Cell::Typed(float.to_string().into()),
        _ => Cell::Typed(number.to_string().into()),
    }
}

fn gather_names(object: &Map<String, Value>, prefix: &str, names: &mut BTreeSet<String>) {
    for (name, value) in object {
        let name = format!("{prefix}{name}");
        match value {
            Value::Object(inner) => gather_names(inner, &format!("{name}."), names),
            _ => {
                names.insert(name);
            }
        }
    }
}
