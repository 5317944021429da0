//! Writing what linking found: links, who is in which profile, and what the next linkage asks.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{Float64Type, Int64Type};
use vermeil_model::{Bits, ProfileId, RecordId};
use vermeil_resolve::RecordIndex;
use vermeil_resolve::cluster::Link;

use super::former::Former;
use super::publish::{BATCH_PROFILES, Cluster, Edition, batch_of};
use super::stand_ins::pseudonym_columns;
use super::update::Updated;
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::link::Linkage;
use crate::publication::Publication;

/// Tags and links are written in batches of this many.
const BATCH_RECORDS: usize = 8192;

impl Engine {
    /// The pairs that are linked.
    pub(super) async fn write_links(
        &self,
        linkage: &Linkage,
        base: Option<&Publication>,
        edition: &Edition,
    ) -> Result<Updated, EngineError> {
        let schema = columns::links_schema();
        let mut links = self.update(&TableName::Links, &schema, base).await?;
        let in_order = |link: &Link| {
            let [one, other] = [link.left, link.right].map(|record| linkage.ids.id(record));
            (one.min(other), one.max(other))
        };
        let mut missing: HashMap<(RecordId, RecordId), Bits> =
            linkage.linked.links.iter().map(|link| (in_order(link), link.weight)).collect();
        links
            .keep(&["left_id", "right_id", "weight_bits"], |batch, row| {
                let two = (id_of(batch, 0, row)?, id_of(batch, 1, row)?);
                let weight = batch.column(2).as_primitive::<Float64Type>().value(row);
                let holds = missing.get(&two).is_some_and(|now| now.0.to_bits() == weight.to_bits());
                holds.then(|| missing.remove(&two));
                Ok(holds)
            })
            .await?;
        let missing: Vec<(RecordId, RecordId, Bits)> = linkage
            .linked
            .links
            .iter()
            .map(|link| (in_order(link), link.weight))
            .filter(|(two, _)| missing.contains_key(two))
            .map(|((left, right), weight)| (left, right, weight))
            .collect();
        for missing in missing.chunks(BATCH_RECORDS) {
            let weights = missing.iter().map(|(.., weight)| weight);
            let columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from_iter_values(missing.iter().map(|(left, ..)| left.to_string()))),
                Arc::new(StringArray::from_iter_values(
                    missing.iter().map(|(_, right, _)| right.to_string()),
                )),
                Arc::new(Float64Array::from_iter_values(weights.clone().map(|bits| bits.0))),
                Arc::new(Float64Array::from_iter_values(weights.map(|bits| bits.to_probability().0))),
            ];
            links.write(batch_of(&schema, columns)).await?;
        }
        links.commit(&edition.transactional).await
    }

    /// What the records were linked by; nothing where the next linkage will not ask.
    pub(super) async fn write_matched(
        &self,
        linkage: &Linkage,
        base: Option<&Publication>,
        edition: &Edition,
    ) -> Result<Updated, EngineError> {
        let schema = columns::matched_schema();
        let mut matched = self.update(&TableName::Matched, &schema, base).await?;
        let tags = linkage.linked.job.tags.as_deref().unwrap_or_default();
        let mut is_missing = vec![true; tags.len()];
        matched
            .keep(&[columns::RECORD_ID, columns::MATCH_TAG, columns::VERSION], |batch, row| {
                let Some(record) = linkage.ids.find(id_of(batch, 0, row)?) else { return Ok(false) };
                let [tag, version] =
                    [1, 2].map(|column| batch.column(column).as_primitive::<Int64Type>().value(row));
                let place = record.0 as usize;
                let holds = tags.get(place) == Some(&tag) && linkage.ids.version(record) == version;
                if holds {
                    is_missing[place] = false;
                }
                Ok(holds)
            })
            .await?;
        let missing: Vec<(RecordIndex, i64)> = (0..)
            .map(RecordIndex)
            .zip(tags.iter().copied())
            .filter(|(record, _)| is_missing[record.0 as usize])
            .collect();
        for missing in missing.chunks(BATCH_RECORDS) {
            let records = missing.iter().map(|(record, _)| *record);
            let ids = records.clone().map(|record| linkage.ids.id(record).to_string());
            let columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from_iter_values(ids)),
                Arc::new(Int64Array::from_iter_values(missing.iter().map(|(_, tag)| *tag))),
                Arc::new(Int64Array::from_iter_values(records.map(|record| linkage.ids.version(record)))),
            ];
            matched.write(batch_of(&schema, columns)).await?;
        }
        matched.commit(&edition.transactional).await
    }

    /// Who is in which profile, and since when.
    pub(super) async fn write_members(
        &self,
        linkage: &Linkage,
        (clusters, former): (&[Cluster], &Former),
        base: Option<&Publication>,
        edition: &Edition,
    ) -> Result<Updated, EngineError> {
        let schema = columns::with_pseudonyms(&columns::members_schema(), &edition.domains);
        let mut members = self.update(&TableName::Members, &schema, base).await?;
        let mut missing: HashMap<RecordId, ProfileId> = clusters
            .iter()
            .flat_map(|cluster| cluster.records.iter().map(|record| (*record, cluster.id.profile)))
            .collect();
        members
            .keep(&[columns::RECORD_ID, columns::PROFILE_ID], |batch, row| {
                let record = id_of(batch, 0, row)?;
                let was: ProfileId = id_of(batch, 1, row)?;
                let holds = missing.get(&record) == Some(&was);
                holds.then(|| missing.remove(&record));
                Ok(holds)
            })
            .await?;
        let is_missing =
            |cluster: &&Cluster| cluster.records.iter().any(|record| missing.contains_key(record));
        let clusters: Vec<&Cluster> = clusters.iter().filter(is_missing).collect();
        for clusters in clusters.chunks(BATCH_PROFILES) {
            let mut profiles: Vec<ProfileId> = Vec::new();
            let mut records = StringBuilder::new();
            let mut sources = StringBuilder::new();
            let mut since = TimestampMicrosecondBuilder::new().with_timezone("UTC");
            for cluster in clusters {
                for record in cluster.records.iter().filter(|record| missing.contains_key(*record)) {
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
            members.write(batch_of(&schema, columns)).await?;
        }
        members.commit(&edition.transactional).await
    }
}

/// The id in a column of a published table.
fn id_of<T: FromStr>(batch: &RecordBatch, column: usize, row: usize) -> Result<T, EngineError> {
    let text = batch.column(column).as_string::<i32>().value(row);
    text.parse().map_err(|_| EngineError::DamagedValue { table: "resolved".to_owned() })
}
