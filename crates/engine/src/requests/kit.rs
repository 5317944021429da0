//! The kit of a request: who it is about and what they want, sealed under a key of this request alone.

use serde::{Deserialize, Serialize};
use vermeil_model::Grant;
use vermeil_protect::KeyOwner;
use vermeil_state::Kit;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::kit::KitPlace;

/// What the rest of a request needs to know of a person. Personal: no `Debug`.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct RequestKit {
    /// Who they say they are, as (field, value).
    pub(super) identifiers: Vec<(String, String)>,
    /// What should stand where, as (field, value).
    pub(super) changes: Vec<(String, String)>,
    /// What they object to.
    pub(super) purposes: Vec<String>,
    /// Ids of their accounts, when it was made sure who they are; empty before, and where nobody is known.
    pub(crate) records: Vec<[u8; 16]>,
}

/// For whom the key of a request's kit is taken.
pub(super) fn request_owner(number: i64) -> KeyOwner {
    KeyOwner::new(format!("request/{number}"))
}

fn place(number: i64) -> KitPlace {
    KitPlace { table: "requests", owner: request_owner(number), number }
}

impl Engine {
    pub(super) async fn seal_request_kit(
        &self,
        number: i64,
        contents: &RequestKit,
    ) -> Result<Kit, EngineError> {
        self.seal_for(&place(number), contents).await
    }

    /// Whether the kit of a request can be opened still. Its key goes when nothing is left to be done, right
    /// before the request is complete: whoever was cut off in between has that alone to do.
    pub(super) async fn has_request_kit(&self, number: i64) -> Result<bool, EngineError> {
        let Some(kit) = self.state.request_kit(number).await? else { return Ok(false) };
        Ok(self.vault.keys(&[kit.key]).await?.pop().flatten().is_some())
    }

    /// The kit of a request that has not ended.
    pub(crate) async fn open_request_kit(
        &self,
        number: i64,
        grant: &Grant,
    ) -> Result<RequestKit, EngineError> {
        let damaged = || EngineError::DamagedValue { table: "requests".to_owned() };
        let kit = self.state.request_kit(number).await?.ok_or_else(damaged)?;
        self.open_sealed(&place(number), &kit, grant).await?.ok_or_else(damaged)
    }
}
