//! Columns that others give away: a postal code its town, a shop the town, the manager and the
//! region of the shop.
//!
//! Left alone, each would count for itself: whoever buys in one shop would be one person. Two rows
//! of one person agree on everything, so only rows are asked that are of two people as far as the
//! other columns tell.

use std::collections::HashMap;

use super::{Because, ColumnSample, Meaning};
use crate::mix::hash_bytes;
use crate::normalise::text::fold;

/// Pairs of rows that are asked, at least: fewer tell nothing.
const FEWEST_PAIRS: usize = 10;
/// From which share of those pairs that agree a column goes with the postal code. Slips of the pen
/// leave far more; two people of one town who share anything else are fewer.
const TOWN: f64 = 0.6;
/// From which share an unknown column says nothing that another has not said.
const SAME: f64 = 0.9;
/// Rows that are asked at most.
const ROWS: usize = 5000;
/// Stands for no value.
const NOTHING: u64 = 0;

/// Takes a text that goes with the postal code for the town, and ignores what another text gives away.
pub(super) fn settle(judged: &mut [(Meaning, Because)], samples: &[ColumnSample]) {
    let is_text = |judged: &[(Meaning, Because)], place: usize| judged[place].0 == Meaning::Text;
    let mut texts: Vec<usize> = (0..judged.len()).filter(|&place| is_text(judged, place)).collect();
    if texts.is_empty() {
        return;
    }
    let table = Table::new(judged, samples);
    if let Some(code) = judged.iter().position(|(meaning, _)| *meaning == Meaning::PostalCode) {
        let given_away = table.given_away(code);
        let mut towns: Vec<(f64, usize)> = texts
            .iter()
            .map(|&text| (given_away[text].share(), text))
            .filter(|(share, _)| *share >= TOWN)
            .collect();
        towns.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let has_town = judged.iter().any(|(meaning, _)| *meaning == Meaning::City);
        let free = [Meaning::City, Meaning::Region].into_iter().skip(usize::from(has_town));
        for ((_, text), meaning) in towns.into_iter().zip(free) {
            judged[text] = (meaning, Because::OtherColumns);
        }
    }
    // What has most values knows most, and is kept.
    texts.sort_by_key(|&text| (std::cmp::Reverse(table.distinct(text)), text));
    for (rank, &knowing) in texts.iter().enumerate() {
        if !is_text(judged, knowing) {
            continue;
        }
        let given_away = table.given_away(knowing);
        for &text in &texts[rank + 1..] {
            // Where most who share a value are one person, it is the person that gives away the rest.
            if is_text(judged, text) && given_away[text].share() >= SAME && given_away[text].is_of_many() {
                judged[text] = (Meaning::Ignored, Because::OtherColumns);
            }
        }
    }
}

/// The values of the columns that may be evidence, as hashes.
struct Table {
    columns: Vec<Option<Vec<u64>>>,
}

/// How often rows that share a value of one column share one of another.
#[derive(Clone, Copy, Default)]
struct Shared {
    /// Pairs that have both values.
    pairs: usize,
    /// Of these, pairs of two people.
    of_two: usize,
    /// Of these, pairs that agree.
    agreeing: usize,
}

impl Shared {
    /// The share of pairs of two people that agree; 0 where there are too few to tell.
    fn share(self) -> f64 {
        if self.of_two < FEWEST_PAIRS { 0.0 } else { self.agreeing as f64 / self.of_two as f64 }
    }

    fn is_of_many(self) -> bool {
        2 * self.of_two >= self.pairs
    }
}

impl Table {
    fn new(judged: &[(Meaning, Because)], samples: &[ColumnSample]) -> Self {
        let is_evidence = |meaning: Meaning| {
            !matches!(meaning, Meaning::Ignored | Meaning::RecordKey | Meaning::Source | Meaning::Answer)
        };
        let hash = |value: &&str| match fold(value) {
            folded if folded.is_empty() => NOTHING,
            folded => hash_bytes(folded.as_bytes()).max(NOTHING + 1),
        };
        let columns = judged.iter().zip(samples).map(|((meaning, _), sample)| {
            is_evidence(*meaning).then(|| sample.values.iter().take(ROWS).map(hash).collect())
        });
        Self { columns: columns.collect() }
    }

    fn distinct(&self, column: usize) -> usize {
        let values = self.columns[column].iter().flatten();
        values.collect::<std::collections::HashSet<_>>().len()
    }

    /// How far the values of one column give away those of each.
    fn given_away(&self, knowing: usize) -> Vec<Shared> {
        let mut shared = vec![Shared::default(); self.columns.len()];
        let mut last: HashMap<u64, usize> = HashMap::new();
        let values = self.columns[knowing].as_deref().unwrap_or_default();
        for (row, value) in values.iter().copied().enumerate().filter(|(_, value)| *value != NOTHING) {
            if let Some(other) = last.insert(value, row) {
                self.ask(knowing, (row, other), &mut shared);
            }
        }
        shared
    }

    fn ask(&self, knowing: usize, (one, other): (usize, usize), shared: &mut [Shared]) {
        let agreements: Vec<Option<bool>> = self
            .columns
            .iter()
            .map(|column| {
                let value = |row: usize| column.as_ref()?.get(row).copied().filter(|value| *value != NOTHING);
                Some(value(one)? == value(other)?)
            })
            .collect();
        let told = agreements.iter().flatten().count() - 1;
        let agreeing = agreements.iter().flatten().filter(|agrees| **agrees).count() - 1;
        for (column, agrees) in agreements.iter().enumerate().filter(|(column, _)| *column != knowing) {
            let Some(agrees) = *agrees else { continue };
            let (told, others) = (told - 1, agreeing - usize::from(agrees));
            let are_two = told > 0 && 2 * others <= told;
            let shared = &mut shared[column];
            shared.pairs += 1;
            shared.of_two += usize::from(are_two);
            shared.agreeing += usize::from(are_two && agrees);
        }
    }
}
