//! The lake: Delta tables on an object store.
//!
//! Everything that touches Delta is here. The rest of the engine sees
//! [`LakeTable`]s that can be appended to, replaced, scanned and compacted.
//!
//! Invariants:
//! - File names, commits and statistics carry no personal value: statistics are
//!   kept for the columns in [`layout::STATISTICS_COLUMNS`] only, commits carry
//!   no predicate.
//! - A table that another writer gave deletion vectors, or any feature this
//!   reader does not know, is refused rather than read wrongly.

mod layout;
mod leftovers;
mod location;
mod scan;
mod superseded;
mod table;

use std::sync::Arc;

use deltalake_core::DeltaTable;
use deltalake_core::kernel::Transaction;
use deltalake_core::kernel::transaction::CommitProperties;
use deltalake_core::logstore::{StorageConfig, default_logstore};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};

pub use layout::TableName;
pub use leftovers::StoredFile;
pub use location::{LakeLocation, LocationError};
pub use scan::LAKE_STORE;
pub use superseded::Superseded;
pub use table::{LakeTable, TableWriter, Written};

use crate::error::EngineError;

/// The layout of tables that this version writes.
const FORMAT: u32 = 1;
const MARKER: &str = "vermeil.json";

/// The tables of one pipeline.
#[derive(Clone)]
pub struct Lake {
    location: LakeLocation,
}

/// What the marker file at the root of a lake says.
#[derive(serde::Serialize, serde::Deserialize)]
struct Marker {
    format: u32,
    keyring: String,
}

/// Which load or publication a commit belongs to: Delta's application transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transactional {
    /// Names the sequence, such as `landing/erp`.
    pub application: String,
    /// The number within it.
    pub number: i64,
}

impl Lake {
    /// Opens the lake of the keyring `keyring_id`, or makes a new one there.
    ///
    /// # Errors
    /// - the place cannot be written;
    /// - the lake belongs to another keyring;
    /// - the lake was written by a newer version.
    pub async fn open_or_create(location: LakeLocation, keyring_id: &str) -> Result<Self, EngineError> {
        let lake = Self { location };
        if lake.marker().await?.is_none() {
            let marker = Marker { format: FORMAT, keyring: keyring_id.to_owned() };
            let bytes = serde_json::to_vec(&marker).expect("two plain fields always serialise");
            let path = lake.path(MARKER);
            let options = PutOptions::from(PutMode::Create);
            match lake.location.store.put_opts(&path, bytes.into(), options).await {
                // Another run was first; its marker is checked below.
                Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
                Err(cause) => return Err(lake.unwritable(cause)),
            }
        }
        lake.check_marker(keyring_id).await?;
        lake.probe_writable().await?;
        Ok(lake)
    }

    /// Opens a lake for reading.
    ///
    /// # Errors
    /// As [`Lake::open_or_create`], and [`EngineError::NoLake`] where there is none yet.
    pub async fn open(location: LakeLocation, keyring_id: &str) -> Result<Self, EngineError> {
        let lake = Self { location };
        lake.check_marker(keyring_id).await?;
        Ok(lake)
    }

    /// A lake that no run has made yet: without tables, and nothing is written to it.
    pub fn not_yet(location: LakeLocation) -> Self {
        Self { location }
    }

    /// The keyring that the lake at `location` was sealed with; `None` where there is no lake.
    pub async fn keyring_of(location: &LakeLocation) -> Result<Option<String>, EngineError> {
        let lake = Self { location: location.clone() };
        Ok(lake.marker().await?.map(|marker| marker.keyring))
    }

    /// Where the lake lies, as the user named it.
    pub fn display_location(&self) -> &str {
        &self.location.display
    }

    /// The lake as it is reached through another store.
    #[cfg(test)]
    pub fn through(&self, wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>) -> Self {
        let store = wrap(Arc::clone(&self.location.store));
        Self { location: LakeLocation { store, ..self.location.clone() } }
    }

