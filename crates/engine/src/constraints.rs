//! What settles who is who before any evidence is asked, as clustering takes it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use vermeil_model::decision::Verdict;
use vermeil_model::{RecordId, SourceId};
use vermeil_resolve::RecordIndex;
use vermeil_resolve::cluster::{Barrier, Constraints, KeptApart, Mark, MustLink, Proof, Wanted};
use vermeil_state::Decision;

use crate::link::{JoinsBy, LinkRules, PreparedRecords, RecordIds};
use crate::report::{ConflictReport, GroundReport, KeptApartReport};

/// On what ground records are, or are not, one profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ground {
    /// A decision of that number.
    Decision(i64),
    /// Different values of a field of which a profile has one.
    Exclusive(String),
    /// The source says that the one was merged into the other.
    Replaced(SourceId),
    /// Equal values of a field that proves who someone is.
    Proof(String),
    /// By that proof a record would be one with two who are not one.
    Ambiguous(String),
    /// Records of the source join others by proof alone.
    ProofOnly(SourceId),
    /// Records of the source join nobody.
    NeverLinked(SourceId),
}

/// The constraints of one linkage, and what each of their numbers stands for.
#[derive(Default)]
pub(crate) struct ConstraintBook {
    pub(crate) constraints: Constraints,
    /// By the reason of a must-link.
    joining: Vec<Ground>,
    /// By exclusion.
    parting: Vec<Ground>,
    /// Must-links that the rule of a source forbids.
    refused: Vec<(MustLink, Ground)>,
}

impl Ground {
    pub(crate) fn report(&self) -> GroundReport {
        let (ground, detail) = match self {
            Self::Decision(number) => ("decision", number.to_string()),
            Self::Exclusive(field) => ("exclusive", field.clone()),
            Self::Replaced(source) => ("replaced", source.to_string()),
            Self::Proof(field) => ("proof", field.clone()),
            Self::Ambiguous(field) => ("ambiguous", field.clone()),
            Self::ProofOnly(source) => ("proof_only", source.to_string()),
            Self::NeverLinked(source) => ("never_linked", source.to_string()),
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
        book.follow_sources(records, rules);
        book
    }

    /// What sources say about their own records, and how these may join others.
    fn follow_sources(&mut self, records: &PreparedRecords, rules: &LinkRules<'_>) {
        let rule_of = |record: RecordIndex| rules.source(records.store.source(record));
        let mut reasons: HashMap<&SourceId, u32> = HashMap::new();
        for (old, heir) in &records.replaced {
            let source = rule_of(*old).source;
            let ground = || number(&mut self.joining, Ground::Replaced(source.clone()));
            let reason = *reasons.entry(source).or_insert_with(ground);
            self.constraints.must_links.push(MustLink { left: *old, right: *heir, reason });
        }
        self.constraints.must_links.retain(|link| {
            let mut rules = [link.left, link.right].map(rule_of).into_iter();
            let barred = rules.find(|rule| rule.joins == JoinsBy::Nothing);
            self.refused.extend(barred.map(|rule| (*link, Ground::NeverLinked(rule.source.clone()))));
            barred.is_none()
        });
        let first = self.joining.len() as u32;
        self.joining.extend(rules.proofs.iter().map(|field| Ground::Proof((*field).to_owned())));
        let proofs = records.proofs.iter().cloned();
        self.constraints.proofs =
            proofs.map(|proof| Proof { reason: first + proof.reason, ..proof }).collect();
    }

    /// How many joins each ground forbade.
    pub(crate) fn kept_apart(&self, kept_apart: &[KeptApart]) -> Vec<KeptApartReport> {
        let mut joins: BTreeMap<Ground, u64> = BTreeMap::new();
        for kept in kept_apart.iter().filter(|kept| !matches!(kept.wanted, Wanted::MustLink(_))) {
            *joins.entry(self.barrier(kept)).or_default() += 1;
        }
        joins.into_iter().map(|(ground, joins)| KeptApartReport { by: ground.report(), joins }).collect()
    }

    /// What should have been joined and was forbidden.
    pub(crate) fn conflicts(&self, ids: &RecordIds, kept_apart: &[KeptApart]) -> Vec<ConflictReport> {
        let conflict = |kept: &KeptApart| match kept.wanted {
            Wanted::Link(_) | Wanted::Proof(_) => None,
            Wanted::MustLink(reason) => {
                let link = MustLink { left: kept.left, right: kept.right, reason };
                Some(self.conflict(ids, link, &self.barrier(kept)))
            }
        };
        let refused = self.refused.iter().map(|(link, ground)| self.conflict(ids, *link, ground));
        refused.chain(kept_apart.iter().filter_map(conflict)).collect()
    }

    fn conflict(&self, ids: &RecordIds, link: MustLink, ground: &Ground) -> ConflictReport {
        ConflictReport {
            left: ids.id(link.left).to_string(),
            right: ids.id(link.right).to_string(),
            wanted_by: self.joining[link.reason as usize].report(),
            forbidden_by: ground.report(),
        }
    }

    fn barrier(&self, kept: &KeptApart) -> Ground {
        match (kept.barrier, kept.wanted) {
            (Barrier::Exclusion(exclusion), _) => self.parting(exclusion).clone(),
            (Barrier::Ambiguous, Wanted::Proof(reason)) => match &self.joining[reason as usize] {
                Ground::Proof(field) => Ground::Ambiguous(field.clone()),
                other => other.clone(),
            },
            (Barrier::Ambiguous, _) => unreachable!("only proofs are ambiguous"),
        }
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
        for proof in &self.constraints.proofs {
            for claimant in proof.claimants.iter().map(|claimant| ids.id(*claimant)) {
                let others = proof.holders.iter().chain(&proof.claimants).map(|other| ids.id(*other));
                for other in others.filter(|other| records.contains(&claimant) && records.contains(other)) {
                    grounds.joins.entry(claimant).or_default().push((other, proof.reason));
                    grounds.joins.entry(other).or_default().push((claimant, proof.reason));
                }
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
