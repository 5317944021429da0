//! Streams: files longer than memory, sealed as they are written.
//!
//! For what a query puts aside while it runs. Each stream has a random key of
//! its own that exists in memory only; whatever is left of the file once the
//! key is dropped opens to nobody.
//!
//! # What is written
//!
//! Chunks of at most [`CHUNK`] bytes of text, each
//!
//! ```text
//! header  u32 big-endian   length of the text; the highest bit marks the last chunk
//! ciphertext
//! tag     16 bytes
//! ```
//!
//! under AES-256-GCM with the nonce `7 zeros | chunk number u32 | 1 if last else 0`
//! and the associated data `vermeil/stream/1`. So a chunk opens at its place
//! only, and as the end or not the end as it was written: chunks that are
//! swapped, repeated, left out or cut off behind are found. The nonces repeat in
//! every stream, which is why a key serves one stream and no other: the one that
//! writes makes it.
//!
//! Source: the STREAM construction of Hoang, Reyhanitabar, Rogaway & Vizár,
//! "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance",
//! CRYPTO 2015; its chunks may be of any length.

use std::io::{self, ErrorKind, Read, Write};

use zeroize::Zeroizing;

use crate::aead::{AssociatedData, Cipher, NONCE, TAG};
use crate::random;

/// Bytes of text in a chunk, at most.
pub const CHUNK: usize = 64 * 1024;

const HEADER: usize = 4;
const LAST: u32 = 1 << 31;

/// Opens one stream. Cleared when dropped, and cannot be printed.
#[derive(Clone)]
pub struct StreamKey(Zeroizing<[u8; 32]>);

/// Seals what is written to it into `W`, one call of `W` a chunk.
///
/// Text waits until it fills a chunk, is flushed, or ends. A stream that is
/// dropped without [`StreamWriter::finish`] has no end, and says so to its reader.
pub struct StreamWriter<W> {
    chunks: Chunks,
    /// Room for a header, then the text of the next chunk.
    buffer: Zeroizing<Vec<u8>>,
    inner: W,
}

/// Opens a stream chunk by chunk.
pub struct StreamReader<R> {
    chunks: Chunks,
    has_ended: bool,
    inner: R,
}

/// What is read is not the stream that was written. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// There is no last chunk.
    #[error("the stream is cut off in chunk {chunk}")]
    CutOff {
        /// Counts from 0.
        chunk: u32,
    },
    /// Another key, another place in the stream, or changed bytes.
    #[error("chunk {chunk} of the stream does not open: it is damaged, or from another place")]
    Refused {
        /// Counts from 0.
        chunk: u32,
    },
    /// Something stands behind the last chunk.
    #[error("something stands behind the end of the stream")]
    BehindEnd,
}

impl<W: Write> StreamWriter<W> {
    /// A stream into `inner`, and the key that opens it.
    pub fn new(inner: W) -> (Self, StreamKey) {
        let mut key = Zeroizing::new([0; 32]);
        random::fill(&mut *key);
        let key = StreamKey(key);
        let mut buffer = Zeroizing::new(Vec::with_capacity(HEADER + CHUNK + TAG));
        buffer.resize(HEADER, 0);
        (Self { chunks: Chunks::new(&key), buffer, inner }, key)
    }

    /// Seals what waits as the last chunk.
    ///
    /// # Errors
    /// Those of `W`. The stream has no end then.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal_chunk(LAST)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn seal_chunk(&mut self, last: u32) -> io::Result<()> {
        let length = u32::try_from(self.buffer.len() - HEADER).expect("a chunk is short");
        self.buffer[..HEADER].copy_from_slice(&(length | last).to_be_bytes());
        // Taken before anything can fail: no second text may meet this nonce.
        let nonce = self.chunks.next_nonce(last)?;
        self.chunks.cipher.encrypt(nonce, self.chunks.associated.as_slice(), &mut self.buffer, HEADER);
        let written = self.inner.write_all(&self.buffer);
        self.buffer.truncate(HEADER);
        written
    }
}

impl<W: Write> Write for StreamWriter<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        // A full chunk waits for more: it may turn out to be the last.
        if self.buffer.len() == HEADER + CHUNK && !text.is_empty() {
            self.seal_chunk(0)?;
        }
        let taken = text.len().min(HEADER + CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&text[..taken]);
        Ok(taken)
    }

    /// Makes everything written until now readable.
    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.len() > HEADER {
            self.seal_chunk(0)?;
        }
        self.inner.flush()
    }
}

impl<R: Read> StreamReader<R> {
    /// Reads the stream of `key` from `inner`, which stands at its start.
    pub fn new(key: &StreamKey, inner: R) -> Self {
        Self { chunks: Chunks::new(key), has_ended: false, inner }
    }

    /// The text of the next chunk, which may be empty; `None` behind the last.
    /// After an error nothing more may be asked.
    ///
    /// # Errors
    /// Those of `R`; [`StreamError`] as [`ErrorKind::InvalidData`]. Nothing is opened then.
    pub fn next_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.has_ended {
            return match self.inner.read(&mut [0])? {
                0 => Ok(None),
                _ => Err(StreamError::BehindEnd.into()),
            };
        }
        let mut header = [0; HEADER];
        self.read_exact(&mut header)?;
        let header = u32::from_be_bytes(header);
        let (last, length) = (header & LAST, (header & !LAST) as usize);
        // Before memory is taken for what may be damaged.
        if length > CHUNK {
            return Err(self.refused());
        }
        let mut text = vec![0; length];
        self.read_exact(&mut text)?;
        let mut tag = [0; TAG];
        self.read_exact(&mut tag)?;
        let refused = self.refused();
        let nonce = self.chunks.next_nonce(last)?;
        let opened = self.chunks.cipher.decrypt(nonce, self.chunks.associated.as_slice(), &mut text, tag);
        opened.map_err(|_| refused)?;
        self.has_ended = last == LAST;
        Ok(Some(text))
    }

    /// What it reads from.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let chunk = self.chunks.next;
        self.inner.read_exact(bytes).map_err(|cause| match cause.kind() {
            ErrorKind::UnexpectedEof => StreamError::CutOff { chunk }.into(),
            _ => cause,
        })
    }

    fn refused(&self) -> io::Error {
        StreamError::Refused { chunk: self.chunks.next }.into()
    }
}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        io::Error::new(ErrorKind::InvalidData, error)
    }
}

/// A stream's key, expanded, and where the stream stands.
struct Chunks {
    cipher: Cipher,
    associated: AssociatedData,
    next: u32,
}

impl Chunks {
    fn new(key: &StreamKey) -> Self {
        Self { cipher: Cipher::new(&key.0), associated: AssociatedData::new("vermeil/stream/1"), next: 0 }
    }

    /// The nonce of the next chunk.
    ///
    /// # Errors
    /// After 2³² chunks, 256 TiB of text: nonces must not begin anew.
    fn next_nonce(&mut self, last: u32) -> io::Result<[u8; NONCE]> {
        let number = self.next;
        self.next = number.checked_add(1).ok_or(ErrorKind::FileTooLarge)?;
        let mut nonce = [0; NONCE];
        nonce[7..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = u8::from(last == LAST);
        Ok(nonce)
    }
}

#[cfg(test)]
mod tests;
