//! Kits: who a request is about, sealed under a key of this request alone.

use serde::Serialize;
use serde::de::DeserializeOwned;
use vermeil_model::{FieldClass, Grant};
use vermeil_protect::{Binding, KeyOwner, RecordCipher};
use vermeil_state::Kit;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::land::FIRST_KEY_EPOCH;

/// What a kit is bound to.
pub(crate) struct KitPlace {
    /// The table of the state database that it stands in.
    pub(crate) table: &'static str,
    /// For whom its key is taken.
    pub(crate) owner: KeyOwner,
    /// The number of the request.
    pub(crate) number: i64,
}

impl Engine {
    /// Seals `contents` under a new key.
    pub(crate) async fn seal_for(
        &self,
        place: &KitPlace,
        contents: &impl Serialize,
    ) -> Result<Kit, EngineError> {
        let mut keys = self.vault.allocate(&place.owner, 1).await?;
        let (location, key) = keys.pop().expect("one key was asked for");
        let text = zeroize::Zeroizing::new(serde_json::to_vec(contents).expect("plain data"));
        let mut sealed = Vec::new();
        RecordCipher::new(&key).seal_into(&self.binding_of_kit(place), &text, &mut sealed);
        Ok(Kit { sealed, key: location })
    }

    /// Opens a kit; `None` where its key was destroyed.
    pub(crate) async fn open_sealed<T: DeserializeOwned>(
        &self,
        place: &KitPlace,
        kit: &Kit,
        grant: &Grant,
    ) -> Result<Option<T>, EngineError> {
        let Some(key) = self.vault.keys(&[kit.key]).await?.pop().flatten() else { return Ok(None) };
        let damaged = || EngineError::DamagedValue { table: place.table.to_owned() };
        let opened = RecordCipher::new(&key).open(&self.binding_of_kit(place), &kit.sealed);
        let opened = opened.map_err(|_| damaged())?;
        serde_json::from_slice(opened.expose(grant)).map(Some).map_err(|_| damaged())
    }

    fn binding_of_kit(&self, place: &KitPlace) -> Binding<'_> {
        Binding {
            tenant: &self.config.pipeline.name,
            table: place.table,
            class: FieldClass::Sensitive,
            record: i128::from(place.number).to_be_bytes(),
            version: 1,
            key_epoch: FIRST_KEY_EPOCH,
        }
    }
}
