//! Opening a pipeline: its keyring, state database and lake.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::Mutex;
use vermeil_model::pipeline::{Pipeline, Source, StateSettings};
use vermeil_model::policy::{Denied, Purpose, Role};
use vermeil_model::schema::SchemaKind;
use vermeil_model::{Grant, Schema, SourceId};
use vermeil_policy::AccessPolicy;
use vermeil_protect::{
    ChangeTags, ConsentTags, KeyProvider, KeyVault, Keyring, KeyringError, MatchTags, Plain, Secret,
    SuppressionTags,
};
use vermeil_state::{StateDatabase, StateLocation};

use crate::audit::AuditTrail;
use crate::consent::ConsentIndex;
use crate::error::EngineError;
use crate::keyring;
use crate::lake::{Lake, LakeLocation};
use crate::recipients::Courier;

/// What an engine works on.
#[derive(Clone)]
pub struct EngineConfig {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// Every schema the pipeline names, under that name.
    pub schemas: BTreeMap<String, Schema>,
    /// Relative paths of the pipeline start here.
    pub base: PathBuf,
    /// For object stores: credentials, endpoints.
    pub storage_options: BTreeMap<String, String>,
    /// Who may see what, and what for.
    pub policy: AccessPolicy,
    /// For the key provider and the state database: the values of the variables that the pipeline names, by name.
    pub secrets: BTreeMap<String, Secret>,
}

/// Whether a command may make the keyring, the state database and the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A run makes what is missing.
    CreateIfMissing,
    /// A reader needs what a run made.
    MustExist,
    /// A preview takes what a run made, and before the first run makes do with a
    /// keyring and a state database that vanish with it.
    Preview,
}

/// Who reads, as what, and why.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The name of the account at the operating system or the service.
    pub actor: String,
    /// A role that the policy files declare.
    pub role: Role,
    /// Without one, nothing personal is opened.
    pub purpose: Option<Purpose>,
}

/// One pipeline, ready to run and to answer.
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) lake: Lake,
    pub(crate) state: Arc<StateDatabase>,
    pub(crate) audit: AuditTrail,
    pub(crate) vault: Arc<KeyVault>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) change_tags: ChangeTags,
    pub(crate) match_tags: MatchTags,
    pub(crate) suppression_tags: SuppressionTags,
    pub(crate) consent_tags: ConsentTags,
    /// Who brings messages to recipients.
    pub(crate) courier: Option<Arc<dyn Courier>>,
    /// Who may be seen in the publication that was asked about last.
    pub(crate) consents: Mutex<Option<ConsentIndex>>,
    /// Keyring, state database and audit log of a preview before the first run.
    _preview: Option<TempDir>,
}

impl EngineConfig {
    /// The schema of a source.
    pub fn schema_of(&self, source: &Source) -> &Schema {
        // The command line loads every schema that the pipeline names.
        self.schemas.get(self.pipeline.schema_of(source)).expect("every named schema is loaded")
    }

    /// The schema of golden profiles: the pipeline's own.
    pub fn golden_schema(&self) -> &Schema {
        self.schemas.get(&self.pipeline.schema).expect("every named schema is loaded")
    }

    /// The sources of records, in the order of the pipeline.
    pub fn record_sources(&self) -> impl Iterator<Item = &Source> {
        self.pipeline.sources.iter().filter(|source| self.schema_of(source).kind == SchemaKind::Record)
    }

    pub(crate) fn path_of(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }

    fn state_location(&self) -> Result<StateLocation, EngineError> {
        Ok(match &self.pipeline.state {
            StateSettings::File(path) => StateLocation::File(self.path_of(path)),
            StateSettings::Url(url) => StateLocation::server(url)?,
            StateSettings::UrlVariable(variable) => {
                let missing = || EngineError::StateUrlMissing { variable: variable.clone() };
                StateLocation::server(self.secrets.get(variable).ok_or_else(missing)?.expose())?
            }
        })
    }
}

impl Engine {
    /// Opens a pipeline.
    ///
    /// # Errors
    /// - the keyring is missing although a lake stands, has loose permissions or is damaged;
    /// - keyring, state database and lake do not belong together;
    /// - the lake or the state database was written by a newer version, or cannot be reached;
    /// - [`EngineError::RestoredBackup`]: a preview of a backup that lacks erasures;
    /// - they cannot be carried out again.
    pub async fn open(config: EngineConfig, access: Access) -> Result<Self, EngineError> {
        let engine = Self::assemble(config, access).await?;
        // A restored backup serves nobody before it knows who was erased since.
        // Boxed: hardly ever needed, and larger than everything else in here.
        Box::pin(engine.replay_erasures(access)).await?;
        Ok(engine)
    }

