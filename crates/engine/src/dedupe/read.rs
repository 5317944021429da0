//! From a file to records that can be compared.

use std::collections::BTreeMap;

use arrow::array::{AsArray, LargeStringArray, LargeStringBuilder, RecordBatch};
use tokio::sync::mpsc;
use vermeil_ingest::{IngestError, SourceBatch, UnknownFile};
use vermeil_model::pipeline::Matching;
use vermeil_model::policy::Grant;
use vermeil_model::{Policy, RecordId};
use vermeil_resolve::infer::{ColumnSample, Mapping, infer};
use vermeil_resolve::plan::PlanError;
use vermeil_resolve::{FeatureStore, MatchPlan, RecordIndex};

use super::exclusive::ExclusiveColumns;
use super::intake::{Filled, Intake, NumberedRows};
use super::{DedupeError, DedupeRequest, IGNORED};
use crate::error::EngineError;
use crate::link::blocking;
use crate::progress::{Progress, Stage};
use crate::report::RejectedRows;

/// First rows from which the meaning of columns is understood, where there are no excerpts.
const SAMPLE_ROWS: usize = 20_000;
/// Batches that wait to be taken in, at most: parsing has a core, and taking in has all others.
const READ_AHEAD: usize = 2;

/// What was told about columns, and is right.
pub(super) struct Names {
    /// The place of the column whose values name the rows.
    id: Option<usize>,
    /// Columns of which a cluster has one value, and their places.
    exclusive: Vec<(String, usize)>,
}

/// The rows of a file, ready to be compared.
pub(super) struct Rows {
    pub(super) mapping: Mapping,
    pub(super) plan: MatchPlan,
    /// Each record's id ends with its row: see [`row_of`].
    pub(super) store: FeatureStore,
    pub(super) keys: Option<LargeStringArray>,
    /// A hash of each row's values, its key left out, in the file's order.
    pub(super) contents: Vec<u64>,
    pub(super) rejected: BTreeMap<String, RejectedRows>,
    pub(super) repeated_keys: u64,
    pub(super) missing_keys: u64,
    pub(super) exclusive: ExclusiveColumns,
}

/// The row of a record, from 0, among those that were read.
pub(super) fn row_of(record: RecordId) -> usize {
    (record.0 & u128::from(u32::MAX)) as usize
}

impl Names {
    pub(super) fn check(request: &DedupeRequest, columns: &[String]) -> Result<Names, DedupeError> {
        let place = |option: &'static str, column: &String| {
            columns.iter().position(|known| known == column).ok_or_else(|| DedupeError::UnknownColumn {
                option,
                column: column.clone(),
                nearest: vermeil_ingest::nearest(column, columns.iter().map(String::as_str)),
            })
        };
        for (column, field) in &request.fields {
            place("--map", column)?;
            if field != IGNORED && request.schema.field(field).is_none() {
                return Err(DedupeError::UnknownField {
                    field: field.clone(),
                    nearest: request.schema.nearest_field(field).map(str::to_owned),
                    fields: request
                        .schema
                        .fields
                        .iter()
                        .map(|field| field.name.as_str())
                        .collect::<Vec<_>>()
                        .join(", "),
                });
            }
        }
        let exclusive =
            request.exclusive.iter().map(|column| Ok((column.clone(), place("--exclusive", column)?)));
        Ok(Names {
            id: request.id.as_ref().map(|id| place("--id", id)).transpose()?,
            exclusive: exclusive.collect::<Result<_, DedupeError>>()?,
        })
    }
}

/// Reads a file to its end.
pub(super) async fn read(
    mut file: UnknownFile,
    request: &DedupeRequest,
    names: &Names,
    progress: &dyn Progress,
) -> Result<(Rows, u64), DedupeError> {
    let grant = Policy::matching();
    let columns = file.form().columns.clone();
    let excerpts = file.take_excerpts().map(|excerpts| excerpts.rows.into_exposed(&grant));
    let mut batches = ahead(file);
    let mut rejected = BTreeMap::new();
    let (mut sample, mut sampled) = (Vec::new(), 0);
    while sampled < SAMPLE_ROWS
        && let Some(batch) = next(&mut batches, &mut rejected, &grant, progress).await?
    {
        sampled += batch.num_rows();
        sample.push(batch);
    }
    if sampled == 0 {
        return Err(DedupeError::NoRows { file: request.file.clone() });
    }
    let mapping = match &excerpts {
        Some(excerpts) => understand(std::iter::once(excerpts), &columns, request, names),
        None => understand(sample.iter(), &columns, request, names),
    };
    let rules = (!request.blocking.is_empty()).then(|| request.blocking.clone());
    let plan = match MatchPlan::new(&mapping.schema, &Matching { blocking: rules, ..Matching::default() }) {
        Err(PlanError::NothingCompared { .. } | PlanError::NoBlockingRule { .. }) => {
            return Err(DedupeError::NothingCompared);
        }
        plan => plan.map_err(EngineError::MatchPlan)?,
    };
    let exclusive = ExclusiveColumns::new(names.exclusive.clone(), &mapping, &request.schema);
    let (sender, numbered) = mpsc::channel(READ_AHEAD);
    let hand_over = async {
        // Dropped with the last row, so that whoever waits for more sees that there are none.
        let mut handing = Handing { rows: sender, count: 0, keys: names.id.map(Keys::new), exclusive };
        for batch in sample {
            handing.hand_over(batch).await?;
        }
        while let Some(batch) = next(&mut batches, &mut rejected, &grant, progress).await? {
            handing.hand_over(batch).await?;
        }
        Ok::<_, DedupeError>((handing.keys, handing.exclusive))
    };
    let intake = Intake::new(plan, mapping, names.id);
    let (handed, filled) = tokio::join!(hand_over, blocking(move || intake.fill(numbered)));
    let ((keys, exclusive), Filled { plan, mapping, store, contents }) = (handed?, filled?);
    let missing_keys = keys.as_ref().map_or(0, |keys| keys.missing);
    let keys = keys.map(Keys::finish);
    let repeated_keys = keys.as_ref().map_or(0, |keys| repeated(&store, keys));
    let rows = contents.len() as u64;
    let found =
        Rows { mapping, plan, store, keys, contents, rejected, repeated_keys, missing_keys, exclusive };
    Ok((found, rows))
}

