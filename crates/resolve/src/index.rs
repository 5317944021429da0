//! Who is this? Records that a query may be about, found and weighed as the batch would.
//!
//! A query is some values of one record. It is put among the records of a store as one more of
//! them: its values are normalised by the same code, and it is compared with whom it would be
//! compared with, by the same rules under the same limits ([`CandidateIndex`] keeps the groups of every rule by
//! key). Beside those, it is compared with whom it shares an identifier. The few records that this yields become
//! a small store with the query in it ([`Candidates`]), and one scorer weighs pairs of either.
//!
//! So the weight of a query made of a record's raw values, with another record, is the weight of these two
//! records, to the last bit: the property that the tests hold.
//!
//! In a group too large to be compared as a whole, a record meets its neighbours in the order of ids only. A
//! query has no id there but the one that it is given, [`Query::number`]: it meets the neighbours of that.
//!
//! Source of the approach: Christen & Gayler, "Towards Scalable Real-Time Entity Resolution using a
//! Similarity-Aware Inverted Index Approach", AusDM 2008.

use std::num::NonZeroUsize;
use std::thread;

use vermeil_model::schema::{Comparison, KeyTransform};
use vermeil_model::{Bits, RecordId};

use crate::block::RuleLimits;
use crate::block::postings::RulePostings;
use crate::estimate::{MatchModel, ModelMismatch};
use crate::features::{FeatureStore, Gathered, Lookup, RecordIndex};
use crate::frequency::Frequencies;
use crate::parallel;
use crate::plan::{FieldIndex, MatchPlan, PlannedKey};
use crate::score::Scorer;

/// How many records carry a value that none of a store has: by comparison, as an index into
/// [`MatchPlan::comparisons`], and normalised value.
pub type CountOfUnseen = dyn Fn(usize, &str) -> u32 + Send + Sync;

/// What pairs are weighed by.
pub struct IndexedWeights {
    /// The model.
    pub model: MatchModel,
    /// How common the values of the store are.
    pub frequencies: Frequencies,
    /// How common any other is.
    pub unseen: Box<CountOfUnseen>,
    /// The limits of rules that were kept, as for [`crate::Blocks::build`].
    pub limits: Vec<RuleLimits>,
    /// The most pairs of a group that is compared as a whole, whatever its rule's limits say.
    pub max_block_pairs: u64,
}

/// The records of a store, to be found by some of their values.
pub struct CandidateIndex {
    store: FeatureStore,
    plan: MatchPlan,
    weights: IndexedWeights,
    lookup: Lookup,
    postings: Vec<(FoundBy, RulePostings)>,
}

/// What a candidate was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FoundBy {
    /// A blocking rule, as an index into [`MatchPlan::rules`].
    Rule(usize),
    /// An equal identifier, as an index into [`MatchPlan::comparisons`].
    Identifier(usize),
    /// The query itself: [`Query::named`].
    Named,
}

/// A record that is asked about. Its values are personal: there is no `Debug`.
#[derive(Clone, Copy)]
pub struct Query<'q> {
    /// Where it stands among the records of the store, which tells its neighbours in groups that are too large.
    pub number: RecordId,
    /// Raw values by field, each field at most once.
    pub values: &'q [(FieldIndex, &'q str)],
    /// Records that it is to be compared with in any case, because something that matching does not read
    /// speaks for them.
    pub named: &'q [RecordIndex],
}

/// A record that a query is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its place in the store of the index.
    pub record: RecordIndex,
    /// What it was found by; one at least, rising.
    pub found_by: Vec<FoundBy>,
}

/// A query with its candidates, ready to be weighed.
///
/// It holds their values, and is wiped when it is dropped.
pub struct Candidates {
    gathered: Gathered,
    frequencies: Frequencies,
    candidates: Vec<Candidate>,
}

