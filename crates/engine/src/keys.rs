//! Generations of keys: what lies under each, moving on to a new one, destroying an old one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use vermeil_audit::{Intent, Status};
use vermeil_model::pipeline::ProviderSettings;
use vermeil_model::policy::{Purpose, Role};
use vermeil_protect::vault::KeyState;
use vermeil_protect::{Destruction, GenerationState, KeyLocation, Secret};

use crate::audit::OpeningEntry;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::keyring;
use crate::progress::{KeysMoved, Progress};
use crate::report::{
    DestructionReport, GenerationReport, KeyRotationReport, KeysReport, RewrappingReport, RotationUnderWay,
    second,
};

/// In which role and for which purpose the trail names those who manage keys.
const OPERATOR: &str = "operator";
const KEY_MANAGEMENT: &str = "key_management";

/// Who is to hold the keys of a keyring.
pub struct KeyHolder {
    /// As a pipeline file says it.
    pub provider: ProviderSettings,
    /// The values of the variables that it names, by name.
    pub secrets: BTreeMap<String, Secret>,
    /// Where relative paths in it start.
    pub base: PathBuf,
}

impl Engine {
    /// The generations of the keyring, and the pages and keys under each.
    ///
    /// # Errors
    /// The state database or the keyring cannot be read.
    pub async fn keys(&self) -> Result<KeysReport, EngineError> {
        let usage = self.vault.usage().await?;
        let rotation = self.vault.rotation().await?;
        // Last: so it knows every generation that a page was sealed under.
        self.keyring.reload_if_changed().await?;
        let current = self.keyring.current_generation();
        let mut generations: Vec<GenerationReport> = self
            .keyring
            .generations()
            .into_iter()
            .map(|generation| of_keyring(generation.number, generation.state, current))
            .collect();
        for used in &usage {
            let known = generations.iter_mut().find(|known| known.generation == used.generation);
            match known {
                Some(known) => (known.pages, known.keys) = (used.pages, used.keys),
                None => generations.push(GenerationReport {
                    generation: used.generation,
                    state: "unknown".to_owned(),
                    at: None,
                    pages: used.pages,
                    keys: used.keys,
                }),
            }
        }
        let older_than = |number| usage.iter().filter(move |used| used.generation < number);
        Ok(KeysReport {
            keyring: self.keyring.id().to_string(),
            provider: self.keyring.provided_by().kind.as_str().to_owned(),
            current,
            rotation: rotation.map(|rotation| RotationUnderWay {
                generation: rotation.generation,
                begun_at: second(rotation.begun_at),
                pages_left: older_than(rotation.generation).map(|used| used.pages).sum(),
            }),
            generations,
        })
    }

    /// Moves every key page to a new generation, beside readers and runs. Continues
    /// a rotation that was cut off, and joins one that is under way.
    ///
    /// # Errors
    /// The state database or the keyring fail. What has moved stays; the next call goes on.
    pub async fn rotate_keys(
        &self,
        actor: &str,
        progress: &dyn Progress,
    ) -> Result<KeyRotationReport, EngineError> {
        let started = std::time::Instant::now();
        let entry = self.announce(actor, "rotate", "keyring").await?;
        let rotated = self
            .vault
            .rotate(&|moved| {
                progress.keys_moved(KeysMoved {
                    pages: moved.pages,
                    pages_in_all: moved.pages_in_all,
                    keys: moved.keys,
                });
            })
            .await;
        let moved = rotated.as_ref().map_or(0, |rotated| rotated.pages);
        let noted = self.conclude(entry, moved, rotated.is_ok()).await;
        // Where both fail, for a full disk say, the first failure is the one to know.
        let rotated = rotated?;
        noted?;
        let destroyable = self.keys().await?.generations.into_iter().filter(|generation| {
            generation.state == "active"
                && generation.generation < rotated.generation
                && generation.pages == 0
        });
        Ok(KeyRotationReport {
            generation: rotated.generation,
            pages: rotated.pages,
            keys: rotated.keys,
            seconds: started.elapsed().as_secs_f64(),
            destroyable: destroyable.map(|generation| generation.generation).collect(),
        })
    }

