//! DataFusion sessions over the lake.

use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::error::EngineError;
use crate::lake::{LAKE_STORE, Lake};

/// A session that reads the lake's files.
///
/// It never spills: opened values would reach the disk in the clear.
pub(crate) fn lake_session(lake: &Lake, config: SessionConfig) -> Result<SessionContext, EngineError> {
    let no_spill = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    let runtime = RuntimeEnvBuilder::new().with_disk_manager_builder(no_spill).build_arc()?;
    let session = SessionContext::new_with_config_rt(config, runtime);
    session.register_object_store(LAKE_STORE.as_ref(), lake.object_store());
    Ok(session)
}
