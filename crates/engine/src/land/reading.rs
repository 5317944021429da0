//! Reading a source ahead of landing it: parsing and sealing are the two halves
//! of landing's work, and this lets each have a core.

use arrow::array::RecordBatch;
use tokio::sync::mpsc;
use vermeil_ingest::{IngestError, Place, SourceBatch, SourceStream};
use vermeil_model::Plaintext;

use super::quarantine::Refused;

/// Batches that wait to be landed, at most: enough to even out the two sides.
const READ_AHEAD: usize = 2;

/// A batch as landing takes it.
pub(super) struct ReadBatch {
    pub(super) rows: Plaintext<RecordBatch>,
    pub(super) places: Vec<Place>,
    /// Rows that break their contract.
    pub(super) refused: Vec<Refused>,
    pub(super) rows_in: u64,
}

/// The batches of a source, parsed by a task of their own.
pub(super) struct Reading {
    files: Vec<String>,
    batches: mpsc::Receiver<Result<ReadBatch, IngestError>>,
}

impl Reading {
    pub(super) fn start(mut stream: SourceStream) -> Self {
        let files = stream.files().iter().map(|file| file.name.clone()).collect();
        let (sender, batches) = mpsc::channel(READ_AHEAD);
        // The task ends with the stream, or when landing gave up and dropped the receiver.
        tokio::spawn(async move {
            while let Some(batch) = stream.next_batch().await {
                let batch = batch.map(|batch| prepare(batch, &stream));
                if sender.send(batch).await.is_err() {
                    return;
                }
            }
        });
        Self { files, batches }
    }

    /// The names of the source's files.
    pub(super) fn files(&self) -> &[String] {
        &self.files
    }

    /// The next rows; `None` after the last.
    pub(super) async fn next_batch(&mut self) -> Option<Result<ReadBatch, IngestError>> {
        self.batches.recv().await
    }
}

fn prepare(batch: SourceBatch, stream: &SourceStream) -> ReadBatch {
    let SourceBatch { rows, places, rejected, rows_in } = batch;
    let refused = rejected
        .into_iter()
        .map(|rejected| {
            let file = rejected.place.file;
            let name = &stream.files()[file as usize].name;
            Refused::as_delivered(rejected, name, stream.columns(file))
        })
        .collect();
    ReadBatch { rows, places, refused, rows_in }
}
