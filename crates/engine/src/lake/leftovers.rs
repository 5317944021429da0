//! What lies in a table's folder beside the table: old versions, orphans, torn writes, its log.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::PartitionedFile;
use deltalake_core::protocol::checkpoints::create_checkpoint;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::scan::LakeScan;
use super::{Lake, LakeTable};
use crate::error::EngineError;

const LOG: &str = "_delta_log";
/// Digits of a version in the name of a file of the log.
const VERSION_DIGITS: usize = 20;

/// A data file in a table's folder.
#[derive(Debug, Clone)]
pub struct StoredFile {
    /// Within the folder.
    pub path: Path,
    /// In bytes.
    pub size: u64,
    /// Whether it belongs to the version that was asked.
    pub is_active: bool,
}

impl LakeTable {
    /// Every data file in the table's folder: those of this version, of others, and of none.
    pub async fn stored_files(&self) -> Result<Vec<StoredFile>, EngineError> {
        let active = self.active_files();
        let files = self.objects().await?.into_iter().filter_map(|(path, size)| {
            let is_data = !path.as_ref().starts_with(LOG) && path.as_ref().ends_with(".parquet");
            is_data.then(|| StoredFile { is_active: active.contains(&path), path, size })
        });
        Ok(files.collect())
    }

    /// All rows of one file, whether they count or not, in the columns of this version.
    pub fn every_row_of(&self, file: &StoredFile) -> Arc<dyn TableProvider> {
        Arc::new(LakeScan { schema: self.schema(), files: vec![self.partitioned(file)] })
    }

    /// The rows of one file that count, in the columns of this version.
    pub fn rows_of(&self, file: &StoredFile) -> Arc<dyn TableProvider> {
        let whole = self.partitioned(file);
        let file = match self.superseded().of_file(file.path.as_ref()) {
            Some(rows) => whole.with_extension(rows.selection()),
            None => whole,
        };
        Arc::new(LakeScan { schema: self.schema(), files: vec![file] })
    }

    fn partitioned(&self, file: &StoredFile) -> PartitionedFile {
        PartitionedFile::new(format!("{}/{}", self.lake.path(&self.name.path()), file.path), file.size)
    }

    /// Deletes whatever is not of this version: its data files, and the log before it, whose place
    /// a checkpoint takes. Returns how many objects there were. This version must be the latest.
    pub async fn purge(&self) -> Result<u64, EngineError> {
        let version = self.version();
        let checkpoint = Path::from(format!("{LOG}/{version:020}.checkpoint.parquet"));
        let objects = self.objects().await?;
        if !objects.iter().any(|(path, _)| *path == checkpoint) {
            create_checkpoint(&self.delta, None)
                .await
                .map_err(|cause| EngineError::table(&self.name, cause))?;
        }
        let active = self.active_files();
        let is_leftover = |path: &Path| match path.as_ref().strip_prefix(LOG) {
            Some(entry) => version_of(entry).is_some_and(|own| own < version) || entry.ends_with(".tmp"),
            None => path.as_ref().ends_with(".parquet") && !active.contains(path),
        };
        let mut deleted = 0;
        let root = self.lake.path(&self.name.path());
        for (path, _) in objects.iter().filter(|(path, _)| is_leftover(path)) {
            match self.lake.location.store.delete(&Path::from_iter(root.parts().chain(path.parts()))).await {
                Ok(()) => deleted += 1,
                Err(object_store::Error::NotFound { .. }) => {}
                Err(cause) => return Err(self.lake.unwritable(cause)),
            }
        }
        Ok(deleted)
    }

    fn active_files(&self) -> HashSet<Path> {
        self.snapshot().log_data().iter().map(|file| file.object_store_path()).collect()
    }

    /// Everything in the folder, by its path within, and its size.
    async fn objects(&self) -> Result<Vec<(Path, u64)>, EngineError> {
        let root = self.lake.path(&self.name.path());
        let listed = self.lake.location.store.list(Some(&root));
        let found: Vec<_> = listed.try_collect().await.map_err(|cause| self.lake.unreadable(cause))?;
        let within = |location: &Path| location.prefix_match(&root).map(Path::from_iter);
        Ok(found.iter().filter_map(|object| Some((within(&object.location)?, object.size))).collect())
    }
}

impl Lake {
    /// The folder of a lake that is one.
    pub fn folder(&self) -> Option<PathBuf> {
        (self.location.base_url.scheme() == "file").then(|| PathBuf::from(&self.location.display))
    }

    /// Everything in the lake, by its path within.
    pub async fn objects(&self) -> Result<Vec<Path>, EngineError> {
        let root = &self.location.prefix;
        let listed = self.location.store.list(Some(root));
        let found: Vec<_> = listed.try_collect().await.map_err(|cause| self.unreadable(cause))?;
        let within = |location: &Path| location.prefix_match(root).map(Path::from_iter);
        Ok(found.iter().filter_map(|object| within(&object.location)).collect())
    }

    /// The content of something in the lake; `None` where it is gone by now.
    pub async fn content(&self, path: &Path) -> Result<Option<bytes::Bytes>, EngineError> {
        let whole = Path::from_iter(self.location.prefix.parts().chain(path.parts()));
        match self.location.store.get(&whole).await {
            Ok(found) => found.bytes().await.map(Some).map_err(|cause| self.unreadable(cause)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(self.unreadable(cause)),
        }
    }

    /// Deletes what writes that were cut off left in the tables of a lake that is a folder. Nobody
    /// may write meanwhile. Object stores hide such parts; their life-cycle rules delete them.
    pub fn delete_torn_writes(&self) -> Result<u64, EngineError> {
        let Some(folder) = self.folder() else { return Ok(0) };
        let mut deleted = 0;
        for schema in ["landing", "resolved", "golden", "_probe"] {
            let torn = delete_torn(&folder.join(schema));
            deleted += torn.map_err(|cause| {
                self.unwritable(object_store::Error::Generic {
                    store: "LocalFileSystem",
                    source: cause.into(),
                })
            })?;
        }
        Ok(deleted)
    }
}

/// Of `object_store`: a file is written as `name#1` and then given its name.
fn delete_torn(folder: &FilePath) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut deleted = 0;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name.rsplit_once('#').map(|(_, number)| number);
        if path.is_dir() {
            deleted += delete_torn(&path)?;
        } else if number
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        {
            fs::remove_file(&path)?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

/// The version that an entry of the log is of, by its name.
fn version_of(entry: &str) -> Option<u64> {
    entry.trim_start_matches('/').get(..VERSION_DIGITS)?.parse().ok()
}
