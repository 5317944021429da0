//! How many records carry a value: rare values say more than common ones.
//!
//! Source: Winkler, "Frequency-Based Matching in Fellegi-Sunter Model of Record Linkage", 2000.

use std::num::NonZeroUsize;
use std::thread;

use crate::estimate::TermFrequency;
use crate::features::{FeatureStore, MISSING};
use crate::parallel;
use crate::plan::{MatchPlan, PlannedComparison};

/// Values that fewer records carry are not kept: they could point at somebody.
pub const LEAST_KEPT: u32 = 5;
/// What a value that was not kept counts for: it is asked only where two records share it.
const NOT_KEPT: u32 = 2;

/// For each comparison of a plan, how many records carry each of a store's values.
pub struct Frequencies {
    comparisons: Vec<Carried>,
}

struct Carried {
    /// Values of the compared fields, over all records.
    values: u64,
    /// By code.
    counts: Vec<u32>,
}

/// What of one comparison may be kept: never a value, but what a caller calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFrequencies {
    /// Values of the compared fields, over all records.
    pub values: u64,
    /// The name of each value that [`LEAST_KEPT`] records or more carry, and how many do; by name.
    pub counts: Vec<(u64, u32)>,
}

impl KeptFrequencies {
    /// How many records carried the value of a name; a value that was not kept counts as the rarest do
    /// that two share.
    pub fn count(&self, name: u64) -> u32 {
        let place = self.counts.binary_search_by_key(&name, |(name, _)| *name);
        place.map_or(NOT_KEPT, |place| self.counts[place].1)
    }
}

impl Frequencies {
    /// As the records of a store carry them.
    pub fn counted(store: &FeatureStore, plan: &MatchPlan) -> Frequencies {
        Self { comparisons: plan.comparisons().iter().map(|planned| Carried::of(store, planned)).collect() }
    }

    /// As they were when they were kept, whatever the records of the store are now. `name` is what the
    /// caller calls a value of a field; it may be asked on several threads.
    pub fn kept(
        store: &FeatureStore,
        plan: &MatchPlan,
        kept: &[KeptFrequencies],
        name: impl Fn(&str, &str) -> u64 + Sync,
    ) -> Frequencies {
        let of_comparison = |(planned, kept): (&PlannedComparison, &KeptFrequencies)| {
            let count_of = |value: &str| kept.count(name(&planned.field, value));
            let dictionary = store.dictionary(planned.columns[0]);
            let counts = (0..dictionary.len() as u32).map(|code| count_of(dictionary.value(code))).collect();
            Carried { values: kept.values, counts }
        };
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let comparisons = parallel::map(threads, plan.comparisons().iter().zip(kept), of_comparison);
        Self { comparisons }
    }

    /// Of some values in another store: for each comparison, how many records carry each of them.
    pub(crate) fn of_values(&self, count: impl Fn(usize, &[u32]) -> Vec<u32>) -> Frequencies {
        let carried = self.comparisons.iter().enumerate();
        let of_values = |(place, carried): (usize, &Carried)| Carried {
            values: carried.values,
            counts: count(place, &carried.counts),
        };
        Self { comparisons: carried.map(of_values).collect() }
    }

    /// What of them may be kept, with the names that the caller gives values; by comparison.
    pub fn keep(
        &self,
        store: &FeatureStore,
        plan: &MatchPlan,
        name: impl Fn(&str, &str) -> u64,
    ) -> Vec<KeptFrequencies> {
        let each = plan.comparisons().iter().zip(&self.comparisons);
        each.map(|(planned, carried)| {
            let dictionary = store.dictionary(planned.columns[0]);
            let mut counts: Vec<(u64, u32)> = (0..)
                .zip(&carried.counts)
                .filter(|(_, count)| **count >= LEAST_KEPT)
                .map(|(code, count)| (name(&planned.field, dictionary.value(code)), *count))
                .collect();
            counts.sort_unstable();
            KeptFrequencies { values: carried.values, counts }
        })
        .collect()
    }

    /// `log2(u / f)` for every value of a comparison, where f is the share of records that carry it.
    pub(crate) fn bits(&self, comparison: usize, settings: TermFrequency, u: f64) -> Vec<f32> {
        let Carried { values, counts } = &self.comparisons[comparison];
        let prior = settings.prior_records;
        let bits = |count: u32| {
            let counted = f64::from(count) + prior * u;
            let frequency = (counted / ((*values).max(1) as f64 + prior)).max(settings.minimum);
            (settings.strength * (u / frequency).log2()) as f32
        };
        counts.iter().copied().map(bits).collect()
    }
}

impl Carried {
    fn of(store: &FeatureStore, planned: &PlannedComparison) -> Carried {
        let mut counts = vec![0_u32; store.dictionary(planned.columns[0]).len()];
        let mut values = 0;
        for column in &planned.columns {
            for code in store.column(*column).filter(|code| *code != MISSING) {
                counts[code as usize] += 1;
                values += 1;
            }
        }
        Carried { values, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::hash_bytes;
    use crate::testing::{comparison, plan, town, town_store};

    fn name(field: &str, value: &str) -> u64 {
        hash_bytes(field.as_bytes()) ^ hash_bytes(value.as_bytes())
    }

    #[test]
    fn kept_frequencies_are_those_counted_but_for_rare_values() {
        let plan = plan(&["email"]);
        let store = town_store(&plan, &town(200));
        let counted = Frequencies::counted(&store, &plan);
        let kept = counted.keep(&store, &plan, name);
        let again = Frequencies::kept(&store, &plan, &kept, name);
        for (counted, again) in counted.comparisons.iter().zip(&again.comparisons) {
            assert_eq!(counted.values, again.values);
            let as_kept = |count: &u32| if *count < LEAST_KEPT { NOT_KEPT } else { *count };
            assert_eq!(counted.counts.iter().map(as_kept).collect::<Vec<_>>(), again.counts);
        }
        let given = &kept[comparison(&plan, "given_name")].counts;
        assert!(given.len() > 5 && given.iter().all(|(_, count)| *count >= LEAST_KEPT));
        // An address of one's own is in no list.
        assert_eq!(kept[comparison(&plan, "email")].counts, []);
    }

    #[test]
    fn kept_frequencies_do_not_follow_the_records() {
        let plan = plan(&["email"]);
        let of = |people| town_store(&plan, &town(people));
        let (then, now) = (of(200), of(90));
        let kept = Frequencies::counted(&then, &plan).keep(&then, &plan, name);
        let family = comparison(&plan, "family_name");
        let column = plan.comparisons()[family].columns[0];
        let settings = TermFrequency { strength: 1.0, of_alike: 0.5, minimum: 0.001, prior_records: 100.0 };
        let bits = |store: &FeatureStore| {
            let bits = Frequencies::kept(store, &plan, &kept, name).bits(family, settings, 0.01);
            let dictionary = store.dictionary(column);
            bits.into_iter()
                .zip(0..)
                .map(|(bits, code)| (dictionary.value(code).to_owned(), bits))
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        let (then, now) = (bits(&then), bits(&now));
        assert!(now.len() > 10);
        assert!(now.iter().all(|(value, bits)| then.get(value).is_none_or(|before| before == bits)));
    }
}
