//! What settles who is who before any evidence is asked, as clustering takes it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use vermeil_model::RecordId;
use vermeil_model::decision::Verdict;
use vermeil_resolve::cluster::{Constraints, KeptApart, Mark, MustLink, Wanted};
use vermeil_state::Decision;

use crate::link::RecordIds;
use crate::report::{ConflictReport, GroundReport, KeptApartReport};

/// On what ground records are, or are not, one profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ground {
    /// A decision of that number.
    Decision(i64),
}

/// The constraints of one linkage, and what each of their numbers stands for.
#[derive(Default)]
pub(crate) struct ConstraintBook {
    pub(crate) constraints: Constraints,
    /// By the reason of a must-link.
    joining: Vec<Ground>,
    /// By exclusion.
    parting: Vec<Ground>,
}

impl Ground {
    pub(crate) fn report(&self) -> GroundReport {
        let (ground, detail) = match self {
            Self::Decision(number) => ("decision", number.to_string()),
        };
        GroundReport { ground: ground.to_owned(), detail }
    }
}

impl ConstraintBook {
    /// The decisions in force, about the records that there are.
    pub(crate) fn new(ids: &RecordIds, decisions: &[Decision]) -> Self {
        let mut book = Self::default();
        for decision in decisions.iter().filter(|decision| decision.undone.is_none()) {
            let find = |records: &[RecordId]| -> Vec<_> {
                records.iter().filter_map(|record| ids.find(*record)).collect()
            };
            let (one, other) = (find(&decision.one), find(&decision.other));
            let ground = Ground::Decision(decision.number);
            match decision.kind.verdict() {
                Verdict::Together => {
                    let reason = number(&mut book.joining, ground);
                    let all: Vec<_> = one.into_iter().chain(other).collect();
                    let pairs = all.windows(2).map(|two| MustLink { left: two[0], right: two[1], reason });
                    book.constraints.must_links.extend(pairs);
                }
                Verdict::Apart => {
                    let exclusion = number(&mut book.parting, ground);
                    for (records, side) in [(one, 1), (other, 2)] {
                        let marks = records.into_iter().map(|record| Mark { record, exclusion, side });
                        book.constraints.marks.extend(marks);
                    }
                }
            }
        }
        book
    }

    /// How many joins each ground forbade.
    pub(crate) fn kept_apart(&self, kept_apart: &[KeptApart]) -> Vec<KeptApartReport> {
        let mut joins: BTreeMap<u32, u64> = BTreeMap::new();
        for kept in kept_apart.iter().filter(|kept| matches!(kept.wanted, Wanted::Link(_))) {
            *joins.entry(kept.exclusion).or_default() += 1;
        }
        let report = |(exclusion, joins)| KeptApartReport { by: self.parting(exclusion).report(), joins };
        joins.into_iter().map(report).collect()
    }

    /// What should have been joined and was forbidden.
    pub(crate) fn conflicts(&self, ids: &RecordIds, kept_apart: &[KeptApart]) -> Vec<ConflictReport> {
        let conflict = |kept: &KeptApart| match kept.wanted {
            Wanted::Link(_) => None,
            Wanted::MustLink(reason) => Some(ConflictReport {
                left: ids.id(kept.left).to_string(),
                right: ids.id(kept.right).to_string(),
                wanted_by: self.joining[reason as usize].report(),
                forbidden_by: self.parting(kept.exclusion).report(),
            }),
        };
        kept_apart.iter().filter_map(conflict).collect()
    }

    /// On what grounds some of `records` are one profile with others of them.
    pub(crate) fn joined_by(&self, ids: &RecordIds, records: &HashSet<RecordId>) -> BTreeSet<Ground> {
        let within =
            |link: &&MustLink| records.contains(&ids.id(link.left)) && records.contains(&ids.id(link.right));
        let links = self.constraints.must_links.iter().filter(within);
        links.map(|link| self.joining[link.reason as usize].clone()).collect()
    }

    /// On what grounds the records of two groups may not be one profile.
    pub(crate) fn parted_by(
        &self,
        ids: &RecordIds,
        one: &HashSet<RecordId>,
        other: &HashSet<RecordId>,
    ) -> BTreeSet<Ground> {
        let sides = |records: &HashSet<RecordId>| -> BTreeMap<u32, u64> {
            let marks = self.constraints.marks.iter();
            let own = marks.filter(|mark| records.contains(&ids.id(mark.record)));
            own.map(|mark| (mark.exclusion, mark.side)).collect()
        };
        let (one, other) = (sides(one), sides(other));
        let parting = one
            .iter()
            .filter(|(exclusion, side)| other.get(*exclusion).is_some_and(|opposite| opposite != *side));
        parting.map(|(exclusion, _)| self.parting(*exclusion).clone()).collect()
    }

    fn parting(&self, exclusion: u32) -> &Ground {
        &self.parting[exclusion as usize]
    }
}

/// The number of a ground that is added to those of its kind.
fn number(grounds: &mut Vec<Ground>, ground: Ground) -> u32 {
    grounds.push(ground);
    u32::try_from(grounds.len() - 1).expect("fewer than 2^32 grounds")
}
