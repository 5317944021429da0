//! The erasure kit: who a request is about, sealed under a key of this request alone.

use serde::{Deserialize, Serialize};
use vermeil_model::consent::ConsentKey;
use vermeil_model::{FieldClass, Policy};
use vermeil_protect::{Binding, KeyLocation, KeyOwner, RecordCipher};
use vermeil_state::Kit;

use super::names::Names;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::land::FIRST_KEY_EPOCH;

/// What the rest of an erasure needs to know of a person. Personal: no `Debug`.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct KitContents {
    /// Ids of accounts.
    pub(super) records: Vec<[u8; 16]>,
    /// Ids of events that happened to them.
    pub(super) events: Vec<[u8; 16]>,
    /// Ids of the profile, and of those that had gone into it.
    pub(super) profiles: Vec<[u8; 16]>,
    /// Ids of quarantined rows.
    pub(super) quarantined: Vec<[u8; 16]>,
    /// Tags of records and events.
    pub(super) tags: Vec<[u8; 16]>,
    /// Page and slot of every key.
    pub(super) keys: Vec<(i64, u16)>,
    /// What bars them from coming back.
    pub(super) suppression: Vec<[u8; 16]>,
    /// Contact points, as what was allowed and refused is kept by.
    #[serde(default)]
    pub(super) contacts: Vec<ConsentKey>,
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

impl Engine {
    pub(super) async fn seal_kit(&self, number: i64, contents: &KitContents) -> Result<Kit, EngineError> {
        let mut keys = self.vault.allocate(&kit_owner(number), 1).await?;
        let (location, key) = keys.pop().expect("one key was asked for");
        let text = zeroize::Zeroizing::new(serde_json::to_vec(contents).expect("plain data"));
        let mut sealed = Vec::new();
        RecordCipher::new(&key).seal_into(&self.kit_binding(number), &text, &mut sealed);
        Ok(Kit { sealed, key: location })
    }

    /// The kit of a request; `None` where it was destroyed.
    pub(super) async fn open_kit(&self, number: i64) -> Result<Option<KitContents>, EngineError> {
        let Some(kit) = self.state.erasure_kit(number).await? else { return Ok(None) };
        let Some(key) = self.vault.keys(&[kit.key]).await?.pop().flatten() else { return Ok(None) };
        let damaged = || EngineError::DamagedValue { table: "erasures".to_owned() };
        let opened = RecordCipher::new(&key).open(&self.kit_binding(number), &kit.sealed);
        let opened = opened.map_err(|_| damaged())?;
        serde_json::from_slice(opened.expose(&Policy::erasing())).map(Some).map_err(|_| damaged())
    }

    fn kit_binding(&self, number: i64) -> Binding<'_> {
        Binding {
            tenant: &self.config.pipeline.name,
            table: "erasures",
            class: FieldClass::Sensitive,
            record: i128::from(number).to_be_bytes(),
            version: 1,
            key_epoch: FIRST_KEY_EPOCH,
        }
    }
}
