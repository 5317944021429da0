//! Looking at quarantined rows, and trying them again.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use chrono::DateTime;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionConfig;
use futures::TryStreamExt;
use uuid::Uuid;
use vermeil_model::pipeline::Source;
use vermeil_model::{Diagnostic, FieldClass, Grant, Plaintext, Policy, SourceId};
use vermeil_protect::{KeyLocation, RecordCipher};

use super::quarantine::{RowForm, binding, decode};
use super::{Lander, ingest_error};
use crate::audit::{ENGINE, Opened, status_of};
use crate::engine::{Engine, Reader};
use crate::error::EngineError;
use crate::lake::{TableName, Transactional};
use crate::progress::{Progress, Stage};
use crate::report::{QuarantineEntry, ReplayReport};
use crate::session::lake_session;

/// Rows that are opened at once, where all are.
const ROWS_OPENED: usize = 4096;

/// A quarantined row, still sealed.
struct SealedEntry {
    entry: QuarantineEntry,
    id: Uuid,
    source: SourceId,
    location: KeyLocation,
    fingerprint: [u8; 16],
    sealed: Vec<u8>,
}

/// A quarantined row that belongs to someone.
pub(crate) struct Attributed {
    /// Whose it is, as whoever recognised it says.
    pub(crate) owner: usize,
    pub(crate) id: [u8; 16],
    pub(crate) key: KeyLocation,
    /// Names what it says, so that it can be told when the source delivers it again.
    pub(crate) fingerprint: [u8; 16],
}

