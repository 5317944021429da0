//! Which of several values a profile shows.
//!
//! Fields that belong together survive together: see [`group`].

use std::cmp::Reverse;
use std::collections::BTreeMap;

use vermeil_model::RecordId;
use vermeil_model::schema::SurvivorRule;

use crate::normalise::text::fold;

pub mod group;

/// Who stated a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatedBy {
    /// The person, in a source where people enter their own data.
    Oneself,
    /// Anyone else.
    Others,
}

/// A value that one record offers. It has no `Debug`: the value is personal.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// As the source delivered it, not empty.
    pub value: &'a str,
    /// The place of its source among the trusted ones, 0 first.
    pub source_rank: u32,
    /// Who stated it.
    pub stated_by: StatedBy,
    /// When it was observed, by the source's own clock, in microseconds since 1970;
    /// `None` stands before any time.
    pub observed_at: Option<i64>,
    /// The record it is from.
    pub record: RecordId,
}

/// The value that survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survivor {
    /// Its place among the candidates.
    pub index: usize,
    /// The rule that chose it: `MostRecent` where `SelfDeclared` had nothing to choose from.
    pub rule: SurvivorRule,
}

/// Chooses among candidates; `None` where there is none.
///
/// Ties go to the value observed last, then to the more trusted source, then to
/// the lower record id: the order of candidates never matters.
pub fn choose(rule: SurvivorRule, candidates: &[Candidate]) -> Option<Survivor> {
    choose_fullest(rule, candidates, |_| 1)
}

/// As [`choose`]; of what was observed at one moment, what is `full` of more parts is chosen.
fn choose_fullest(
    rule: SurvivorRule,
    candidates: &[Candidate],
    full: impl Fn(usize) -> usize,
) -> Option<Survivor> {
    let everyone = || 0..candidates.len();
    let is_self_declared = |&index: &usize| candidates[index].stated_by == StatedBy::Oneself;
    let last = |index: usize| {
        let candidate = &candidates[index];
        let trust = (Reverse(candidate.source_rank), Reverse(candidate.record));
        (candidate.observed_at, full(index), trust)
    };
    let (index, rule) = match rule {
        SurvivorRule::MostRecent => (everyone().max_by_key(|&index| last(index)), rule),
        SurvivorRule::MostFrequent => {
            let frequencies = Frequencies::of(candidates);
            (
                everyone().max_by_key(|&index| (frequencies.of_value(candidates[index].value), last(index))),
                rule,
            )
        }
        SurvivorRule::SourcePriority => {
            (everyone().max_by_key(|&index| (Reverse(candidates[index].source_rank), last(index))), rule)
        }
        SurvivorRule::SelfDeclared => {
            match everyone().filter(is_self_declared).max_by_key(|&index| last(index)) {
                Some(index) => (Some(index), rule),
                None => (everyone().max_by_key(|&index| last(index)), SurvivorRule::MostRecent),
            }
        }
        SurvivorRule::Longest => {
            (everyone().max_by_key(|&index| (candidates[index].value.chars().count(), last(index))), rule)
        }
    };
    index.map(|index| Survivor { index, rule })
}

/// How many candidates carry each value. Writings that differ in case, accents or
/// punctuation only are one value, whose most frequent writing stands for it.
struct Frequencies<'a> {
    values: BTreeMap<String, usize>,
    writings: BTreeMap<&'a str, usize>,
}

impl<'a> Frequencies<'a> {
    fn of(candidates: &[Candidate<'a>]) -> Self {
        let mut found = Self { values: BTreeMap::new(), writings: BTreeMap::new() };
        for candidate in candidates {
            *found.values.entry(fold(candidate.value)).or_default() += 1;
            *found.writings.entry(candidate.value).or_default() += 1;
        }
        found
    }

    fn of_value(&self, value: &str) -> (usize, usize) {
        (self.values[&fold(value)], self.writings[value])
    }
}

#[cfg(test)]
mod tests;