impl CandidateIndex {
    /// Indexes the records of a store for one plan, several rules at once.
    ///
    /// # Errors
    /// [`ModelMismatch`] where the model was made for another plan.
    pub fn build(
        store: FeatureStore,
        plan: MatchPlan,
        weights: IndexedWeights,
    ) -> Result<CandidateIndex, ModelMismatch> {
        weights.model.check(&plan)?;
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let (limits, most) = (&weights.limits, weights.max_block_pairs);
        let mut postings = parallel::map(threads, plan.rules().iter().enumerate(), |(rule, planned)| {
            (FoundBy::Rule(rule), RulePostings::of_rule((&store, &plan), planned, most, limits))
        });
        postings.extend(parallel::map(threads, identifiers(&plan), |(comparison, keys)| {
            (FoundBy::Identifier(comparison), RulePostings::of_keys(&store, &keys, most))
        }));
        Ok(CandidateIndex { lookup: Lookup::of(&store), postings, store, plan, weights })
    }

    /// The records that are indexed.
    pub fn store(&self) -> &FeatureStore {
        &self.store
    }

    /// What is compared.
    pub fn plan(&self) -> &MatchPlan {
        &self.plan
    }

    /// Bytes in memory, beside the store and how common its values are.
    pub fn bytes(&self) -> usize {
        self.lookup.bytes() + self.postings.iter().map(|(_, postings)| postings.bytes()).sum::<usize>()
    }

    /// The weight of a pair about which nothing is known.
    pub fn prior(&self) -> Bits {
        self.weights.model.prior()
    }

    /// Whom a query is compared with.
    pub fn candidates(&self, query: Query<'_>) -> Candidates {
        let one = FeatureStore::of_one(&self.plan, query.values);
        let place = self.store.place_of(query.number);
        let mut found: Vec<(u32, FoundBy)> =
            query.named.iter().map(|record| (record.0, FoundBy::Named)).collect();
        for (found_by, postings) in &self.postings {
            postings.find(&one, place, |record| found.push((record, *found_by)));
        }
        found.sort_unstable();
        found.dedup();
        let candidates: Vec<Candidate> = found
            .chunk_by(|left, right| left.0 == right.0)
            .map(|same| Candidate {
                record: RecordIndex(same[0].0),
                found_by: same.iter().map(|(_, found_by)| *found_by).collect(),
            })
            .collect();
        let records: Vec<RecordIndex> = candidates.iter().map(|candidate| candidate.record).collect();
        let gathered = self.store.gathered(&self.plan, &self.lookup, &one, &records);
        let frequencies = self.weights.frequencies.of_values(|comparison, counts| {
            let field = self.plan.comparisons()[comparison].columns[0];
            gathered.of_values(field, counts, |value| (self.weights.unseen)(comparison, value))
        });
        Candidates { gathered, frequencies, candidates }
    }

    /// Weighs pairs of a query and its candidates, by their places in [`Candidates`].
    pub fn scorer<'c>(&self, candidates: &'c Candidates) -> Scorer<'c> {
        let store = &candidates.gathered.store;
        Scorer::new(store, &self.plan, &self.weights.model, &candidates.frequencies)
            .expect("the model was checked with the plan")
    }
}

impl Candidates {
    /// The place of the query.
    pub const QUERY: RecordIndex = RecordIndex(0);

    /// The candidates in the order of the index's store, each with its place beside the query.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (RecordIndex, &Candidate)> {
        self.candidates
            .iter()
            .enumerate()
            .map(|(place, candidate)| (RecordIndex(place as u32 + 1), candidate))
    }
}

/// What is asked for beside the rules: any identifier that two records share, unless a rule says just that.
fn identifiers(plan: &MatchPlan) -> impl Iterator<Item = (usize, [PlannedKey; 1])> {
    plan.comparisons().iter().enumerate().filter_map(|(place, planned)| {
        let is_identifier =
            matches!(planned.comparison, Comparison::Email | Comparison::Phone | Comparison::Identifier);
        let keys = [PlannedKey { columns: planned.columns.clone(), transform: KeyTransform::Whole }];
        let is_rule = plan.rules().iter().any(|rule| rule.keys == keys);
        (is_identifier && !is_rule).then_some((place, keys))
    })
}