impl Engine {
    /// Every quarantined row, without its content.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub async fn quarantine_entries(&self) -> Result<Vec<QuarantineEntry>, EngineError> {
        Ok(self.sealed_entries().await?.into_iter().map(|sealed| sealed.entry).collect())
    }

    /// One quarantined row, opened. A row that could not be read may hold anything,
    /// so it takes a grant for every personal class.
    ///
    /// # Errors
    /// [`EngineError::RowDenied`], [`EngineError::Unknown`], or the lake or the keys fail.
    pub async fn quarantine_row(
        &self,
        id: &str,
        reader: &Reader,
    ) -> Result<(QuarantineEntry, String), EngineError> {
        let grant = self.grant(reader)?;
        if !FieldClass::PERSONAL.iter().all(|class| grant.covers(*class)) {
            return Err(EngineError::RowDenied {
                role: grant.role().to_string(),
                purpose: grant.purpose().to_string(),
            });
        }
        let unknown = || EngineError::Unknown { what: "row", id: id.to_owned() };
        let found = self.sealed_entries().await?.into_iter().find(|sealed| sealed.entry.id == id);
        let sealed = found.ok_or_else(unknown)?;
        let opened = self.open_entries(&reader.actor, &grant, &[&sealed]).await?;
        let Some(row) = opened.into_iter().next().flatten() else {
            return Err(self.why_without_key(sealed.location, "row", id).await?);
        };
        let (_, raw) = decode(row.expose(&grant)).ok_or_else(damaged)?;
        Ok((sealed.entry, String::from_utf8_lossy(raw).into_owned()))
    }

    /// Reads every waiting row again with the configuration as it is now. What
    /// fulfils its contract lands; what contradicts another row of its load stays.
    ///
    /// # Errors
    /// The lake or the keys cannot be read or written. Rows that landed stay landed
    /// and are recognised by the next replay.
    pub async fn quarantine_replay(&self, progress: &dyn Progress) -> Result<ReplayReport, EngineError> {
        let _lock = self.lock(progress).await?;
        let mut waiting: HashMap<SourceId, Vec<SealedEntry>> = HashMap::new();
        for sealed in self.sealed_entries().await? {
            if sealed.entry.replayed_at.is_none() {
                waiting.entry(sealed.source.clone()).or_default().push(sealed);
            }
        }
        let mut report = ReplayReport::default();
        let mut replayed: Vec<String> = Vec::new();
        for source in &self.config.pipeline.sources {
            let Some(entries) = waiting.remove(&source.id) else { continue };
            report.tried += entries.len() as u64;
            let read_well = self.replay_source(source, &entries).await?;
            progress.rows_done(Stage::Land, Some(source.id.as_str()), entries.len() as u64);
            report.landed += read_well.len() as u64;
            replayed.extend(read_well);
        }
        report.still_quarantined = report.tried - report.landed;
        if !replayed.is_empty() {
            self.mark_replayed(&replayed).await?;
        }
        Ok(report)
    }

    /// Lands what now reads well; returns the ids of these entries.
    async fn replay_source(
        &self,
        source: &Source,
        entries: &[SealedEntry],
    ) -> Result<Vec<String>, EngineError> {
        let grant = Policy::sealing();
        let sealed: Vec<&SealedEntry> = entries.iter().collect();
        let opened = self.open_entries(ENGINE, &grant, &sealed).await?;
        self.settle_loads(source).await?;
        let mut lander = Lander::new(self, source).await?;
        let mut read_well = Vec::new();
        for (entry, row) in entries.iter().zip(opened) {
            // A destroyed key: the row was erased.
            let Some(row) = row else { continue };
            let (form, raw) = decode(row.expose(&grant)).ok_or_else(damaged)?;
            // A row that contradicts another cannot be judged alone: landing it would
            // let the next run take the other for a change, and so forever. With an
            // `updated_at` the next run lands both.
            let RowForm::AsDelivered { header } = form else { continue };
            let batch = vermeil_ingest::replay(self.source_spec(source), &header, raw, entry.entry.line)
                .map_err(|cause| ingest_error(source, cause))?;
            if batch.rejected.is_empty() {
                lander.take_rows(batch.rows, &batch.places, &[]).await?;
                read_well.push(entry.entry.id.clone());
            }
        }
        lander.finish().await?;
        Ok(read_well)
    }

    /// The quarantined rows that `owner` recognises by their content.
    pub(crate) async fn attributed_rows(
        &self,
        actor: &str,
        grant: &Grant,
        owner: &(dyn Fn(&[u8]) -> Option<usize> + Sync),
    ) -> Result<Vec<Attributed>, EngineError> {
        let entries = self.sealed_entries().await?;
        let mut attributed = Vec::new();
        for entries in entries.chunks(ROWS_OPENED) {
            let opened = self.open_entries(actor, grant, &entries.iter().collect::<Vec<_>>()).await?;
            for (entry, row) in entries.iter().zip(opened) {
                let raw = row.as_ref().and_then(|row| decode(row.expose(grant)));
                if let Some(owner) = raw.and_then(|(_, raw)| owner(raw)) {
                    let (id, key) = (*entry.id.as_bytes(), entry.location);
                    attributed.push(Attributed { owner, id, key, fingerprint: entry.fingerprint });
                }
            }
        }
        Ok(attributed)
    }

    async fn sealed_entries(&self) -> Result<Vec<SealedEntry>, EngineError> {
        let Some(table) = self.lake.table(&TableName::Quarantine).await? else { return Ok(Vec::new()) };
        let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
        let mut batches = session.read_table(table.provider())?.execute_stream().await?;
        let mut entries = Vec::new();
        while let Some(batch) = batches.try_next().await? {
            for row in 0..batch.num_rows() {
                entries.push(entry_of(&batch, row).ok_or_else(damaged)?);
            }
        }
        Ok(entries)
    }

    /// Opens rows under `grant`; `None` where the key was destroyed.
    async fn open_entries(
        &self,
        actor: &str,
        grant: &Grant,
        entries: &[&SealedEntry],
    ) -> Result<Vec<Option<Plaintext<Vec<u8>>>>, EngineError> {
        let audited = self.begin_opening(actor, grant, &TableName::Quarantine.to_string()).await?;
        let locations: Vec<KeyLocation> = entries.iter().map(|sealed| sealed.location).collect();
        let keys = self.vault.keys(&locations).await?;
        let opened: Result<Vec<_>, EngineError> = entries
            .iter()
            .zip(keys)
            .map(|(sealed, key)| {
                let open = |key| RecordCipher::new(&key).open(&binding(self, sealed.id), &sealed.sealed);
                key.map(open).transpose().map_err(|_| damaged())
            })
            .collect();
        let pages = locations.iter().map(|location| location.page).collect();
        let counted = Opened { rows: entries.len() as u64, pages, ..Opened::default() };
        self.end_opening(audited, counted, status_of(&opened)).await?;
        opened
    }

    /// Notes in the quarantine table that rows were replayed.
    async fn mark_replayed(&self, ids: &[String]) -> Result<(), EngineError> {
        let Some(table) = self.lake.table(&TableName::Quarantine).await? else { return Ok(()) };
        let version = i64::try_from(table.version()).unwrap_or(i64::MAX);
        let now = chrono::Utc::now().timestamp_micros();
        let session = lake_session(&self.lake, SessionConfig::new().with_target_partitions(1))?;
        let mut batches = session.read_table(table.provider())?.execute_stream().await?;
        let mut writer = table.writer()?;
        let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
        while let Some(batch) = batches.try_next().await? {
            writer.write(marked(&batch, &ids, now)?).await?;
        }
        writer.replace(&Transactional::new("replay", version)).await?;
        Ok(())
    }
}

