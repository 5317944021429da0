//! Sources: bytes to records, contracts, quarantine.
//!
//! [`open`] turns the files of one configured source into batches of canonical
//! columns; a row that breaks its contract comes out beside them as
//! [`Rejected`], with everything needed to parse it again ([`replay`]). Nothing
//! is dropped: `rows_in = rows + rejected`, for every batch.
//!
//! A format is one file (`delimited`, `ndjson`, `parquet`) and one line in
//! `formats`. Nothing here knows keys, tables or runs, and no environment is read.
//!
//! Memory does not grow with a file: bytes are read in chunks, a batch ends at
//! [`BATCH_ROWS`] rows or [`BATCH_BYTES`] bytes, a row at [`MAX_ROW_BYTES`].

mod batch;
mod bytes;
mod cells;
mod dates;
mod delimited;
mod encoding;
mod error;
mod formats;
mod framing;
mod inspect;
mod location;
mod ndjson;
mod numbers;
mod parquet;
mod plan;
mod stream;
mod unknown;

pub use batch::{BATCH_BYTES, BATCH_ROWS, Place, Rejected, SourceBatch};
pub use error::{IngestError, nearest};
pub use framing::MAX_ROW_BYTES;
pub use inspect::{FieldOrigin, FileInspection, Inspection, MappedField, Problem, inspect};
pub use location::SourceFile;
pub use stream::{SourceSpec, SourceStream, open, replay};
pub use unknown::{FileForm, UnknownFile};

#[cfg(test)]
mod tests;
