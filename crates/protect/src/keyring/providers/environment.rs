//! A key that the surroundings give: a variable, a secret of the orchestrator.

use std::fmt;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use zeroize::Zeroizing;

use super::{KeyProvider, KeySlot, ProviderDescriptor, ProviderError, ProviderKind, Secret};
use crate::aead::Cipher;
use crate::keyring::keys::Destruction;

/// Wraps under one 256-bit key that was handed in.
///
/// Destroying a generation removes its key from the file, not from copies of the
/// file: those must go as well, or the key that was handed in.
pub struct EnvironmentKey(Cipher);

/// The text is no 32 bytes in base 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedKey;

impl fmt::Display for MalformedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key is 32 bytes in base 64, such as `openssl rand -base64 32` prints")
    }
}

impl std::error::Error for MalformedKey {}

impl EnvironmentKey {
    /// The key that a text says in base 64 (RFC 4648 §4), blanks around it aside.
    ///
    /// # Errors
    /// [`MalformedKey`].
    pub fn parse(text: &Secret) -> Result<Self, MalformedKey> {
        let bytes = Zeroizing::new(STANDARD.decode(text.expose().trim()).map_err(|_| MalformedKey)?);
        let key: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| MalformedKey)?;
        Ok(Self(Cipher::new(key)))
    }
}

#[async_trait]
impl KeyProvider for EnvironmentKey {
    fn descriptor(&self) -> ProviderDescriptor {
        ProviderDescriptor { kind: ProviderKind::Environment, keys: None }
    }

    async fn create(&self, _slot: KeySlot) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn wrap(&self, slot: KeySlot, secret: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Ok(self.0.lock(slot.associated().as_slice(), secret))
    }

    async fn unwrap(&self, slot: KeySlot, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let opened = self.0.unlock(slot.associated().as_slice(), wrapped);
        opened.map_err(|_| ProviderError::Refused { provider: ProviderKind::Environment })
    }

    async fn destroy(&self, _slot: KeySlot) -> Result<Destruction, ProviderError> {
        Ok(Destruction::Done { at: Utc::now() })
    }
}
