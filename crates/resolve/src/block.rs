//! Which pairs are worth comparing: records that agree on every key of some rule.
//!
//! Records that share a key of a rule are a group, and every group has a number. What a
//! record keeps is the numbers of its groups, side by side, so that whether a pair was
//! found before is told from two short rows, and no pair is ever stored.
//!
//! A key that very many records share would make more pairs than anyone can compare. Such a
//! group is parted: its records are compared where they agree on one more field. Where even
//! that leaves too many, each record is compared with its nearest neighbours only.
//! Both are reported, see [`Blocks::oversized`].

mod keys;
mod limits;
mod pairs;
pub(crate) mod postings;
mod surroundings;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread;

use crate::features::{FeatureStore, RecordIndex};
use crate::parallel;
use crate::plan::{MatchPlan, PlannedRule};

use keys::Entry;
pub use limits::RuleLimits;
use pairs::Repeats;
pub use pairs::{PairSample, Pairs, Touched};

/// Stands for no group.
const NO_GROUP: u32 = 0;

/// Two records, the lower index left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// The record that comes first in the store.
    pub left: RecordIndex,
    /// The other one.
    pub right: RecordIndex,
}

/// The groups of one rule that are too large to compare all their pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OversizedBlock {
    /// The rule, as an index into [`MatchPlan::rules`].
    pub rule: usize,
    /// How many groups.
    pub blocks: u64,
    /// Records in the largest.
    pub records: u64,
    /// Pairs in all of them. Of these only those are compared that agree on one more field,
    /// or that other rules find.
    pub pairs: u64,
}

/// Groups of records to compare with each other.
///
/// Memory: 4 bytes per record and key it can have, and 4 for its place in each group.
pub struct Blocks {
    /// For each rule its part of a record's row.
    rules: Vec<RuleSlots>,
    /// How many of them give a record one group at most; they come first, and have a slot each.
    single_rules: usize,
    /// The groups of each record, as numbers from 1 on; row after row.
    slots: Vec<u32>,
    width: usize,
    groups: Vec<Group>,
    members: Vec<u32>,
    /// Pairs before each group, and in all: what partitions are cut by.
    pairs_before: Vec<u64>,
    oversized: Vec<OversizedBlock>,
    /// By rule.
    limits: Vec<RuleLimits>,
}

/// Where a rule's groups stand.
#[derive(Clone)]
struct RuleSlots {
    /// The rule, as an index into [`MatchPlan::rules`].
    rule: usize,
    /// Places in a record's row.
    slots: Range<usize>,
    /// Its groups.
    groups: Range<usize>,
    part: Part,
}

/// What part of a rule's groups.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Those of bearable size.
    Whole,
    /// Those that agree on one more field, because they were too large.
    Refined,
}

/// Records that share a key of a rule, at least two.
#[derive(Clone, Copy)]
struct Group {
    /// Place in [`Blocks::rules`].
    rule: u32,
    /// How many of the next records each record is compared with; all, unless there are too many.
    window: u32,
    start: usize,
    end: usize,
}

impl Group {
    fn pairs(self) -> u64 {
        let (records, window) = ((self.end - self.start) as u64, u64::from(self.window));
        window * records - window * (window + 1) / 2
    }

    /// The places of one of its pairs among its members; pairs are numbered by left, then right member.
    fn places_of(self, pair: u64) -> (usize, usize) {
        let (records, window) = ((self.end - self.start) as u64, u64::from(self.window));
        let with_all = (records - window) * window;
        let (left, right) = if pair < with_all {
            (pair / window, pair / window + 1 + pair % window)
        } else {
            // What is left is a triangle: its last row has one pair, the row before it two.
            let from_end = window * (window - 1) / 2 - 1 - (pair - with_all);
            let row = ((8 * from_end + 1).isqrt() - 1) / 2;
            (records - 2 - row, records - 1 - (from_end - row * (row + 1) / 2))
        };
        (left as usize, right as usize)
    }
}

