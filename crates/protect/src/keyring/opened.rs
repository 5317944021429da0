//! The keys of a keyring in memory, as of one version of its file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::KeyringError;
use super::file::Stamp;
use super::keys::{
    Generation, GenerationState, KeyringId, PageKey, RootKey, RootKind, WrapRequest, WrappedKey,
};
use super::providers::{KeyProvider, KeySlot, ProviderError, SecretKind};
use super::stored::{StoredGeneration, StoredKeyring, decode_roots};
use crate::aead::{AssociatedData, Cipher};

pub(super) struct Opened {
    pub(super) provider: Arc<dyn KeyProvider>,
    /// Which version of the file this is; `None` while it is not yet written.
    pub(super) stamp: Option<Stamp>,
    stored: StoredKeyring,
    /// Of each active generation; `None` where the provider has lost the key.
    ciphers: BTreeMap<u32, Option<Arc<Cipher>>>,
    roots: BTreeMap<RootKind, RootKey>,
}

impl Opened {
    /// Unwraps what the file holds, except for what `before` has open already.
    pub(super) async fn new(
        provider: Arc<dyn KeyProvider>,
        stored: StoredKeyring,
        before: Option<&Opened>,
    ) -> Result<Self, KeyringError> {
        let keyring = stored.id;
        let garbled = |secret: SecretKind| KeyringError::Garbled { keyring, secret: secret.to_string() };
        let mut ciphers = BTreeMap::new();
        for (&number, generation) in &stored.generations {
            let StoredGeneration::Active(wrapped) = generation else { continue };
            let secret = SecretKind::Generation(number);
            let cipher = match before.and_then(|before| before.cipher_of(number, wrapped)) {
                Some(cipher) => Some(cipher),
                None => match provider.unwrap(KeySlot { keyring, secret }, wrapped).await {
                    Ok(key) => {
                        let key = key.as_slice().try_into().map_err(|_| garbled(secret))?;
                        Some(Arc::new(Cipher::new(key)))
                    }
                    // The others still open what they wrapped.
                    Err(ProviderError::KeyGone { .. }) => None,
                    Err(error) => return Err(error.into()),
                },
            };
            ciphers.insert(number, cipher);
        }
        let roots = match before {
            Some(before) if before.stored.roots == stored.roots => before.roots.clone(),
            _ => {
                let slot = KeySlot { keyring, secret: SecretKind::Roots };
                let bundle = provider.unwrap(slot, &stored.roots).await?;
                decode_roots(&bundle).ok_or_else(|| garbled(SecretKind::Roots))?
            }
        };
        Ok(Self { provider, stamp: None, stored, ciphers, roots })
    }

    pub(super) fn current_generation(&self) -> u32 {
        self.stored.current_generation().expect("a keyring without an active generation is not opened")
    }

    pub(super) fn generations(&self) -> Vec<Generation> {
        let state = |number, stored: &StoredGeneration| match (stored.state(), self.ciphers.get(number)) {
            (GenerationState::Active, Some(None)) => GenerationState::Lost,
            (state, _) => state,
        };
        let all = self.stored.generations.iter();
        all.map(|(number, stored)| Generation { number: *number, state: state(number, stored) }).collect()
    }

    pub(super) fn wrap(
        &self,
        keyring: KeyringId,
        generation: u32,
        keys: &[WrapRequest<'_>],
    ) -> Result<Vec<Vec<u8>>, KeyringError> {
        let cipher = self.cipher(keyring, generation)?;
        let lock = |request: &WrapRequest<'_>| {
            let associated = associated(keyring, generation, request.context);
            cipher.lock(associated.as_slice(), request.key.expose())
        };
        Ok(keys.iter().map(lock).collect())
    }

    pub(super) fn unwrap(
        &self,
        keyring: KeyringId,
        keys: &[WrappedKey<'_>],
    ) -> Result<Vec<PageKey>, KeyringError> {
        let unlock = |wrapped: &WrappedKey<'_>| {
            let generation = wrapped.generation;
            let associated = associated(keyring, generation, wrapped.context);
            let opened = self.cipher(keyring, generation)?.unlock(associated.as_slice(), wrapped.bytes);
            match opened.map(|bytes| <[u8; 32]>::try_from(bytes.as_slice())) {
                Ok(Ok(bytes)) => Ok(PageKey::from_bytes(bytes)),
                _ => Err(KeyringError::Refused { keyring, generation }),
            }
        };
        keys.iter().map(unlock).collect()
    }

    pub(super) fn root(&self, kind: RootKind) -> RootKey {
        self.roots.get(&kind).expect("a keyring without all its roots is not opened").clone()
    }

    fn cipher(&self, keyring: KeyringId, generation: u32) -> Result<&Cipher, KeyringError> {
        match (self.ciphers.get(&generation), self.stored.generations.get(&generation)) {
            (Some(Some(cipher)), _) => Ok(cipher),
            (Some(None), _) => Err(KeyringError::LostGeneration { keyring, generation }),
            (None, Some(stored)) => Err(closed(keyring, generation, stored)),
            (None, None) => Err(KeyringError::UnknownGeneration { keyring, generation }),
        }
    }

    /// The open key of a generation, if it is the one that is wrapped there.
    fn cipher_of(&self, number: u32, wrapped: &[u8]) -> Option<Arc<Cipher>> {
        match self.stored.generations.get(&number)? {
            StoredGeneration::Active(known) if known.as_slice() == wrapped => {
                self.ciphers.get(&number)?.clone()
            }
            _ => None,
        }
    }
}

/// Why a generation that is not active opens nothing.
pub(super) fn closed(keyring: KeyringId, generation: u32, stored: &StoredGeneration) -> KeyringError {
    match stored {
        StoredGeneration::Active(_) => KeyringError::LostGeneration { keyring, generation },
        StoredGeneration::Destroying { since: moment }
        | StoredGeneration::Pending { until: moment }
        | StoredGeneration::Destroyed { at: moment } => {
            KeyringError::DestroyedGeneration { keyring, generation, since: *moment }
        }
    }
}

fn associated(keyring: KeyringId, generation: u32, context: &[u8]) -> AssociatedData {
    AssociatedData::new("vermeil/wrap/1")
        .part(keyring.as_bytes())
        .part(&generation.to_be_bytes())
        .part(context)
}