/// Gives rows their numbers, and hands them to those who take them in.
struct Handing {
    rows: mpsc::Sender<NumberedRows>,
    /// How many were handed over.
    count: usize,
    keys: Option<Keys>,
    exclusive: ExclusiveColumns,
}

/// The keys of the rows, in the file's order.
struct Keys {
    column: usize,
    values: LargeStringBuilder,
    missing: u64,
}

impl Handing {
    async fn hand_over(&mut self, rows: RecordBatch) -> Result<(), DedupeError> {
        let first = u32::try_from(self.count).map_err(|_| DedupeError::TooManyRows)?;
        self.count += rows.num_rows();
        u32::try_from(self.count).map_err(|_| DedupeError::TooManyRows)?;
        if let Some(keys) = &mut self.keys {
            keys.append(&rows);
        }
        self.exclusive.append(&rows);
        // Nobody takes rows any more where that failed, which whoever waits for the store is told.
        let _ = self.rows.send(NumberedRows { first, rows }).await;
        Ok(())
    }
}

impl Keys {
    fn new(column: usize) -> Keys {
        Keys { column, values: LargeStringBuilder::new(), missing: 0 }
    }

    fn append(&mut self, rows: &RecordBatch) {
        let keys = rows.column(self.column).as_string::<i32>();
        for row in 0..rows.num_rows() {
            // A missing value is an empty text beneath its mark.
            let key = keys.value(row);
            self.missing += u64::from(key.is_empty());
            self.values.append_value(key);
        }
    }

    fn finish(mut self) -> LargeStringArray {
        self.values.finish()
    }
}

/// The batches of a file, parsed by a task of their own, which ends when nobody wants them any more.
fn ahead(mut file: UnknownFile) -> mpsc::Receiver<Result<SourceBatch, IngestError>> {
    let (sender, batches) = mpsc::channel(READ_AHEAD);
    tokio::spawn(async move {
        while let Some(batch) = file.next_batch().await {
            if sender.send(batch).await.is_err() {
                return;
            }
        }
    });
    batches
}

async fn next(
    batches: &mut mpsc::Receiver<Result<SourceBatch, IngestError>>,
    rejected: &mut BTreeMap<String, RejectedRows>,
    grant: &Grant,
    progress: &dyn Progress,
) -> Result<Option<RecordBatch>, DedupeError> {
    let Some(batch) = batches.recv().await else { return Ok(None) };
    let batch = batch?;
    for row in &batch.rejected {
        let first_line = row.place.line;
        let of_code = rejected
            .entry(row.diagnostic.code.clone())
            .or_insert_with(|| RejectedRows { rows: 0, first_line });
        of_code.rows += 1;
    }
    progress.rows_done(Stage::Prepare, None, batch.rows_in);
    Ok(Some(batch.rows.into_exposed(grant)))
}

fn understand<'b>(
    sample: impl Iterator<Item = &'b RecordBatch> + Clone,
    columns: &[String],
    request: &DedupeRequest,
    names: &Names,
) -> Mapping {
    let samples: Vec<ColumnSample> = columns
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let cells = sample.clone().flat_map(|batch| batch.column(place).as_string::<i32>().iter());
            ColumnSample { name, values: cells.map(Option::unwrap_or_default).collect() }
        })
        .collect();
    let key = names.id.map(|place| columns[place].as_str());
    infer(&samples, &request.schema, &request.fields, key)
}

/// Rows whose key another row has already. Records of one key stand side by side.
fn repeated(store: &FeatureStore, keys: &LargeStringArray) -> u64 {
    let key_of = |index: u32| keys.value(row_of(store.record_id(RecordIndex(index))));
    let repeats = |index: &u32| !key_of(*index).is_empty() && key_of(index - 1) == key_of(*index);
    (1..store.len() as u32).filter(repeats).count() as u64
}
