//! What the current publication says.

use std::collections::{HashMap, HashSet};

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::prelude::{SessionConfig, col};
use futures::TryStreamExt;
use vermeil_model::{ProfileId, RecordId};

use super::assign::FormerProfile;
use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::publication::Publication;
use crate::session::lake_session;

/// Where each record was published, and since when it is there.
#[derive(Default)]
pub(crate) struct Former {
    pub(crate) profiles: HashMap<RecordId, FormerProfile>,
    pub(crate) since: HashMap<RecordId, i64>,
}

impl Former {
    /// Reads the members and profiles of the current publication; empty before the first.
    pub(crate) async fn load(
        engine: &Engine,
        publication: Option<&Publication>,
    ) -> Result<Self, EngineError> {
        let mut former = Self::default();
        let Some(publication) = publication else { return Ok(former) };
        let damaged = |name: &TableName| EngineError::DamagedValue { table: name.to_string() };
        let session = lake_session(&engine.lake, SessionConfig::new())?;
        let mut created_at: HashMap<ProfileId, i64> = HashMap::new();
        if let Some(table) = engine.published_table(publication, &TableName::Profiles).await? {
            let frame = session
                .read_table(table.provider())?
                .select([columns::PROFILE_ID, "created_at"].map(col).to_vec())?;
            let mut batches = frame.execute_stream().await?;
            while let Some(batch) = batches.try_next().await? {
                let ids = batch.column(0).as_string::<i32>();
                let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
                for row in 0..batch.num_rows() {
                    let id = ids.value(row).parse().map_err(|_| damaged(&TableName::Profiles))?;
                    created_at.insert(id, times.value(row));
                }
            }
        }
        if let Some(table) = engine.published_table(publication, &TableName::Members).await? {
            let frame = session
                .read_table(table.provider())?
                .select([columns::PROFILE_ID, columns::RECORD_ID, "since"].map(col).to_vec())?;
            let mut batches = frame.execute_stream().await?;
            while let Some(batch) = batches.try_next().await? {
                let profiles = batch.column(0).as_string::<i32>();
                let records = batch.column(1).as_string::<i32>();
                let since = batch.column(2).as_primitive::<TimestampMicrosecondType>();
                for row in 0..batch.num_rows() {
                    let profile = profiles.value(row).parse().map_err(|_| damaged(&TableName::Members))?;
                    let record = records.value(row).parse().map_err(|_| damaged(&TableName::Members))?;
                    let created_at = created_at.get(&profile).copied().unwrap_or_default();
                    former.profiles.insert(record, FormerProfile { profile, created_at });
                    former.since.insert(record, since.value(row));
                }
            }
        }
        Ok(former)
    }

    /// The records of the profile that holds `record`, itself included.
    pub(crate) fn companions(&self, record: RecordId) -> HashSet<RecordId> {
        let mut companions = HashSet::from([record]);
        if let Some(holder) = self.profiles.get(&record) {
            let same = self.profiles.iter().filter(|(_, other)| other.profile == holder.profile);
            companions.extend(same.map(|(record, _)| *record));
        }
        companions
    }
}
