//! Profiles that are as they were, carried over from one publication to the next.
//!
//! A profile is built of its records and of settings. Where both are as they were, its row is
//! copied as it stands: sealed under the key that it has, bound to the publication that sealed it.
//! So a publication's rows may be of several editions, and the keys of an edition live until no row
//! is left of it; those of single rows that were replaced go one by one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, Float64Array, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use chrono::TimeDelta;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionConfig;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use vermeil_model::{ProfileId, RecordId};
use vermeil_protect::{KeyLocation, Pseudonymiser};

use super::former::Former;
use super::publish::Cluster;
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{LakeTable, TableName, TableWriter};
use crate::link::Linkage;
use crate::publication::Publication;
use crate::records::key_location;
use crate::session::lake_session;

/// All profiles are built anew at least this often: what goes by the day, the bands of ages, is
/// never further behind.
const MOST_DAYS: i64 = 30;
/// And where the rows are of more editions than this: each keeps pages of keys.
const MOST_EDITIONS: usize = 64;

/// What a publication keeps for the next one to carry rows over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Editions {
    /// Names what profiles are built by, beside their records: equal names, equal profiles of equal
    /// records.
    built_by: String,
    /// When all profiles were built last: microseconds since 1970, UTC.
    complete_at: i64,
    /// The publications that sealed its rows, itself included; rising.
    numbers: BTreeSet<i64>,
    /// Page and slot of the keys of rows that it replaced, where others of their edition are still there.
    replaced: Vec<(i64, u16)>,
}

impl Editions {
    /// Whether rows of this publication are sealed under the keys of another.
    pub(super) fn contains(&self, number: i64) -> bool {
        self.numbers.contains(&number)
    }

    /// The keys of rows that only the publication before could read.
    pub(crate) fn replaced_keys(&self) -> Vec<KeyLocation> {
        self.replaced.iter().map(|(page, slot)| KeyLocation { page: *page, slot: *slot }).collect()
    }
}

/// What the next publication takes from the current one.
#[derive(Default)]
pub(super) struct CarriedOver {
    /// With the risk of a false merge, which follows people's decisions too.
    profiles: HashMap<ProfileId, f64>,
    tables: Option<(LakeTable, LakeTable)>,
    /// Those of the current publication's rows that are carried over.
    numbers: BTreeSet<i64>,
    complete_at: Option<i64>,
    replaced: Vec<(i64, KeyLocation)>,
}

impl CarriedOver {
    pub(super) fn contains(&self, profile: ProfileId) -> bool {
        self.profiles.contains_key(&profile)
    }

    /// What the publication of that number keeps for the next.
    pub(super) fn editions(self, number: i64, built_by: String, now: i64) -> Editions {
        let mut numbers = self.numbers;
        numbers.insert(number);
        let alive = self.replaced.into_iter().filter(|(edition, _)| numbers.contains(edition));
        let replaced = alive.map(|(_, key)| (key.page, key.slot)).collect();
        Editions { built_by, complete_at: self.complete_at.unwrap_or(now), numbers, replaced }
    }

    /// Copies the rows of profiles that are carried over, and notes the keys of all others.
    pub(super) async fn copy_profiles(
        &mut self,
        engine: &Engine,
        writer: &mut TableWriter,
    ) -> Result<(), EngineError> {
        let Some((profiles, _)) = &self.tables else { return Ok(()) };
        let mut rows = Rows::of(engine, profiles).await?;
        while let Some((batch, is_carried)) = rows.next(&self.profiles).await? {
            let editions = batch["publication"].as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                if is_carried.value(row) {
                    self.numbers.insert(editions.value(row));
                } else if let Some(key) = key_location(&batch, row) {
                    self.replaced.push((editions.value(row), key));
                }
            }
            writer.write(self.with_risks(filtered(&batch, &is_carried)?)?).await?;
        }
        Ok(())
    }

    fn with_risks(&self, batch: RecordBatch) -> Result<RecordBatch, EngineError> {
        let schema = batch.schema();
        let fail = |cause| EngineError::from(DataFusionError::from(cause));
        let place = schema.index_of(columns::MERGE_RISK).map_err(fail)?;
        let ids = batch[columns::PROFILE_ID].as_string::<i32>();
        let risk = |id: Option<&str>| self.profiles.get(&id?.parse().ok()?).copied();
        let mut columns = batch.columns().to_vec();
        columns[place] = Arc::new(ids.iter().map(risk).collect::<Float64Array>());
        RecordBatch::try_new(schema, columns).map_err(fail)
    }

    /// Copies the provenance of profiles that are carried over.
    pub(super) async fn copy_provenance(
        &self,
        engine: &Engine,
        writer: &mut TableWriter,
    ) -> Result<(), EngineError> {
        let Some((_, provenance)) = &self.tables else { return Ok(()) };
        let mut rows = Rows::of(engine, provenance).await?;
        while let Some((batch, is_carried)) = rows.next(&self.profiles).await? {
            writer.write(filtered(&batch, &is_carried)?).await?;
        }
        Ok(())
    }
}

