//! What the linkage before found, and what of it still holds.
//!
//! The weight of a pair is made of its two records and of what is frozen with the model; whether
//! the two are compared at all, of their records and surroundings
//! ([`Blocks::surroundings`](vermeil_resolve::Blocks)). So a pair of two records that are as they
//! were is linked now if it was linked then, and only pairs of others are compared.

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::Bits;
use vermeil_protect::MatchTags;
use vermeil_resolve::block::Touched;
use vermeil_resolve::cluster::Link;
use vermeil_resolve::{Blocks, FeatureStore, RecordIndex};

use super::RecordIds;
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::publication::Publication;
use crate::session::lake_session;

/// What the linkage before found.
pub(crate) struct Before {
    /// What each record said, as [`record_tags`] tells it, and its version; `None` for one that was
    /// not there.
    records: Vec<Option<(i64, i64)>>,
    /// Links of which both records are still there.
    links: Vec<Link>,
}

/// A tag for what each record says and who is around it, in the order of the store.
pub(super) fn record_tags(store: &FeatureStore, blocks: &Blocks, tags: &MatchTags) -> Vec<i64> {
    (0..)
        .map(RecordIndex)
        .zip(store.digests().zip(blocks.surroundings(store)))
        .map(|(record, (digest, surroundings))| {
            let id = store.record_id(record).0.to_le_bytes();
            tags.record_tag(&id, [digest, surroundings]).cast_signed()
        })
        .collect()
}

impl Before {
    /// The records that are not as they were, given their tags.
    pub(super) fn touched(&self, tags: &[i64]) -> Touched {
        let is_touched =
            |(tag, before): (&i64, &Option<(i64, i64)>)| before.is_none_or(|(said, _)| said != *tag);
        tags.iter().zip(&self.records).map(is_touched).collect()
    }

    /// The version of each record.
    pub(super) fn versions(&self) -> Vec<Option<i64>> {
        self.records.iter().map(|record| record.map(|(_, version)| version)).collect()
    }

    /// The links that still hold, in any order.
    pub(super) fn links(&self, touched: &Touched) -> impl Iterator<Item = Link> {
        let holds = |link: &&Link| !touched.contains(link.left) && !touched.contains(link.right);
        self.links.iter().filter(holds).copied()
    }
}

impl Engine {
    /// What the linkage of a publication found of these records; `None` where it went by other
    /// settings or another model than `linking` names, or was not kept.
    pub(crate) async fn linked_before(
        &self,
        publication: Option<&Publication>,
        linking: &str,
        records: &RecordIds,
    ) -> Result<Option<Before>, EngineError> {
        let Some(publication) = publication.filter(|made| made.linking.as_deref() == Some(linking)) else {
            return Ok(None);
        };
        let tables = (
            self.published_table(publication, &TableName::Matched).await?,
            self.published_table(publication, &TableName::Links).await?,
        );
        let (Some(matched), Some(links)) = tables else { return Ok(None) };
        let session = lake_session(&self.lake, SessionConfig::new())?;
        let find = |text: &str, name: &TableName| -> Result<Option<RecordIndex>, EngineError> {
            let id = text.parse().map_err(|_| EngineError::DamagedValue { table: name.to_string() })?;
            Ok(records.find(id))
        };
        let mut before = Before { records: vec![None; records.len()], links: Vec::new() };
        let columns = [columns::RECORD_ID, columns::MATCH_TAG, columns::VERSION].map(col).to_vec();
        let mut batches = session.read_table(matched.provider())?.select(columns)?.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            let ids = batch.column(0).as_string::<i32>();
            let [tags, versions] =
                [1, 2].map(|column| batch.column(column).as_primitive::<Int64Type>().values());
            for (id, said) in ids.iter().flatten().zip(tags.iter().copied().zip(versions.iter().copied())) {
                if let Some(record) = find(id, &TableName::Matched)? {
                    before.records[record.0 as usize] = Some(said);
                }
            }
        }
        let columns = ["left_id", "right_id", "weight_bits"].map(col).to_vec();
        let mut batches = session.read_table(links.provider())?.select(columns)?.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            let [left, right] = [0, 1].map(|column| batch.column(column).as_string::<i32>());
            let weights = batch.column(2).as_primitive::<Float64Type>().values();
            for ((left, right), weight) in left.iter().flatten().zip(right.iter().flatten()).zip(weights) {
                let two = [find(left, &TableName::Links)?, find(right, &TableName::Links)?];
                if let [Some(one), Some(other)] = two {
                    let (left, right) = (one.min(other), one.max(other));
                    before.links.push(Link { left, right, weight: Bits(*weight) });
                }
            }
        }
        Ok(Some(before))
    }
}