fn entry_of(batch: &RecordBatch, row: usize) -> Option<SealedEntry> {
    let text =
        |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>().map(|column| column.value(row));
    let moment = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>()?;
        let at = column.is_valid(row).then(|| column.value(row))?;
        DateTime::from_timestamp_micros(at).map(|at| at.to_rfc3339())
    };
    let number = |name: &str| {
        batch.column_by_name(name)?.as_primitive_opt::<Int64Type>().map(|column| column.value(row))
    };
    let slot = batch.column_by_name("key_slot")?.as_primitive_opt::<Int32Type>()?.value(row);
    let id = text("quarantine_id")?;
    Some(SealedEntry {
        id: id.parse().ok()?,
        source: text("source")?.parse().ok()?,
        location: KeyLocation { page: number("key_page")?, slot: u16::try_from(slot).ok()? },
        fingerprint: batch
            .column_by_name("fingerprint")?
            .as_binary_opt::<i32>()?
            .value(row)
            .try_into()
            .ok()?,
        sealed: batch.column_by_name("sealed_row")?.as_binary_opt::<i32>()?.value(row).to_vec(),
        entry: QuarantineEntry {
            id: id.to_owned(),
            source: text("source")?.to_owned(),
            diagnostic: Diagnostic {
                code: text("code")?.to_owned(),
                args: serde_json::from_str(text("args")?).ok()?,
            },
            file: text("file")?.to_owned(),
            line: u64::try_from(number("line")?).ok()?,
            first_seen: moment("first_seen")?,
            replayed_at: moment("replayed_at"),
        },
    })
}

/// A batch with `replayed_at` set where the id is one of `ids`.
fn marked(batch: &RecordBatch, ids: &HashSet<&str>, now: i64) -> Result<RecordBatch, EngineError> {
    let schema = batch.schema();
    let own = batch["quarantine_id"].as_string::<i32>();
    let replayed: BooleanArray = own.iter().map(|id| Some(id.is_some_and(|id| ids.contains(id)))).collect();
    let now = TimestampMicrosecondArray::from_value(now, batch.num_rows()).with_timezone("UTC");
    let fail = |cause| EngineError::from(DataFusionError::from(cause));
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| match field.name().as_str() {
            "replayed_at" => zip(&replayed, &now, column).map_err(fail),
            _ => Ok(ArrayRef::clone(column)),
        })
        .collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema, columns).map_err(fail)
}

fn damaged() -> EngineError {
    EngineError::DamagedValue { table: TableName::Quarantine.to_string() }
}
