//! Profiles that are as they were, carried over from one publication to the next.
//!
//! A profile is built of its records and of settings. Where both are as they were, its row stays
//! as it is: sealed under the key that it has, bound to the publication that sealed it.
//! So a publication's rows may be of several editions, and the keys of an edition live until no row
//! is left of it; those of single rows that were replaced go one by one.

use std::collections::{BTreeSet, HashMap, HashSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use vermeil_model::{ProfileId, RecordId};
use vermeil_protect::{KeyLocation, Pseudonymiser};

use super::former::Former;
use super::publish::Cluster;
use super::update::TableUpdate;
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::link::Linkage;
use crate::publication::Publication;
use crate::records::key_location;
use crate::rectify::{Rectification, rectified_since};

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
    /// Those of the current publication's rows that are carried over.
    numbers: BTreeSet<i64>,
    complete_at: Option<i64>,
    replaced: Vec<(i64, KeyLocation)>,
}

impl CarriedOver {
    pub(super) fn contains(&self, profile: ProfileId) -> bool {
        self.profiles.contains_key(&profile)
    }

    /// The publication that the next one follows from row by row, if it follows from any.
    pub(super) fn base<'p>(&self, current: Option<&'p Publication>) -> Option<&'p Publication> {
        current.filter(|_| self.complete_at.is_some())
    }

    /// What the publication of that number keeps for the next.
    pub(super) fn editions(self, number: i64, built_by: String, now: i64) -> Editions {
        let mut numbers = self.numbers;
        numbers.insert(number);
        let alive = self.replaced.into_iter().filter(|(edition, _)| numbers.contains(edition));
        let replaced = alive.map(|(_, key)| (key.page, key.slot)).collect();
        Editions { built_by, complete_at: self.complete_at.unwrap_or(now), numbers, replaced }
    }

    /// Keeps the rows of profiles that are carried over, and notes the keys of all others.
    pub(super) async fn keep_profiles(&mut self, profiles: &mut TableUpdate) -> Result<(), EngineError> {
        let read =
            [columns::PROFILE_ID, "publication", columns::MERGE_RISK, columns::KEY_PAGE, columns::KEY_SLOT];
        profiles
            .keep(&read, |batch, row| {
                let profile = profile_of(batch, row, &TableName::Profiles)?;
                let edition = batch["publication"].as_primitive::<Int64Type>().value(row);
                let risk = batch[columns::MERGE_RISK].as_primitive::<Float64Type>().value(row);
                let holds = self.profiles.get(&profile).is_some_and(|now| now.to_bits() == risk.to_bits());
                if holds {
                    self.numbers.insert(edition);
                } else {
                    self.profiles.remove(&profile);
                    self.replaced.extend(key_location(batch, row).map(|key| (edition, key)));
                }
                Ok(holds)
            })
            .await
    }

    /// Keeps the provenance of profiles that are carried over.
    pub(super) async fn keep_provenance(&self, provenance: &mut TableUpdate) -> Result<(), EngineError> {
        // Rows of a profile follow one another.
        let (mut last, mut holds) = (String::new(), false);
        provenance
            .keep(&[columns::PROFILE_ID], |batch, row| {
                let id = batch[columns::PROFILE_ID].as_string::<i32>().value(row);
                if last != id {
                    id.clone_into(&mut last);
                    holds = self.contains(profile_of(batch, row, &TableName::Provenance)?);
                }
                Ok(holds)
            })
            .await
    }
}

fn profile_of(batch: &RecordBatch, row: usize, table: &TableName) -> Result<ProfileId, EngineError> {
    let id = batch[columns::PROFILE_ID].as_string::<i32>().value(row);
    id.parse().map_err(|_| EngineError::DamagedValue { table: table.to_string() })
}

impl Engine {
    /// Names what profiles are built by, beside their records.
    pub(super) fn built_by(&self, domains: &[Pseudonymiser]) -> String {
        let config = &self.config;
        let mut parts = vec![
            env!("CARGO_PKG_VERSION").to_owned(),
            columns::CONTACT_TAGS.to_owned(),
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
    pub(super) fn carried_over(
        &self,
        current: Option<&Publication>,
        built_by: &str,
        now: i64,
        (linkage, clusters, former): (&Linkage, &[Cluster], &Former),
        rectified: &[Rectification],
    ) -> CarriedOver {
        let Some((current, editions)) =
            current.and_then(|current| Some((current, current.editions.as_ref()?)))
        else {
            return CarriedOver::default();
        };
        let age = TimeDelta::microseconds(now - editions.complete_at);
        let is_due = age > TimeDelta::days(MOST_DAYS) || age < TimeDelta::zero();
        if editions.built_by != built_by || is_due || editions.numbers.len() >= MOST_EDITIONS {
            return CarriedOver::default();
        }
        let mut records_of: HashMap<ProfileId, usize> = HashMap::new();
        former.profiles.values().for_each(|holder| *records_of.entry(holder.profile).or_default() += 1);
        let set_right: HashSet<RecordId> = rectified_since(rectified, current.rectified).collect();
        let is_as_it_was = |record: &RecordId, profile: ProfileId| {
            !set_right.contains(record)
                && former.profiles.get(record).is_some_and(|holder| holder.profile == profile)
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
            return CarriedOver::default();
        }
        let complete_at = Some(editions.complete_at);
        CarriedOver { profiles: carried, complete_at, ..CarriedOver::default() }
    }
}
