//! A key derived from a passphrase.
//!
//! A wrapped secret is `version 1 | memory KiB, passes, lanes (u32, big-endian
//! each) | salt 16 | nonce 12 | ciphertext | tag 16`. The key is Argon2id of
//! passphrase and salt; everything before the nonce is bound as associated data,
//! after what names the slot. So stronger parameters of a later version do not
//! shut out what an earlier one wrapped.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use chrono::Utc;
use zeroize::Zeroizing;

use super::{KeyProvider, KeySlot, ProviderDescriptor, ProviderError, ProviderKind, Secret};
use crate::aead::{AssociatedData, Cipher};
use crate::keyring::keys::Destruction;
use crate::random;

/// The second recommended choice of RFC 9106 §4: 64 MiB, three passes, four
/// lanes. The first wants 2 GiB, which a small server does not have to spare.
const RECOMMENDED: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

/// What a file may ask for: above, it was changed to exhaust whoever opens it.
const MOST: Cost = Cost { memory_kib: 4 * 1024 * 1024, passes: 64, lanes: 64 };

const VERSION: u8 = 1;
const SALT: usize = 16;
const HEADER: usize = 1 + 3 * 4 + SALT;

/// Wraps under a key that Argon2id (RFC 9106) derives from a passphrase.
///
/// Destroying a generation removes its key from the file, not from copies of the
/// file: those must go as well.
pub struct Passphrase {
    passphrase: Secret,
    /// The key derived last, and from what: the secrets of a keyring mostly share it.
    derived: Mutex<Option<([u8; HEADER], Arc<Cipher>)>>,
}

/// What deriving a key costs.
#[derive(Clone, Copy)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Passphrase {
    /// Wraps under a passphrase, taken as the bytes of its UTF-8.
    pub fn new(passphrase: Secret) -> Self {
        Self { passphrase, derived: Mutex::new(None) }
    }

    /// The key of these parameters and this salt.
    async fn cipher(&self, header: [u8; HEADER]) -> Result<Arc<Cipher>, ProviderError> {
        if let Some((of, cipher)) = &*self.derived.lock().unwrap_or_else(PoisonError::into_inner)
            && *of == header
        {
            return Ok(Arc::clone(cipher));
        }
        let passphrase = self.passphrase.clone();
        // It keeps a core busy for a good part of a second.
        let derived = tokio::task::spawn_blocking(move || derive(passphrase.expose(), header)).await;
        let cipher = Arc::new(derived.expect("deriving a key neither panics nor is it cancelled")?);
        *self.derived.lock().unwrap_or_else(PoisonError::into_inner) = Some((header, Arc::clone(&cipher)));
        Ok(cipher)
    }

    /// Parameters and salt for a new secret: those at hand if they are today's.
    fn header(&self) -> [u8; HEADER] {
        let derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        match &*derived {
            Some((header, _)) if header[..HEADER - SALT] == RECOMMENDED.encode() => *header,
            _ => {
                let mut header = [0; HEADER];
                header[..HEADER - SALT].copy_from_slice(&RECOMMENDED.encode());
                random::fill(&mut header[HEADER - SALT..]);
                header
            }
        }
    }
}

#[async_trait]
impl KeyProvider for Passphrase {
    fn descriptor(&self) -> ProviderDescriptor {
        ProviderDescriptor { kind: ProviderKind::Passphrase, keys: None }
    }

    async fn create(&self, _slot: KeySlot) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn wrap(&self, slot: KeySlot, secret: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let header = self.header();
        let locked = self.cipher(header).await?.lock(associated(slot, &header).as_slice(), secret);
        Ok([header.as_slice(), &locked].concat())
    }

    async fn unwrap(&self, slot: KeySlot, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let (header, locked) = wrapped.split_first_chunk::<HEADER>().ok_or(REFUSED)?;
        let opened = self.cipher(*header).await?.unlock(associated(slot, header).as_slice(), locked);
        opened.map_err(|_| REFUSED)
    }

    async fn destroy(&self, _slot: KeySlot) -> Result<Destruction, ProviderError> {
        Ok(Destruction::Done { at: Utc::now() })
    }
}

const REFUSED: ProviderError = ProviderError::Refused { provider: ProviderKind::Passphrase };

fn associated(slot: KeySlot, header: &[u8; HEADER]) -> AssociatedData {
    slot.associated().part(header)
}

fn derive(passphrase: &str, header: [u8; HEADER]) -> Result<Cipher, ProviderError> {
    let cost = Cost::decode(&header).ok_or(REFUSED)?;
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|_| REFUSED)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), &header[HEADER - SALT..], &mut *key)
        .map_err(|_| REFUSED)?;
    Ok(Cipher::new(&key))
}

impl Cost {
    fn encode(self) -> [u8; HEADER - SALT] {
        let mut bytes = [0; HEADER - SALT];
        bytes[0] = VERSION;
        for (place, number) in [self.memory_kib, self.passes, self.lanes].into_iter().enumerate() {
            bytes[1 + 4 * place..][..4].copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// `None` for another version, and for more than [`MOST`].
    fn decode(header: &[u8; HEADER]) -> Option<Self> {
        let number =
            |place: usize| u32::from_be_bytes(*header[1 + 4 * place..].first_chunk().expect("in the header"));
        let cost = Self { memory_kib: number(0), passes: number(1), lanes: number(2) };
        let affordable =
            cost.memory_kib <= MOST.memory_kib && cost.passes <= MOST.passes && cost.lanes <= MOST.lanes;
        (header[0] == VERSION && affordable).then_some(cost)
    }
}

#[cfg(test)]
mod tests;
