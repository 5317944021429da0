//! Rows that broke their contract: sealed, with code, place and the way out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BinaryBuilder, Int32Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use datafusion::prelude::{SessionConfig, col, lit};
use futures::TryStreamExt;
use uuid::Uuid;
use vermeil_ingest::Rejected;
use vermeil_model::{Diagnostic, FieldClass, Plaintext, Policy, SourceId, Tag};
use vermeil_protect::{Binding, KeyOwner, RecordCipher};

use super::seal::FIRST_KEY_EPOCH;
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{TableName, TableWriter, Transactional};
use crate::session::lake_session;

/// Rows are sealed and written when this many wait.
const BATCH_ROWS: usize = 4096;

/// A row to quarantine.
pub(super) struct Refused {
    pub(super) diagnostic: Diagnostic,
    file: String,
    line: u64,
    row: Plaintext<Vec<u8>>,
}

/// How the bytes of a quarantined row are to be read. Sealed as one JSON line
/// of this, then the bytes.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub(super) enum RowForm {
    /// As the source delivered it; `header` names its columns where they stand apart.
    AsDelivered { header: Vec<String> },
    /// Read well: a JSON object of the columns that landing takes, as text.
    Canonical,
}

/// The fingerprints of one source's quarantined rows, so that none is kept twice.
pub(crate) struct QuarantineTable {
    source: SourceId,
    known: HashSet<Tag>,
    /// How often each row was met in this load: equal rows are told apart by count.
    met: HashMap<Tag, u64>,
}

/// Writes quarantined rows of one load.
pub(super) struct QuarantineWriter<'a> {
    engine: &'a Engine,
    source: SourceId,
    load: i64,
    waiting: Vec<(Uuid, Tag, Refused)>,
    writer: TableWriter,
    rows: u64,
}

impl Refused {
    pub(super) fn as_delivered(rejected: Rejected, file: &str, header: &[String]) -> Self {
        let header = header.to_vec();
        let row = rejected.raw.map(|raw| encode(&RowForm::AsDelivered { header }, &raw));
        Self { diagnostic: rejected.diagnostic, file: file.to_owned(), line: rejected.place.line, row }
    }

    pub(super) fn canonical(
        diagnostic: Diagnostic,
        file: &str,
        line: u64,
        columns: Plaintext<Vec<u8>>,
    ) -> Self {
        let row = columns.map(|columns| encode(&RowForm::Canonical, &columns));
        Self { diagnostic, file: file.to_owned(), line, row }
    }
}

impl QuarantineTable {
    /// Those that are kept, and those among `erased`, which do not come back.
    pub(super) async fn load(
        engine: &Engine,
        source: &SourceId,
        erased: &HashSet<Tag>,
    ) -> Result<Self, EngineError> {
        let mut known = erased.clone();
        if let Some(table) = engine.lake.table(&TableName::Quarantine).await? {
            let session = lake_session(&engine.lake, SessionConfig::new())?;
            let frame = session
                .read_table(table.provider())?
                .filter(col("source").eq(lit(source.as_str())))?
                .select(vec![col("fingerprint")])?;
            let mut batches = frame.execute_stream().await?;
            while let Some(batch) = batches.try_next().await? {
                let fingerprints = batch.column(0).as_binary::<i32>();
                known.extend(fingerprints.iter().flatten().filter_map(|tag| tag.try_into().ok().map(Tag)));
            }
        }
        Ok(Self { source: source.clone(), known, met: HashMap::new() })
    }

    /// The row's fingerprint if it is not kept yet.
    pub(super) fn admit(&mut self, engine: &Engine, refused: &Refused) -> Option<Tag> {
        let grant = Policy::sealing();
        let row = refused.row.expose(&grant);
        let tag = |count: u64| {
            let parts = [self.source.as_str().as_bytes(), row, &count.to_be_bytes()];
            engine.change_tags.content_tag("landing.quarantine", parts)
        };
        let times = self.met.entry(tag(0)).or_default();
        *times += 1;
        let fingerprint = tag(*times);
        self.known.insert(fingerprint).then_some(fingerprint)
    }
}

impl<'a> QuarantineWriter<'a> {
    pub(super) async fn new(engine: &'a Engine, source: &SourceId, load: i64) -> Result<Self, EngineError> {
        let table = engine.lake.table_with(&TableName::Quarantine, &columns::quarantine_schema()).await?;
        Ok(Self {
            engine,
            source: source.clone(),
            load,
            waiting: Vec::new(),
            writer: table.writer()?,
            rows: 0,
        })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows + self.waiting.len() as u64
    }

