//! How far two records agree, as one small level per comparison.
//!
//! Level 0 is always "nothing alike" and the highest "equal"; in between stand
//! the kinds of agreement that errors and habits leave. Where either record has
//! no value the comparison is no evidence at all, see [`Agreement::missing`].
//! Every comparison is symmetric.

mod levels;
mod similarity;

use crate::features::{FeatureStore, MISSING, RecordIndex};
use crate::plan::{FieldIndex, MatchPlan};

pub use levels::{LevelSet, level_set};

/// Levels of one comparison at most, so that a level fits in four bits beside "missing".
pub const MAX_LEVELS: usize = 15;

/// A level of agreement in one comparison; 0 is "nothing alike".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Level(pub u8);

/// What one comparison says about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// The level; `None` where either record has no value.
    pub level: Option<Level>,
    /// The shared value's code where the level is "equal".
    pub(crate) shared: Option<u32>,
}

impl Agreement {
    /// No value on either side: no evidence.
    pub const fn missing() -> Agreement {
        Agreement { level: None, shared: None }
    }
}

/// The levels of all comparisons of a pair, four bits each: 0 is missing, else the level plus one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Pattern(u128);

impl Pattern {
    pub(crate) fn level(self, comparison: usize) -> Option<usize> {
        ((self.0 >> (4 * comparison)) as usize & 0xf).checked_sub(1)
    }
}

/// Compares the records of a store.
pub struct Comparer<'a> {
    store: &'a FeatureStore,
    comparisons: Vec<Compared<'a>>,
    /// Comparisons for which any record has a value.
    told: Vec<usize>,
}

struct Compared<'a> {
    levels: &'static LevelSet,
    columns: Vec<&'a [u32]>,
    field: FieldIndex,
    exchanged_with: Option<&'a [u32]>,
}

impl<'a> Comparer<'a> {
    /// For the records of a store under the plan it was made for.
    pub fn new(store: &'a FeatureStore, plan: &MatchPlan) -> Self {
        let comparisons: Vec<Compared> = plan
            .comparisons()
            .iter()
            .map(|planned| Compared {
                levels: level_set(planned.comparison),
                columns: planned.columns.iter().map(|&column| store.column(column)).collect(),
                field: planned.columns[0],
                exchanged_with: planned.exchanged_with.map(|column| store.column(column)),
            })
            .collect();
        let has_values = |compared: &Compared| {
            compared.columns.iter().any(|column| column.iter().any(|code| *code != MISSING))
        };
        let told = (0..comparisons.len()).filter(|&index| has_values(&comparisons[index])).collect();
        Self { store, comparisons, told }
    }

    /// How far two records agree in one comparison of the plan.
    pub fn agreement(&self, comparison: usize, left: RecordIndex, right: RecordIndex) -> Agreement {
        let compared = &self.comparisons[comparison];
        let (left, right) = (left.0 as usize, right.0 as usize);
        if let [column] = compared.columns[..] {
            let codes = (column[left], column[right]);
            if let (Some(level), Some(other)) = (compared.levels.exchanged, compared.exchanged_with)
                && codes.0 != codes.1
                && codes.0 != MISSING
                && codes.1 != MISSING
                && (codes.0, codes.1) == (other[right], other[left])
            {
                return Agreement { level: Some(level), shared: None };
            }
            return self.of_values(compared, codes.0, codes.1);
        }
        let mut best = Agreement::missing();
        for left_column in &compared.columns {
            for right_column in &compared.columns {
                let found = self.of_values(compared, left_column[left], right_column[right]);
                if found.level > best.level || self.is_first_shared(compared, found, best) {
                    best = found;
                }
            }
        }
        best
    }

    /// The comparisons for which any record has a value, ascending: all others are missing for every pair.
    pub(crate) fn told(&self) -> &[usize] {
        &self.told
    }

    /// All levels of a pair at once.
    pub(crate) fn pattern(&self, left: RecordIndex, right: RecordIndex) -> Pattern {
        let levels = self.told.iter().map(|&comparison| {
            let level = self.agreement(comparison, left, right).level;
            level.map_or(0, |level| u128::from(level.0) + 1) << (4 * comparison)
        });
        Pattern(levels.fold(0, |pattern, level| pattern | level))
    }

    /// Of several shared values the first by text counts: codes depend on the order in which values came.
    fn is_first_shared(&self, compared: &Compared, found: Agreement, best: Agreement) -> bool {
        let dictionary = self.store.dictionary(compared.field);
        match (found.shared, best.shared) {
            (Some(found), Some(best)) => dictionary.value(found) < dictionary.value(best),
            _ => false,
        }
    }

    fn of_values(&self, compared: &Compared, left: u32, right: u32) -> Agreement {
        if left == MISSING || right == MISSING {
            return Agreement::missing();
        }
        if left == right {
            return Agreement { level: Some(compared.levels.equal()), shared: Some(left) };
        }
        let dictionary = self.store.dictionary(compared.field);
        let level = (compared.levels.of_different)(dictionary.value(left), dictionary.value(right));
        Agreement { level: Some(level), shared: None }
    }
}

#[cfg(test)]
mod tests;
