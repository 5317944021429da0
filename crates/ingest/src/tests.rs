//! What a source's files yield, end to end: see the parts.

mod delimited;
mod ndjson;
mod parquet;
mod properties;
mod rejected;
mod remote;
mod sources;

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use arrow::util::display::array_value_to_string;
use tempfile::TempDir;
use vermeil_model::pipeline::Source;
use vermeil_model::{Diagnose, Diagnostic, Pipeline, Policy, Schema};

use crate::dates::moment_text;
use crate::{IngestError, SourceBatch, SourceSpec, SourceStream, open, replay};

/// A folder with the files of one source.
pub(crate) struct Folder {
    dir: TempDir,
    source: Source,
    schema: Schema,
    options: BTreeMap<String, String>,
}

/// All that a source yielded.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Yield {
    /// The values of each row between `|`, nothing for missing ones.
    rows: Vec<String>,
    lines: Vec<u64>,
    rejected: Vec<(u64, Diagnostic)>,
    raw: Vec<Vec<u8>>,
}

impl Folder {
    /// A folder whose source is `settings`, in YAML flow style without braces.
    pub(crate) fn new(settings: &str) -> Self {
        Self::with_schema(settings, Schema::built_in("customer.v1").unwrap())
    }

    pub(crate) fn with_schema(settings: &str, schema: Schema) -> Self {
        let text = format!("name: test\nsources:\n  - {{ id: crm, {settings} }}\n");
        let mut pipeline = Pipeline::parse("pipeline.yaml", &text).unwrap();
        Self {
            dir: TempDir::new().unwrap(),
            source: pipeline.sources.remove(0),
            schema,
            options: BTreeMap::new(),
        }
    }

    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    /// Sets an option of the object store.
    pub(crate) fn option(mut self, name: &str, value: &str) -> Self {
        self.options.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn with_spec<T>(&self, take: impl FnOnce(SourceSpec<'_>) -> T) -> T {
        let base: &Path = self.dir.path();
        take(SourceSpec { source: &self.source, schema: &self.schema, base, options: &self.options })
    }

    pub(crate) fn open(&self) -> Result<SourceStream, IngestError> {
        self.with_spec(|spec| block_on(open(spec)))
    }

    pub(crate) fn read(&self) -> Result<Yield, IngestError> {
        let mut stream = self.open()?;
        let mut all = Yield::default();
        while let Some(batch) = block_on(stream.next_batch()) {
            all.add(batch?);
        }
        Ok(all)
    }

    pub(crate) fn replay(&self, columns: &[&str], raw: &[u8], line: u64) -> Result<Yield, IngestError> {
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        let mut all = Yield::default();
        all.add(self.with_spec(|spec| replay(spec, &columns, raw, line))?);
        Ok(all)
    }

    /// Asserts the rows, and that none is rejected.
    #[track_caller]
    pub(crate) fn check(&self, rows: &[&str]) {
        let all = self.read().unwrap();
        assert_eq!(all.rejected, []);
        assert_eq!(all.rows, rows);
    }

    /// Asserts the diagnostic with which the source fails.
    #[track_caller]
    pub(crate) fn check_error(&self, expected: &str) {
        let error = self.read().map(|_| ()).unwrap_err();
        assert_eq!(shown(&error.diagnostic().unwrap()), expected);
    }
}

impl Yield {
    pub(crate) fn add(&mut self, batch: SourceBatch) {
        let grant = Policy::sealing();
        let rows = batch.rows.expose(&grant);
        assert_eq!(batch.rows_in, rows.num_rows() as u64 + batch.rejected.len() as u64);
        assert_eq!(batch.places.len(), rows.num_rows());
        self.rows.extend((0..rows.num_rows()).map(|row| row_text(rows, row)));
        self.lines.extend(batch.places.iter().map(|place| place.line));
        for rejected in batch.rejected {
            self.rejected.push((rejected.place.line, rejected.diagnostic));
            self.raw.push(rejected.raw.into_exposed(&grant));
        }
    }

    /// Line and diagnostic of each rejected row.
    pub(crate) fn rejections(&self) -> Vec<String> {
        self.rejected.iter().map(|(line, diagnostic)| format!("{line}: {}", shown(diagnostic))).collect()
    }
}

/// A diagnostic as `code name=value …`.
pub(crate) fn shown(diagnostic: &Diagnostic) -> String {
    let args = diagnostic.args.iter().map(|(name, value)| format!(" {name}={value}"));
    diagnostic.code.clone() + &args.collect::<String>()
}

fn row_text(rows: &RecordBatch, row: usize) -> String {
    let values = rows.columns().iter().map(|column| match column.data_type() {
        // Printing the zone `UTC` would need a zone database.
        DataType::Timestamp(_, zone) => {
            assert_eq!(zone.as_deref(), Some("UTC"));
            let moments = column.as_primitive::<TimestampMicrosecondType>();
            moments.iter().nth(row).flatten().map(moment_text).unwrap_or_default()
        }
        _ => array_value_to_string(column, row).unwrap(),
    });
    values.collect::<Vec<_>>().join("|")
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
