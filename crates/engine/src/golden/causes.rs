//! Why profiles came together or apart since the publication before.

use std::collections::{HashMap, HashSet};

use arrow::array::AsArray;
use datafusion::common::ScalarValue;
use datafusion::prelude::{Expr, SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::decision::Verdict;
use vermeil_model::{ProfileId, RecordId};
use vermeil_state::Decision;

use super::assign::{Change, FormerProfile};
use super::former::Former;
use crate::columns;
use crate::constraints::Ground;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::link::Linkage;
use crate::session::lake_session;

/// What brought about a merge or a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Something that holds whatever the evidence says.
    Ground(Ground),
    /// A decision was undone that had stood against it.
    Undone(i64),
    /// Merges: the evidence.
    Matched,
    /// Splits: records of the profile changed, or came to it, and the evidence with them.
    RecordsChanged,
    /// Splits: no record did. The settings, the model or the program changed.
    NoLongerMatched,
}

impl Cause {
    /// As `golden.history` writes it: `cause` and `detail`.
    pub(crate) fn written(&self) -> (String, Option<String>) {
        match self {
            Self::Ground(ground) => {
                let report = ground.report();
                (report.ground, Some(report.detail))
            }
            Self::Undone(number) => ("decision_undone".to_owned(), Some(number.to_string())),
            Self::Matched => ("matched".to_owned(), None),
            Self::RecordsChanged => ("records_changed".to_owned(), None),
            Self::NoLongerMatched => ("no_longer_matched".to_owned(), None),
        }
    }
}

/// The records that one change moved, and those that they came to or left.
pub(crate) struct Sides {
    pub(crate) moved: HashSet<RecordId>,
    pub(crate) rest: HashSet<RecordId>,
}

impl Engine {
    /// The cause of each change. `profiles` are the ids that `groups` of records were given.
    pub(super) async fn causes(
        &self,
        changes: &[Change],
        (profiles, groups): (&[FormerProfile], &[Vec<RecordId>]),
        former: &Former,
        linkage: &Linkage,
    ) -> Result<Vec<Cause>, EngineError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let sides = sides(changes, (profiles, groups), former);
        let concerned: HashSet<RecordId> =
            sides.iter().flat_map(|sides| sides.moved.iter().chain(&sides.rest)).copied().collect();
        let grounds = linkage.book.about(&linkage.ids, &concerned);
        let undone: Vec<Decision> =
            self.state.decisions().await?.into_iter().filter(|decision| decision.undone.is_some()).collect();
        let landed = self.landed_since_publication(&concerned).await?;
        let cause = |(change, sides): (&Change, &Sides)| {
            let (settled, lifted, otherwise) = match change {
                Change::Merge { .. } => {
                    (grounds.joining(&sides.moved, &sides.rest), Verdict::Apart, Cause::Matched)
                }
                Change::Split { .. } => {
                    let changed = sides.moved.iter().chain(&sides.rest).any(|record| landed.contains(record));
                    let otherwise = if changed { Cause::RecordsChanged } else { Cause::NoLongerMatched };
                    (grounds.parting(&sides.moved, &sides.rest), Verdict::Together, otherwise)
                }
            };
            if let Some(ground) = settled.into_iter().next() {
                return Cause::Ground(ground);
            }
            // The last one that was lifted made the difference.
            let lifted = undone.iter().filter(|decision| {
                let has =
                    |records: &HashSet<RecordId>, of: &[RecordId]| of.iter().any(|id| records.contains(id));
                let across =
                    |one: &[RecordId], other: &[RecordId]| has(&sides.moved, one) && has(&sides.rest, other);
                decision.kind.verdict() == lifted
                    && (across(&decision.one, &decision.other) || across(&decision.other, &decision.one))
            });
            let last = lifted.max_by_key(|decision| decision.undone.as_ref().map(|undone| undone.at));
            last.map_or(otherwise, |decision| Cause::Undone(decision.number))
        };
        Ok(changes.iter().zip(&sides).map(cause).collect())
    }

    /// Which of `records` have a version that landed since the current publication.
    async fn landed_since_publication(
        &self,
        records: &HashSet<RecordId>,
    ) -> Result<HashSet<RecordId>, EngineError> {
        let mut landed = HashSet::new();
        let Some(current) = self.state.current_publication().await? else { return Ok(landed) };
        let at = ScalarValue::TimestampMicrosecond(
            Some(current.published_at.timestamp_micros()),
            Some("UTC".into()),
        );
        for source in self.config.record_sources() {
            let name = TableName::Landing(source.id.clone());
            let Some(table) = self.lake.table(&name).await? else { continue };
            let rows = lake_session(&self.lake, SessionConfig::new())?
                .read_table(table.provider())?
                .select([columns::RECORD_ID, columns::LANDED_AT].map(col).to_vec())?
                .filter(col(columns::LANDED_AT).gt(Expr::Literal(at.clone(), None)))?;
            let mut batches = rows.execute_stream().await?;
            while let Some(batch) = batches.try_next().await? {
                let ids = batch.column(0).as_string::<i32>();
                let parsed = ids.iter().flatten().filter_map(|id| id.parse().ok());
                landed.extend(parsed.filter(|record: &RecordId| records.contains(record)));
            }
        }
        Ok(landed)
    }
}

/// The sides of each change.
pub(crate) fn sides(
    changes: &[Change],
    (profiles, groups): (&[FormerProfile], &[Vec<RecordId>]),
    former: &Former,
) -> Vec<Sides> {
    let group_of: HashMap<ProfileId, &Vec<RecordId>> =
        profiles.iter().zip(groups).map(|(id, records)| (id.profile, records)).collect();
    let concerned: HashSet<ProfileId> = changes
        .iter()
        .map(|change| match change {
            Change::Merge { other, .. } => *other,
            Change::Split { profile, .. } => *profile,
        })
        .collect();
    let mut records_of: HashMap<ProfileId, Vec<RecordId>> = HashMap::new();
    for (record, was) in former.profiles.iter().filter(|(_, was)| concerned.contains(&was.profile)) {
        records_of.entry(was.profile).or_default().push(*record);
    }
    let was_in = |record: &RecordId, profile: ProfileId| {
        former.profiles.get(record).is_some_and(|was| was.profile == profile)
    };
    let sides = |change: &Change| match *change {
        // Those that were in `other`, and those that they came to.
        Change::Merge { profile, other } => {
            let (moved, rest) = group_of[&profile].iter().partition(|record| was_in(record, other));
            Sides { moved, rest }
        }
        // All that are in `other` now, and those of the old profile that are not.
        Change::Split { profile, other } => {
            let moved: HashSet<RecordId> = group_of[&other].iter().copied().collect();
            let former = records_of.get(&profile).into_iter().flatten().copied();
            let rest = former.filter(|record| !moved.contains(record)).collect();
            Sides { moved, rest }
        }
    };
    changes.iter().map(sides).collect()
}
