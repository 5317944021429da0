//! Walking through the pairs of groups.

use std::ops::Range;

use super::{Blocks, NO_GROUP, Pair, RuleSlots};
use crate::features::RecordIndex;
use crate::mix::SplitMix;

/// Which repetitions of a pair are left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// Those of any rule: the first rule that finds a pair yields it.
    OverAllRules,
    /// Those within the rule at hand only.
    WithinRule,
}

/// Records that are not as they were, or were not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// By record.
    touched: Vec<bool>,
    count: usize,
}

impl FromIterator<bool> for Touched {
    /// Whether each record was touched, in the order of the store.
    fn from_iter<I: IntoIterator<Item = bool>>(touched: I) -> Self {
        let touched: Vec<bool> = touched.into_iter().collect();
        Self { count: touched.iter().filter(|touched| **touched).count(), touched }
    }
}

impl Touched {
    /// Whether a record was touched.
    pub fn contains(&self, record: RecordIndex) -> bool {
        self.touched[record.0 as usize]
    }

    /// How many were.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// Candidate pairs, each once; see [`Blocks::pairs`].
pub struct Pairs<'a> {
    blocks: &'a Blocks,
    groups: Range<usize>,
    repeats: Repeats,
    /// Pairs are left out of which neither record was touched.
    touched: Option<&'a Touched>,
    /// Places of the next pair within the first group of `groups`.
    left: usize,
    right: usize,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(blocks: &'a Blocks, groups: Range<usize>, repeats: Repeats) -> Self {
        Self { blocks, groups, repeats, touched: None, left: 0, right: 1 }
    }

    pub(super) fn touching(self, touched: &'a Touched) -> Self {
        Self { touched: Some(touched), ..self }
    }

    fn is_asked(&self, left: u32, right: u32) -> bool {
        self.touched
            .is_none_or(|touched| [left, right].iter().any(|record| touched.contains(RecordIndex(*record))))
    }

    /// Whether the group at hand is where a pair belongs: the first that brings it together.
    fn is_first(&self, group: usize, left: u32, right: u32) -> bool {
        let blocks = self.blocks;
        let rule = blocks.groups[group].rule as usize;
        let at = &blocks.rules[rule];
        if self.repeats == Repeats::OverAllRules {
            let single = at.slots.start.min(blocks.single_rules);
            let (left_row, right_row) = (&blocks.row(left)[..single], &blocks.row(right)[..single]);
            // Mostly nothing is shared, and that is told without a branch for each rule.
            let is_shared = |(left, right): (&u32, &u32)| (left == right) & (*left != NO_GROUP);
            let any_shared = left_row.iter().zip(right_row).fold(false, |any, two| any | is_shared(two));
            let is_found = |rule: &RuleSlots| blocks.first_shared(rule, left, right).is_some();
            let (singles, multiples) = blocks.rules[..rule].split_at(rule.min(blocks.single_rules));
            if (any_shared && singles.iter().any(is_found)) || multiples.iter().any(is_found) {
                return false;
            }
        }
        at.slots.len() == 1 || blocks.first_shared(at, left, right) == Some(group as u32 + 1)
    }
}

impl Iterator for Pairs<'_> {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        loop {
            if self.groups.is_empty() {
                return None;
            }
            let group = self.blocks.groups[self.groups.start];
            let members = &self.blocks.members[group.start..group.end];
            while self.left + 1 < members.len() {
                let left = members[self.left];
                let end = members.len().min(self.left + 1 + group.window as usize);
                while self.right < end {
                    let right = members[self.right];
                    self.right += 1;
                    if self.is_asked(left, right) && self.is_first(self.groups.start, left, right) {
                        return Some(Pair { left: RecordIndex(left), right: RecordIndex(right) });
                    }
                }
                self.left += 1;
                self.right = self.left + 1;
            }
            self.groups.start += 1;
            (self.left, self.right) = (0, 1);
        }
    }
}

/// Pairs of groups, drawn at random: nothing is walked through but what is drawn.
pub struct PairSample<'a> {
    pairs: Pairs<'a>,
    /// Numbers of pairs among all groups, rising; `None`: all pairs.
    drawn: Option<std::vec::IntoIter<u64>>,
    sampled_from: f64,
}

impl<'a> PairSample<'a> {
    pub(super) fn new(pairs: Pairs<'a>, at_most: u64, seed: u64) -> Self {
        let before = &pairs.blocks.pairs_before;
        let (first, end) = (before[pairs.groups.start], before[pairs.groups.end]);
        if end - first <= at_most {
            return Self { pairs, drawn: None, sampled_from: 1.0 };
        }
        let mut random = SplitMix(seed);
        let mut drawn: Vec<u64> = (0..at_most).map(|_| first + random.below(end - first)).collect();
        drawn.sort_unstable();
        drawn.dedup();
        let sampled_from = (end - first) as f64 / drawn.len() as f64;
        Self { pairs, drawn: Some(drawn.into_iter()), sampled_from }
    }

    /// Pairs there are for each that is drawn; 1 or more.
    pub fn sampled_from(&self) -> f64 {
        self.sampled_from
    }
}

impl Iterator for PairSample<'_> {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        let Some(drawn) = &mut self.drawn else { return self.pairs.next() };
        let blocks = self.pairs.blocks;
        drawn.find_map(|number| {
            let place = blocks.pairs_before.partition_point(|before| *before <= number) - 1;
            let group = blocks.groups[place];
            let (left, right) = group.places_of(number - blocks.pairs_before[place]);
            let [left, right] = [left, right].map(|member| blocks.members[group.start + member]);
            let pair = Pair { left: RecordIndex(left), right: RecordIndex(right) };
            self.pairs.is_first(place, left, right).then_some(pair)
        })
    }
}
