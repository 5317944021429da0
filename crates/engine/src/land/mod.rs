//! Landing: rows of a source become sealed records in the lake.
//!
//! Rows stream through in batches; every [`COMMIT_ROWS`] rows become one Delta
//! commit. The order of writes makes a crash harmless at every point:
//!
//! 1. a load number is drawn from the state database (durable);
//! 2. keys for new records are durable in their pages;
//! 3. data files are written, belonging to nothing yet, and then entries of the
//!    blind index, of which those of a load that is cut off die with its keys;
//! 4. the quarantine's commit, then landing's, carry the load number;
//! 5. the load is confirmed.
//!
//! Whatever was cut off before 4 is read again from the source. What was cut
//! off after it is recognised by its tags, in landing and in quarantine alike.

mod consents;
mod index;
mod quarantine;
mod reading;
pub(crate) mod replay;
mod rows;
mod seal;

use std::collections::{BTreeSet, HashSet};

use arrow::array::RecordBatch;
use vermeil_ingest::{Place, SourceSpec, SourceStream};
use vermeil_model::pipeline::Source;
use vermeil_model::{Plaintext, Policy, RecordId, Schema, Tag};
use vermeil_state::LoadStatus;

pub(crate) use rows::{PlannedRow, as_text};
pub(crate) use seal::FIRST_KEY_EPOCH;

use self::consents::SourceConsents;
use self::index::{Landing, LandingIndex, SourceClock, Verdict};
use self::quarantine::{QuarantineTable, QuarantineWriter, Refused};
use self::reading::{ReadBatch, Reading};
use self::rows::Rows;
use self::seal::{LandingWriter, RowToLand};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::progress::{Progress, Stage};
use crate::report::{PlannedRead, SourceReport};
use crate::suppress::{Contacts, judge};

/// How far back a run looks for loads that a crash cut off: one crash leaves one a source.
const LOADS_SETTLED: u32 = 200;
/// Rows of one Delta commit, at least: what a crash makes a source be read again for.
const COMMIT_ROWS: u64 = 250_000;

impl Engine {
    /// Lands one source.
    ///
    /// # Errors
    /// The source cannot be read on, or the lake or the keys cannot be written.
    /// What was committed before stays; a later run goes on from there.
    pub(crate) async fn land(
        &self,
        source: &Source,
        progress: &dyn Progress,
    ) -> Result<SourceReport, EngineError> {
        let stream = self.open_source(source).await?;
        self.settle_loads(source).await?;
        let mut lander = Lander::new(self, source).await?;
        let mut reading = Reading::start(stream);
        while let Some(batch) = reading.next_batch().await {
            let batch = batch.map_err(|cause| ingest_error(source, cause))?;
            let rows_in = batch.rows_in;
            lander.take(batch, reading.files()).await?;
            progress.rows_done(Stage::Land, Some(source.id.as_str()), rows_in);
        }
        lander.finish().await
    }

    /// What landing one source would do, without writing anything.
    pub(crate) async fn plan_source(&self, source: &Source) -> Result<PlannedSource, EngineError> {
        let mut stream = self.open_source(source).await?;
        let mut lander = Lander::new(self, source).await?;
        let mut planned = PlannedSource::default();
        let grant = Policy::sealing();
        while let Some(batch) = stream.next_batch().await {
            let batch = batch.map_err(|cause| ingest_error(source, cause))?;
            let rejected = batch.rejected.len() as u64;
            planned.read.rows += batch.rows_in;
            planned.read.quarantined += rejected;
            let rows = Rows::new(self, source, lander.schema, batch.rows.expose(&grant))?;
            for row in 0..rows.len() {
                lander.plan_row(&rows, row, &mut planned);
            }
        }
        planned.read.source = source.id.to_string();
        planned.read.files = stream.files().len() as u64;
        Ok(planned)
    }

    /// Brings the state database up with what the lake holds of a source, where a
    /// crash came between the two, and destroys the keys of loads that never arrived.
    async fn settle_loads(&self, source: &Source) -> Result<(), EngineError> {
        let name = TableName::Landing(source.id.clone());
        let arrived = self.last_load(&name, &name.to_string()).await?;
        let strays = self.state.abandon_loads(&source.id, arrived.unwrap_or(0)).await?;
        if let Some(load) = arrived {
            self.state.confirm_load(load).await?;
        }
        for owner in strays {
            self.vault.destroy_owner(&owner).await?;
        }
        let quarantined =
            self.last_load(&TableName::Quarantine, &quarantine::application(&source.id)).await?;
        for load in self.state.loads(LOADS_SETTLED).await? {
            // A confirmed load's quarantine was committed before it.
            let cut_off = load.status != LoadStatus::Confirmed && Some(load.number) > quarantined;
            if load.source == source.id && cut_off {
                self.vault.destroy_owner(&quarantine::quarantine_keys(&source.id, load.number)).await?;
            }
        }
        Ok(())
    }

    async fn last_load(&self, table: &TableName, application: &str) -> Result<Option<i64>, EngineError> {
        match self.lake.table(table).await? {
            Some(table) => table.last_number(application).await,
            None => Ok(None),
        }
    }

