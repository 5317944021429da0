//! Writing what linking found: links, who is in which profile, and what the next linkage asks.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, StringArray, StringBuilder, TimestampMicrosecondBuilder,
};
use vermeil_model::{ProfileId, RecordId};
use vermeil_resolve::RecordIndex;

use super::former::Former;
use super::publish::{BATCH_PROFILES, Cluster, Edition, batch_of};
use super::stand_ins::pseudonym_columns;
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{TableName, Transactional};
use crate::link::Linkage;

/// Tags and links are written in batches of this many.
const BATCH_RECORDS: usize = 8192;

impl Engine {
    /// The pairs that are linked.
    pub(super) async fn write_links(
        &self,
        linkage: &Linkage,
        transactional: &Transactional,
    ) -> Result<u64, EngineError> {
        let mut writer = self.replacing(&TableName::Links, &columns::links_schema()).await?;
        let records = &linkage.ids;
        for links in linkage.linked.links.chunks(BATCH_RECORDS) {
            let ids: Vec<(RecordId, RecordId)> = links
                .iter()
                .map(|link| (records.id(link.left), records.id(link.right)))
                .map(|(one, other)| (one.min(other), one.max(other)))
                .collect();
            let weights = links.iter().map(|link| link.weight);
            let batch = batch_of(
                &columns::links_schema(),
                vec![
                    Arc::new(StringArray::from_iter_values(ids.iter().map(|(left, _)| left.to_string()))),
                    Arc::new(StringArray::from_iter_values(ids.iter().map(|(_, right)| right.to_string()))),
                    Arc::new(Float64Array::from_iter_values(weights.clone().map(|bits| bits.0))),
                    Arc::new(Float64Array::from_iter_values(weights.map(|bits| bits.to_probability().0))),
                ],
            );
            writer.write(batch).await?;
        }
        Ok(writer.replace(transactional).await?.version)
    }

    /// What the records were linked by; nothing where the next linkage will not ask.
    pub(super) async fn write_matched(
        &self,
        linkage: &Linkage,
        transactional: &Transactional,
    ) -> Result<u64, EngineError> {
        let mut writer = self.replacing(&TableName::Matched, &columns::matched_schema()).await?;
        let tags = linkage.linked.job.tags.as_deref().unwrap_or_default();
        for (tags, first) in tags.chunks(BATCH_RECORDS).zip((0..).step_by(BATCH_RECORDS)) {
            let records = (first..).map(RecordIndex).take(tags.len());
            let ids = records.clone().map(|record| linkage.ids.id(record).to_string());
            let columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from_iter_values(ids)),
                Arc::new(Int64Array::from_iter_values(tags.iter().copied())),
                Arc::new(Int64Array::from_iter_values(records.map(|record| linkage.ids.version(record)))),
            ];
            writer.write(batch_of(&columns::matched_schema(), columns)).await?;
        }
        Ok(writer.replace(transactional).await?.version)
    }

    /// Who is in which profile, and since when.
    pub(super) async fn write_members(
        &self,
        linkage: &Linkage,
        clusters: &[Cluster],
        former: &Former,
        edition: &Edition,
    ) -> Result<u64, EngineError> {
        let schema = columns::with_pseudonyms(&columns::members_schema(), &edition.domains);
        let mut writer = self.replacing(&TableName::Members, &schema).await?;
        for clusters in clusters.chunks(BATCH_PROFILES) {
            let mut profiles: Vec<ProfileId> = Vec::new();
            let mut records = StringBuilder::new();
            let mut sources = StringBuilder::new();
            let mut since = TimestampMicrosecondBuilder::new().with_timezone("UTC");
            for cluster in clusters {
                for record in &cluster.records {
                    let index = linkage.ids.find(*record).expect("clusters are made of the store's records");
                    let stayed =
                        former.profiles.get(record).is_some_and(|was| was.profile == cluster.id.profile);
                    let since_then = former.since.get(record).copied().filter(|_| stayed);
                    profiles.push(cluster.id.profile);
                    records.append_value(record.to_string());
                    sources.append_value(self.source_name(linkage.linked.job.store.source(index)));
                    since.append_value(since_then.unwrap_or(edition.now));
                }
            }
            let mut columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from_iter_values(profiles.iter().map(ToString::to_string))),
                Arc::new(records.finish()),
                Arc::new(sources.finish()),
                Arc::new(since.finish()),
            ];
            columns.extend(pseudonym_columns(&edition.domains, &profiles));
            writer.write(batch_of(&schema, columns)).await?;
        }
        Ok(writer.replace(&edition.transactional).await?.version)
    }
}
