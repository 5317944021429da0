//! The values of one record, as far as a reader may see them.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::prelude::{SessionConfig, col, lit};
use futures::TryStreamExt;
use vermeil_model::pipeline::Source;
use vermeil_model::{FieldClass, Grant, RecordId};
use vermeil_protect::vault::KeyState;
use vermeil_protect::{payload, subject_tag};

use crate::audit::{Opened, status_of};
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::land::as_text;
use crate::records::{SealedRow, key_location};
use crate::session::lake_session;

/// Canonical field → value. Personal: not to be logged.
pub(super) type RecordValues = BTreeMap<String, String>;

impl Engine {
    /// The current values of a record that `grant` covers. The opening is written to the audit log.
    pub(super) async fn record_values(
        &self,
        source: &Source,
        record: RecordId,
        actor: &str,
        grant: &Grant,
    ) -> Result<RecordValues, EngineError> {
        let name = TableName::Landing(source.id.clone()).to_string();
        let entry = self.begin_opening(actor, grant, &name).await?;
        let mut counted = Opened::default();
        let opened = self.open_record(source, record, grant, &mut counted).await;
        self.end_opening(entry, counted, status_of(&opened)).await?;
        opened
    }

    async fn open_record(
        &self,
        source: &Source,
        record: RecordId,
        grant: &Grant,
        counted: &mut Opened,
    ) -> Result<RecordValues, EngineError> {
        let (what, id) = ("record", record.to_string());
        let unknown = || EngineError::Unknown { what, id: id.clone() };
        let name = TableName::Landing(source.id.clone());
        let table = self.lake.table(&name).await?.ok_or_else(unknown)?;
        let name = name.to_string();
        let damaged = || EngineError::DamagedValue { table: name.clone() };
        let own = col(columns::RECORD_ID).eq(lit(id.as_str()));
        let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
        let rows = session.read_table(table.provider())?.filter(own)?;
        let batches: Vec<RecordBatch> = rows.execute_stream().await?.try_collect().await?;
        let (batch, row) = current(&batches).ok_or_else(unknown)?;
        let location = key_location(batch, row).ok_or_else(damaged)?;
        let key = match self.vault.states(&[location]).await?.swap_remove(0) {
            KeyState::Live(key) => key,
            KeyState::Destroyed { at } => return Err(EngineError::Erased { what, id, at }),
            KeyState::Unknown => return Err(unknown()),
        };
        counted.rows += 1;
        counted.pages.insert(location.page);
        counted.subjects.push(subject_tag(&key));
        let sealed =
            SealedRow { batch, row, table: &name, id: record.to_bytes(), version: version(batch, row) };
        let mut values = RecordValues::new();
        for payload in sealed.open(self, grant, &key)? {
            let fields = payload::fields(payload.expose(grant)).map_err(|_| damaged())?;
            values.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        for field in self.config.schema_of(source).of_class(FieldClass::Plain) {
            let Some(column) = batch.column_by_name(&field.name) else { continue };
            let text = as_text(column)?;
            if text.is_valid(row) {
                values.insert(field.name.clone(), text.value(row).to_owned());
            }
        }
        Ok(values)
    }
}

/// The current one among the versions of a record, by the rule of [`crate::current`].
fn current(batches: &[RecordBatch]) -> Option<(&RecordBatch, usize)> {
    let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| (batch, row)));
    rows.max_by_key(|(batch, row)| {
        let observed = batch[columns::OBSERVED_AT].as_primitive::<TimestampMicrosecondType>();
        let at = if observed.is_valid(*row) { observed.value(*row) } else { i64::MIN };
        (at, version(batch, *row))
    })
}

fn version(batch: &RecordBatch, row: usize) -> i64 {
    batch[columns::VERSION].as_primitive::<Int64Type>().value(row)
}