    /// Destroys a generation that no page uses any more. Backups of the state
    /// database from before its pages moved open no more, whoever has them. Before,
    /// the blind index moves on from it, so that records are found as ever.
    ///
    /// # Errors
    /// Pages still use it, it is the newest, or there is none of that number; or
    /// the state database or the keyring fail. Asking again completes what was cut off.
    pub async fn destroy_generation(
        &self,
        actor: &str,
        generation: u32,
        progress: &dyn Progress,
    ) -> Result<DestructionReport, EngineError> {
        let entry = self.announce(actor, "destroy", &format!("keyring/{generation}")).await?;
        let destroyed = self.leave_generation(generation, progress).await;
        let noted = self.conclude(entry, 0, destroyed.is_ok()).await;
        let destroyed = destroyed?;
        noted?;
        Ok(match destroyed {
            Destruction::Done { at } => {
                DestructionReport { generation, state: "destroyed".to_owned(), at: second(at) }
            }
            Destruction::Pending { until } => {
                DestructionReport { generation, state: "pending".to_owned(), at: second(until) }
            }
        })
    }

    /// Hands the keyring over to another provider, or to the same under another secret.
    /// Copies of its file from before open as before.
    ///
    /// # Errors
    /// The provider cannot be used as it is set up; a generation is not yet destroyed, or
    /// lost; or one of the two providers, the keyring or the audit log fail. The keyring is
    /// with one of the two then.
    pub async fn rewrap_keyring(
        &self,
        actor: &str,
        holder: &KeyHolder,
    ) -> Result<RewrappingReport, EngineError> {
        let provider = keyring::provider(&holder.provider, &holder.secrets, &holder.base)?;
        let entry = self.announce(actor, "rewrap", "keyring").await?;
        let rewrapped = self.keyring.rewrap_with(provider).await;
        let noted = self.conclude(entry, 0, rewrapped.is_ok()).await;
        rewrapped?;
        noted?;
        Ok(RewrappingReport {
            keyring: self.keyring.id().to_string(),
            provider: self.keyring.provided_by().kind.as_str().to_owned(),
        })
    }

    async fn leave_generation(
        &self,
        generation: u32,
        progress: &dyn Progress,
    ) -> Result<Destruction, EngineError> {
        self.keyring.reload_if_changed().await?;
        let indexes = self.state.index_secrets().await?;
        let is_indexed = indexes.iter().any(|index| index.generation == generation);
        // Held until it is destroyed: a run would else make entries that end with it.
        let _lock = match is_indexed && generation < self.keyring.current_generation() {
            true => {
                let lock = self.lock(progress).await?;
                self.complete_blind_index().await?;
                Some(lock)
            }
            false => None,
        };
        Ok(self.vault.destroy_generation(generation).await?)
    }

    /// Why there is no key for something that stands in the lake.
    pub(crate) async fn why_without_key(
        &self,
        location: KeyLocation,
        what: &'static str,
        id: &str,
    ) -> Result<EngineError, EngineError> {
        let id = id.to_owned();
        Ok(match self.vault.states(&[location]).await?.pop() {
            Some(KeyState::Destroyed { at }) => EngineError::Erased { what, id, at },
            _ => EngineError::Unknown { what, id },
        })
    }

    /// Writes to the audit log what is about to be done to keys. Where this
    /// fails, nothing may be done.
    async fn announce(&self, actor: &str, action: &str, what: &str) -> Result<OpeningEntry, EngineError> {
        let intent = Intent {
            actor: actor.to_owned(),
            role: Role(OPERATOR.to_owned()),
            purpose: Purpose(KEY_MANAGEMENT.to_owned()),
            action: action.to_owned(),
            table: what.to_owned(),
            classes: Vec::new(),
        };
        self.audit.begin(intent).await
    }

    async fn conclude(&self, entry: OpeningEntry, pages: u64, done: bool) -> Result<(), EngineError> {
        let status = if done { Status::Done } else { Status::Failed };
        self.audit.conclude(entry, pages, status).await
    }
}

fn of_keyring(generation: u32, state: GenerationState, current: u32) -> GenerationReport {
    let at = |moment| Some(second(moment));
    let (state, at) = match state {
        GenerationState::Active if generation == current => ("current", None),
        GenerationState::Active => ("active", None),
        GenerationState::Lost => ("lost", None),
        GenerationState::Destroying { since } => ("destroying", at(since)),
        GenerationState::Pending { until } => ("pending", at(until)),
        GenerationState::Destroyed { at: moment } => ("destroyed", at(moment)),
    };
    GenerationReport { generation, state: state.to_owned(), at, pages: 0, keys: 0 }
}