    async fn open_source(&self, source: &Source) -> Result<SourceStream, EngineError> {
        vermeil_ingest::open(self.source_spec(source)).await.map_err(|cause| ingest_error(source, cause))
    }

    pub(crate) fn source_spec<'a>(&'a self, source: &'a Source) -> SourceSpec<'a> {
        SourceSpec {
            source,
            schema: self.config.schema_of(source),
            base: &self.config.base,
            options: &self.config.storage_options,
        }
    }
}

/// What landing a source would do.
#[derive(Default)]
pub(crate) struct PlannedSource {
    pub(crate) read: PlannedRead,
    /// Records that would get a new current version, as they would then be.
    pub(crate) rows: Vec<PlannedRow>,
}

/// Lands the rows of one source, batch by batch.
struct Lander<'a> {
    engine: &'a Engine,
    source: &'a Source,
    schema: &'a Schema,
    index: LandingIndex,
    suppressed: HashSet<Tag>,
    /// Of the erasures that `suppressed` knows.
    epoch: i64,
    /// Landed, not committed: records that share a contact point with someone erased.
    flagged: BTreeSet<RecordId>,
    /// Of rows that are landed and not committed.
    consents: SourceConsents<'a>,
    report: SourceReport,
    chunk: Option<Chunk<'a>>,
    quarantined: QuarantineTable,
}

/// What the next commit will hold.
struct Chunk<'a> {
    number: i64,
    landing: LandingWriter<'a>,
    quarantine: QuarantineWriter<'a>,
}

impl<'a> Lander<'a> {
    async fn new(engine: &'a Engine, source: &'a Source) -> Result<Self, EngineError> {
        let schema = engine.config.schema_of(source);
        let clock = if source.updated_at.is_some() { SourceClock::Present } else { SourceClock::Absent };
        let name = TableName::Landing(source.id.clone());
        let table = engine.lake.table(&name).await?;
        let index = LandingIndex::load(&engine.lake, table.as_ref(), clock).await?;
        // Before the list: an erasure in between is met again.
        let epoch = engine.state.erasure_epoch().await?;
        let suppressed = engine.state.suppression().await?;
        let quarantined = QuarantineTable::load(engine, &source.id, &suppressed).await?;
        let report = SourceReport { source: source.id.to_string(), ..SourceReport::default() };
        let flagged = BTreeSet::new();
        Ok(Self {
            engine,
            source,
            schema,
            index,
            suppressed,
            epoch,
            flagged,
            consents: SourceConsents::new(engine, source, schema)?,
            report,
            chunk: None,
            quarantined,
        })
    }

    async fn take(&mut self, batch: ReadBatch, files: &[String]) -> Result<(), EngineError> {
        self.follow_erasures().await?;
        self.report.records_in += batch.rows_in;
        self.take_rows(batch.rows, &batch.places, files).await?;
        for refused in batch.refused {
            self.quarantine(refused).await?;
        }
        self.commit_if_large().await
    }

    /// Lands the rows that are new or changed.
    async fn take_rows(
        &mut self,
        rows: Plaintext<RecordBatch>,
        places: &[Place],
        files: &[String],
    ) -> Result<(), EngineError> {
        let grant = Policy::sealing();
        let rows = Rows::new(self.engine, self.source, self.schema, rows.expose(&grant))?;
        let mut landing = Vec::with_capacity(rows.len());
        for (row, place) in places.iter().enumerate() {
            if self.is_suppressed(&rows, row) {
                self.report.suppressed += 1;
                continue;
            }
            let (tag, content) = (rows.record_tag(row), rows.content_tag(row));
            let verdict = self.index.judge(tag, content, rows.observed_at(row));
            let contacts = match verdict {
                Verdict::New => self.judge_contacts(&rows, row),
                _ => Contacts::Clear,
            };
            match verdict {
                Verdict::New if contacts == Contacts::Erased => self.report.suppressed += 1,
                Verdict::New | Verdict::Changed => {
                    let Landing { record, version } = self.index.land(tag, content, rows.observed_at(row));
                    if contacts == Contacts::Shared {
                        self.flagged.insert(record);
                        self.report.flagged += 1;
                    }
                    self.consents.take(&rows, row, record);
                    landing.push(RowToLand { row, tag, content, record, version });
                }
                Verdict::Unchanged => {
                    self.report.unchanged += 1;
                    self.index.saw(tag);
                }
                Verdict::Duplicate => self.report.duplicates += 1,
                Verdict::Conflicting => {
                    let file = files.get(place.file as usize).map(String::as_str).unwrap_or_default();
                    self.quarantine(rows.conflicting(row, file, place.line)?).await?;
                }
            }
        }
        if landing.is_empty() {
            return Ok(());
        }
        self.report.records_landed += landing.len() as u64;
        self.begin_chunk().await?;
        let chunk = self.chunk.as_mut().expect("begun above");
        chunk.landing.land(&rows, landing, &mut self.index).await
    }

