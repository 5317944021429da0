//! How far two records agree, as one small level per comparison.
//!
//! Level 0 is always "nothing alike" and the highest "equal"; in between stand
//! the kinds of agreement that errors and habits leave. Where either record has
//! no value the comparison is no evidence at all, see [`Agreement::missing`].
//! Every comparison is symmetric.

mod levels;
pub(crate) mod similarity;

use std::cell::Cell;

use crate::block::Pair;
use crate::features::{Dictionary, FeatureStore, MISSING, RecordIndex};
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
    /// The values' codes, the lower first; `None` where they stand in each other's field or there is none.
    pub(crate) codes: Option<(u32, u32)>,
}

impl Agreement {
    /// No value on either side: no evidence.
    pub const fn missing() -> Agreement {
        Agreement { level: None, codes: None }
    }

    /// Whether both have the same value.
    pub(crate) fn is_equal(self) -> bool {
        self.shared().is_some()
    }

    /// The shared value's code where the two are equal.
    fn shared(self) -> Option<u32> {
        self.codes.filter(|(left, right)| left == right).map(|(code, _)| code)
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

/// Levels of pairs of values that were compared lately. Within a block, and from one
/// block to the next, the same values meet again and again.
struct Memory {
    /// Pair and level in one word each, at the place that the pair hashes to.
    slots: Vec<Cell<u64>>,
}

impl Memory {
    /// Fits the second-level cache of a core beside the values.
    const BITS: u32 = 14;
    /// Below the pair: a level, from 1 on, so that no pair has the word of an empty slot.
    const LEVEL: u64 = 0xf;

    fn new() -> Self {
        Self { slots: vec![Cell::new(0); 1 << Self::BITS] }
    }

    fn recall(&self, left: u32, right: u32, compare: impl FnOnce() -> Level) -> Level {
        // An odd factor loses nothing: the place and the rest together are the pair.
        let pair = u64::from(left.min(right)) << 32 | u64::from(left.max(right));
        let mixed = pair.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &self.slots[(mixed >> (u64::BITS - Self::BITS)) as usize];
        let rest = mixed << Self::BITS >> (Self::BITS - Self::LEVEL.count_ones());
        let known = slot.get();
        if known & !Self::LEVEL == rest && known & Self::LEVEL != 0 {
            return Level((known & Self::LEVEL) as u8 - 1);
        }
        let level = compare();
        slot.set(rest | u64::from(level.0 + 1));
        level
    }
}

struct Compared<'a> {
    levels: &'static LevelSet,
    memory: Memory,
    /// Places in a record's row.
    columns: Vec<FieldIndex>,
    exchanged_with: Option<FieldIndex>,
    dictionary: &'a Dictionary,
}

impl<'a> Comparer<'a> {
    /// For the records of a store under the plan it was made for.
    pub fn new(store: &'a FeatureStore, plan: &MatchPlan) -> Self {
        let comparisons: Vec<Compared> = plan
            .comparisons()
            .iter()
            .map(|planned| Compared {
                levels: level_set(planned.comparison),
                memory: Memory::new(),
                columns: planned.columns.clone(),
                exchanged_with: planned.exchanged_with,
                dictionary: store.dictionary(planned.columns[0]),
            })
            .collect();
        let has_values = |compared: &Compared| {
            compared.columns.iter().any(|&column| store.column(column).any(|code| code != MISSING))
        };
        let told = (0..comparisons.len()).filter(|&index| has_values(&comparisons[index])).collect();
        Self { store, comparisons, told }
    }

    /// How far two records agree in one comparison of the plan.
    pub fn agreement(&self, comparison: usize, left: RecordIndex, right: RecordIndex) -> Agreement {
        self.agreement_of_rows(comparison, self.store.row(left), self.store.row(right))
    }

    /// How far two records agree, given their rows of codes.
    pub(crate) fn agreement_of_rows(&self, comparison: usize, left: &[u32], right: &[u32]) -> Agreement {
        let compared = &self.comparisons[comparison];
        if let [column] = compared.columns[..] {
            let (left_code, right_code) = (column.of(left), column.of(right));
            if left_code == MISSING || right_code == MISSING {
                return Agreement::missing();
            }
            let straight = compared.of_values(left_code, right_code);
            if let (Some(exchanged), Some(other)) = (compared.levels.exchanged, compared.exchanged_with)
                && straight.level.is_some_and(|level| level < compared.levels.alike)
            {
                let others = (other.of(left), other.of(right));
                return compared.exchanged(straight, exchanged, (left_code, right_code), others);
            }
            return straight;
        }
        let mut best = Agreement::missing();
        for left_column in &compared.columns {
            for right_column in &compared.columns {
                let found = compared.of_values(left_column.of(left), right_column.of(right));
                if found.level > best.level || compared.is_first_of_level(found, best) {
                    best = found;
                }
            }
        }
        best
    }

