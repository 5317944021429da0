//! What of other records decides with whom a record is compared.
//!
//! Two records meet where they agree on a rule's keys: their own values decide. Only in groups
//! that are too large others decide too: whether the group is too large, and who is near.

use super::{Blocks, Part};
use crate::features::{FeatureStore, RecordIndex};
use crate::mix::{chain, hash_bytes, mix};

impl Blocks {
    /// A number for each record that changes whenever other records change with whom it is
    /// compared; 0 where they have no say.
    ///
    /// A pair whose records have the values and the numbers that they had before is a candidate now
    /// if it was one then. Not keyed: it must not leave the process.
    pub fn surroundings(&self, store: &FeatureStore) -> Vec<u64> {
        let mut surroundings = vec![0; store.len()];
        for slots in self.rules.iter().filter(|slots| slots.part == Part::Refined) {
            let limits = &self.limits[slots.rule];
            let names = [&limits.rule].into_iter().chain(&limits.refinements);
            let rule = names.fold(0, |hash, name| chain(hash, hash_bytes(name.as_bytes())));
            for group in &self.groups[slots.groups.clone()] {
                let members = &self.members[group.start..group.end];
                let window = group.window as usize;
                if window + 1 >= members.len() {
                    continue;
                }
                let mut before = Vec::with_capacity(members.len() + 1);
                before.push(0);
                for member in members {
                    let id = store.record_id(RecordIndex(*member)).0;
                    before.push(before[before.len() - 1] ^ mix(id as u64 ^ mix((id >> 64) as u64)));
                }
                for (place, member) in members.iter().enumerate() {
                    let (from, until) =
                        (place.saturating_sub(window), (place + window + 1).min(members.len()));
                    let near = before[from] ^ before[until];
                    let surrounding = &mut surroundings[*member as usize];
                    *surrounding = u64::wrapping_add(*surrounding, chain(chain(rule, window as u64), near));
                }
            }
        }
        surroundings
    }
}
