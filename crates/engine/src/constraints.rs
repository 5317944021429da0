//! What settles who is who before any evidence is asked, as clustering takes it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use vermeil_model::RecordId;
use vermeil_model::decision::Verdict;
use vermeil_resolve::cluster::{Constraints, KeptApart, Mark, MustLink, Wanted};
use vermeil_state::Decision;

use crate::link::{LinkRules, PreparedRecords, RecordIds};
use crate::report::{ConflictReport, GroundReport, KeptApartReport};

/// On what ground records are, or are not, one profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ground {
    /// A decision of that number.
    Decision(i64),
    /// Different values of a field of which a profile has one.
    Exclusive(String),
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
            Self::Exclusive(field) => ("exclusive", field.clone()),
        };
        GroundReport { ground: ground.to_owned(), detail }
    }
}

impl ConstraintBook {
    /// The rules about the records that there are, and the decisions in force.
    pub(crate) fn new(records: &PreparedRecords, rules: &LinkRules<'_>, decisions: &[Decision]) -> Self {
        let ids = &records.ids;
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
        // After the decisions: where both forbid a join, the decision is told.
        let exclusions: Vec<u32> = rules
            .exclusive
            .iter()
            .map(|field| number(&mut book.parting, Ground::Exclusive(field.name.to_owned())))
            .collect();
        book.constraints.marks.extend(records.exclusive.iter().map(|(record, field, value)| Mark {
            record: *record,
            exclusion: exclusions[*field as usize],
            side: *value,
        }));
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

    /// What concerns `records`, to be asked many times.
    pub(crate) fn about(&self, ids: &RecordIds, records: &HashSet<RecordId>) -> Grounds<'_> {
        let mut grounds = Grounds { book: self, joins: HashMap::new(), sides: HashMap::new() };
        for link in &self.constraints.must_links {
            let (left, right) = (ids.id(link.left), ids.id(link.right));
            if records.contains(&left) && records.contains(&right) {
                grounds.joins.entry(left).or_default().push((right, link.reason));
                grounds.joins.entry(right).or_default().push((left, link.reason));
            }
        }
        for mark in &self.constraints.marks {
            let record = ids.id(mark.record);
            if records.contains(&record) {
                grounds.sides.entry(record).or_default().push((mark.exclusion, mark.side));
            }
        }
        grounds
    }

    fn parting(&self, exclusion: u32) -> &Ground {
        &self.parting[exclusion as usize]
    }
}

/// What settles who is who among some records.
pub(crate) struct Grounds<'b> {
    book: &'b ConstraintBook,
    joins: HashMap<RecordId, Vec<(RecordId, u32)>>,
    sides: HashMap<RecordId, Vec<(u32, u64)>>,
}

impl Grounds<'_> {
    /// On what grounds records of the one group are one profile with records of the other.
    pub(crate) fn joining(&self, one: &HashSet<RecordId>, other: &HashSet<RecordId>) -> BTreeSet<Ground> {
        let joins = one.iter().filter_map(|record| self.joins.get(record)).flatten();
        let across = joins.filter(|(partner, _)| other.contains(partner));
        across.map(|(_, reason)| self.book.joining[*reason as usize].clone()).collect()
    }

    /// On what grounds the records of two groups may not be one profile.
    pub(crate) fn parting(&self, one: &HashSet<RecordId>, other: &HashSet<RecordId>) -> BTreeSet<Ground> {
        let sides = |records: &HashSet<RecordId>| -> BTreeMap<u32, u64> {
            records.iter().filter_map(|record| self.sides.get(record)).flatten().copied().collect()
        };
        let (one, other) = (sides(one), sides(other));
        let parting = one
            .iter()
            .filter(|(exclusion, side)| other.get(*exclusion).is_some_and(|opposite| opposite != *side));
        parting.map(|(exclusion, _)| self.book.parting(*exclusion).clone()).collect()
    }
}

/// The number of a ground that is added to those of its kind.
fn number(grounds: &mut Vec<Ground>, ground: Ground) -> u32 {
    grounds.push(ground);
    u32::try_from(grounds.len() - 1).expect("fewer than 2^32 grounds")
}
