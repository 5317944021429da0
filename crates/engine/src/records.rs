//! Reading landed records: the current version of each, or every one, opened in memory.

use std::collections::HashSet;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, Int64Type, Schema as ArrowSchema, TimestampMicrosecondType};
use async_trait::async_trait;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;
use vermeil_model::pipeline::Source;
use vermeil_model::{FieldClass, Grant, Plaintext, RecordId, Schema};
use vermeil_protect::{Binding, DataKey, KeyLocation, RecordCipher, payload};

use crate::audit::{Opened, status_of};
use crate::columns;
use crate::current::{scan_columns, scan_current};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{LakeTable, TableName};
use crate::land::{FIRST_KEY_EPOCH, as_text};
use crate::session::lake_session;

/// A record as it stands now. Its values are personal: it has no `Debug`.
pub(crate) struct OpenedRecord<'a> {
    pub(crate) record: RecordId,
    /// Counts up whenever the record changes.
    pub(crate) version: i64,
    /// Where the key lies that opened it.
    pub(crate) key: KeyLocation,
    /// By the source's own clock, or when it landed where the source has none:
    /// microseconds since 1970, UTC.
    pub(crate) observed_at: i64,
    /// Canonical field → value, and [`columns::SOURCE_KEY_PREFIX`] fields.
    pub(crate) fields: &'a [(&'a str, &'a str)],
}

