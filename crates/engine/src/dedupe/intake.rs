//! Rows become records of a feature store, on all cores.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

use arrow::array::{AsArray, RecordBatch, StringArray};
use tokio::sync::mpsc;
use vermeil_model::RecordId;
use vermeil_resolve::infer::{MappedField, Mapping};
use vermeil_resolve::{FeatureStore, FeatureStorePart, MatchPlan, features};

use crate::error::EngineError;

/// More threads would wait for the one that parses.
const MOST_THREADS: usize = 8;

/// Some rows of a file.
pub(super) struct NumberedRows {
    /// The number of the first, from 0.
    pub(super) first: u32,
    pub(super) rows: RecordBatch,
}

/// Takes rows into a feature store.
pub(super) struct Intake {
    plan: MatchPlan,
    mapping: Mapping,
    /// For each field of the plan, its place in the mapping.
    places: Vec<Option<usize>>,
    /// The column whose values name the rows.
    id: Option<usize>,
}

/// What became of the rows.
pub(super) struct Filled {
    pub(super) plan: MatchPlan,
    pub(super) mapping: Mapping,
    pub(super) store: FeatureStore,
    /// A hash of each row's values, its key left out, in the file's order.
    pub(super) contents: Vec<u64>,
}

/// The rows that one thread took.
struct Part<'a> {
    store: FeatureStorePart<'a>,
    /// Hashes of rows, by the number of the first of them.
    contents: Vec<(u32, Vec<u64>)>,
}

impl Intake {
    pub(super) fn new(plan: MatchPlan, mapping: Mapping, id: Option<usize>) -> Intake {
        let place = |name: &String| mapping.fields.iter().position(|field| field.field == *name);
        let places = plan.fields().iter().map(|field| place(&field.name)).collect();
        Intake { plan, mapping, places, id }
    }

    /// Takes all rows. Blocks until there are no more.
    pub(super) fn fill(self, rows: mpsc::Receiver<NumberedRows>) -> Result<Filled, EngineError> {
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let waiting = Mutex::new(rows);
        // A thread that panicked took its rows along, and the panic is passed on below.
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let parts: Vec<Part> = thread::scope(|scope| {
            let take = || {
                let mut part = Part { store: FeatureStorePart::new(&self.plan), contents: Vec::new() };
                while let Some(rows) = next() {
                    self.take(&rows, &mut part);
                }
                part
            };
            let threads: Vec<_> = (0..cores.get().min(MOST_THREADS)).map(|_| scope.spawn(take)).collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        let (stores, contents): (Vec<_>, Vec<_>) =
            parts.into_iter().map(|part| (part.store, part.contents)).unzip();
        let store = FeatureStore::join(&self.plan, stores, cores).map_err(EngineError::Features)?;
        let mut contents = contents.concat();
        contents.sort_unstable_by_key(|(first, _)| *first);
        let contents = contents.into_iter().flat_map(|(_, contents)| contents).collect();
        let Intake { plan, mapping, .. } = self;
        Ok(Filled { plan, mapping, store, contents })
    }

    fn take(&self, NumberedRows { first, rows }: &NumberedRows, part: &mut Part) {
        let columns: Vec<&StringArray> =
            rows.columns().iter().map(|column| column.as_string::<i32>()).collect();
        // A missing value is an empty text beneath its mark.
        let cell = |column: usize, row: usize| columns[column].value(row);
        let mut records = Vec::with_capacity(rows.num_rows());
        let mut contents = Vec::with_capacity(rows.num_rows());
        for (row, number) in (0..rows.num_rows()).zip(*first..) {
            let key = self.id.map(|id| cell(id, row)).filter(|key| !key.is_empty());
            let others = (0..columns.len()).filter(|column| Some(*column) != self.id);
            let content = features::number_of(others.map(|column| cell(column, row)));
            let source = self.mapping.source.map_or(0, |source| {
                let number = features::number_of(std::iter::once(cell(source, row)));
                number.0 as u32
            });
            contents.push((content.0 >> 64) as u64);
            records.push((record_id(key, content, number), source));
        }
        part.store.push(&records, |row, field| {
            let mapped: &MappedField = &self.mapping.fields[self.places[field.place()]?];
            mapped.value(|column| cell(column, row))
        });
        part.contents.push((*first, contents));
    }
}

/// A number made of key and content, so that the order of records owes nothing to that of
/// rows: 64 bits of the key, or of the content where there is none; 32 of the content; the row.
fn record_id(key: Option<&str>, content: RecordId, row: u32) -> RecordId {
    let name = key.map_or(content, |key| features::number_of(std::iter::once(key)));
    let high = name.0 >> 64 << 64;
    let middle = (content.0 & u128::from(u32::MAX)) << 32;
    RecordId(high | middle | u128::from(row))
}
