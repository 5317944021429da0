//! Reading landed records: the current version of each, opened in memory.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::prelude::{SessionConfig, SessionContext, col, lit};
use futures::TryStreamExt;
use vermeil_model::pipeline::Source;
use vermeil_model::{FieldClass, Grant, Plaintext, RecordId, Schema};
use vermeil_protect::{Binding, DataKey, KeyLocation, RecordCipher, payload};

use crate::audit::status_of;
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{LakeTable, TableName};
use crate::land::{FIRST_KEY_EPOCH, as_text};
use crate::session::lake_session;

/// A record as it stands now. Its values are personal: it has no `Debug`.
pub(crate) struct OpenedRecord<'a> {
    pub(crate) record: RecordId,
    /// By the source's own clock, or when it landed where the source has none:
    /// microseconds since 1970, UTC.
    pub(crate) observed_at: i64,
    /// Canonical field → value, and [`columns::SOURCE_KEY_PREFIX`] fields.
    pub(crate) fields: &'a [(&'a str, &'a str)],
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
        let name = TableName::Landing(source.id.clone());
        let Some(table) = self.lake.table(&name).await? else { return Ok(0) };
        let entry = self.begin_opening(actor, grant, &name.to_string()).await?;
        let mut opening = Opening {
            engine: self,
            name: name.to_string(),
            schema: self.config.schema_of(source),
            grant,
            current: CurrentVersions::of(self, &table).await?,
            opened: 0,
            pages: HashSet::new(),
        };
        let outcome = opening.run(&table, visit).await;
        let (rows, pages) = (opening.opened as usize, opening.pages.len());
        self.end_opening(entry, rows, pages, status_of(&outcome)).await?;
        outcome.map(|()| opening.opened)
    }
}

/// One pass over a landing table.
struct Opening<'a> {
    engine: &'a Engine,
    name: String,
    schema: &'a Schema,
    grant: &'a Grant,
    current: CurrentVersions,
    opened: u64,
    pages: HashSet<i64>,
}

impl Opening<'_> {
    async fn run(
        &mut self,
        table: &LakeTable,
        visit: &mut (dyn FnMut(OpenedRecord<'_>) + Send),
    ) -> Result<(), EngineError> {
        let session = reading_session(self.engine)?;
        let frame = session.read_table(table.provider())?;
        let mut batches = frame.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            self.open_batch(&batch, visit).await?;
        }
        Ok(())
    }

    async fn open_batch(
        &mut self,
        batch: &RecordBatch,
        visit: &mut (dyn FnMut(OpenedRecord<'_>) + Send),
    ) -> Result<(), EngineError> {
        let landed = LandedColumns::new(batch);
        let rows: Vec<(usize, RecordId)> = (0..batch.num_rows())
            .map(|row| Ok((row, landed.record(row).ok_or_else(|| self.damaged())?)))
            .collect::<Result<Vec<_>, EngineError>>()?
            .into_iter()
            .filter(|(row, record)| self.current.is_current(*record, landed.standing(*row)))
            .collect();
        let locations: Vec<KeyLocation> = rows
            .iter()
            .map(|(row, _)| landed.key(*row).ok_or_else(|| self.damaged()))
            .collect::<Result<_, _>>()?;
        let keys = self.engine.vault.keys(&locations).await?;
        self.pages.extend(locations.iter().map(|location| location.page));
        let plain = self.plain_columns(batch)?;
        for ((row, record), key) in rows.into_iter().zip(keys) {
            let Some(key) = key else { continue };
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
            self.opened += 1;
            visit(OpenedRecord { record, observed_at: landed.clock(row), fields: &fields });
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

/// How a version stands in time: by the source's clock, then by its number.
type Standing = (Option<i64>, i64);

/// Which version of each record is the current one. Only records with more than
/// one version take memory.
struct CurrentVersions(HashMap<RecordId, Standing>);

impl CurrentVersions {
    async fn of(engine: &Engine, table: &LakeTable) -> Result<Self, EngineError> {
        let session = reading_session(engine)?;
        let rows = session.read_table(table.provider())?;
        let several = rows
            .clone()
            .filter(col(columns::VERSION).gt(lit(1_i64)))?
            .select(vec![col(columns::RECORD_ID)])?;
        let mut several = several.execute_stream().await?;
        let mut current = HashMap::new();
        while let Some(batch) = several.try_next().await? {
            let ids = batch.column(0).as_string::<i32>();
            current.extend(ids.iter().flatten().filter_map(|id| id.parse().ok()).map(|id| (id, (None, 0))));
        }
        if !current.is_empty() {
            let standings =
                rows.select([columns::RECORD_ID, columns::OBSERVED_AT, columns::VERSION].map(col).to_vec())?;
            let mut standings = standings.execute_stream().await?;
            while let Some(batch) = standings.try_next().await? {
                let landed = LandedColumns::new(&batch);
                for row in 0..batch.num_rows() {
                    let known = landed.record(row).and_then(|record| current.get_mut(&record));
                    if let Some(best) = known {
                        *best = (*best).max(landed.standing(row));
                    }
                }
            }
        }
        Ok(Self(current))
    }

    fn is_current(&self, record: RecordId, standing: Standing) -> bool {
        self.0.get(&record).is_none_or(|best| *best == standing)
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

    fn standing(&self, row: usize) -> Standing {
        (self.moment(columns::OBSERVED_AT, row), self.version(row))
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
