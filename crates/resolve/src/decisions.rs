//! Whether decisions of people contradict each other.
//!
//! Merges make groups, through as many records as there are. A decision that keeps apart
//! what they make one contradicts them, and no run could follow both.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use vermeil_model::RecordId;
use vermeil_model::decision::Verdict;

/// A decision about two groups of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled<'a> {
    /// Its number.
    pub number: i64,
    /// What it asks.
    pub verdict: Verdict,
    /// One group.
    pub one: &'a [RecordId],
    /// The other.
    pub other: &'a [RecordId],
}

/// The numbers of decisions that cannot all be followed, rising: one that keeps records
/// apart, and the fewest merges that lead from the one to the other. `None` where all can.
pub fn contradiction(decisions: &[Settled<'_>]) -> Option<Vec<i64>> {
    let merges = Merges::of(decisions);
    let apart = decisions.iter().filter(|decision| decision.verdict == Verdict::Apart);
    apart.into_iter().find_map(|decision| {
        let mut numbers = merges.path(decision.one, decision.other)?;
        numbers.push(decision.number);
        numbers.sort_unstable();
        Some(numbers)
    })
}

/// Which merges each record is in.
struct Merges<'a> {
    by_number: BTreeMap<i64, Settled<'a>>,
    of_record: HashMap<RecordId, Vec<i64>>,
}

impl<'a> Merges<'a> {
    fn of(decisions: &[Settled<'a>]) -> Self {
        let merges = decisions.iter().filter(|decision| decision.verdict == Verdict::Together);
        let by_number: BTreeMap<i64, Settled<'a>> = merges.map(|merge| (merge.number, *merge)).collect();
        let mut of_record: HashMap<RecordId, Vec<i64>> = HashMap::new();
        for merge in by_number.values() {
            for record in merge.one.iter().chain(merge.other) {
                of_record.entry(*record).or_default().push(merge.number);
            }
        }
        Self { by_number, of_record }
    }

    /// The merges on the shortest way from any of the one records to any of the others.
    fn path(&self, from: &[RecordId], to: &[RecordId]) -> Option<Vec<i64>> {
        let to: HashSet<RecordId> = to.iter().copied().collect();
        // By merge: the one that led there.
        let mut led_by: HashMap<i64, Option<i64>> = HashMap::new();
        let mut waiting: VecDeque<(RecordId, Option<i64>)> =
            from.iter().map(|record| (*record, None)).collect();
        while let Some((record, by)) = waiting.pop_front() {
            if to.contains(&record) {
                return Some(std::iter::successors(by, |merge| led_by[merge]).collect());
            }
            for merge in self.of_record.get(&record).into_iter().flatten() {
                if led_by.contains_key(merge) {
                    continue;
                }
                led_by.insert(*merge, by);
                let merge = &self.by_number[merge];
                waiting.extend(merge.one.iter().chain(merge.other).map(|next| (*next, Some(merge.number))));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A decision: number, verdict, and the records of its two groups.
    type Given = (i64, Verdict, &'static [u128], &'static [u128]);

    #[track_caller]
    fn check(given: &[Given], expected: Option<&[i64]>) {
        let ids = |records: &[u128]| records.iter().map(|record| RecordId(*record)).collect::<Vec<_>>();
        let groups: Vec<_> = given.iter().map(|(_, _, one, other)| (ids(one), ids(other))).collect();
        let settled: Vec<Settled<'_>> = given
            .iter()
            .zip(&groups)
            .map(|((number, verdict, ..), (one, other))| Settled {
                number: *number,
                verdict: *verdict,
                one,
                other,
            })
            .collect();
        assert_eq!(contradiction(&settled).as_deref(), expected);
    }

    use Verdict::{Apart, Together};

    #[test]
    fn what_can_be_followed_is_no_contradiction() {
        check(&[], None);
        check(&[(1, Together, &[1], &[2]), (2, Apart, &[1], &[3]), (3, Together, &[3], &[4])], None);
    }

    #[test]
    fn a_chain_of_merges_contradicts_who_keeps_its_ends_apart() {
        check(
            &[(1, Together, &[1], &[2]), (2, Together, &[2], &[3]), (5, Apart, &[3], &[1])],
            Some(&[1, 2, 5]),
        );
        // The last one given may be a merge.
        check(
            &[(1, Together, &[1], &[2]), (2, Apart, &[3], &[1]), (5, Together, &[2], &[3])],
            Some(&[1, 2, 5]),
        );
    }

    #[test]
    fn groups_are_one_and_apart_with_all_of_their_records() {
        check(&[(1, Together, &[1, 2], &[3, 4]), (2, Apart, &[2], &[1, 9])], Some(&[1, 2]));
        check(&[(1, Together, &[1], &[2]), (2, Apart, &[7, 2], &[8, 1])], Some(&[1, 2]));
    }

    #[test]
    fn only_merges_on_the_way_are_named() {
        let long = [(1, Together, &[1][..], &[2][..]), (2, Together, &[2], &[3]), (3, Together, &[1], &[3])];
        check(&[&long[..], &[(4, Together, &[3], &[8]), (9, Apart, &[1], &[3])]].concat(), Some(&[3, 9]));
    }
}