    /// The store that DataFusion reads data files from.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.location.store)
    }

    /// A table at its latest version, if it exists.
    pub async fn table(&self, name: &TableName) -> Result<Option<LakeTable>, EngineError> {
        self.load(name, None).await
    }

    /// A table at one version.
    pub async fn table_at(&self, name: &TableName, version: u64) -> Result<Option<LakeTable>, EngineError> {
        self.load(name, Some(version)).await
    }

    /// A table, made with these columns if it does not exist, or widened by
    /// those it lacks.
    pub async fn table_with(
        &self,
        name: &TableName,
        schema: &arrow::datatypes::SchemaRef,
    ) -> Result<LakeTable, EngineError> {
        match self.table(name).await? {
            Some(table) => table.widen(schema).await,
            None => LakeTable::create(self, name, schema).await,
        }
    }

    async fn load(&self, name: &TableName, version: Option<u64>) -> Result<Option<LakeTable>, EngineError> {
        let mut delta = self.delta_table(name);
        let fail = |cause| EngineError::table(name, cause);
        if !delta.verify_deltatable_existence().await.map_err(fail)? {
            return Ok(None);
        }
        match version {
            None => delta.load().await.map_err(fail)?,
            Some(version) => delta.load_version(version).await.map_err(fail)?,
        }
        LakeTable::new(self, name, delta).map(Some)
    }

    fn delta_table(&self, name: &TableName) -> DeltaTable {
        let path = self.path(&name.path());
        let root = self.object_store();
        let prefixed: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(&root), path.clone()));
        let url = self.location.url_of(&path);
        DeltaTable::new(default_logstore(prefixed, root, &url, &StorageConfig::default()))
    }

    fn path(&self, below: &str) -> Path {
        let root = self.location.prefix.as_ref();
        Path::from(if root.is_empty() { below.to_owned() } else { format!("{root}/{below}") })
    }

    async fn marker(&self) -> Result<Option<Marker>, EngineError> {
        match self.location.store.get(&self.path(MARKER)).await {
            Ok(found) => {
                let bytes = found.bytes().await.map_err(|cause| self.unreadable(cause))?;
                serde_json::from_slice(&bytes)
                    .map(Some)
                    .map_err(|_| EngineError::LakeDamaged { lake: self.location.display.clone() })
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(self.unreadable(cause)),
        }
    }

    /// That the lake stands, and is the keyring's.
    pub async fn check_marker(&self, keyring_id: &str) -> Result<(), EngineError> {
        let lake = || self.location.display.clone();
        let marker = self.marker().await?.ok_or_else(|| EngineError::NoLake { lake: lake() })?;
        if marker.format > FORMAT {
            return Err(EngineError::LakeNewer { lake: lake(), found: marker.format, known: FORMAT });
        }
        if marker.keyring != keyring_id {
            return Err(EngineError::LakeOfAnotherKeyring { lake: lake(), keyring: marker.keyring });
        }
        Ok(())
    }

    /// Finds out before anything is read whether the lake takes writes.
    async fn probe_writable(&self) -> Result<(), EngineError> {
        let probe = self.path(&format!("_probe/{}", uuid::Uuid::new_v4()));
        self.location.store.put(&probe, "".into()).await.map_err(|cause| self.unwritable(cause))?;
        self.location.store.delete(&probe).await.map_err(|cause| self.unwritable(cause))
    }

    fn unwritable(&self, cause: object_store::Error) -> EngineError {
        EngineError::LakeUnwritable { lake: self.location.display.clone(), cause }
    }

    fn unreadable(&self, cause: object_store::Error) -> EngineError {
        EngineError::LakeUnreadable { lake: self.location.display.clone(), cause }
    }
}

impl Transactional {
    /// A commit of load or publication `number` in the sequence `application`.
    pub fn new(application: impl Into<String>, number: i64) -> Self {
        Self { application: application.into(), number }
    }

    fn commit_properties(&self) -> CommitProperties {
        let transaction =
            Transaction { app_id: self.application.clone(), version: self.number, last_updated: None };
        CommitProperties::default().with_application_transaction(transaction)
    }
}
