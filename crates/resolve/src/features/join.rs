//! From records as they came, in one part or several, to a store.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroUsize;

use vermeil_model::RecordId;

use super::dictionary::{Dictionary, Uses};
use super::interner::Interner;
use super::part::PushedRecord;
use super::{FeatureError, FeatureStore, FeatureStorePart, MISSING};
use crate::parallel;
use crate::plan::{DictionaryIndex, MatchPlan};

/// Records whose rows are brought together by one thread at a time.
const ROWS_AT_ONCE: usize = 64 * 1024;

/// One part's values of a dictionary, and how often each occurs.
struct Counted {
    interner: Interner,
    counts: Vec<u32>,
}

/// The rows of one part, whose records are in order.
struct Part {
    records: Vec<PushedRecord>,
    rows: Vec<u32>,
}

/// The records of all parts in the order of their ids.
///
/// Nothing of the result tells which part had which record.
pub(super) fn join(
    plan: &MatchPlan,
    parts: Vec<FeatureStorePart>,
    threads: NonZeroUsize,
) -> Result<FeatureStore, FeatureError> {
    let records = parts.iter().map(|part| part.records.len()).sum();
    if records >= MISSING as usize {
        return Err(FeatureError::TooManyRecords { records });
    }
    let counts = parallel::map(threads, parts.iter(), |part| counts(plan, part));
    let mut waiting: Vec<Vec<Counted>> = (0..plan.dictionaries()).map(|_| Vec::new()).collect();
    let mut rows = Vec::with_capacity(parts.len());
    for (mut part, counts) in parts.into_iter().zip(counts) {
        let interners = std::mem::take(&mut part.dictionaries).into_iter();
        for (counted, waiting) in interners.zip(counts).zip(&mut waiting) {
            waiting.push(Counted { interner: counted.0, counts: counted.1 });
        }
        rows.push(Part { records: std::mem::take(&mut part.records), rows: std::mem::take(&mut part.rows) });
    }
    let numbered = waiting.into_iter().enumerate();
    let (dictionaries, codes): (Vec<Dictionary>, Vec<Vec<Vec<u32>>>) =
        parallel::map(threads, numbered, |(place, counted)| {
            merge(counted, &Uses::of(plan, DictionaryIndex(place)), threads)
        })
        .into_iter()
        .unzip();
    parallel::map(threads, rows.iter_mut().enumerate(), |(place, part)| {
        part.renumber(plan, |dictionary| &codes[dictionary.0][place]);
        part.records.sort_unstable_by_key(|record| record.id);
    });
    drop(codes);
    let (records, sources, order) = merged(&rows, records)?;
    let width = plan.fields().len();
    let mut codes = vec![MISSING; order.len() * width];
    let chunks = codes.chunks_mut(ROWS_AT_ONCE * width).zip(order.chunks(ROWS_AT_ONCE));
    parallel::map(threads, chunks, |(codes, order)| {
        for (codes, (part, row)) in codes.chunks_exact_mut(width).zip(order) {
            codes.copy_from_slice(&rows[*part as usize].rows[*row as usize * width..][..width]);
        }
    });
    let dictionary_of = plan.fields().iter().map(|field| field.dictionary).collect();
    Ok(FeatureStore { records, sources, codes, width, dictionaries, dictionary_of })
}

/// How often each code of each dictionary occurs in a part.
fn counts(plan: &MatchPlan, part: &FeatureStorePart) -> Vec<Vec<u32>> {
    let mut counts: Vec<Vec<u32>> = part.dictionaries.iter().map(|values| vec![0; values.len()]).collect();
    for row in part.rows.chunks_exact(plan.fields().len()) {
        for (field, code) in plan.fields().iter().zip(row).filter(|(_, code)| **code != MISSING) {
            counts[field.dictionary.0][*code as usize] += 1;
        }
    }
    counts
}

/// The values of all parts together; for each part, the new code of each of its codes.
fn merge(counted: Vec<Counted>, uses: &Uses, threads: NonZeroUsize) -> (Dictionary, Vec<Vec<u32>>) {
    // The largest stays where it is.
    let largest = (0..counted.len()).max_by_key(|place| counted[*place].interner.len());
    let mut all = Counted { interner: Interner::default(), counts: Vec::new() };
    let mut codes: Vec<Vec<u32>> = vec![Vec::new(); counted.len()];
    let mut others = Vec::with_capacity(counted.len());
    for (place, part) in counted.into_iter().enumerate() {
        if Some(place) == largest {
            codes[place] = (0..part.interner.len() as u32).collect();
            all = part;
        } else {
            others.push((place, part));
        }
    }
    for (place, part) in others {
        codes[place] = all.interner.take_in(&part.interner);
        all.counts.resize(all.interner.len(), 0);
        for (code, count) in codes[place].iter().zip(part.counts) {
            all.counts[*code as usize] += count;
        }
    }
    let (dictionary, new_codes) = Dictionary::new(all.interner, &all.counts, uses, threads);
    codes.iter_mut().flatten().for_each(|code| *code = new_codes[*code as usize]);
    (dictionary, codes)
}

impl Part {
    fn renumber<'c>(&mut self, plan: &MatchPlan, codes: impl Fn(DictionaryIndex) -> &'c Vec<u32>) {
        let of_field: Vec<&Vec<u32>> = plan.fields().iter().map(|field| codes(field.dictionary)).collect();
        for row in self.rows.chunks_exact_mut(of_field.len()) {
            for (code, codes) in row.iter_mut().zip(&of_field).filter(|(code, _)| **code != MISSING) {
                *code = codes[*code as usize];
            }
        }
    }
}

/// Ids and sources of all records by rising id, and for each its part and its row there.
type Merged = (Vec<RecordId>, Vec<u32>, Vec<(u32, u32)>);

fn merged(parts: &[Part], count: usize) -> Result<Merged, FeatureError> {
    let (mut ids, mut sources) = (Vec::<RecordId>::with_capacity(count), Vec::with_capacity(count));
    let mut order = Vec::with_capacity(count);
    let mut records: Vec<_> = parts.iter().map(|part| part.records.iter()).collect();
    // The next record of each part.
    let mut next: BinaryHeap<_> = records
        .iter_mut()
        .zip(0_u32..)
        .filter_map(|(records, part)| records.next().map(|record| Reverse((record.id, part, record))))
        .collect();
    while let Some(mut first) = next.peek_mut() {
        let Reverse((id, part, record)) = *first;
        if ids.last() == Some(&id) {
            return Err(FeatureError::DuplicateRecord { record: id });
        }
        ids.push(id);
        sources.push(record.source);
        order.push((part, record.row));
        match records[part as usize].next() {
            Some(record) => *first = Reverse((record.id, part, record)),
            None => drop(std::collections::binary_heap::PeekMut::pop(first)),
        }
    }
    Ok((ids, sources, order))
}
