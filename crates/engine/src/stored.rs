//! Columns of stored batches, by name and type.

use arrow::array::{
    BinaryArray, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use vermeil_protect::KeyLocation;

use crate::columns::{KEY_PAGE, KEY_SLOT};

pub(crate) fn texts<'a>(batch: &'a RecordBatch, name: &str) -> DataFusionResult<&'a StringArray> {
    column(batch, name)
}

pub(crate) fn integers<'a>(batch: &'a RecordBatch, name: &str) -> DataFusionResult<&'a Int64Array> {
    column(batch, name)
}

pub(crate) fn small_integers<'a>(batch: &'a RecordBatch, name: &str) -> DataFusionResult<&'a Int32Array> {
    column(batch, name)
}

pub(crate) fn times<'a>(
    batch: &'a RecordBatch,
    name: &str,
) -> DataFusionResult<&'a TimestampMicrosecondArray> {
    column(batch, name)
}

pub(crate) fn bytes<'a>(batch: &'a RecordBatch, name: &str) -> DataFusionResult<&'a BinaryArray> {
    column(batch, name)
}

/// The 16 bytes of an id.
pub(crate) fn id(text: &str) -> DataFusionResult<[u8; 16]> {
    uuid::Uuid::try_parse(text)
        .map(uuid::Uuid::into_bytes)
        .map_err(|_| DataFusionError::Execution("an id is not a UUID".to_owned()))
}

/// Where the key of each row lies.
pub(crate) fn key_locations(batch: &RecordBatch) -> DataFusionResult<Vec<KeyLocation>> {
    let pages = integers(batch, KEY_PAGE)?;
    let slots = small_integers(batch, KEY_SLOT)?;
    let places = pages.values().iter().zip(slots.values());
    places.map(|(page, number)| Ok(KeyLocation { page: *page, slot: slot(*number)? })).collect()
}

/// A place in a page of keys.
fn slot(number: i32) -> DataFusionResult<u16> {
    u16::try_from(number).map_err(|_| DataFusionError::Execution("a key slot is out of range".to_owned()))
}

fn column<'a, T: 'static>(batch: &'a RecordBatch, name: &str) -> DataFusionResult<&'a T> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_any().downcast_ref())
        .ok_or_else(|| DataFusionError::Execution(format!("column `{name}` is missing or of another type")))
}
