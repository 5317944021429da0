//! Which profiles would merge and part, were a linkage published, with examples of why.

use std::collections::HashSet;

use arrow::array::AsArray;
use datafusion::prelude::{Expr, col, lit};
use vermeil_model::{ProfileId, RecordId};
use vermeil_resolve::RecordIndex;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::golden::assign::{Change, assign};
use crate::golden::{Former, Sides, sides};
use crate::lake::TableName;
use crate::link::Linkage;
use crate::publication::Publication;
use crate::report::ChangeExample;

/// Of a larger group not every record is asked for the links it had.
const RECORDS_ASKED: usize = 1_000;

/// What a linkage would change.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) profiles: u64,
    pub(crate) merges: u64,
    pub(crate) splits: u64,
    pub(crate) merge_examples: Vec<ChangeExample>,
    pub(crate) split_examples: Vec<ChangeExample>,
}

impl Engine {
    /// Which profiles would merge and part, with at most so many examples of each.
    pub(crate) async fn changes_of(
        &self,
        linkage: &Linkage,
        examples: usize,
    ) -> Result<Changes, EngineError> {
        let groups = linkage.groups();
        let publication = self.publication().await?;
        let former = Former::load(self, publication.as_ref()).await?;
        let assignment = assign(&groups, &former.profiles, 0);
        let is_merge = |change: &&Change| matches!(change, Change::Merge { .. });
        let merges = assignment.changes.iter().filter(is_merge).count();
        let mut changes = Changes {
            profiles: groups.len() as u64,
            merges: merges as u64,
            splits: (assignment.changes.len() - merges) as u64,
            ..Changes::default()
        };
        // Merges stand before splits.
        let (merges, splits) = assignment.changes.split_at(merges);
        let shown: Vec<Change> =
            merges.iter().take(examples).chain(splits.iter().take(examples)).copied().collect();
        let all = sides(&shown, (&assignment.profiles, &groups), &former);
        for (change, sides) in shown.iter().zip(&all) {
            match *change {
                Change::Merge { profile, other } => {
                    changes.merge_examples.push(self.merge_example(linkage, (profile, other), sides));
                }
                Change::Split { profile, .. } => {
                    let example = self.split_example(linkage, publication.as_ref(), profile, sides).await?;
                    changes.split_examples.push(example);
                }
            }
        }
        Ok(changes)
    }

    /// The strongest link that would join the two.
    fn merge_example(
        &self,
        linkage: &Linkage,
        (profile, other): (ProfileId, ProfileId),
        sides: &Sides,
    ) -> ChangeExample {
        let id = |record| linkage.ids.id(record);
        let across = linkage.linked.links.iter().filter_map(|link| {
            let (left, right) = (id(link.left), id(link.right));
            let is_across = |one, other| sides.rest.contains(&one) && sides.moved.contains(&other);
            match (is_across(left, right), is_across(right, left)) {
                (true, _) => Some((link.weight.0, left, right)),
                (_, true) => Some((link.weight.0, right, left)),
                _ => None,
            }
        });
        let strongest = across.max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
        let pair = strongest.map(|(_, one, other)| (one, other));
        let by = linkage.book.about(&linkage.ids, &sides.all()).joining(&sides.moved, &sides.rest);
        ChangeExample {
            other: Some(other.to_string()),
            by: by.iter().map(|ground| ground.report()).collect(),
            ..example(linkage, profile, pair.or_else(|| sides.first()))
        }
    }

    /// The strongest of the published links that would hold no more.
    async fn split_example(
        &self,
        linkage: &Linkage,
        publication: Option<&Publication>,
        profile: ProfileId,
        sides: &Sides,
    ) -> Result<ChangeExample, EngineError> {
        let mut strongest: Option<(f64, RecordId, RecordId)> = None;
        if let Some(publication) = publication {
            let ids = || -> Vec<Expr> {
                sides.moved.iter().take(RECORDS_ASKED).map(|record| lit(record.to_string())).collect()
            };
            let theirs = col("left_id").in_list(ids(), false).or(col("right_id").in_list(ids(), false));
            for batch in self.published_rows(publication, &TableName::Links, theirs).await? {
                let (left, right) =
                    (batch["left_id"].as_string::<i32>(), batch["right_id"].as_string::<i32>());
                let weights = batch["weight_bits"].as_primitive::<arrow::datatypes::Float64Type>();
                for row in 0..batch.num_rows() {
                    let damaged = |_| EngineError::DamagedValue { table: TableName::Links.to_string() };
                    let left: RecordId = left.value(row).parse().map_err(damaged)?;
                    let right: RecordId = right.value(row).parse().map_err(damaged)?;
                    let (stays, leaves) =
                        if sides.moved.contains(&left) { (right, left) } else { (left, right) };
                    let is_stronger = strongest.is_none_or(|(weight, ..)| weights.value(row) > weight);
                    if sides.rest.contains(&stays) && sides.moved.contains(&leaves) && is_stronger {
                        strongest = Some((weights.value(row), stays, leaves));
                    }
                }
            }
        }
        let pair = strongest.map(|(_, stays, leaves)| (stays, leaves)).or_else(|| sides.first());
        let by = linkage.book.about(&linkage.ids, &sides.all()).parting(&sides.moved, &sides.rest);
        Ok(ChangeExample {
            weight_bits_before: strongest.map(|(weight, ..)| weight),
            by: by.iter().map(|ground| ground.report()).collect(),
            ..example(linkage, profile, pair)
        })
    }
}

impl Sides {
    fn all(&self) -> HashSet<RecordId> {
        self.moved.union(&self.rest).copied().collect()
    }

    /// One record of each side, for want of a link between them.
    fn first(&self) -> Option<(RecordId, RecordId)> {
        Some((*self.rest.iter().min()?, *self.moved.iter().min()?))
    }
}

/// What the linkage says of a pair of records, one that stays in `profile` or comes to it and one that moves.
fn example(linkage: &Linkage, profile: ProfileId, pair: Option<(RecordId, RecordId)>) -> ChangeExample {
    let job = &linkage.linked.job;
    let places = pair.and_then(|(one, other)| Some((linkage.ids.find(one)?, linkage.ids.find(other)?)));
    let ordered = |(one, other): (RecordIndex, RecordIndex)| (one.min(other), one.max(other));
    let weight = places.map(ordered).map(|(left, right)| job.scorer().explain(left, right).weight);
    let rules = places.map(ordered).map(|(left, right)| {
        let rules = job.weights.blocks.rules_of(left, right);
        rules.map(|rule| job.plan.rules()[rule].rule.to_string()).collect()
    });
    ChangeExample {
        profile: profile.to_string(),
        other: None,
        records: pair.map(|(one, other)| [one.to_string(), other.to_string()]),
        weight_bits: weight.map(|weight| weight.0),
        probability: weight.map(|weight| weight.to_probability().0),
        weight_bits_before: None,
        rules: rules.unwrap_or_default(),
        by: Vec::new(),
    }
}
