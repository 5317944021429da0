//! What readers see: one version of every golden table, switched at once.
//!
//! A publication is begun under a number (durable first), writes its tables,
//! and becomes visible in one transaction of the state database that names the
//! Delta versions to read. A crash in between leaves versions that nobody
//! names; the next publication supersedes them. A version may hold rows that do not
//! count (`golden::update`): they are named beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::golden::Editions;
use crate::lake::{Lake, LakeTable, Superseded, TableName};

/// A consistent set of table versions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Publication {
    /// Counts up.
    pub(crate) number: i64,
    /// What it was made from; equal fingerprints make equal profiles.
    pub(crate) fingerprint: String,
    /// What its links were made by, but for the records: equal settings and model give equal links of
    /// equal records. `None` where its model was not kept.
    pub(crate) linking: Option<String>,
    /// The Delta version of each published table, by its qualified name.
    pub(crate) versions: BTreeMap<String, u64>,
    /// Which rows of those versions do not count, by the table's qualified name.
    pub(crate) superseded: BTreeMap<String, Superseded>,
    /// How many profiles it holds.
    pub(crate) profiles: u64,
    /// Which publications sealed its rows; `None` for one of an earlier version.
    pub(crate) editions: Option<Editions>,
    /// The last rectification that its profiles follow; 0 before the first.
    pub(crate) rectified: i64,
    /// The names of the domains whose pseudonyms it holds.
    pub(crate) pseudonym_domains: Vec<String>,
}

/// What the state database keeps of a publication.
#[derive(Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) versions: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) superseded: BTreeMap<String, Superseded>,
    pub(crate) profiles: u64,
    #[serde(default)]
    pub(crate) linking: Option<String>,
    #[serde(default)]
    pub(crate) editions: Option<Editions>,
    #[serde(default)]
    pub(crate) rectified: i64,
    #[serde(default)]
    pub(crate) pseudonym_domains: Vec<String>,
}

impl Engine {
    /// The publication that readers see, if any.
    pub(crate) async fn publication(&self) -> Result<Option<Publication>, EngineError> {
        let Some(current) = self.state.current_publication().await? else { return Ok(None) };
        let snapshot: Snapshot = serde_json::from_value(current.snapshot)
            .map_err(|_| EngineError::LakeDamaged { lake: self.lake_location().to_owned() })?;
        Ok(Some(Publication {
            number: current.number,
            fingerprint: current.fingerprint,
            linking: snapshot.linking,
            versions: snapshot.versions,
            superseded: snapshot.superseded,
            profiles: snapshot.profiles,
            editions: snapshot.editions,
            rectified: snapshot.rectified,
            pseudonym_domains: snapshot.pseudonym_domains,
        }))
    }

    /// A published table at the version that `publication` names.
    pub(crate) async fn published_table(
        &self,
        publication: &Publication,
        name: &TableName,
    ) -> Result<Option<LakeTable>, EngineError> {
        publication.table(&self.lake, name).await
    }

    /// Lets the readers of `publication` see the latest version of some of its tables, and that it holds
    /// so many profiles. What was superseded in files that those versions do not have is forgotten.
    pub(crate) async fn point_to_latest(
        &self,
        publication: Publication,
        tables: &[TableName],
        profiles: u64,
    ) -> Result<(), EngineError> {
        let Publication { number, mut versions, mut superseded, .. } = publication;
        for name in tables {
            let qualified = name.to_string();
            let Some(version) = versions.get_mut(&qualified) else { continue };
            let Some(table) = self.lake.table(name).await? else { continue };
            *version = table.version();
            let known = superseded.remove(&qualified).unwrap_or_default();
            superseded.insert(qualified, table.without(known).superseded().clone());
        }
        let Publication { linking, editions, rectified, pseudonym_domains, .. } = publication;
        let snapshot =
            Snapshot { versions, superseded, profiles, linking, editions, rectified, pseudonym_domains };
        let snapshot = serde_json::to_value(&snapshot).expect("names and numbers always serialise");
        Ok(self.state.repoint_publication(number, &snapshot).await?)
    }
}

impl Publication {
    /// A table as its readers see it.
    pub(crate) async fn table(
        &self,
        lake: &Lake,
        name: &TableName,
    ) -> Result<Option<LakeTable>, EngineError> {
        let qualified = name.to_string();
        let Some(version) = self.versions.get(&qualified) else { return Ok(None) };
        let Some(table) = lake.table_at(name, *version).await? else { return Ok(None) };
        Ok(Some(match self.superseded.get(&qualified) {
            Some(superseded) => table.without(superseded.clone()),
            None => table,
        }))
    }
}