/// The rows of a table of profiles, in their order.
struct Rows {
    name: String,
    batches: datafusion::execution::SendableRecordBatchStream,
}

impl Rows {
    async fn of(engine: &Engine, table: &LakeTable) -> Result<Rows, EngineError> {
        let session = lake_session(&engine.lake, SessionConfig::new().with_target_partitions(1))?;
        let batches = session.read_table(table.provider())?.execute_stream().await?;
        Ok(Rows { name: table.name().to_string(), batches })
    }

    /// The next rows, and which of them are of one of some profiles.
    async fn next(
        &mut self,
        profiles: &HashMap<ProfileId, f64>,
    ) -> Result<Option<(RecordBatch, BooleanArray)>, EngineError> {
        let Some(batch) = self.batches.try_next().await? else { return Ok(None) };
        let damaged = || EngineError::DamagedValue { table: self.name.clone() };
        let ids = batch[columns::PROFILE_ID].as_string::<i32>();
        let is_carried: BooleanArray = (0..batch.num_rows())
            .map(|row| Ok(Some(profiles.contains_key(&ids.value(row).parse().map_err(|_| damaged())?))))
            .collect::<Result<_, EngineError>>()?;
        Ok(Some((batch, is_carried)))
    }
}

fn filtered(batch: &RecordBatch, rows: &BooleanArray) -> Result<RecordBatch, EngineError> {
    filter_record_batch(batch, rows).map_err(|cause| DataFusionError::from(cause).into())
}

impl Engine {
    /// Names what profiles are built by, beside their records.
    pub(super) fn built_by(&self, domains: &[Pseudonymiser]) -> String {
        let config = &self.config;
        let mut parts = vec![
            env!("CARGO_PKG_VERSION").to_owned(),
            format!("{:?}", config.pipeline.golden),
            format!("{:?}", config.golden_schema()),
        ];
        parts.extend(
            config.pipeline.sources.iter().map(|source| format!("{} {}", source.id, source.self_declared)),
        );
        parts.extend(domains.iter().map(|domain| domain.domain_name().to_owned()));
        self.change_tags.content_tag("built-by", parts).to_string()
    }

    /// Which profiles of the current publication may stay as they are.
    pub(super) async fn carried_over(
        &self,
        current: Option<&Publication>,
        built_by: &str,
        now: i64,
        (linkage, clusters, former): (&Linkage, &[Cluster], &Former),
    ) -> Result<CarriedOver, EngineError> {
        let Some((current, editions)) =
            current.and_then(|current| Some((current, current.editions.as_ref()?)))
        else {
            return Ok(CarriedOver::default());
        };
        let age = TimeDelta::microseconds(now - editions.complete_at);
        let is_due = age > TimeDelta::days(MOST_DAYS) || age < TimeDelta::zero();
        if editions.built_by != built_by || is_due || editions.numbers.len() >= MOST_EDITIONS {
            return Ok(CarriedOver::default());
        }
        let (Some(profiles), Some(provenance)) = (
            self.published_table(current, &TableName::Profiles).await?,
            self.published_table(current, &TableName::Provenance).await?,
        ) else {
            return Ok(CarriedOver::default());
        };
        let mut records_of: HashMap<ProfileId, usize> = HashMap::new();
        former.profiles.values().for_each(|holder| *records_of.entry(holder.profile).or_default() += 1);
        let is_as_it_was = |record: &RecordId, profile: ProfileId| {
            former.profiles.get(record).is_some_and(|holder| holder.profile == profile)
                && linkage.ids.find(*record).is_some_and(|place| linkage.is_as_it_was(place))
        };
        let carried: HashMap<ProfileId, f64> = clusters
            .iter()
            .filter(|cluster| records_of.get(&cluster.id.profile) == Some(&cluster.records.len()))
            .filter(|cluster| cluster.records.iter().all(|record| is_as_it_was(record, cluster.id.profile)))
            .map(|cluster| (cluster.id.profile, cluster.risk))
            .collect();
        // Where most is new, it is as well to build all.
        if 2 * carried.len() < clusters.len() {
            return Ok(CarriedOver::default());
        }
        Ok(CarriedOver {
            profiles: carried,
            tables: Some((profiles, provenance)),
            complete_at: Some(editions.complete_at),
            ..CarriedOver::default()
        })
    }
}
