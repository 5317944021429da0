//! Where a query puts what does not fit in its memory: files that only this
//! query can read, and that have no name.
//!
//! A query's sorts, joins and aggregations hold opened values. What they put
//! aside goes through a [`StreamWriter`], under a key of its own for each file,
//! which no disk ever sees. The files are unlinked as they are made, so that
//! nothing is left of them however the process ends.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SpillFile, SpillWriter, TempFileFactory};
use futures::Stream;
use tokio::sync::watch;
use vermeil_protect::stream::{StreamKey, StreamReader, StreamWriter};

/// Makes the files of one query.
pub(crate) struct SpillFolder {
    folder: PathBuf,
    space: Arc<Space>,
}

/// How much the files of one query take, and may take, in bytes.
struct Space {
    used: AtomicU64,
    limit: u64,
}

/// One file: written once, and read while it is being written or after.
struct SealedFile {
    key: StreamKey,
    contents: Arc<Contents>,
    /// Taken by the one who writes.
    writer: Mutex<Option<StreamWriter<Appending>>>,
}

/// The bytes of a file. The last who holds them gives their space back.
struct Contents {
    file: File,
    space: Arc<Space>,
    progress: watch::Sender<Progress>,
}

/// How far a file is written.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    bytes: u64,
    has_ended: bool,
}

/// Appends to a file within the space that is left.
struct Appending(Arc<Contents>);

/// Writes a file, and ends it.
struct SealedWriter(Option<StreamWriter<Appending>>);

/// Reads what is written of a file.
struct Following {
    contents: Arc<Contents>,
    position: u64,
}

impl SpillFolder {
    /// Files in `folder` that take `limit` bytes at most, together.
    pub(crate) fn new(folder: PathBuf, limit: u64) -> Self {
        Self { folder, space: Arc::new(Space { used: AtomicU64::new(0), limit }) }
    }
}

impl TempFileFactory for SpillFolder {
    fn create_temp_file(&self, _description: &str) -> DataFusionResult<Arc<dyn SpillFile>> {
        let contents = Arc::new(Contents {
            file: tempfile::tempfile_in(&self.folder)?,
            space: Arc::clone(&self.space),
            progress: watch::Sender::new(Progress::default()),
        });
        let (writer, key) = StreamWriter::new(Appending(Arc::clone(&contents)));
        Ok(Arc::new(SealedFile { key, contents, writer: Mutex::new(Some(writer)) }))
    }
}

impl SpillFile for SealedFile {
    fn size(&self) -> Option<u64> {
        Some(self.contents.progress.borrow().bytes)
    }

    fn read_stream(&self) -> DataFusionResult<Pin<Box<dyn Stream<Item = DataFusionResult<Bytes>> + Send>>> {
        let following = Following { contents: Arc::clone(&self.contents), position: 0 };
        let reader = StreamReader::new(&self.key, following);
        Ok(Box::pin(futures::stream::try_unfold(reader, next_chunk)))
    }

    fn open_writer(&self) -> DataFusionResult<Box<dyn SpillWriter>> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match writer {
            Some(writer) => Ok(Box::new(SealedWriter(Some(writer)))),
            // Its nonces would begin anew.
            None => Err(DataFusionError::Internal("a temporary file is written once".to_owned())),
        }
    }
}

/// Waits for the next chunk to be written, then reads and opens it where waiting for the disk holds up nobody.
async fn next_chunk(
    mut reader: StreamReader<Following>,
) -> DataFusionResult<Option<(Bytes, StreamReader<Following>)>> {
    let following = reader.get_ref();
    let position = following.position;
    let mut progress = following.contents.progress.subscribe();
    // The sender lives as long as the reader holds the contents.
    let _ = progress.wait_for(|progress| progress.bytes > position || progress.has_ended).await;
    let read = tokio::task::spawn_blocking(move || reader.next_chunk().map(|chunk| (chunk, reader))).await;
    match read {
        Ok(Ok((chunk, reader))) => Ok(chunk.map(|chunk| (Bytes::from(chunk), reader))),
        Ok(Err(cause)) => Err(DataFusionError::IoError(cause)),
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}

impl Write for SealedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer()?.flush()
    }
}

impl SpillWriter for SealedWriter {
    fn finish(&mut self) -> DataFusionResult<()> {
        if let Some(writer) = self.0.take() {
            writer.finish()?;
        }
        Ok(())
    }
}

impl SealedWriter {
    fn writer(&mut self) -> io::Result<&mut StreamWriter<Appending>> {
        self.0.as_mut().ok_or_else(|| ErrorKind::BrokenPipe.into())
    }
}

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self(contents) = self;
        let length = bytes.len() as u64;
        contents.space.take(length)?;
        let at = contents.progress.borrow().bytes;
        if let Err(cause) = contents.file.write_all_at(bytes, at) {
            contents.space.give_back(length);
            return Err(cause);
        }
        contents.progress.send_modify(|progress| progress.bytes += length);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Appending {
    fn drop(&mut self) {
        self.0.progress.send_modify(|progress| progress.has_ended = true);
    }
}

impl Read for Following {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.contents.file.read_at(bytes, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Space {
    /// # Errors
    /// [`ErrorKind::QuotaExceeded`] if less than `bytes` is left.
    fn take(&self, bytes: u64) -> io::Result<()> {
        let within = |used: u64| used.checked_add(bytes).filter(|total| *total <= self.limit);
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within);
        taken.map(drop).map_err(|_| ErrorKind::QuotaExceeded.into())
    }

    fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        self.space.give_back(self.progress.borrow().bytes);
    }
}

#[cfg(test)]
mod tests;