    /// Takes a row that [`QuarantineTable::admit`] let through.
    pub(super) async fn add(&mut self, fingerprint: Tag, refused: Refused) -> Result<(), EngineError> {
        self.waiting.push((Uuid::new_v4(), fingerprint, refused));
        if self.waiting.len() >= BATCH_ROWS { self.write_waiting().await } else { Ok(()) }
    }

    /// Adds what was written to the table.
    pub(super) async fn commit(mut self) -> Result<(), EngineError> {
        self.write_waiting().await?;
        if self.rows > 0 {
            self.writer.append(&Transactional::new(application(&self.source), self.load)).await?;
        }
        Ok(())
    }

    async fn write_waiting(&mut self) -> Result<(), EngineError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let owner = quarantine_keys(&self.source, self.load);
        let keys = self.engine.vault.allocate(&owner, waiting.len()).await?;
        let grant = Policy::sealing();
        let now = chrono::Utc::now().timestamp_micros();
        let mut ids = StringBuilder::new();
        let mut fingerprints = BinaryBuilder::new();
        let mut codes = StringBuilder::new();
        let mut args = StringBuilder::new();
        let mut files = StringBuilder::new();
        let mut lines = Int64Builder::new();
        let mut pages = Int64Builder::new();
        let mut slots = Int32Builder::new();
        let mut sealed_rows = BinaryBuilder::new();
        let mut sealed = Vec::new();
        for ((id, fingerprint, refused), (location, key)) in waiting.iter().zip(&keys) {
            ids.append_value(id.hyphenated().to_string());
            fingerprints.append_value(fingerprint.0);
            codes.append_value(&refused.diagnostic.code);
            args.append_value(serde_json::to_string(&refused.diagnostic.args).expect("pairs of text"));
            files.append_value(&refused.file);
            lines.append_value(i64::try_from(refused.line).unwrap_or(i64::MAX));
            pages.append_value(location.page);
            slots.append_value(i32::from(location.slot));
            sealed.clear();
            let binding = binding(self.engine, *id);
            RecordCipher::new(key).seal_into(&binding, refused.row.expose(&grant), &mut sealed);
            sealed_rows.append_value(&sealed);
        }
        let count = waiting.len();
        let constant = |text: &str| -> ArrayRef {
            Arc::new(arrow::array::StringArray::from_iter_values(std::iter::repeat_n(text, count)))
        };
        let moment = |at: Option<i64>| -> ArrayRef {
            let mut column = TimestampMicrosecondBuilder::new().with_timezone("UTC");
            (0..count).for_each(|_| column.append_option(at));
            Arc::new(column.finish())
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(ids.finish()),
            constant(self.source.as_str()),
            Arc::new(arrow::array::Int64Array::from_value(self.load, count)),
            Arc::new(fingerprints.finish()),
            Arc::new(codes.finish()),
            Arc::new(args.finish()),
            Arc::new(files.finish()),
            Arc::new(lines.finish()),
            moment(Some(now)),
            moment(None),
            Arc::new(pages.finish()),
            Arc::new(slots.finish()),
            Arc::new(sealed_rows.finish()),
        ];
        let batch = RecordBatch::try_new(columns::quarantine_schema(), columns)
            .expect("the columns are made in the order of their schema");
        self.rows += count as u64;
        self.writer.write(batch).await
    }
}

/// Delta's name for the sequence of loads that quarantined rows of a source.
pub(super) fn application(source: &SourceId) -> String {
    format!("{}/{source}", TableName::Quarantine)
}

/// Who owns the keys of the rows that one load quarantined.
pub(super) fn quarantine_keys(source: &SourceId, load: i64) -> KeyOwner {
    KeyOwner::new(format!("{}/{load}", application(source)))
}

/// What a quarantined row is bound to.
pub(super) fn binding(engine: &Engine, id: Uuid) -> Binding<'_> {
    Binding {
        tenant: &engine.config.pipeline.name,
        table: "landing.quarantine",
        // A row that could not be read may hold anything.
        class: FieldClass::Sensitive,
        record: *id.as_bytes(),
        version: 1,
        key_epoch: FIRST_KEY_EPOCH,
    }
}

fn encode(form: &RowForm, row: &[u8]) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(form).expect("text always serialises");
    bytes.push(b'\n');
    bytes.extend_from_slice(row);
    bytes
}

/// The other way round; `None` if the bytes are not of this form.
pub(super) fn decode(bytes: &[u8]) -> Option<(RowForm, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((serde_json::from_slice(&bytes[..end]).ok()?, &bytes[end + 1..]))
}