impl Blocks {
    /// Groups the records by each rule of the plan, several rules at once.
    ///
    /// A record without a value for some key of a rule is in no group of that rule.
    /// Groups of more than `max_block_pairs` pairs are parted and reported, and those that `kept`
    /// limits part; rules of which none were kept, and those that have outgrown them, get limits
    /// of their own.
    pub fn build(
        store: &FeatureStore,
        plan: &MatchPlan,
        max_block_pairs: u64,
        kept: &[RuleLimits],
    ) -> Blocks {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let of_rules = parallel::map(threads, plan.rules().iter().enumerate(), |rule| {
            RuleDrafts::of((store, plan), rule, max_block_pairs, kept)
        });
        let (mut drafts, mut oversized, mut limits) = (Vec::new(), Vec::new(), Vec::new());
        for of_rule in of_rules {
            drafts.extend(of_rule.drafts);
            oversized.extend(of_rule.oversized);
            limits.push(of_rule.limits);
        }
        // Rules that give a record one group at most come first: they are the quickest to ask.
        drafts.sort_by_key(|draft| (draft.width > 1, draft.rule));
        let width = drafts.iter().map(|draft| draft.width).sum();
        let singles = drafts.iter().filter(|draft| draft.width == 1).count();
        let mut blocks = Blocks {
            rules: Vec::with_capacity(drafts.len()),
            single_rules: singles,
            slots: vec![NO_GROUP; width * store.len()],
            width,
            groups: Vec::new(),
            members: Vec::new(),
            pairs_before: vec![0],
            oversized,
            limits,
        };
        for draft in drafts {
            blocks.add(draft);
        }
        blocks
    }

    /// The limits of each rule, in the order of rules.
    pub fn limits(&self) -> &[RuleLimits] {
        &self.limits
    }

    /// Groups that were too large, in the order of rules.
    pub fn oversized(&self) -> &[OversizedBlock] {
        &self.oversized
    }

    /// How many pairs the groups hold. Pairs that several rules find count several
    /// times, so it is an upper bound of the candidate pairs.
    pub fn pairs_in_groups(&self) -> u64 {
        self.pairs_before[self.groups.len()]
    }

    /// How many pairs the groups of one rule hold, parted ones included.
    pub fn pairs_of_rule(&self, rule: usize) -> u64 {
        let own = self.rules.iter().filter(|slots| slots.rule == rule);
        own.map(|slots| self.pairs_before[slots.groups.end] - self.pairs_before[slots.groups.start]).sum()
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
        Pairs::new(self, group_at(partition)..group_at(partition + 1), Repeats::OverAllRules)
    }

    /// As [`Blocks::partition`], but only pairs of which a record was touched.
    ///
    /// # Panics
    /// Where `partition` is not below `partitions`.
    pub fn partition_touching<'a>(
        &'a self,
        partition: u64,
        partitions: u64,
        touched: &'a Touched,
    ) -> Pairs<'a> {
        self.partition(partition, partitions).touching(touched)
    }

    /// The rules that bring two records together, as indexes into [`MatchPlan::rules`].
    pub fn rules_of(&self, left: RecordIndex, right: RecordIndex) -> impl Iterator<Item = usize> {
        let mut rules: Vec<usize> = self
            .rules
            .iter()
            .filter(|rule| self.first_shared(rule, left.0, right.0).is_some())
            .map(|rule| rule.rule)
            .collect();
        rules.sort_unstable();
        rules.dedup();
        rules.into_iter()
    }

    /// Candidate pairs drawn at random; all of them where there are not more than `at_most`.
    pub fn sample(&self, at_most: u64, seed: u64) -> PairSample<'_> {
        PairSample::new(Pairs::new(self, 0..self.groups.len(), Repeats::OverAllRules), at_most, seed)
    }

    /// The same of one rule's pairs, whether or not other rules find them too; for a rule with
    /// parted groups those of the groups that are whole.
    pub(crate) fn sample_of_rule(&self, rule: usize, at_most: u64, seed: u64) -> PairSample<'_> {
        PairSample::new(Pairs::new(self, self.groups_of_rule(rule), Repeats::WithinRule), at_most, seed)
    }

    fn groups_of_rule(&self, rule: usize) -> Range<usize> {
        let whole = self.rules.iter().find(|slots| slots.rule == rule && slots.part == Part::Whole);
        whole.map_or(0..0, |slots| slots.groups.clone())
    }

    /// The groups of a record.
    fn row(&self, record: u32) -> &[u32] {
        &self.slots[record as usize * self.width..][..self.width]
    }

    /// The first group of a rule that brings two records together.
    fn first_shared(&self, rule: &RuleSlots, left: u32, right: u32) -> Option<u32> {
        let (left_row, right_row) =
            (&self.row(left)[rule.slots.clone()], &self.row(right)[rule.slots.clone()]);
        let shared = left_row.iter().copied().filter(|group| *group != NO_GROUP && right_row.contains(group));
        shared.filter(|&group| self.brings_together(group, left, right)).min()
    }

    /// Whether two members of a group are compared there: always, but where it is too large.
    fn brings_together(&self, group: u32, left: u32, right: u32) -> bool {
        let group = self.groups[group as usize - 1];
        let members = &self.members[group.start..group.end];
        if group.window as usize >= members.len() - 1 {
            return true;
        }
        let place = |record: u32| members.partition_point(|member| *member < record);
        place(left).abs_diff(place(right)) <= group.window as usize
    }

    fn add(&mut self, draft: Draft) {
        let first_slot = self.rules.last().map_or(0, |rule| rule.slots.end);
        let (place, groups_before) = (self.rules.len() as u32, self.groups.len());
        for run in runs(&draft.entries) {
            let start = self.members.len();
            self.members.extend(run.iter().map(|entry| entry.record));
            let group = Group {
                rule: place,
                window: window(run.len(), draft.bearable),
                start,
                end: self.members.len(),
            };
            self.groups.push(group);
            self.pairs_before.push(self.pairs_before[self.pairs_before.len() - 1] + group.pairs());
            let number =
                u32::try_from(self.groups.len()).expect("fewer groups than members, which 32 bits number");
            for entry in run {
                let row = entry.record as usize * self.width;
                let slots = &mut self.slots[row + first_slot..][..draft.width];
                let free = slots.iter().position(|slot| *slot == NO_GROUP);
                slots[free.expect("a rule gives a record no more keys than its width")] = number;
            }
        }
        self.rules.push(RuleSlots {
            rule: draft.rule,
            slots: first_slot..first_slot + draft.width,
            groups: groups_before..self.groups.len(),
            part: draft.part,
        });
    }
}

