//! From a file to records that can be compared.

use std::borrow::Cow;
use std::collections::BTreeMap;

use arrow::array::{AsArray, LargeStringArray, LargeStringBuilder, RecordBatch, StringArray};
use tokio::sync::mpsc;
use vermeil_ingest::{IngestError, SourceBatch, UnknownFile};
use vermeil_model::pipeline::Matching;
use vermeil_model::policy::Grant;
use vermeil_model::{Policy, RecordId};
use vermeil_resolve::infer::{ColumnSample, MappedField, Mapping, infer};
use vermeil_resolve::plan::{FieldIndex, PlanError};
use vermeil_resolve::{FeatureStore, FeatureStoreBuilder, MatchPlan, RecordIndex, features};

use super::{DedupeError, DedupeRequest, IGNORED};
use crate::error::EngineError;
use crate::progress::{Progress, Stage};
use crate::report::RejectedRows;

/// First rows from which the meaning of columns is understood, where there are no excerpts.
const SAMPLE_ROWS: usize = 20_000;
/// Batches that wait to be compared, at most: parsing and normalising have a core each.
const READ_AHEAD: usize = 2;

/// What was told about columns, and is right.
pub(super) struct Names {
    /// The place of the column whose values name the rows.
    id: Option<usize>,
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
        Ok(Names { id: request.id.as_ref().map(|id| place("--id", id)).transpose()? })
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
    let blocking = (!request.blocking.is_empty()).then(|| request.blocking.clone());
    let plan = match MatchPlan::new(&mapping.schema, &Matching { blocking, ..Matching::default() }) {
        Err(PlanError::NothingCompared { .. } | PlanError::NoBlockingRule { .. }) => {
            return Err(DedupeError::NothingCompared);
        }
        plan => plan.map_err(EngineError::MatchPlan)?,
    };
    let mut intake = Intake::new(&plan, &mapping, names);
    for batch in sample {
        intake.take(&batch)?;
    }
    while let Some(batch) = next(&mut batches, &mut rejected, &grant, progress).await? {
        intake.take(&batch)?;
    }
    let Intake { store, keys, contents, missing_keys, .. } = intake;
    let store = store.finish().map_err(EngineError::Features)?;
    let keys = names.id.map(|_| { keys }.finish());
    let repeated_keys = keys.as_ref().map_or(0, |keys| repeated(&store, keys));
    let rows = contents.len() as u64;
    Ok((Rows { mapping, plan, store, keys, contents, rejected, repeated_keys, missing_keys }, rows))
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

/// Takes rows into a feature store.
struct Intake<'a> {
    mapping: &'a Mapping,
    /// Where each mapped field goes; `None` where matching does not read it.
    places: Vec<Option<FieldIndex>>,
    id: Option<usize>,
    store: FeatureStoreBuilder<'a>,
    keys: LargeStringBuilder,
    contents: Vec<u64>,
    missing_keys: u64,
}

impl<'a> Intake<'a> {
    fn new(plan: &'a MatchPlan, mapping: &'a Mapping, names: &Names) -> Self {
        Self {
            mapping,
            places: mapping.fields.iter().map(|field| plan.field_index(&field.field)).collect(),
            id: names.id,
            store: FeatureStoreBuilder::new(plan),
            keys: LargeStringBuilder::new(),
            contents: Vec::new(),
            missing_keys: 0,
        }
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), DedupeError> {
        let columns: Vec<&StringArray> =
            batch.columns().iter().map(|column| column.as_string::<i32>()).collect();
        // A missing value is an empty text beneath its mark.
        let cell = |column: usize, row: usize| columns[column].value(row);
        let mut values: Vec<(FieldIndex, Cow<'_, str>)> = Vec::new();
        for row in 0..batch.num_rows() {
            values.clear();
            let fields = self.mapping.fields.iter().zip(&self.places);
            values.extend(fields.filter_map(|(field, place): (&MappedField, _)| {
                Some(((*place)?, field.value(|column| cell(column, row))?))
            }));
            let texts: Vec<(FieldIndex, &str)> =
                values.iter().map(|(field, value)| (*field, value.as_ref())).collect();
            let key = self.id.map(|id| cell(id, row)).filter(|key| !key.is_empty());
            let others = (0..columns.len()).filter(|column| Some(*column) != self.id);
            let content = features::number_of(others.map(|column| cell(column, row)));
            let record = self.number(key, content)?;
            let source = self.mapping.source.map_or(0, |source| {
                let number = features::number_of(std::iter::once(cell(source, row)));
                number.0 as u32
            });
            self.store.push(record, source, &texts);
            if self.id.is_some() {
                self.missing_keys += u64::from(key.is_none());
                self.keys.append_value(key.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// A number made of key and content, so that the order of records owes nothing to that of
    /// rows: 64 bits of the key, or of the content where there is none; 32 of the content; the row.
    fn number(&mut self, key: Option<&str>, content: RecordId) -> Result<RecordId, DedupeError> {
        let row = u32::try_from(self.contents.len()).map_err(|_| DedupeError::TooManyRows)?;
        self.contents.push((content.0 >> 64) as u64);
        let name = key.map_or(content, |key| features::number_of(std::iter::once(key)));
        let high = name.0 >> 64 << 64;
        let middle = (content.0 & u128::from(u32::MAX)) << 32;
        Ok(RecordId(high | middle | u128::from(row)))
    }
}

/// Rows whose key another row has already. Records of one key stand side by side.
fn repeated(store: &FeatureStore, keys: &LargeStringArray) -> u64 {
    let key_of = |index: u32| keys.value(row_of(store.record_id(RecordIndex(index))));
    let repeats = |index: &u32| !key_of(*index).is_empty() && key_of(index - 1) == key_of(*index);
    (1..store.len() as u32).filter(repeats).count() as u64
}
