//! Fields that survive together: an address is one record's or nobody's.
//!
//! A record that has nothing of the group's core, a country say, offers a fragment, and is chosen
//! only where no record offers more. Among the others the rule decides, over all values of the
//! group together. What it chooses may be a part of a fuller record: a web form that asked for a
//! postal code only says nothing against the street that is known. So a record that says all
//! that the chosen one says, and more, stands for it.

use vermeil_model::schema::SurvivorRule;

use super::{Candidate, StatedBy, Survivor, choose_fullest};
use crate::normalise::text::fold;

/// Stands between values where they are taken for one. No value has it.
const BETWEEN: &str = "\u{1f}";

/// What one record offers of a group of fields. It has no `Debug`: the values are personal.
#[derive(Clone)]
pub struct GroupCandidate<'a> {
    /// In the order of the group's fields, none empty; `None` where the record has nothing.
    pub values: Vec<Option<&'a str>>,
    /// As in [`Candidate`].
    pub source_rank: u32,
    /// As in [`Candidate`].
    pub stated_by: StatedBy,
    /// As in [`Candidate`].
    pub observed_at: Option<i64>,
    /// As in [`Candidate`].
    pub record: vermeil_model::RecordId,
}

/// Chooses among records; `None` where none offers anything. `core` says which of the group's
/// fields a record must have one of; where it says none, any will do.
///
/// The order of candidates never matters.
pub fn choose(rule: SurvivorRule, core: &[bool], candidates: &[GroupCandidate]) -> Option<Survivor> {
    let offered = |candidate: &GroupCandidate, place: usize| candidate.values[place].is_some();
    let has_core = |candidate: &GroupCandidate| {
        (0..candidate.values.len()).any(|place| core[place] && offered(candidate, place))
    };
    let among = |keep: &dyn Fn(&GroupCandidate) -> bool| -> Vec<usize> {
        (0..candidates.len()).filter(|&index| keep(&candidates[index])).collect()
    };
    let mut pool = among(&has_core);
    if pool.is_empty() {
        pool = among(&|candidate| (0..candidate.values.len()).any(|place| offered(candidate, place)));
    }
    let mut survivor = choose_of(rule, candidates, &pool)?;
    // What speaks for the chosen record must not be lost with it.
    let chosen = &candidates[survivor.index];
    pool.retain(|&index| match survivor.rule {
        SurvivorRule::SelfDeclared => candidates[index].stated_by == chosen.stated_by,
        SurvivorRule::SourcePriority => candidates[index].source_rank == chosen.source_rank,
        SurvivorRule::MostRecent | SurvivorRule::MostFrequent | SurvivorRule::Longest => true,
    });
    loop {
        let chosen = &candidates[survivor.index];
        pool.retain(|&index| is_part_of(chosen, &candidates[index]));
        match choose_of(rule, candidates, &pool) {
            // Each is fuller than the one before, so that this ends.
            Some(fuller) => survivor.index = fuller.index,
            None => return Some(survivor),
        }
    }
}

/// Chooses among those of `candidates` that are in `pool`.
fn choose_of(rule: SurvivorRule, candidates: &[GroupCandidate], pool: &[usize]) -> Option<Survivor> {
    let texts: Vec<String> = pool.iter().map(|&index| together(&candidates[index])).collect();
    let wholes: Vec<Candidate> = pool
        .iter()
        .zip(&texts)
        .map(|(&index, value)| {
            let GroupCandidate { source_rank, stated_by, observed_at, record, .. } = candidates[index];
            Candidate { value, source_rank, stated_by, observed_at, record }
        })
        .collect();
    let full = |place: usize| fields(&candidates[pool[place]]);
    let survivor = choose_fullest(rule, &wholes, full)?;
    Some(Survivor { index: pool[survivor.index], ..survivor })
}

/// Whether `fuller` has all values of `part`, in whatever writing, and others besides.
fn is_part_of(part: &GroupCandidate, fuller: &GroupCandidate) -> bool {
    let agrees = |(part, fuller): (&Option<&str>, &Option<&str>)| match (part, fuller) {
        (None, _) => true,
        (Some(part), Some(fuller)) => fold(part) == fold(fuller),
        (Some(_), None) => false,
    };
    fields(fuller) > fields(part) && part.values.iter().zip(&fuller.values).all(agrees)
}

fn fields(candidate: &GroupCandidate) -> usize {
    candidate.values.iter().flatten().count()
}

fn together(candidate: &GroupCandidate) -> String {
    let values: Vec<&str> = candidate.values.iter().map(|value| value.unwrap_or_default()).collect();
    values.join(BETWEEN)
}

#[cfg(test)]
mod tests;
