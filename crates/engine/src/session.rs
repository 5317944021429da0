//! DataFusion sessions over the lake.

use std::sync::Arc;

use datafusion::execution::TaskContext;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::{LAKE_STORE, Lake};
use crate::memory::QueryMemory;
use crate::spill::SpillFolder;

const MIB: u64 = 1024 * 1024;
/// Files that a sort merges at once: each takes memory for a batch of its rows, and
/// partitions share that.
const MERGED_FILES: usize = 16;
/// DataFusion's own default, in bytes.
const MERGE_MEMORY: usize = 10 * 1024 * 1024;

/// A session that reads the lake's files, for the stages of a run.
///
/// They scan, and hold what they compute with in stores of their own, so that
/// there is nothing to put aside; whatever tried to would fail.
pub(crate) fn lake_session(lake: &Lake, config: SessionConfig) -> Result<SessionContext, EngineError> {
    Ok(session(lake, config, without_files()?))
}

/// What operators run in that read no table, such as those that compare records. As in
/// [`lake_session`], there is nothing that could be put aside.
pub(crate) fn task_context() -> Result<Arc<TaskContext>, EngineError> {
    Ok(SessionContext::new_with_config_rt(SessionConfig::new(), without_files()?).task_ctx())
}

/// A session for one query of a reader, within the limits of the pipeline. What
/// exceeds its memory goes to sealed files in [`Engine::local_folder`].
pub(crate) fn query_session(engine: &Engine, config: SessionConfig) -> Result<SessionContext, EngineError> {
    let limits = engine.config.pipeline.query;
    let files = SpillFolder::new(engine.local_folder(), u64::from(limits.temporary_mib) * MIB);
    let memory = usize::try_from(u64::from(limits.memory_mib.get()) * MIB).unwrap_or(usize::MAX);
    // What a sort keeps back for merging what it put aside; a sort a partition
    // must leave most of a small memory to the rows.
    let merging = (memory / (8 * config.target_partitions())).min(MERGE_MEMORY);
    let config = config.with_sort_spill_reservation_bytes(merging);
    let runtime = RuntimeEnvBuilder::new()
        .with_disk_manager_builder(
            DiskManagerBuilder::default()
                .with_temp_file_factory(Arc::new(files))
                .with_max_spill_merge_fan_in(MERGED_FILES),
        )
        .with_memory_pool(Arc::new(QueryMemory::new(memory)))
        .build_arc()?;
    Ok(session(&engine.lake, config, runtime))
}

fn without_files() -> Result<Arc<RuntimeEnv>, EngineError> {
    let no_files = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    Ok(RuntimeEnvBuilder::new().with_disk_manager_builder(no_files).build_arc()?)
}

fn session(lake: &Lake, config: SessionConfig, runtime: Arc<RuntimeEnv>) -> SessionContext {
    let session = SessionContext::new_with_config_rt(config, runtime);
    session.register_object_store(LAKE_STORE.as_ref(), lake.object_store());
    session
}