    async fn quarantine(&mut self, refused: Refused) -> Result<(), EngineError> {
        *self.report.quarantined.entry(refused.diagnostic.code.clone()).or_default() += 1;
        let Some(fingerprint) = self.quarantined.admit(self.engine, &refused) else { return Ok(()) };
        self.begin_chunk().await?;
        let chunk = self.chunk.as_mut().expect("begun above");
        chunk.quarantine.add(fingerprint, refused).await
    }

    /// Someone may have been erased since the list was read.
    async fn follow_erasures(&mut self) -> Result<(), EngineError> {
        let epoch = self.engine.state.erasure_epoch().await?;
        if epoch != self.epoch {
            self.suppressed = self.engine.state.suppression().await?;
            self.epoch = epoch;
        }
        Ok(())
    }

    /// How the contact points of a row stand to those of erased people. Of records that are known
    /// already nobody is asked: they outlasted the erasure, so they are of someone else.
    fn judge_contacts(&self, rows: &Rows<'_>, row: usize) -> Contacts {
        if self.suppressed.is_empty() {
            return Contacts::Clear;
        }
        let fields: Vec<(&str, &str)> = rows.values(row).collect();
        judge(&self.engine.suppression_tags, &self.suppressed, self.schema, &fields)
    }

    fn is_suppressed(&self, rows: &Rows<'_>, row: usize) -> bool {
        // The list is empty more often than not, and a tag is not for free.
        !self.suppressed.is_empty() && self.suppressed.contains(&rows.suppression_tag(row))
    }

    async fn flag(&mut self) -> Result<(), EngineError> {
        let flagged: Vec<RecordId> = std::mem::take(&mut self.flagged).into_iter().collect();
        match flagged.is_empty() {
            true => Ok(()),
            false => Ok(self.engine.state.flag_records(&self.source.id, &flagged).await?),
        }
    }

    async fn finish(mut self) -> Result<SourceReport, EngineError> {
        if let Some(chunk) = self.chunk.take() {
            self.commit(chunk).await?;
        }
        Ok(self.report)
    }

    /// Begins a load unless one is under way.
    async fn begin_chunk(&mut self) -> Result<(), EngineError> {
        if self.chunk.is_none() {
            let load = self.engine.state.begin_load(&self.source.id, &self.cursor()).await?;
            self.chunk = Some(Chunk {
                quarantine: QuarantineWriter::new(self.engine, &self.source.id, load.number).await?,
                number: load.number,
                landing: LandingWriter::new(self.engine, self.source, self.schema, load).await?,
            });
        }
        Ok(())
    }

    async fn commit_if_large(&mut self) -> Result<(), EngineError> {
        let large = |chunk: &mut Chunk<'_>| chunk.landing.rows() + chunk.quarantine.rows() >= COMMIT_ROWS;
        match self.chunk.take_if(large) {
            Some(chunk) => self.commit(chunk).await,
            None => Ok(()),
        }
    }

    async fn commit(&mut self, chunk: Chunk<'a>) -> Result<(), EngineError> {
        // Before anyone can see the records: a flag too many does no harm.
        self.flag().await?;
        self.consents.record().await?;
        let state = &self.engine.state;
        state.set_cursor(chunk.number, &self.cursor()).await?;
        // Quarantine first: a row that is only there is found again by its
        // fingerprint, so that a crash between the two neither loses nor doubles it.
        chunk.quarantine.commit().await?;
        if chunk.landing.commit().await?.is_some() {
            state.confirm_load(chunk.number).await?;
        }
        Ok(())
    }

    /// How far the source was read, for `status`.
    fn cursor(&self) -> serde_json::Value {
        serde_json::json!({ "rows": self.report.records_in })
    }

    fn plan_row(&mut self, rows: &Rows<'_>, row: usize, planned: &mut PlannedSource) {
        let (tag, observed_at) = (rows.record_tag(row), rows.observed_at(row));
        if self.is_suppressed(rows, row) {
            planned.read.suppressed += 1;
            return;
        }
        let content = rows.content_tag(row);
        let verdict = self.index.judge(tag, content, observed_at);
        if verdict == Verdict::New && self.judge_contacts(rows, row) == Contacts::Erased {
            planned.read.suppressed += 1;
            return;
        }
        match verdict {
            Verdict::New => planned.read.new += 1,
            Verdict::Changed => planned.read.changed += 1,
            Verdict::Unchanged => planned.read.unchanged += 1,
            Verdict::Duplicate => planned.read.duplicates += 1,
            Verdict::Conflicting => planned.read.quarantined += 1,
        }
        match verdict {
            Verdict::New | Verdict::Changed => {
                let Landing { record, .. } = self.index.land(tag, content, observed_at);
                planned.rows.push(rows.planned(row, record));
            }
            Verdict::Unchanged => self.index.saw(tag),
            Verdict::Duplicate | Verdict::Conflicting => {}
        }
    }
}

fn ingest_error(source: &Source, cause: vermeil_ingest::IngestError) -> EngineError {
    EngineError::Ingest { source_id: source.id.clone(), cause }
}
