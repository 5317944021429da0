//! The bytes of one file, in order, as it stood when reading began.
//!
//! A file's size is taken when it is opened and not a byte more is read, so a
//! file that is appended to meanwhile yields the rows it had; the rest comes
//! with the next run. Where a local file has grown, its last line may be half
//! written and is left to the next run too ([`End::Growing`]). A local file that
//! shrank, or was rewritten at the same size, is an error: what was read may be
//! neither the old nor the new content. A local file that is replaced by rename
//! goes on being read as it was, for it stays open. An object in a store never
//! changes in place: it is read by one request, and one that was replaced since
//! it was listed is an error.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt};
use tokio::io::AsyncReadExt;

use crate::error::IngestError;
use crate::framing::End;
use crate::location::Found;

/// How much of a local file is read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// Reads one file from its beginning.
pub(crate) struct FileBytes {
    file: String,
    payload: Payload,
    /// Bytes not read yet.
    left: u64,
}

enum Payload {
    Local { file: tokio::fs::File, size: u64, modified: Option<SystemTime> },
    Remote(BoxStream<'static, object_store::Result<Bytes>>),
}

impl FileBytes {
    /// Opens a file.
    ///
    /// # Errors
    /// [`IngestError::Empty`], [`IngestError::Changed`], [`IngestError::Unreadable`].
    pub(crate) async fn open(store: &Arc<dyn ObjectStore>, found: &Found) -> Result<Self, IngestError> {
        let name = || found.file.name.clone();
        let result = store.get(&found.meta.location).await.map_err(|cause| match cause {
            object_store::Error::NotFound { .. } => IngestError::Changed { file: name() },
            cause => IngestError::unreadable(&found.file.name, cause),
        })?;
        let size = result.meta.size;
        if size == 0 {
            return Err(IngestError::Empty { file: name() });
        }
        let payload = match result.payload {
            GetResultPayload::File(file, _) => {
                let modified = file.metadata().and_then(|metadata| metadata.modified()).ok();
                Payload::Local { file: tokio::fs::File::from_std(file), size, modified }
            }
            GetResultPayload::Stream(stream) => {
                if size != found.meta.size || result.meta.e_tag != found.meta.e_tag {
                    return Err(IngestError::Changed { file: name() });
                }
                Payload::Remote(stream)
            }
        };
        Ok(Self { file: name(), payload, left: size })
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`IngestError::Changed`] if the file ended early, [`IngestError::Unreadable`].
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, IngestError> {
        if self.left == 0 {
            return Ok(None);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let mut chunk = match &mut self.payload {
            Payload::Local { file, .. } => {
                let mut chunk = BytesMut::with_capacity(CHUNK_BYTES.min(most));
                file.read_buf(&mut chunk)
                    .await
                    .map_err(|cause| IngestError::unreadable(&self.file, cause))?;
                chunk.freeze()
            }
            Payload::Remote(stream) => match stream.next().await {
                Some(chunk) => chunk.map_err(|cause| IngestError::unreadable(&self.file, cause))?,
                None => Bytes::new(),
            },
        };
        if chunk.is_empty() {
            return Err(IngestError::Changed { file: self.file.clone() });
        }
        chunk.truncate(most);
        self.left -= chunk.len() as u64;
        Ok(Some(chunk))
    }

    /// How the file stands now that it was read to its end.
    ///
    /// # Errors
    /// [`IngestError::Changed`] if it shrank or was rewritten.
    pub(crate) async fn end(&mut self) -> Result<End, IngestError> {
        let Payload::Local { file, size, modified } = &self.payload else { return Ok(End::Complete) };
        let now = file.metadata().await.map_err(|cause| IngestError::unreadable(&self.file, cause))?;
        let rewritten = now.len() == *size && now.modified().ok() != *modified;
        if now.len() < *size || rewritten {
            return Err(IngestError::Changed { file: self.file.clone() });
        }
        Ok(if now.len() > *size { End::Growing } else { End::Complete })
    }
}
