//! Reading a source from its first file to its last.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use vermeil_model::Schema;
use vermeil_model::pipeline::Source;

use crate::batch::{BatchBuilder, SourceBatch};
use crate::error::IngestError;
use crate::formats::{FileReader, Progress, Replay, SourceFormat, format_of};
use crate::location::{self, Location, SourceFile};
use crate::plan::Plan;

/// A source, and all that its meaning hangs on.
#[derive(Clone, Copy)]
pub struct SourceSpec<'a> {
    /// As the pipeline file describes it.
    pub source: &'a Source,
    /// The schema whose fields it maps.
    pub schema: &'a Schema,
    /// What relative paths are relative to: the pipeline's folder.
    pub base: &'a Path,
    /// Settings of the object store (region, credentials, endpoint) under the
    /// names that `object_store` gives them.
    pub options: &'a BTreeMap<String, String>,
}

/// The rows of a source, batch by batch.
pub struct SourceStream {
    location: Location,
    files: Vec<SourceFile>,
    format: Box<dyn SourceFormat>,
    plan: Arc<Plan>,
    batch: BatchBuilder,
    current: Option<Box<dyn FileReader>>,
    /// The columns of each file that was begun.
    columns: Vec<Vec<String>>,
}

/// Finds a source's files and begins the first.
///
/// # Errors
/// [`IngestError`] where the source is configured wrongly, missing, empty, or lacks a mapped column.
pub async fn open(spec: SourceSpec<'_>) -> Result<SourceStream, IngestError> {
    let mut stream = prepare(spec).await?;
    stream.open_next().await?;
    Ok(stream)
}

/// Parses one rejected row again, as the source is configured now.
///
/// `columns` are those of the row's file ([`SourceStream::columns`]), `raw` and
/// `line` those of its [`Rejected`](crate::Rejected). More than one row may come
/// out: a changed quote or delimiter can part what was one.
///
/// # Errors
/// [`IngestError`] where the source is configured wrongly, or maps a column that the row's file lacked.
pub fn replay(
    spec: SourceSpec<'_>,
    columns: &[String],
    raw: &[u8],
    line: u64,
) -> Result<SourceBatch, IngestError> {
    let plan = Arc::new(Plan::new(spec.source, spec.schema)?);
    let format = format_of(spec.source, &plan)?;
    let mut batch = BatchBuilder::new(plan);
    format.replay(&Replay { file: &spec.source.path, columns, raw, line }, &mut batch)?;
    Ok(batch.finish())
}

/// As [`open`], with no file begun.
pub(crate) async fn prepare(spec: SourceSpec<'_>) -> Result<SourceStream, IngestError> {
    let plan = Arc::new(Plan::new(spec.source, spec.schema)?);
    let format = format_of(spec.source, &plan)?;
    let location = location::find(&spec.source.path, spec.base, spec.options).await?;
    Ok(SourceStream::new(location, format, plan))
}

impl SourceStream {
    /// Begins the first file of a place.
    pub(crate) async fn begin(
        location: Location,
        format: Box<dyn SourceFormat>,
        plan: Arc<Plan>,
    ) -> Result<SourceStream, IngestError> {
        let mut stream = SourceStream::new(location, format, plan);
        stream.open_next().await?;
        Ok(stream)
    }

    fn new(location: Location, format: Box<dyn SourceFormat>, plan: Arc<Plan>) -> SourceStream {
        SourceStream {
            files: location.found.iter().map(|found| found.file.clone()).collect(),
            location,
            format,
            batch: BatchBuilder::new(Arc::clone(&plan)),
            plan,
            current: None,
            columns: Vec::new(),
        }
    }

    /// The source's files, in the order in which they are read.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The columns of every batch; see [`SourceBatch::rows`].
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.plan.columns)
    }

    /// The columns of a file that rows have come from: what [`replay`] needs
    /// beside a rejected row. Empty for NDJSON, whose rows name their own.
    pub fn columns(&self, file: u32) -> &[String] {
        self.columns.get(file as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// The next rows; `None` after the last. A batch is never empty.
    ///
    /// After an error the stream is over.
    pub async fn next_batch(&mut self) -> Option<Result<SourceBatch, IngestError>> {
        match self.fill().await {
            Ok(()) if self.batch.row_count() == 0 => None,
            Ok(()) => Some(Ok(self.batch.finish())),
            Err(error) => {
                self.current = None;
                self.columns.resize(self.files.len(), Vec::new());
                self.batch.finish();
                Some(Err(error))
            }
        }
    }

    async fn fill(&mut self) -> Result<(), IngestError> {
        loop {
            let Some(current) = &mut self.current else {
                if self.columns.len() == self.files.len() {
                    return Ok(());
                }
                self.open_next().await?;
                continue;
            };
            match current.fill(&mut self.batch).await? {
                Progress::BatchFull => return Ok(()),
                Progress::FileDone => self.current = None,
            }
        }
    }

    /// Begins the next file.
    async fn open_next(&mut self) -> Result<(), IngestError> {
        let position = self.columns.len();
        let file = u32::try_from(position).expect("a folder holds fewer than 2^32 files");
        let found = &self.location.found[position];
        tracing::debug!(file = found.file.name, bytes = found.file.size_bytes, "reading");
        let reader = self.format.open(&self.location.store, found, file).await?;
        self.columns.push(reader.columns());
        self.current = Some(reader);
        Ok(())
    }

    /// Reads the beginning of each file; gives its columns and first batch.
    pub(crate) async fn sample(&mut self) -> Result<Vec<(Vec<String>, SourceBatch)>, IngestError> {
        let mut samples = Vec::new();
        while self.columns.len() < self.files.len() {
            self.open_next().await?;
            let Some(mut reader) = self.current.take() else { break };
            reader.fill(&mut self.batch).await?;
            samples.push((reader.columns(), self.batch.finish()));
        }
        Ok(samples)
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }
}