    /// Where the values of a comparison stand.
    pub(crate) fn columns(&self, comparison: usize) -> &[FieldIndex] {
        &self.comparisons[comparison].columns
    }

    /// The comparisons for which any record has a value, ascending: all others are missing for every pair.
    pub(crate) fn told(&self) -> &[usize] {
        &self.told
    }

    /// All levels of each pair. One comparison after the other: the values of several pairs are
    /// fetched at once.
    pub(crate) fn patterns(&self, pairs: &[Pair]) -> Vec<Pattern> {
        let mut patterns = vec![Pattern(0); pairs.len()];
        for &comparison in &self.told {
            for (pair, pattern) in pairs.iter().zip(&mut patterns) {
                if let Some(level) = self.agreement(comparison, pair.left, pair.right).level {
                    pattern.0 |= u128::from(level.0 + 1) << (4 * comparison);
                }
            }
        }
        patterns
    }
}

impl Compared<'_> {
    /// The agreement of two names that may stand in each other's field. Both parts must be
    /// better in exchange than in their place: `Stéphane, Chahour` and `Chahour, Stéphane Paul`.
    fn exchanged(
        &self,
        straight: Agreement,
        exchanged: Level,
        (left, right): (u32, u32),
        (left_other, right_other): (u32, u32),
    ) -> Agreement {
        let level = |one, other| self.of_values(one, other).level;
        let (nothing, alike) = (Some(Level(0)), Some(self.levels.alike));
        // Mostly ends here: asked first, because it is asked of nearly every pair.
        let crossed = level(left, right_other);
        if crossed <= nothing {
            return straight;
        }
        let crossed_back = level(left_other, right);
        // An initial may stand for one of the two names, not for both.
        let are_alike = crossed_back > nothing && crossed.max(crossed_back) >= alike;
        if are_alike && level(left_other, right_other) < alike {
            Agreement { level: Some(exchanged), codes: None }
        } else {
            straight
        }
    }

    /// Of several values that agree on one level the first by text count: codes depend on the order in
    /// which values came, and the order of columns on which record is asked for first.
    fn is_first_of_level(&self, found: Agreement, best: Agreement) -> bool {
        if found.level != best.level || found.level <= Some(Level(0)) {
            return false;
        }
        let texts = |(left, right): (u32, u32)| {
            let (left, right) = (self.dictionary.value(left), self.dictionary.value(right));
            if left <= right { (left, right) } else { (right, left) }
        };
        match (found.codes, best.codes) {
            (Some(found), Some(best)) => found != best && texts(found) < texts(best),
            _ => false,
        }
    }

    fn of_values(&self, left: u32, right: u32) -> Agreement {
        if left == MISSING || right == MISSING {
            return Agreement::missing();
        }
        if left == right {
            return Agreement { level: Some(self.levels.equal()), codes: Some((left, left)) };
        }
        let level = self.level_of_packed(left, right).unwrap_or_else(|| self.level_of_texts(left, right));
        Agreement { level: Some(level), codes: Some((left.min(right), left.max(right))) }
    }

    fn level_of_packed(&self, left: u32, right: u32) -> Option<Level> {
        let of_packed = self.levels.of_packed?;
        of_packed(self.dictionary.packed(left)?, self.dictionary.packed(right)?)
    }

    fn level_of_texts(&self, left: u32, right: u32) -> Level {
        if self.levels.goes_by_characters
            && self.dictionary.shape(left).is_surely_unlike(self.dictionary.shape(right))
        {
            return Level(0);
        }
        self.memory.recall(left, right, || match self.dictionary.likeness(left, right) {
            Some(likeness) => levels::of_likeness(likeness),
            None => self.levels.level_of(self.dictionary.value(left), self.dictionary.value(right)),
        })
    }
}

#[cfg(test)]
mod tests;
