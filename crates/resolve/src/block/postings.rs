//! The groups of a rule as a query asks for them: by key, and those of one record too.

use super::keys::{self, Entry};
use super::limits::RuleLimits;
use super::{pairs_among, runs, window};
use crate::features::FeatureStore;
use crate::plan::{FieldIndex, MatchPlan, PlannedKey, PlannedRule};

/// Whom a record is compared with by one rule, for records that are not in the store.
///
/// Memory: 4 bytes for each record and key, and 12 for each distinct key.
pub(crate) struct RulePostings {
    keys: Vec<PlannedKey>,
    all: Postings,
    /// Of the groups that are too large, those that agree on one more field.
    refined: Vec<(FieldIndex, Postings)>,
    bearable: u64,
}

/// The records of each key.
struct Postings {
    /// Rising.
    keys: Vec<u64>,
    /// Where the records of each key end.
    ends: Vec<u32>,
    /// Rising within a key.
    records: Vec<u32>,
}

impl RulePostings {
    /// The groups of a rule, under the limits that [`super::Blocks::build`] would give it.
    pub(crate) fn of_rule(
        (store, plan): (&FeatureStore, &MatchPlan),
        rule: &PlannedRule,
        max_block_pairs: u64,
        kept: &[RuleLimits],
    ) -> RulePostings {
        let entries = keys::entries(store, &rule.keys);
        let sizes = runs(&entries).map(<[Entry]>::len);
        let limits = RuleLimits::of_rule((store, plan), rule, sizes, kept);
        let bearable = limits.bearable_pairs.min(max_block_pairs);
        let fields = limits.refinement_fields(plan);
        Self::of_entries(store, &entries, (&rule.keys, fields), bearable)
    }

    /// The groups of records that agree on keys. Those of more than `max_block_pairs` pairs are not parted.
    pub(crate) fn of_keys(store: &FeatureStore, keys: &[PlannedKey], max_block_pairs: u64) -> RulePostings {
        Self::of_entries(store, &keys::entries(store, keys), (keys, std::iter::empty()), max_block_pairs)
    }

    fn of_entries(
        store: &FeatureStore,
        entries: &[Entry],
        (keys, fields): (&[PlannedKey], impl Iterator<Item = FieldIndex>),
        bearable: u64,
    ) -> RulePostings {
        let large = runs(entries).filter(|run| pairs_among(run.len()) > bearable);
        let large: Vec<Entry> = large.flatten().copied().collect();
        let refined = |field| (field, Postings::of(&keys::refined(store, &large, field)));
        RulePostings {
            keys: keys.to_vec(),
            all: Postings::of(entries),
            refined: fields.filter(|_| !large.is_empty()).map(refined).collect(),
            bearable,
        }
    }

    /// Calls `found` with every record that is to be compared with the one record of `query`, which
    /// stands among those of the store at `place`; with some several times.
    pub(crate) fn find(&self, query: &FeatureStore, place: u32, mut found: impl FnMut(u32)) {
        for entry in keys::entries(query, &self.keys) {
            let group = self.all.group(entry.key);
            if pairs_among(group.len()) > self.bearable {
                for (field, postings) in &self.refined {
                    for refined in keys::refined(query, &[entry], *field) {
                        let group = postings.group(refined.key);
                        self.near(group, place).iter().copied().for_each(&mut found);
                    }
                }
            }
            self.near(group, place).iter().copied().for_each(&mut found);
        }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let all = std::iter::once(&self.all).chain(self.refined.iter().map(|(_, postings)| postings));
        all.map(|postings| 8 * postings.keys.len() + 4 * (postings.ends.len() + postings.records.len())).sum()
    }

    /// Those of a group that a record is compared with: all of a bearable one, else its neighbours.
    fn near<'p>(&self, group: &'p [u32], place: u32) -> &'p [u32] {
        let window = window(group.len(), self.bearable) as usize;
        if window + 1 >= group.len() {
            return group;
        }
        let at = group.partition_point(|member| *member < place);
        &group[at.saturating_sub(window)..group.len().min(at + window + 1)]
    }
}

impl Postings {
    fn of(entries: &[Entry]) -> Postings {
        let groups = || entries.chunk_by(|left, right| left.key == right.key);
        let count = groups().count();
        let (mut keys, mut ends) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut end = 0;
        for group in groups() {
            end += u32::try_from(group.len()).expect("a rule has fewer entries than 32 bits number");
            keys.push(group[0].key);
            ends.push(end);
        }
        Postings { keys, ends, records: entries.iter().map(|entry| entry.record).collect() }
    }

    fn group(&self, key: u64) -> &[u32] {
        let Ok(place) = self.keys.binary_search(&key) else { return &[] };
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.records[start as usize..self.ends[place] as usize]
    }
}
