//! How large the groups of a rule may grow.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::pairs_among;
use crate::features::{FeatureStore, MISSING};
use crate::plan::{FieldIndex, MatchPlan, PlannedRule};

/// Fields by which a group that is too large is parted, at most.
const REFINEMENTS: usize = 3;
/// Pairs that one rule may yield, for each record and in all; beyond that, its largest groups are
/// parted. Files of some ten thousand records are compared without regard to cost, and what
/// millions of records cost grows with their number, not with its square.
const RULE_PAIRS_PER_RECORD: u64 = 1;
const RULE_PAIRS: u64 = 500_000;
/// How many times its pairs a rule may yield before limits that were kept give way to new ones.
const OUTGROWN: u64 = 2;

/// From which size on the groups of one rule are parted, and by what.
///
/// Kept with a model: which records are compared then changes with the records themselves, and
/// not with how many others there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleLimits {
    /// The rule, as schemas write it.
    pub rule: String,
    /// The most pairs of a group that is compared as a whole.
    pub bearable_pairs: u64,
    /// Fields by which larger groups are parted.
    pub refinements: Vec<String>,
}

impl RuleLimits {
    /// The limits that were kept for a rule, unless its groups have outgrown them; else new ones.
    pub(super) fn of_rule(
        (store, plan): (&FeatureStore, &MatchPlan),
        rule: &PlannedRule,
        sizes: impl Iterator<Item = usize> + Clone,
        kept: &[RuleLimits],
    ) -> RuleLimits {
        let records = store.len() as u64;
        let name = rule.rule.to_string();
        if let Some(kept) = kept.iter().find(|kept| kept.rule == name) {
            let pairs: u64 =
                sizes.clone().map(pairs_among).filter(|pairs| *pairs <= kept.bearable_pairs).sum();
            if pairs <= OUTGROWN * budget(records) {
                return kept.clone();
            }
        }
        RuleLimits {
            rule: name,
            bearable_pairs: bearable_pairs(sizes, records),
            refinements: refinements(store, plan, rule),
        }
    }

    /// The fields of a plan by which large groups are parted.
    pub(super) fn refinement_fields(&self, plan: &MatchPlan) -> impl Iterator<Item = FieldIndex> {
        self.refinements.iter().filter_map(|name| plan.field_index(name))
    }
}

fn budget(records: u64) -> u64 {
    RULE_PAIRS + RULE_PAIRS_PER_RECORD * records
}

/// The most pairs of one group at which a rule yields no more pairs than it may.
fn bearable_pairs(sizes: impl Iterator<Item = usize>, records: u64) -> u64 {
    let mut budget = budget(records);
    let mut sizes: Vec<usize> = sizes.collect();
    sizes.sort_unstable();
    for same in sizes.chunk_by(|left, right| left == right) {
        let pairs = pairs_among(same[0]);
        let Some(rest) = budget.checked_sub(pairs * same.len() as u64) else {
            return pairs - 1;
        };
        budget = rest;
    }
    u64::MAX
}

/// The compared fields that part a rule's large groups: those that most records have, and of
/// these those that tell persons, not homes, first.
fn refinements(store: &FeatureStore, plan: &MatchPlan, rule: &PlannedRule) -> Vec<String> {
    let is_in_rule = |field: FieldIndex| rule.keys.iter().any(|key| key.columns.contains(&field));
    let filled = |field: FieldIndex| store.column(field).filter(|code| *code != MISSING).count();
    let mut fields: Vec<(bool, usize, FieldIndex)> = plan
        .comparisons()
        .iter()
        .map(|planned| (planned.tells.is_personal(), filled(planned.columns[0]), planned.columns[0]))
        .filter(|(_, filled, field)| 4 * filled > store.len() && !is_in_rule(*field))
        .collect();
    fields.sort_by_key(|(is_person, filled, field)| (Reverse((*is_person, *filled)), *field));
    fields.into_iter().map(|(.., field)| plan.field(field).name.clone()).take(REFINEMENTS).collect()
}