/// The keys of a rule, or of a refinement of it, before its groups are numbered.
struct Draft {
    rule: usize,
    /// Keys a record has at most.
    width: usize,
    entries: Vec<Entry>,
    part: Part,
    /// Pairs of a group, above which its records are compared with their neighbours only.
    bearable: u64,
}

/// What one rule gives.
struct RuleDrafts {
    /// Its groups of bearable size, and refinements of the others.
    drafts: Vec<Draft>,
    /// Those others, if there are any.
    oversized: Option<OversizedBlock>,
    limits: RuleLimits,
}

impl RuleDrafts {
    fn of(
        (store, plan): (&FeatureStore, &MatchPlan),
        (rule, planned): (usize, &PlannedRule),
        max_block_pairs: u64,
        kept: &[RuleLimits],
    ) -> RuleDrafts {
        let entries = keys::entries(store, &planned.keys);
        let sizes = runs(&entries).map(<[Entry]>::len);
        let limits = RuleLimits::of_rule((store, plan), planned, sizes, kept);
        let bearable = limits.bearable_pairs.min(max_block_pairs);
        let (mut whole, mut large) = (Vec::new(), Vec::new());
        let mut parted = OversizedBlock { rule, blocks: 0, records: 0, pairs: 0 };
        for run in runs(&entries) {
            let pairs = pairs_among(run.len());
            if pairs > bearable {
                parted.blocks += 1;
                parted.records = parted.records.max(run.len() as u64);
                parted.pairs += pairs;
                large.extend_from_slice(run);
            } else {
                whole.extend_from_slice(run);
            }
        }
        let width = keys::width(&planned.keys);
        let draft = |entries, part| Draft { rule, width, entries, part, bearable };
        let mut drafts = vec![draft(whole, Part::Whole)];
        if !large.is_empty() {
            let refined = |field| draft(keys::refined(store, &large, field), Part::Refined);
            drafts.extend(limits.refinement_fields(plan).map(refined));
            // Records that lack these fields, or agree on all of them, meet their neighbours.
            drafts.push(draft(large, Part::Refined));
        }
        drafts.retain(|draft| !draft.entries.is_empty());
        RuleDrafts { drafts, oversized: (parted.blocks > 0).then_some(parted), limits }
    }
}

/// How many neighbours a record of a group is compared with, where so many pairs are bearable.
fn window(records: usize, bearable: u64) -> u32 {
    if pairs_among(records) <= bearable {
        return records.saturating_sub(1) as u32;
    }
    // A power of two: one record more or less seldom changes it for all of a group.
    let most = (bearable / records as u64).clamp(1, u64::from(u32::MAX));
    1 << most.ilog2()
}

fn pairs_among(records: usize) -> u64 {
    let records = records as u64;
    records * records.saturating_sub(1) / 2
}

/// The entries of each key that more than one record has.
fn runs(entries: &[Entry]) -> impl Iterator<Item = &[Entry]> + Clone {
    entries.chunk_by(|left, right| left.key == right.key).filter(|run| run.len() > 1)
}

#[cfg(test)]
mod tests;
