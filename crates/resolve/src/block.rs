//! Which pairs are worth comparing: records that agree on every key of some rule.

mod keys;
mod pairs;

use crate::features::{FeatureStore, RecordIndex};
use crate::plan::MatchPlan;

use keys::RuleKeys;
pub use pairs::Pairs;

/// Two records, the lower index left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// The record that comes first in the store.
    pub left: RecordIndex,
    /// The other one.
    pub right: RecordIndex,
}

/// A group of records that share a key, too large to compare all its pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OversizedBlock {
    /// The rule, as an index into [`MatchPlan::rules`].
    pub rule: usize,
    /// Records in it.
    pub records: u64,
    /// Pairs in it, none of which this rule yields.
    pub pairs: u64,
}

/// Groups of records to compare with each other.
///
/// Memory: per record and rule 8 bytes for its key (times the keys a record can
/// have, where a rule names phone numbers) and 4 for its place in a group.
pub struct Blocks {
    rules: Vec<RuleKeys>,
    groups: Vec<Group>,
    members: Vec<u32>,
    /// Pairs before each group, and in all: what partitions are cut by.
    pairs_before: Vec<u64>,
    oversized: Vec<OversizedBlock>,
}

/// Records that share a key of a rule, at least two.
#[derive(Clone, Copy)]
struct Group {
    rule: u32,
    key: u64,
    start: usize,
    end: usize,
}

impl Blocks {
    /// Groups the records by each rule of the plan.
    ///
    /// A record without a value for some key of a rule is in no group of that rule.
    /// Groups of more than `max_block_pairs` pairs are set aside and reported.
    pub fn build(store: &FeatureStore, plan: &MatchPlan, max_block_pairs: u64) -> Blocks {
        let mut blocks = Blocks {
            rules: Vec::with_capacity(plan.rules().len()),
            groups: Vec::new(),
            members: Vec::new(),
            pairs_before: vec![0],
            oversized: Vec::new(),
        };
        for rule in plan.rules() {
            let keys = RuleKeys::new(store, rule);
            blocks.add_rule(keys, max_block_pairs);
        }
        blocks
    }

    /// Groups that were set aside, in the order of rules.
    pub fn oversized(&self) -> &[OversizedBlock] {
        &self.oversized
    }

    /// How many pairs the groups hold. Pairs that several rules find count several
    /// times, so it is an upper bound of the candidate pairs.
    pub fn pairs_in_groups(&self) -> u64 {
        self.pairs_before[self.groups.len()]
    }

    /// Every candidate pair, each exactly once.
    pub fn pairs(&self) -> Pairs<'_> {
        self.partition(0, 1)
    }

    /// The share `partition` of `partitions` of the candidate pairs: together the
    /// shares hold each pair exactly once, whatever their number.
    ///
    /// # Panics
    /// Where `partition` is not below `partitions`.
    pub fn partition(&self, partition: u64, partitions: u64) -> Pairs<'_> {
        assert!(partition < partitions, "partition {partition} of {partitions} does not exist");
        let total = u128::from(self.pairs_in_groups());
        let group_at = |share: u64| {
            let before = total * u128::from(share) / u128::from(partitions);
            self.pairs_before[..self.groups.len()].partition_point(|pairs| u128::from(*pairs) < before)
        };
        // Any group lies in the one share within which its first pair falls.
        Pairs::new(self, group_at(partition)..group_at(partition + 1), pairs::Repeats::OverAllRules)
    }

    /// The rules that bring two records together, as indexes into [`MatchPlan::rules`].
    pub fn rules_of(&self, left: RecordIndex, right: RecordIndex) -> impl Iterator<Item = usize> {
        let brings = move |(_, keys): &(usize, &RuleKeys)| keys.first_shared(left.0, right.0).is_some();
        self.rules.iter().enumerate().filter(brings).map(|(rule, _)| rule)
    }

    /// The pairs of one rule, whether or not earlier rules find them too.
    pub(crate) fn pairs_of_rule(&self, rule: usize) -> Pairs<'_> {
        let start = self.groups.partition_point(|group| (group.rule as usize) < rule);
        let end = self.groups.partition_point(|group| (group.rule as usize) <= rule);
        Pairs::new(self, start..end, pairs::Repeats::WithinRule)
    }

    /// Upper bound of the pairs of one rule.
    pub(crate) fn pairs_in_rule(&self, rule: usize) -> u64 {
        let start = self.groups.partition_point(|group| (group.rule as usize) < rule);
        let end = self.groups.partition_point(|group| (group.rule as usize) <= rule);
        self.pairs_before[end] - self.pairs_before[start]
    }

    fn add_rule(&mut self, mut keys: RuleKeys, max_block_pairs: u64) {
        let rule = self.rules.len();
        let entries = keys.sorted_entries();
        let groups_before = self.groups.len();
        for run in entries.chunk_by(|left, right| left.0 == right.0) {
            let records = run.len() as u64;
            let pairs = records * (records - 1) / 2;
            if pairs == 0 {
                continue;
            }
            if pairs > max_block_pairs {
                keys.set_aside(run[0].0);
                self.oversized.push(OversizedBlock { rule, records, pairs });
                continue;
            }
            let start = self.members.len();
            self.members.extend(run.iter().map(|(_, record)| *record));
            self.groups.push(Group { rule: rule as u32, key: run[0].0, start, end: self.members.len() });
            self.pairs_before.push(self.pairs_before[self.pairs_before.len() - 1] + pairs);
        }
        if self.groups.len() == groups_before {
            keys.forget();
        }
        self.rules.push(keys);
    }
}

#[cfg(test)]
mod tests;
