//! The erasure kit: who a request is about, sealed under a key of this request alone.

use serde::{Deserialize, Serialize};
use vermeil_model::Policy;
use vermeil_model::consent::ConsentKey;
use vermeil_protect::{KeyLocation, KeyOwner};
use vermeil_state::Kit;

use super::names::Names;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::kit::KitPlace;

/// What the rest of an erasure needs to know of a person. Personal: no `Debug`.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct KitContents {
    /// Ids of accounts.
    pub(crate) records: Vec<[u8; 16]>,
    /// Ids of events that happened to them.
    pub(crate) events: Vec<[u8; 16]>,
    /// Ids of the profile, and of those that had gone into it.
    pub(crate) profiles: Vec<[u8; 16]>,
    /// Ids of quarantined rows.
    pub(crate) quarantined: Vec<[u8; 16]>,
    /// Tags of records and events.
    pub(super) tags: Vec<[u8; 16]>,
    /// Page and slot of every key.
    pub(super) keys: Vec<(i64, u16)>,
    /// What bars them from coming back.
    pub(super) suppression: Vec<[u8; 16]>,
    /// Contact points, as what was allowed and refused is kept by.
    #[serde(default)]
    pub(crate) contacts: Vec<ConsentKey>,
    /// What distinguishes them, as (name of the field, value).
    pub(super) values: Vec<(String, String)>,
}

impl KitContents {
    pub(super) fn locations(&self) -> Vec<KeyLocation> {
        self.keys.iter().map(|(page, slot)| KeyLocation { page: *page, slot: *slot }).collect()
    }

    /// Adds what the kit names, for the request at `position`.
    pub(super) fn name(&self, names: &mut Names, position: usize) {
        let ids = [&self.records, &self.events, &self.profiles, &self.quarantined].into_iter().flatten();
        names.ids.extend(ids.map(|id| (*id, position)));
        names.tags.extend(self.tags.iter().map(|tag| (*tag, position)));
        names.keys.extend(self.locations().into_iter().map(|key| (key, position)));
    }
}

/// For whom the key of a request's kit is taken.
pub(super) fn kit_owner(number: i64) -> KeyOwner {
    KeyOwner::new(format!("erasure/{number}"))
}

/// Where the kit of a request lies.
fn place(number: i64) -> KitPlace {
    KitPlace { table: "erasures", owner: kit_owner(number), number }
}

impl Engine {
    pub(super) async fn seal_kit(&self, number: i64, contents: &KitContents) -> Result<Kit, EngineError> {
        self.seal_for(&place(number), contents).await
    }

    /// The kit of a request; `None` where it was destroyed.
    pub(crate) async fn open_kit(&self, number: i64) -> Result<Option<KitContents>, EngineError> {
        let Some(kit) = self.state.erasure_kit(number).await? else { return Ok(None) };
        self.open_sealed(&place(number), &kit, &Policy::erasing()).await
    }
}