    /// Opens a pipeline that may be a backup of before erasures: it must serve nobody.
    pub(crate) async fn assemble(config: EngineConfig, access: Access) -> Result<Self, EngineError> {
        let pipeline = &config.pipeline;
        let location = LakeLocation::parse(&pipeline.lake, &config.base, &config.storage_options, access)?;
        let sealed_with = Lake::keyring_of(&location).await?;
        let preview = match (access, &sealed_with) {
            (Access::Preview, None) => Some(TempDir::new().map_err(EngineError::Preview)?),
            _ => None,
        };
        let place = |path: &str, name: &str| match &preview {
            Some(folder) => folder.path().join(name),
            None => config.path_of(path),
        };
        let keyring_path = place(&pipeline.keyring.path, "keyring.json");
        let state_location = match &preview {
            Some(folder) => StateLocation::File(folder.path().join("state.db")),
            None => config.state_location()?,
        };
        let audit_folder = place(&pipeline.audit_folder(), "audit");
        let may_create = access == Access::CreateIfMissing || preview.is_some();
        // What vanishes with a preview is nothing to make keys of a service for.
        let provider: Arc<dyn KeyProvider> = match &preview {
            Some(_) => Arc::new(Plain),
            None => keyring::provider(&pipeline.keyring.provider, &config.secrets, &config.base)?,
        };
        let keyring =
            open_keyring(&keyring_path, provider, sealed_with, location.display(), may_create).await?;
        let keyring = Arc::new(keyring);
        let keyring_number = keyring.id();
        let keyring_id = keyring_number.to_string();
        let lake = match access {
            Access::CreateIfMissing => Lake::open_or_create(location, &keyring_id).await?,
            Access::Preview if preview.is_some() => Lake::not_yet(location),
            Access::Preview | Access::MustExist => Lake::open(location, &keyring_id).await?,
        };
        let state = Arc::new(StateDatabase::open(state_location).await?);
        state.bind(keyring_number, &pipeline.name).await?;
        let change_tags = ChangeTags::of(&keyring);
        let match_tags = MatchTags::of(&keyring);
        let suppression_tags = SuppressionTags::of(&keyring);
        let consent_tags = ConsentTags::of(&keyring);
        let vault = Arc::new(KeyVault::new(Arc::clone(&keyring), Arc::clone(&state) as _));
        let audit = AuditTrail::of(&audit_folder, &keyring, &config);
        Ok(Self {
            lake,
            state,
            audit,
            vault,
            keyring,
            change_tags,
            match_tags,
            suppression_tags,
            consent_tags,
            courier: None,
            consents: Mutex::new(None),
            _preview: preview,
            config,
        })
    }

    /// The engine, with someone who brings messages to the servers of recipients. Without, none is told there.
    #[must_use]
    pub fn with_courier(mut self, courier: Arc<dyn Courier>) -> Self {
        self.courier = Some(courier);
        self
    }

    /// Where the tables lie.
    pub fn lake_location(&self) -> &str {
        self.lake.display_location()
    }

    /// The leave of a reader.
    ///
    /// # Errors
    /// The policy gives none.
    pub(crate) fn grant(&self, reader: &Reader) -> Result<Grant, Denied> {
        self.config.policy.grant(&reader.actor, &reader.role, reader.purpose.as_ref())
    }

    /// Where files go that belong to this machine: beside the state database, or the keyring where
    /// that is at a server.
    pub(crate) fn local_folder(&self) -> PathBuf {
        let keyring = || self.config.path_of(&self.config.pipeline.keyring.path);
        let file = self.state.location().file().map_or_else(keyring, Path::to_owned);
        file.parent().map_or(file.clone(), Path::to_owned)
    }

    /// The position of a source in the pipeline.
    pub(crate) fn source_position(&self, id: &SourceId) -> u32 {
        let position = self.config.pipeline.sources.iter().position(|source| source.id == *id);
        u32::try_from(position.unwrap_or_default()).expect("a pipeline has few sources")
    }
}

async fn open_keyring(
    path: &Path,
    provider: Arc<dyn KeyProvider>,
    sealed_with: Option<String>,
    lake: &str,
    may_create: bool,
) -> Result<Keyring, EngineError> {
    if path.exists() {
        return Ok(Keyring::open(path, provider).await?);
    }
    let lake = lake.to_owned();
    // A new keyring could never open what the old one sealed.
    match sealed_with {
        Some(keyring) => Err(EngineError::KeyringMissing { keyring, lake }),
        None if may_create => match Keyring::create(path, Arc::clone(&provider)).await {
            // Another run was first.
            Err(KeyringError::AlreadyExists { .. }) => Ok(Keyring::open(path, provider).await?),
            made => Ok(made?),
        },
        None => Err(EngineError::NoLake { lake }),
    }
}
