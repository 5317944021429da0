//! Records one by one, gathered so that several threads have enough of them.

use std::borrow::Cow;
use std::num::NonZeroUsize;

use vermeil_model::RecordId;

use super::interner::Values;
use super::part::FeatureStorePart;
use super::{FeatureError, FeatureStore};
use crate::parallel;
use crate::plan::{FieldIndex, MatchPlan};

/// Records that one thread takes at once. Their raw values are kept until then.
const GATHERED: usize = 8 * 1024;

/// Takes records in any order, one by one.
pub struct FeatureStoreBuilder<'a> {
    plan: &'a MatchPlan,
    threads: NonZeroUsize,
    /// One for each thread that had records so far.
    parts: Vec<FeatureStorePart<'a>>,
    /// Those that gather for the threads; records are added to the last.
    gathered: Vec<Gathered>,
}

/// Records with their raw values. These are personal, and wiped when it is dropped.
#[derive(Default)]
struct Gathered {
    records: Vec<(RecordId, u32)>,
    /// Where the values of each record end.
    ends: Vec<usize>,
    /// Of which field each value is.
    fields: Vec<FieldIndex>,
    values: Values,
}

impl<'a> FeatureStoreBuilder<'a> {
    /// An empty store for a plan, filled by one thread.
    pub fn new(plan: &'a MatchPlan) -> Self {
        Self { plan, threads: NonZeroUsize::MIN, parts: Vec::new(), gathered: vec![Gathered::default()] }
    }

    /// Lets as many threads take the records, now and then, while whoever adds the next one waits.
    pub fn on_threads(self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self }
    }

    /// Adds a record from a source: raw values by field, in any order, each field at most once.
    /// See [`FeatureStorePart::push`].
    pub fn push(&mut self, record: RecordId, source: u32, values: &[(FieldIndex, &str)]) {
        match self.gathered.last_mut() {
            Some(last) if last.records.len() < GATHERED => last.push(record, source, values),
            _ => {
                if self.gathered.len() >= self.threads.get() {
                    self.take_in();
                }
                let mut next = Gathered::default();
                next.push(record, source, values);
                self.gathered.push(next);
            }
        }
    }

    /// Sorts the records by id.
    ///
    /// # Errors
    /// [`FeatureError`] if two records share an id, or there are too many.
    pub fn finish(mut self) -> Result<FeatureStore, FeatureError> {
        self.take_in();
        FeatureStore::join(self.plan, self.parts, self.threads)
    }

    /// Hands what was gathered to the threads, and waits for them.
    fn take_in(&mut self) {
        while self.parts.len() < self.gathered.len() {
            self.parts.push(FeatureStorePart::new(self.plan));
        }
        let tasks = self.parts.iter_mut().zip(self.gathered.drain(..));
        parallel::map(self.threads, tasks, |(part, gathered)| {
            part.push(&gathered.records, |record, field| gathered.value(record, field));
        });
    }
}

impl Gathered {
    fn push(&mut self, record: RecordId, source: u32, values: &[(FieldIndex, &str)]) {
        self.records.push((record, source));
        for (field, value) in values {
            self.fields.push(*field);
            self.values.push(value);
        }
        self.ends.push(self.fields.len());
    }

    fn value(&self, record: usize, field: FieldIndex) -> Option<Cow<'_, str>> {
        let start = if record == 0 { 0 } else { self.ends[record - 1] };
        let place = self.fields[start..self.ends[record]].iter().position(|known| *known == field)?;
        Some(Cow::Borrowed(self.values.get((start + place) as u32)))
    }
}
