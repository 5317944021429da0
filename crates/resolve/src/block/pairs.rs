//! Walking through the pairs of groups.

use std::ops::Range;

use super::{Blocks, Pair};
use crate::features::RecordIndex;

/// Which repetitions of a pair are left out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// Those of any rule: the first rule that finds a pair yields it.
    OverAllRules,
    /// Those within the rule at hand only.
    WithinRule,
}

/// Candidate pairs, each once; see [`Blocks::pairs`].
pub struct Pairs<'a> {
    blocks: &'a Blocks,
    groups: Range<usize>,
    repeats: Repeats,
    /// Places of the next pair within the first group of `groups`.
    left: usize,
    right: usize,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(blocks: &'a Blocks, groups: Range<usize>, repeats: Repeats) -> Self {
        Self { blocks, groups, repeats, left: 0, right: 1 }
    }

    /// Whether the group at hand is where a pair belongs:
    /// the first by rule, then by key, that is compared at all.
    fn is_first(&self, rule: usize, key: u64, left: u32, right: u32) -> bool {
        let rules = &self.blocks.rules;
        let earlier_rule = self.repeats == Repeats::OverAllRules
            && rules[..rule].iter().any(|keys| keys.first_shared(left, right).is_some());
        !earlier_rule && rules[rule].first_shared(left, right) == Some(key)
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
                while self.right < members.len() {
                    let right = members[self.right];
                    self.right += 1;
                    if self.is_first(group.rule as usize, group.key, left, right) {
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
