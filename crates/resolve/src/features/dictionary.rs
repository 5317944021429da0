//! Distinct values, each once, behind a code, with all that comparing them asks for.

use std::num::NonZeroUsize;

use vermeil_model::schema::Comparison;
use zeroize::Zeroize;

use super::interner::{FETCHED_AT_ONCE, Interner, Values};
use super::{Packed, Shape};
use crate::compare::level_set;
use crate::mix::hash_bytes;
use crate::names::{NameIndex, NameKind, Names};
use crate::plan::{DictionaryIndex, MatchPlan};

/// Distinct normalised values, the most frequent first.
pub(crate) struct Dictionary {
    values: Values,
    /// Of each value, where values are compared by their characters.
    shapes: Vec<Shape>,
    /// [`Packed`] words, where values are compared by them.
    words: Vec<u64>,
    /// The words of each value, where values are compared as whole names.
    names: Option<Names>,
}

/// What will be asked of the values of a dictionary.
#[derive(Default)]
pub(super) struct Uses {
    shapes: bool,
    words: bool,
    names: Option<NameKind>,
}

impl Uses {
    pub(super) fn of(plan: &MatchPlan, dictionary: DictionaryIndex) -> Uses {
        let mut uses = Uses::default();
        let comparisons = plan.comparisons().iter();
        for planned in comparisons.filter(|planned| plan.field(planned.columns[0]).dictionary == dictionary) {
            let levels = level_set(planned.comparison);
            uses.shapes |= levels.goes_by_characters;
            uses.words |= levels.of_packed.is_some();
            if planned.comparison == Comparison::Organisation {
                uses.names = Some(NameKind::Organisation);
            }
        }
        uses
    }
}

impl Dictionary {
    /// Gives the most frequent values the lowest codes, so that most of what is looked up lies side
    /// by side, and equally frequent ones an order that owes nothing to that in which they came.
    ///
    /// Takes how often each code occurs, and returns the new code of each.
    pub(super) fn new(
        interner: Interner,
        counts: &[u32],
        uses: &Uses,
        threads: NonZeroUsize,
    ) -> (Dictionary, Vec<u32>) {
        let values = interner.into_values();
        let order = order(&values, counts);
        let mut codes = vec![0; values.len()];
        // In as much memory as is needed: what a growing vector leaves behind could not be wiped.
        let room = |used: bool| if used { values.len() } else { 0 };
        let mut sorted = Dictionary {
            values: Values::with_capacity(values.len(), values.bytes()),
            shapes: Vec::with_capacity(room(uses.shapes)),
            words: Vec::with_capacity(room(uses.words)),
            names: None,
        };
        for order in order.chunks(FETCHED_AT_ONCE) {
            values.fetch(order.iter().copied());
            for old in order {
                codes[*old as usize] = sorted.len() as u32;
                sorted.push(values.get(*old), uses);
            }
        }
        drop(values);
        sorted.names = uses.names.map(|kind| {
            let mut names = Names::new(kind);
            names.add_all(&sorted.values.iter().collect::<Vec<_>>(), threads);
            names
        });
        (sorted, codes)
    }

    /// Some of these values, by rising code, and after them others; all as comparable as they would
    /// be here.
    pub(super) fn gathered<'v>(
        &self,
        codes: &[u32],
        others: impl Iterator<Item = &'v str>,
        uses: &Uses,
    ) -> Dictionary {
        let bytes = codes.iter().map(|code| self.value(*code).len()).sum();
        let mut gathered = Dictionary {
            values: Values::with_capacity(codes.len(), bytes),
            shapes: Vec::with_capacity(if uses.shapes { codes.len() } else { 0 }),
            words: Vec::with_capacity(if uses.words { codes.len() } else { 0 }),
            names: None,
        };
        for code in codes {
            gathered.push(self.value(*code), uses);
        }
        for other in others {
            gathered.push(other, uses);
        }
        gathered.names = self.names.as_ref().map(|names| names.counted_here(gathered.values.iter()));
        gathered
    }

    fn push(&mut self, value: &str, uses: &Uses) {
        self.values.push(value);
        if uses.shapes {
            self.shapes.push(Shape::of(value));
        }
        if uses.words {
            self.words.push(Packed::word_of(value));
        }
    }

    /// How alike two values are as names; `None` where they were not parted.
    pub(crate) fn likeness(&self, left: u32, right: u32) -> Option<f32> {
        self.names.as_ref().map(|names| names.likeness(NameIndex(left), NameIndex(right)))
    }

    /// The value behind a code.
    #[inline]
    pub(crate) fn value(&self, code: u32) -> &str {
        self.values.get(code)
    }

    /// What can be told of the value behind a code without reading it.
    pub(crate) fn shape(&self, code: u32) -> Shape {
        self.shapes[code as usize]
    }

    /// The value behind a code as one word; `None` where it does not fit into one.
    pub(crate) fn packed(&self, code: u32) -> Option<Packed> {
        Packed::from_word(self.words[code as usize])
    }

    /// How many distinct values there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

impl Drop for Dictionary {
    fn drop(&mut self) {
        self.shapes.zeroize();
        self.words.zeroize();
    }
}

/// Codes by falling count, then by hash: to sort numbers takes a fraction of sorting texts.
fn order(values: &Values, counts: &[u32]) -> Vec<u32> {
    let of_code = |entry: u128| entry as u32;
    let mut entries: Vec<u128> = (0_u32..)
        .zip(values.iter().zip(counts))
        .map(|(code, (value, count))| {
            let hash = hash_bytes(value.as_bytes());
            u128::from(!count) << 96 | u128::from(hash) << 32 | u128::from(code)
        })
        .collect();
    entries.sort_unstable();
    for twins in entries.chunk_by_mut(|one, other| one >> 32 == other >> 32).filter(|twins| twins.len() > 1) {
        twins.sort_unstable_by_key(|entry| values.get(of_code(*entry)));
    }
    entries.into_iter().map(of_code).collect()
}
