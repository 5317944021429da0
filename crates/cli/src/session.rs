//! What every command works with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vermeil_engine::{Access, Engine, EngineConfig, KeyHolder, Progress, Reader};
use vermeil_model::policy::{Purpose, Role};
use vermeil_policy::PolicyErrors;

use crate::args::{LogFormat, ReaderArguments};
use crate::config;
use crate::courier::HttpCourier;
use crate::environment::{self, Environment};
use crate::exit::Failure;
use crate::language::Catalog;

/// One invocation of the program.
pub struct Session {
    /// Messages in the user's language.
    pub catalog: Arc<Catalog>,
    /// What the environment says.
    pub environment: Environment,
    /// How the user called the program: what suggested commands begin with.
    pub program: String,
    /// Where the pipeline is.
    pub pipeline: PathBuf,
    /// How standard error is written.
    pub log: LogFormat,
    /// Receives the progress of long commands.
    pub progress: Box<dyn Progress>,
}

impl Session {
    /// Reads the pipeline that `-p` names.
    ///
    /// # Errors
    /// What is missing, unreadable or malformed.
    pub fn config(&self) -> Result<EngineConfig, Failure> {
        let mut config = config::load(&self.pipeline, self.environment.storage_options.clone())?;
        config.secrets = environment::secrets(&config.pipeline.variables());
        Ok(config)
    }

    /// Reads the pipeline that `-p` names, and what is wrong with its policies.
    ///
    /// # Errors
    /// As [`Session::config`], but for the policies.
    pub fn config_to_check(&self) -> Result<(EngineConfig, Option<PolicyErrors>), Failure> {
        config::load_to_check(&self.pipeline, self.environment.storage_options.clone())
    }

    /// Who is to hold the keys, as the pipeline file `place` says it.
    ///
    /// # Errors
    /// The file is missing, unreadable or malformed.
    pub fn key_holder(&self, place: &Path) -> Result<KeyHolder, Failure> {
        let mut holder = config::key_holder(place)?;
        holder.secrets = environment::secrets(&holder.provider.variables());
        Ok(holder)
    }

    /// Opens the engine on the pipeline that `-p` names.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn engine(&self, access: Access) -> Result<Engine, Failure> {
        Ok(Engine::open(self.config()?, access).await?.with_courier(Arc::new(HttpCourier)))
    }

    /// Tells people something beside the result, on standard error.
    pub fn notice(&self, text: &str) {
        match self.log {
            LogFormat::Json => tracing::info!("{text}"),
            // A closed standard error is no reason to stop.
            LogFormat::Text => drop(writeln!(std::io::stderr(), "{text}")),
        }
    }

    /// The user in a role, reading for a purpose.
    pub fn reader(&self, arguments: &ReaderArguments) -> Reader {
        Reader {
            actor: self.environment.actor.clone(),
            role: Role(arguments.role.clone()),
            purpose: arguments.purpose.clone().map(Purpose),
        }
    }
}