/// Which versions of a record to open.
#[derive(Debug, Clone, Copy)]
enum Versions<'a> {
    Current,
    /// The current ones of some records.
    CurrentOf(&'a HashSet<RecordId>),
    Every,
    /// Every one of some records.
    EveryOf(&'a HashSet<RecordId>),
}

/// Takes opened records, batch by batch.
#[async_trait]
pub(crate) trait RecordVisitor: Send {
    fn visit(&mut self, record: OpenedRecord<'_>);

    /// Nothing opened is held while this waits.
    async fn batch_done(&mut self) -> Result<(), EngineError>;
}

/// Takes opened records one by one.
struct Each<'a>(&'a mut (dyn FnMut(OpenedRecord<'_>) + Send));

#[async_trait]
impl RecordVisitor for Each<'_> {
    fn visit(&mut self, record: OpenedRecord<'_>) {
        self.0(record);
    }

    async fn batch_done(&mut self) -> Result<(), EngineError> {
        Ok(())
    }
}

impl Engine {
    /// Opens every current record of a source for `actor`, under `grant`, and hands it to `visit`.
    ///
    /// Records whose key was destroyed are passed over. The opening is written to
    /// the audit trail before the first value is opened. Returns the number of records.
    ///
    /// # Errors
    /// The lake or the keys cannot be read, or a sealed value does not open.
    pub(crate) async fn open_records(
        &self,
        source: &Source,
        actor: &str,
        grant: &Grant,
        visit: &mut (dyn FnMut(OpenedRecord<'_>) + Send),
    ) -> Result<u64, EngineError> {
        self.open_table(source, Versions::Current, (actor, grant), &mut Each(visit)).await
    }

    /// Opens the current version of some records of a source as [`Engine::open_records`] opens all.
    pub(crate) async fn open_records_of(
        &self,
        source: &Source,
        records: &HashSet<RecordId>,
        (actor, grant): (&str, &Grant),
        visit: &mut (dyn FnMut(OpenedRecord<'_>) + Send),
    ) -> Result<u64, EngineError> {
        self.open_table(source, Versions::CurrentOf(records), (actor, grant), &mut Each(visit)).await
    }

    /// Opens every version of every record of a source as [`Engine::open_records`]
    /// opens the current ones. Returns the number of versions.
    pub(crate) async fn open_every_version(
        &self,
        source: &Source,
        actor: &str,
        grant: &Grant,
        visitor: &mut dyn RecordVisitor,
    ) -> Result<u64, EngineError> {
        self.open_table(source, Versions::Every, (actor, grant), visitor).await
    }

    /// Opens every version of some records or events of a source as [`Engine::open_records`] opens current ones.
    pub(crate) async fn open_every_version_of(
        &self,
        source: &Source,
        records: &HashSet<RecordId>,
        (actor, grant): (&str, &Grant),
        visit: &mut (dyn FnMut(OpenedRecord<'_>) + Send),
    ) -> Result<u64, EngineError> {
        self.open_table(source, Versions::EveryOf(records), (actor, grant), &mut Each(visit)).await
    }

    async fn open_table(
        &self,
        source: &Source,
        versions: Versions<'_>,
        (actor, grant): (&str, &Grant),
        visitor: &mut dyn RecordVisitor,
    ) -> Result<u64, EngineError> {
        let name = TableName::Landing(source.id.clone());
        let Some(table) = self.lake.table(&name).await? else { return Ok(0) };
        let entry = self.begin_opening(actor, grant, &name.to_string()).await?;
        let mut opening = Opening {
            engine: self,
            name: name.to_string(),
            schema: self.config.schema_of(source),
            grant,
            versions,
            opened: Opened::default(),
        };
        let outcome = opening.run(&table, visitor).await;
        let rows = opening.opened.rows;
        self.end_opening(entry, opening.opened, status_of(&outcome)).await?;
        outcome.map(|()| rows)
    }
}

/// One pass over a landing table.
struct Opening<'a> {
    engine: &'a Engine,
    name: String,
    schema: &'a Schema,
    grant: &'a Grant,
    versions: Versions<'a>,
    opened: Opened,
}

impl Opening<'_> {
    async fn run(&mut self, table: &LakeTable, visitor: &mut dyn RecordVisitor) -> Result<(), EngineError> {
        let session = reading_session(self.engine)?;
        let provider = table.provider();
        let columns = self.needed_columns(&provider.schema());
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let state = session.state();
        let plan = match self.versions {
            Versions::Current | Versions::CurrentOf(_) => scan_current(&*provider, &state, &columns).await?,
            Versions::Every | Versions::EveryOf(_) => {
                let columns = [&[columns::RECORD_ID, columns::VERSION], columns.as_slice()].concat();
                scan_columns(&*provider, &state, &columns, None).await?
            }
        };
        let mut batches = execute_stream(plan, session.task_ctx())?;
        while let Some(batch) = batches.try_next().await? {
            self.open_batch(&self.wanted(batch)?, visitor).await?;
            visitor.batch_done().await?;
        }
        Ok(())
    }

    fn wanted(&self, batch: RecordBatch) -> Result<RecordBatch, EngineError> {
        let (Versions::CurrentOf(records) | Versions::EveryOf(records)) = self.versions else {
            return Ok(batch);
        };
        let landed = LandedColumns::new(&batch);
        let is_wanted = |row| landed.record(row).is_some_and(|record| records.contains(&record));
        let rows: BooleanArray = (0..batch.num_rows()).map(|row| Some(is_wanted(row))).collect();
        filter_record_batch(&batch, &rows).map_err(|cause| DataFusionError::from(cause).into())
    }

    fn needed_columns(&self, stored: &ArrowSchema) -> Vec<String> {
        let own = [columns::OBSERVED_AT, columns::LANDED_AT, columns::KEY_PAGE, columns::KEY_SLOT];
        let sealed = FieldClass::PERSONAL.into_iter().filter(|class| self.grant.covers(*class));
        let plain = self.schema.of_class(FieldClass::Plain).map(|field| field.name.clone());
        let wanted = sealed.map(columns::sealed_column).chain(plain);
        let stored = wanted.filter(|name| stored.field_with_name(name).is_ok());
        own.map(str::to_owned).into_iter().chain(stored).collect()
    }

    async fn open_batch(
        &mut self,
        batch: &RecordBatch,
        visitor: &mut dyn RecordVisitor,
    ) -> Result<(), EngineError> {
        let landed = LandedColumns::new(batch);
        let locations: Vec<KeyLocation> = (0..batch.num_rows())
            .map(|row| landed.key(row).ok_or_else(|| self.damaged()))
            .collect::<Result<_, _>>()?;
        let keys = self.engine.vault.keys(&locations).await?;
        self.opened.pages.extend(locations.iter().map(|location| location.page));
        let plain = self.plain_columns(batch)?;
        for ((row, location), key) in locations.into_iter().enumerate().zip(keys) {
            let Some(key) = key else { continue };
            let record = landed.record(row).ok_or_else(|| self.damaged())?;
            let cell = SealedRow {
                batch,
                row,
                table: &self.name,
                id: record.to_bytes(),
                version: landed.version(row),
            };
            let payloads = cell.open(self.engine, self.grant, &key)?;
            let mut fields = Vec::new();
            for opened in &payloads {
                fields.extend(payload::fields(opened.expose(self.grant)).map_err(|_| self.damaged())?);
            }
            fields.extend(
                plain
                    .iter()
                    .filter(|(_, values)| values.is_valid(row))
                    .map(|(name, values)| (name.as_str(), values.value(row))),
            );
            self.opened.rows += 1;
            let observed_at = landed.clock(row);
            let version = cell.version;
            visitor.visit(OpenedRecord { record, version, key: location, observed_at, fields: &fields });
        }
        Ok(())
    }

    fn plain_columns(&self, batch: &RecordBatch) -> Result<Vec<(String, StringArray)>, EngineError> {
        self.schema
            .of_class(FieldClass::Plain)
            .filter_map(|field| batch.column_by_name(&field.name).map(|column| (field, column)))
            .map(|(field, column)| Ok((field.name.clone(), as_text(column)?)))
            .collect()
    }

    fn damaged(&self) -> EngineError {
        EngineError::DamagedValue { table: self.name.clone() }
    }
}

/// One row of a table with sealed columns, and what its values are bound to.
pub(crate) struct SealedRow<'a> {
    pub(crate) batch: &'a RecordBatch,
    pub(crate) row: usize,
    pub(crate) table: &'a str,
    pub(crate) id: [u8; 16],
    pub(crate) version: i64,
}

impl SealedRow<'_> {
    /// Opens the classes that `grant` covers: one payload each.
    pub(crate) fn open(
        &self,
        engine: &Engine,
        grant: &Grant,
        key: &DataKey,
    ) -> Result<Vec<Plaintext<Vec<u8>>>, EngineError> {
        let cipher = RecordCipher::new(key);
        let mut payloads = Vec::with_capacity(FieldClass::PERSONAL.len());
        for class in FieldClass::PERSONAL.into_iter().filter(|class| grant.covers(*class)) {
            let Some(column) = self.batch.column_by_name(&columns::sealed_column(class)) else { continue };
            let sealed = column.as_binary::<i32>();
            if sealed.is_null(self.row) {
                continue;
            }
            let binding = Binding {
                tenant: &engine.config.pipeline.name,
                table: self.table,
                class,
                record: self.id,
                version: self.version,
                key_epoch: FIRST_KEY_EPOCH,
            };
            let damaged = |_| EngineError::DamagedValue { table: self.table.to_owned() };
            payloads.push(cipher.open(&binding, sealed.value(self.row)).map_err(damaged)?);
        }
        Ok(payloads)
    }
}

/// The columns that landing adds, of one batch; a column that was not read is never asked for.
struct LandedColumns<'a>(&'a RecordBatch);

impl LandedColumns<'_> {
    fn new(batch: &RecordBatch) -> LandedColumns<'_> {
        LandedColumns(batch)
    }

    fn record(&self, row: usize) -> Option<RecordId> {
        self.0.column_by_name(columns::RECORD_ID)?.as_string::<i32>().value(row).parse().ok()
    }

    fn version(&self, row: usize) -> i64 {
        self.0[columns::VERSION].as_primitive::<Int64Type>().value(row)
    }

    fn moment(&self, name: &str, row: usize) -> Option<i64> {
        let column = self.0[name].as_primitive::<TimestampMicrosecondType>();
        column.is_valid(row).then(|| column.value(row))
    }

    fn clock(&self, row: usize) -> i64 {
        let landed_at = || self.moment(columns::LANDED_AT, row);
        self.moment(columns::OBSERVED_AT, row).or_else(landed_at).unwrap_or_default()
    }

    fn key(&self, row: usize) -> Option<KeyLocation> {
        key_location(self.0, row)
    }
}

/// Where the key of a row lies.
pub(crate) fn key_location(batch: &RecordBatch, row: usize) -> Option<KeyLocation> {
    let page = batch[columns::KEY_PAGE].as_primitive::<Int64Type>().value(row);
    let slot = batch[columns::KEY_SLOT].as_primitive::<Int32Type>().value(row);
    Some(KeyLocation { page, slot: u16::try_from(slot).ok()? })
}

/// Rows come in landing order, so that neighbours share key pages.
fn reading_session(engine: &Engine) -> Result<SessionContext, EngineError> {
    lake_session(&engine.lake, SessionConfig::new().with_target_partitions(1))
}
