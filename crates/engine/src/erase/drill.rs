//! Trying out what a restored backup would tell about people who were erased after it: nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ahash::AHashSet;
use vermeil_model::pipeline::StateSettings;
use vermeil_model::{RecordId, Tag};

use crate::engine::{Access, Engine, EngineConfig};
use crate::error::EngineError;
use crate::link::blocking;
use crate::report::RestoreDrillReport;

/// A copy of the state database and of the lake that belongs to it. Neither is changed.
#[derive(Debug, Clone)]
pub struct RestoredBackup {
    /// The file of the state database; its write-ahead log, where there is one, lies beside it.
    pub state: PathBuf,
    /// The folder of the lake.
    pub lake: PathBuf,
}

/// The names that things have in the folder of a drill.
const LAKE: &str = "lake";
const STATE: &str = "state.db";
const KEYRING: &str = "keyring.json";
const AUDIT: &str = "audit";

/// Restores a backup in a folder that vanishes, beside the keyring and the ledger of today, and tells who of
/// those erased could be read before the ledger was replayed, and who after.
///
/// # Errors
/// The backup cannot be copied or opened, or the replay fails.
pub async fn restore_drill(
    config: EngineConfig,
    backup: &RestoredBackup,
) -> Result<RestoreDrillReport, EngineError> {
    let folder = tempfile::tempdir().map_err(EngineError::Preview)?;
    let config = restored(config, backup, folder.path()).await?;
    let engine = Engine::assemble(config.clone(), Access::MustExist).await?;
    let erased = engine.everybody_erased().await?;
    let before = engine.records_barred_by(&erased).await?;
    let unknown = engine.unknown_erasures().await?.len() as u64;
    drop(engine);

    let replaying = Instant::now();
    let engine = Engine::open(config, Access::MustExist).await?;
    let seconds = replaying.elapsed().as_secs_f64();
    let after = engine.records_barred_by(&erased).await?;
    Ok(RestoreDrillReport {
        erasures: engine.audit.ledger().await?.len() as u64,
        tags: erased.len() as u64,
        tags_unknown: unknown,
        records_before: before.len() as u64,
        records_after: after.len() as u64,
        rows_after: engine.rows_of_records(&before).await?,
        seconds,
    })
}

/// The configuration of a pipeline whose backup is restored in `folder`.
async fn restored(
    mut config: EngineConfig,
    backup: &RestoredBackup,
    folder: &Path,
) -> Result<EngineConfig, EngineError> {
    let keyring = config.path_of(&config.pipeline.keyring.path);
    let audit = config.path_of(&config.pipeline.audit_folder());
    let log = |suffix: &str| PathBuf::from(format!("{}{suffix}", backup.state.display()));
    let copies = [
        (backup.lake.clone(), folder.join(LAKE)),
        (backup.state.clone(), folder.join(STATE)),
        (log("-wal"), folder.join(format!("{STATE}-wal"))),
        (keyring, folder.join(KEYRING)),
        (audit, folder.join(AUDIT)),
    ];
    blocking(move || {
        for (from, to) in copies {
            copy(&from, &to).map_err(|cause| EngineError::Backup(from.display().to_string(), cause))?;
        }
        Ok(())
    })
    .await?;
    let pipeline = &mut config.pipeline;
    pipeline.lake = LAKE.to_owned();
    pipeline.state = StateSettings::File(STATE.to_owned());
    pipeline.keyring.path = KEYRING.to_owned();
    pipeline.audit = Some(AUDIT.to_owned());
    config.base = folder.to_owned();
    Ok(config)
}

/// Copies a file or folder; a write-ahead log may be missing.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let is_log = from.to_string_lossy().ends_with("-wal");
    match fs::metadata(from) {
        Err(cause) if is_log && cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(cause),
        Ok(metadata) if metadata.is_dir() => {
            fs::create_dir_all(to)?;
            for entry in fs::read_dir(from)? {
                let entry = entry?;
                copy(&entry.path(), &to.join(entry.file_name()))?;
            }
            Ok(())
        }
        Ok(_) => fs::copy(from, to).map(drop),
    }
}

impl Engine {
    /// Every tag of the ledger.
    async fn everybody_erased(&self) -> Result<AHashSet<Tag>, EngineError> {
        let mut erased = AHashSet::new();
        for entry in self.audit.ledger().await? {
            self.audit.check_signed(&entry)?;
            erased.extend(entry.tags().into_iter().flatten());
        }
        Ok(erased)
    }

    /// Rows that name some records, in every version of every table.
    async fn rows_of_records(&self, records: &[RecordId]) -> Result<u64, EngineError> {
        let ids: Vec<u128> = records.iter().map(|record| record.0).collect();
        Ok(self.look_back_for(&ids).await?.rows)
    }
}
