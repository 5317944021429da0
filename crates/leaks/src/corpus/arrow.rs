//! Arrow IPC with a value in one place each.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use ::arrow::array::{ArrayRef, BinaryArray, DictionaryArray, Int32Array, RecordBatch};
use ::arrow::datatypes::{DataType, Field, Schema};
use ::arrow_ipc::CompressionType;
use ::arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

use super::{Carrier, Takes, packable};
use crate::report::Channel;

pub(super) fn carriers() -> Vec<Carrier> {
    use Channel::{ArrowSchema, ArrowValue};
    use Takes::{Anything, Text};
    let carrier = |kind, place, channel, takes, plant| Carrier { kind, place, channel, takes, plant };
    vec![
        carrier("arrow file", "batch", ArrowValue, Anything, |folder, bytes| {
            write_file(folder, &values(bytes)?, None)
        }),
        carrier("arrow file", "batch (zstd)", ArrowValue, Anything, |folder, bytes| {
            write_file(folder, &values(&packable(bytes))?, Some(CompressionType::ZSTD))
        }),
        carrier("arrow file", "batch (lz4)", ArrowValue, Anything, |folder, bytes| {
            write_file(folder, &values(&packable(bytes))?, Some(CompressionType::LZ4_FRAME))
        }),
        carrier("arrow file", "dictionary", ArrowValue, Anything, |folder, bytes| {
            let words: ArrayRef = Arc::new(BinaryArray::from(vec![b"other".as_slice(), bytes]));
            // No row refers to the value.
            let keys = Int32Array::from(vec![0, 0]);
            let array = DictionaryArray::try_new(keys, words).map_err(io::Error::other)?;
            write_file(folder, &batch(Arc::new(array))?, None)
        }),
        carrier("arrow file", "schema", ArrowSchema, Text, |folder, bytes| {
            let note = ("note".to_owned(), String::from_utf8_lossy(bytes).into_owned());
            let field = Field::new("note", DataType::Binary, true);
            let schema = Schema::new_with_metadata(vec![field], HashMap::from([note]));
            let empty = RecordBatch::new_empty(Arc::new(schema));
            write_file(folder, &empty, None)
        }),
        carrier("arrow stream", "batch (zstd)", ArrowValue, Anything, |folder, bytes| {
            let batch = values(&packable(bytes))?;
            let options = options(Some(CompressionType::ZSTD))?;
            let file = File::create(folder.join("people.arrows"))?;
            let mut writer = StreamWriter::try_new_with_options(file, &batch.schema(), options)
                .map_err(io::Error::other)?;
            writer.write(&batch).and_then(|()| writer.finish()).map_err(io::Error::other)?;
            Ok(true)
        }),
    ]
}

fn values(bytes: &[u8]) -> io::Result<RecordBatch> {
    batch(Arc::new(BinaryArray::from(vec![b"before".as_slice(), bytes, b"after"])))
}

fn batch(array: ArrayRef) -> io::Result<RecordBatch> {
    RecordBatch::try_from_iter([("note", array)]).map_err(io::Error::other)
}

fn options(compression: Option<CompressionType>) -> io::Result<IpcWriteOptions> {
    IpcWriteOptions::default().try_with_compression(compression).map_err(io::Error::other)
}

fn write_file(folder: &Path, batch: &RecordBatch, compression: Option<CompressionType>) -> io::Result<bool> {
    let file = File::create(folder.join("people.arrow"))?;
    let mut writer = FileWriter::try_new_with_options(file, &batch.schema(), options(compression)?)
        .map_err(io::Error::other)?;
    writer.write(batch).and_then(|()| writer.finish()).map_err(io::Error::other)?;
    Ok(true)
}
