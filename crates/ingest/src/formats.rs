//! The registry of formats: one line each.

use std::sync::Arc;

use async_trait::async_trait;
use object_store::ObjectStore;
use vermeil_model::pipeline::{Format, Source};

use crate::batch::BatchBuilder;
use crate::error::{IngestError, nearest};
use crate::location::Found;
use crate::plan::Plan;
use crate::{delimited, ndjson, parquet};

/// The format of that name, set up for a source.
///
/// # Errors
/// [`IngestError`] where the source's settings do not fit the format.
pub(crate) fn format_of(source: &Source, plan: &Arc<Plan>) -> Result<Box<dyn SourceFormat>, IngestError> {
    let plan = Arc::clone(plan);
    Ok(match source.format {
        Format::Delimited => Box::new(delimited::Delimited::new(source, plan)?),
        Format::Ndjson => Box::new(ndjson::Ndjson::new(plan)),
        Format::Parquet => Box::new(parquet::Parquet::new(plan)),
    })
}

/// A format, set up for one source.
#[async_trait]
pub(crate) trait SourceFormat: Send + Sync {
    /// Begins reading a file; `file` is its position among the source's files.
    async fn open(
        &self,
        store: &Arc<dyn ObjectStore>,
        found: &Found,
        file: u32,
    ) -> Result<Box<dyn FileReader>, IngestError>;

    /// Parses one rejected row again.
    ///
    /// # Errors
    /// [`IngestError::MissingColumn`] where a column is mapped that the row's file lacked.
    fn replay(&self, row: &Replay<'_>, into: &mut BatchBuilder) -> Result<(), IngestError>;
}

/// A rejected row, and what its meaning hangs on.
pub(crate) struct Replay<'a> {
    /// For messages.
    pub(crate) file: &'a str,
    /// The columns of its file.
    pub(crate) columns: &'a [String],
    pub(crate) raw: &'a [u8],
    pub(crate) line: u64,
}

/// Reads one file.
#[async_trait]
pub(crate) trait FileReader: Send {
    /// The file's columns, in order; for NDJSON the names seen so far.
    fn columns(&self) -> Vec<String>;

    /// Adds rows to `batch` until it is full or the file ends.
    async fn fill(&mut self, batch: &mut BatchBuilder) -> Result<Progress, IngestError>;
}

/// Why filling a batch stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    BatchFull,
    FileDone,
}

/// The position of each slot's column among a file's columns.
///
/// # Errors
/// [`IngestError::MissingColumn`], [`IngestError::DuplicateColumn`].
pub(crate) fn positions(plan: &Plan, columns: &[String], file: &str) -> Result<Vec<usize>, IngestError> {
    let position = |slot: &String| {
        let mut places = columns.iter().enumerate().filter(|(_, column)| *column == slot);
        match (places.next(), places.next()) {
            (Some((position, _)), None) => Ok(position),
            (None, _) => Err(IngestError::MissingColumn {
                file: file.to_owned(),
                column: slot.clone(),
                nearest: nearest(slot, columns.iter().map(String::as_str)),
            }),
            (Some(_), Some(_)) => {
                Err(IngestError::DuplicateColumn { file: file.to_owned(), column: slot.clone() })
            }
        }
    };
    plan.slots.iter().map(position).collect()
}
