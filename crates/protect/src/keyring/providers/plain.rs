//! No wrapping: the file's mode alone protects it.

use async_trait::async_trait;
use chrono::Utc;
use zeroize::Zeroizing;

use super::{KeyProvider, KeySlot, ProviderDescriptor, ProviderError, ProviderKind};
use crate::keyring::keys::Destruction;

/// Keeps the secrets of a keyring in its file as they are.
///
/// Whoever reads the file can open the lake. Destroying a generation removes its
/// key from the file, not from copies of the file: those must go as well.
pub struct Plain;

#[async_trait]
impl KeyProvider for Plain {
    fn descriptor(&self) -> ProviderDescriptor {
        ProviderDescriptor { kind: ProviderKind::Plain, keys: None }
    }

    async fn create(&self, _slot: KeySlot) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn wrap(&self, _slot: KeySlot, secret: &[u8]) -> Result<Vec<u8>, ProviderError> {
        Ok(secret.to_vec())
    }

    async fn unwrap(&self, _slot: KeySlot, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        Ok(Zeroizing::new(wrapped.to_vec()))
    }

    async fn destroy(&self, _slot: KeySlot) -> Result<Destruction, ProviderError> {
        Ok(Destruction::Done { at: Utc::now() })
    }
}
