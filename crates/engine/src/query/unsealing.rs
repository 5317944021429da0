//! From sealed columns to columns in the clear.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, RecordBatch};
use datafusion::error::Result as DataFusionResult;
use vermeil_model::FieldClass;
use vermeil_model::schema::FieldType;
use vermeil_protect::payload;
use vermeil_protect::seal::{Binding, DataKey, RecordCipher, key_epoch};
use vermeil_protect::vault::KeyLocation;
use zeroize::Zeroizing;

use super::open::{Shown, ShownColumn};
use super::reading::Reading;
use super::values::ValueBuilder;
use super::view::View;
use crate::columns::{KEY_PAGE, KEY_SLOT, sealed_column};
use crate::error::EngineError;
use crate::lake::TableName;
use crate::stored;

/// Opens some fields of one table.
#[derive(Debug)]
pub(super) struct Unsealing {
    table: String,
    fields: Vec<OpenedField>,
    /// The classes of the fields, each once.
    classes: Vec<FieldClass>,
    id: &'static str,
    version: &'static str,
    reading: Arc<Reading>,
}

#[derive(Debug)]
struct OpenedField {
    name: String,
    class: FieldClass,
    field_type: FieldType,
}

/// The columns of a batch that opening takes.
struct SealedRows<'a> {
    ids: Vec<[u8; 16]>,
    versions: Vec<i64>,
    locations: Vec<KeyLocation>,
    sealed: Vec<(FieldClass, &'a BinaryArray)>,
}

impl Unsealing {
    /// What is to be opened for `columns`; `None` where nothing is.
    ///
    /// Announces the classes to the table's audited reading.
    pub(super) fn of(
        view: &View,
        table: &TableName,
        columns: &[ShownColumn],
        id: &'static str,
        version: &'static str,
    ) -> Option<Self> {
        let fields: Vec<OpenedField> = columns
            .iter()
            .filter_map(|column| match column.shown {
                Shown::Opened { class, field_type, .. } => {
                    Some(OpenedField { name: column.field.name().clone(), class, field_type })
                }
                Shown::AsStored | Shown::Pseudonym | Shown::StoredPseudonym(_) | Shown::Generalised => None,
            })
            .collect();
        let mut classes: Vec<FieldClass> = fields.iter().map(|field| field.class).collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.is_empty() {
            return None;
        }
        let reading = view.readings().of(table, &classes);
        Some(Self { table: table.to_string(), fields, classes, id, version, reading })
    }

    /// The stored columns that this takes.
    pub(super) fn stored_columns(&self) -> impl Iterator<Item = String> {
        let places = [self.id, self.version, KEY_PAGE, KEY_SLOT].map(str::to_owned);
        places.into_iter().chain(self.classes.iter().map(|class| sealed_column(*class)))
    }

    /// The fields in the clear, in their order; null where a row has no such
    /// value, or where its key is destroyed.
    pub(super) async fn open(&self, view: &View, batch: &RecordBatch) -> DataFusionResult<Vec<ArrayRef>> {
        let rows = self.rows(batch)?;
        let opened = self.open_rows(view, &rows).await;
        opened.map_err(|cause| view.failure().raise(cause))
    }

    async fn open_rows(&self, view: &View, rows: &SealedRows<'_>) -> Result<Vec<ArrayRef>, EngineError> {
        self.reading.begin().await?;
        let keys = view.vault.keys(&rows.locations).await?;
        let mut builders: Vec<ValueBuilder> = self
            .fields
            .iter()
            .map(|field| ValueBuilder::new(&field.name, field.class, field.field_type, rows.ids.len()))
            .collect();
        let mut opened = 0;
        for (row, key) in keys.iter().enumerate() {
            match key {
                None => builders.iter_mut().for_each(ValueBuilder::append_null),
                Some(key) => {
                    self.open_row(view, rows, row, key, &mut builders)?;
                    opened += 1;
                }
            }
        }
        self.reading.count(opened, rows.locations.iter().map(|location| location.page));
        Ok(builders.into_iter().map(ValueBuilder::finish).collect())
    }

    fn open_row(
        &self,
        view: &View,
        rows: &SealedRows<'_>,
        row: usize,
        key: &DataKey,
        builders: &mut [ValueBuilder],
    ) -> Result<(), EngineError> {
        let cipher = RecordCipher::new(key);
        for (class, sealed) in &rows.sealed {
            let payload = match sealed.is_valid(row) {
                false => None,
                true => Some(self.open_payload(view, rows, row, *class, &cipher, sealed.value(row))?),
            };
            let values = match &payload {
                None => Vec::new(),
                Some(payload) => payload::fields(payload).map_err(|_| self.damaged())?,
            };
            for builder in builders.iter_mut().filter(|builder| builder.class() == *class) {
                let value = values.iter().find(|(name, _)| *name == builder.name());
                builder.append(value.map(|(_, value)| *value)).map_err(|_| self.damaged())?;
            }
        }
        Ok(())
    }

    fn open_payload(
        &self,
        view: &View,
        rows: &SealedRows<'_>,
        row: usize,
        class: FieldClass,
        cipher: &RecordCipher,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EngineError> {
        let binding = Binding {
            tenant: &view.tenant,
            table: &self.table,
            class,
            record: rows.ids[row],
            version: rows.versions[row],
            key_epoch: key_epoch(sealed).map_err(|_| self.damaged())?,
        };
        let payload = cipher.open(&binding, sealed).map_err(|_| self.damaged())?;
        Ok(Zeroizing::new(payload.into_exposed(&view.grant)))
    }

    fn rows<'a>(&self, batch: &'a RecordBatch) -> DataFusionResult<SealedRows<'a>> {
        let ids = stored::texts(batch, self.id)?;
        let versions = stored::integers(batch, self.version)?;
        let sealed =
            self.classes.iter().map(|class| Ok((*class, stored::bytes(batch, &sealed_column(*class))?)));
        Ok(SealedRows {
            ids: (0..ids.len()).map(|row| stored::id(ids.value(row))).collect::<DataFusionResult<_>>()?,
            versions: versions.values().to_vec(),
            locations: stored::key_locations(batch)?,
            sealed: sealed.collect::<DataFusionResult<_>>()?,
        })
    }

    fn damaged(&self) -> EngineError {
        EngineError::DamagedValue { table: self.table.clone() }
    }
}
