//! The keyring: the keys that open everything else, and the file that keeps them.
//!
//! A keyring holds one key-encryption key per *generation*, which wraps page
//! keys here in memory, and the root keys of tags and pseudonyms. Its file keeps
//! them wrapped by a [`KeyProvider`], which is asked once per generation and
//! once for the roots when a keyring is opened, and never for a page.
//!
//! # The file, format 2
//!
//! ```json
//! {
//!   "format": 2,
//!   "keyring_id": "3f2b8c9e-…",
//!   "provider": { "kind": "passphrase" },
//!   "generations": [
//!     { "number": 1, "destroyed_at": "2026-11-22T05:00:00Z" },
//!     { "number": 2, "destroying_since": "2026-11-23T05:00:00Z" },
//!     { "number": 3, "pending_until": "2026-12-23T05:00:00Z" },
//!     { "number": 4, "wrapped_key": "base 64" }
//!   ],
//!   "roots": "base 64"
//! }
//! ```
//!
//! - A generation key is 32 random bytes. The roots are 32 random bytes each,
//!   in a bundle of `kind | key` with every part after its length (u32,
//!   big-endian).
//! - How a secret is wrapped is up to the provider. Those without a service
//!   behind them use AES-256-GCM, `nonce 12 | ciphertext | tag 16`, with the
//!   associated data `vermeil/keyring-secret/1 | keyring id, 16 bytes | slot`,
//!   each part after its length, where the slot is the text `generation-4` or
//!   `roots`. `plain` does not wrap: what stands in the file is the secret.
//! - A page key is wrapped under a generation the same way, with the associated
//!   data `vermeil/wrap/1 | keyring id | generation, u32 | context`.
//!
//! Format 1 is what `plain` wrote before: `generations` of `{ "number", "key" }`
//! and `roots` as an object of kinds. It is read, and written as format 2 with
//! the next change.
//!
//! `keyring/tests/vector.rs` holds a whole file with what it opens to.
//!
//! Whoever can open the file and has the lake can read everything; whoever loses
//! it can read nothing. It belongs in a backup of its own, apart from the lake's.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::Utc;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::random;

mod error;
mod file;
mod keys;
mod opened;
pub mod providers;
mod stored;

pub use error::KeyringError;
pub use keys::{
    Destruction, Generation, GenerationState, KeyringId, PageKey, RootKey, RootKind, WrapRequest, WrappedKey,
};

use file::{KeyringFile, Stamp, WriteLock};
use opened::Opened;
use providers::{KeyProvider, KeySlot, ProviderDescriptor, ProviderError, SecretKind};
use stored::{StoredGeneration, StoredKeyring};

/// A keyring that was opened.
///
/// A generation key wraps with random 96-bit nonces, so it may serve 2³² times
/// (NIST SP 800-38D §8.3): a trillion records in pages of 256.
///
/// Several processes may have one open. Each sees the generations of when it
/// last looked: [`Keyring::reload_if_changed`]. Changes exclude each other by a
/// lock on a file, and are durable before they return.
pub struct Keyring {
    id: KeyringId,
    file: KeyringFile,
    opened: RwLock<Arc<Opened>>,
    /// Held while what is opened is exchanged, or an older state could win.
    exchanging: Mutex<()>,
}

impl Keyring {
    /// Makes a new keyring of one generation and its file, mode 0600, and folders
    /// on the way to it.
    ///
    /// The file appears whole or not at all, and never takes the place of
    /// another: of two who create at once, one is told that it exists. After an
    /// interruption, creating it again goes on with the keys that the provider
    /// may have made. That rests on hard links; a file system without them has
    /// no file modes either.
    ///
    /// # Errors
    /// [`KeyringError::AlreadyExists`], [`KeyringError::Unwritable`],
    /// [`KeyringError::Provider`], [`KeyringError::Garbled`].
    pub async fn create(path: &Path, provider: Arc<dyn KeyProvider>) -> Result<Self, KeyringError> {
        let file = KeyringFile::new(path);
        let lock = file.lock().await?;
        if file.stamp().is_ok() {
            return Err(KeyringError::AlreadyExists { path: path.to_owned() });
        }
        let begun = StoredKeyring::parse_unfinished(&file.read_unfinished(&lock));
        let id = begun.unwrap_or_else(KeyringId::random);
        let mut stored = StoredKeyring {
            id,
            provider: provider.descriptor(),
            generations: BTreeMap::new(),
            roots: Zeroizing::default(),
        };
        file.write_unfinished(&stored.encode(), &lock)?;
        let roots = RootKind::ALL.map(|kind| (kind, RootKey::from_bytes(*random_key()))).into();
        stored.roots =
            wrap_for_good(&*provider, id, SecretKind::Roots, &stored::encode_roots(&roots)).await?;
        stored.generations.insert(1, new_generation(&*provider, id, 1).await?);
        // Before the file is there: once it is, nothing may go wrong any more.
        let mut opened = Opened::new(provider, stored.clone(), None).await?;
        file.create(&stored.encode(), &lock)?;
        opened.stamp = Some(file.stamp()?);
        Ok(Self::of(id, file, opened))
    }

    /// Opens a keyring.
    ///
    /// # Errors
    /// [`KeyringError`]: the file is missing, unreadable, readable by others
    /// than its owner, of another format, or malformed; the provider is another
    /// than the file's, or does not unwrap what it holds.
    pub async fn open(path: &Path, provider: Arc<dyn KeyProvider>) -> Result<Self, KeyringError> {
        let file = KeyringFile::new(path);
        let (stored, stamp) = read(&file)?;
        let id = stored.id;
        check_provider(&file, &stored, &*provider)?;
        let mut opened = Opened::new(provider, stored, None).await?;
        opened.stamp = Some(stamp);
        Ok(Self::of(id, file, opened))
    }

    /// Names the keyring.
    pub fn id(&self) -> KeyringId {
        self.id
    }

    /// Who holds the keys that open its file.
    pub fn provided_by(&self) -> ProviderDescriptor {
        self.snapshot().provider.descriptor()
    }

    /// The generation to wrap new keys under: the newest that is not destroyed.
    pub fn current_generation(&self) -> u32 {
        self.snapshot().current_generation()
    }

    /// Every generation there ever was, in order.
    pub fn generations(&self) -> Vec<Generation> {
        self.snapshot().generations()
    }

    /// Wraps page keys under a generation, in order.
    ///
    /// # Errors
    /// [`KeyringError::UnknownGeneration`], [`KeyringError::DestroyedGeneration`],
    /// [`KeyringError::LostGeneration`].
    pub fn wrap(&self, generation: u32, keys: &[WrapRequest<'_>]) -> Result<Vec<Vec<u8>>, KeyringError> {
        self.snapshot().wrap(self.id, generation, keys)
    }

    /// Unwraps page keys, in order.
    ///
    /// # Errors
    /// As for [`Keyring::wrap`], and [`KeyringError::Refused`] for a key that was
    /// wrapped by another keyring, with another context, or changed.
    pub fn unwrap(&self, keys: &[WrappedKey<'_>]) -> Result<Vec<PageKey>, KeyringError> {
        self.snapshot().unwrap(self.id, keys)
    }

    /// A root key.
    pub fn root(&self, kind: RootKind) -> RootKey {
        self.snapshot().root(kind)
    }

    /// Takes over what another process changed in the file; true if there was something.
    ///
    /// # Errors
    /// As for [`Keyring::open`], and [`KeyringError::Exchanged`]. What was open stays so.
    pub async fn reload_if_changed(&self) -> Result<bool, KeyringError> {
        let _exchanging = self.exchanging.lock().await;
        if Some(self.file.stamp()?) == self.snapshot().stamp {
            return Ok(false);
        }
        let (stored, stamp) = self.read()?;
        self.adopt(self.provider(), stored, stamp).await?;
        Ok(true)
    }

    /// Makes the next generation, of that number; goes on with it if it is there,
    /// whoever made it. It is durable when this returns.
    ///
    /// # Errors
    /// - [`KeyringError::DestroyedGeneration`] if it was there once;
    /// - [`KeyringError::UnknownGeneration`] if the one before it is not there;
    /// - [`KeyringError::Provider`], [`KeyringError::Garbled`], [`KeyringError::Unwritable`]
    ///   and those of opening. It may have been made then: ask again.
    pub async fn create_generation(&self, number: u32) -> Result<(), KeyringError> {
        let _exchanging = self.exchanging.lock().await;
        let lock = self.file.lock().await?;
        let (mut stored, mut stamp) = self.read()?;
        let newest = stored.generations.last_key_value().map_or(0, |(number, _)| *number);
        match stored.generations.get(&number) {
            Some(StoredGeneration::Active(_)) => {}
            Some(closed) => return Err(opened::closed(self.id, number, closed)),
            None if number == newest + 1 => {
                let made = new_generation(&*self.provider(), self.id, number).await?;
                stored.generations.insert(number, made);
                stamp = self.replace(&stored, &lock)?;
            }
            None => {
                let generation = number.saturating_sub(1);
                return Err(KeyringError::UnknownGeneration { keyring: self.id, generation });
            }
        }
        self.adopt(self.provider(), stored, stamp).await
    }

    /// Destroys a generation: nothing that it wrapped opens any more, wherever a
    /// copy of it lies. From the first attempt on it opens nothing here.
    ///
    /// Resumable: ask again until it is [`Destruction::Done`].
    ///
    /// # Errors
    /// - [`KeyringError::UnknownGeneration`];
    /// - [`KeyringError::CurrentGeneration`] for the newest;
    /// - [`KeyringError::Provider`], [`KeyringError::Unwritable`] and those of
    ///   opening. It may be destroyed then: ask again.
    pub async fn destroy_generation(&self, number: u32) -> Result<Destruction, KeyringError> {
        let _exchanging = self.exchanging.lock().await;
        let lock = self.file.lock().await?;
        let (mut stored, mut stamp) = self.read()?;
        let begun = match stored.generations.get(&number) {
            None => return Err(KeyringError::UnknownGeneration { keyring: self.id, generation: number }),
            Some(_) if stored.current_generation() == Some(number) => {
                return Err(KeyringError::CurrentGeneration { keyring: self.id, generation: number });
            }
            Some(StoredGeneration::Destroyed { at }) => {
                let at = *at;
                self.adopt(self.provider(), stored, stamp).await?;
                return Ok(Destruction::Done { at });
            }
            Some(StoredGeneration::Destroying { since }) => Some(*since),
            Some(StoredGeneration::Pending { .. }) => None,
            Some(StoredGeneration::Active(_)) => {
                // Before the provider is asked: a keyring whose provider has
                // destroyed a key it still counts on could not tell why.
                let since = Utc::now();
                stored.generations.insert(number, StoredGeneration::Destroying { since });
                stamp = self.replace(&stored, &lock)?;
                Some(since)
            }
        };
        self.adopt(self.provider(), stored.clone(), stamp).await?;
        let slot = KeySlot { keyring: self.id, secret: SecretKind::Generation(number) };
        let destruction = match self.provider().destroy(slot).await? {
            // The clock may have gone back since the destruction began.
            Destruction::Done { at } => Destruction::Done { at: begun.map_or(at, |since| at.max(since)) },
            pending => pending,
        };
        let closed = match destruction {
            Destruction::Done { at } => StoredGeneration::Destroyed { at },
            Destruction::Pending { until } => StoredGeneration::Pending { until },
        };
        stored.generations.insert(number, closed);
        let stamp = self.replace(&stored, &lock)?;
        self.adopt(self.provider(), stored, stamp).await?;
        Ok(destruction)
    }

    /// Hands the keyring over to another provider, or to the same under another
    /// secret. Keys that the provider of before keeps stay there: copies of the
    /// file of before still open with them.
    ///
    /// # Errors
    /// - [`KeyringError::DestructionOpen`] if a generation is not yet destroyed,
    ///   which only the provider of before can do;
    /// - [`KeyringError::LostGeneration`] if it has lost one;
    /// - [`KeyringError::Provider`], [`KeyringError::Garbled`], [`KeyringError::Unwritable`]
    ///   and those of opening. The keyring is with one of the two then: ask again.
    pub async fn rewrap_with(&self, provider: Arc<dyn KeyProvider>) -> Result<(), KeyringError> {
        let _exchanging = self.exchanging.lock().await;
        let lock = self.file.lock().await?;
        let (mut stored, stamp) = read_of(&self.file, self.id)?;
        let (id, before) = (self.id, self.snapshot());
        let (kind, given) = (before.provider.descriptor().kind, provider.descriptor().kind);
        if stored.provider.kind != kind && stored.provider.kind == given {
            // It was handed over before, here or by another process.
            return self.adopt(provider, stored, stamp).await;
        }
        check_provider(&self.file, &stored, &*before.provider)?;
        for (&number, generation) in &mut stored.generations {
            match generation {
                StoredGeneration::Active(wrapped) => {
                    let secret = SecretKind::Generation(number);
                    let key = before.provider.unwrap(KeySlot { keyring: id, secret }, wrapped).await?;
                    *wrapped = wrap_for_good(&*provider, id, secret, &key).await?;
                }
                StoredGeneration::Destroyed { .. } => {}
                StoredGeneration::Destroying { .. } | StoredGeneration::Pending { .. } => {
                    return Err(KeyringError::DestructionOpen { keyring: id, generation: number });
                }
            }
        }
        let slot = KeySlot { keyring: id, secret: SecretKind::Roots };
        let roots = before.provider.unwrap(slot, &stored.roots).await?;
        stored.roots = wrap_for_good(&*provider, id, SecretKind::Roots, &roots).await?;
        stored.provider = provider.descriptor();
        let mut opened = Opened::new(provider, stored.clone(), None).await?;
        opened.stamp = Some(self.replace(&stored, &lock)?);
        self.exchange(opened);
        Ok(())
    }

    fn of(id: KeyringId, file: KeyringFile, opened: Opened) -> Self {
        Self { id, file, opened: RwLock::new(Arc::new(opened)), exchanging: Mutex::new(()) }
    }

    fn snapshot(&self) -> Arc<Opened> {
        // Exchanging it is one assignment, so a panic elsewhere leaves it sound.
        Arc::clone(&self.opened.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn exchange(&self, opened: Opened) {
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(opened);
    }

    /// Reads the file, if it is still that of this keyring and its provider.
    fn read(&self) -> Result<(StoredKeyring, Stamp), KeyringError> {
        let (stored, stamp) = read_of(&self.file, self.id)?;
        check_provider(&self.file, &stored, &*self.provider())?;
        Ok((stored, stamp))
    }

    fn replace(&self, stored: &StoredKeyring, lock: &WriteLock) -> Result<Stamp, KeyringError> {
        self.file.replace(&stored.encode(), lock)?;
        self.file.stamp()
    }

    async fn adopt(
        &self,
        provider: Arc<dyn KeyProvider>,
        stored: StoredKeyring,
        stamp: Stamp,
    ) -> Result<(), KeyringError> {
        let mut opened = Opened::new(provider, stored, Some(&self.snapshot())).await?;
        opened.stamp = Some(stamp);
        self.exchange(opened);
        Ok(())
    }

    fn provider(&self) -> Arc<dyn KeyProvider> {
        Arc::clone(&self.snapshot().provider)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("id", &self.id).finish_non_exhaustive()
    }
}

fn read(file: &KeyringFile) -> Result<(StoredKeyring, Stamp), KeyringError> {
    let (text, stamp) = file.read()?;
    Ok((StoredKeyring::parse(file.path(), &text)?, stamp))
}

fn read_of(file: &KeyringFile, keyring: KeyringId) -> Result<(StoredKeyring, Stamp), KeyringError> {
    let (stored, stamp) = read(file)?;
    if stored.id != keyring {
        let path = file.path().to_owned();
        return Err(KeyringError::Exchanged { path, expected: keyring, found: stored.id });
    }
    Ok((stored, stamp))
}

fn check_provider(
    file: &KeyringFile,
    stored: &StoredKeyring,
    provider: &dyn KeyProvider,
) -> Result<(), KeyringError> {
    let (expected, given) = (stored.provider.kind, provider.descriptor().kind);
    if expected != given {
        return Err(KeyringError::OtherProvider { path: file.path().to_owned(), expected, given });
    }
    Ok(())
}

async fn new_generation(
    provider: &dyn KeyProvider,
    keyring: KeyringId,
    number: u32,
) -> Result<StoredGeneration, KeyringError> {
    let wrapped = wrap_for_good(provider, keyring, SecretKind::Generation(number), &*random_key()).await?;
    Ok(StoredGeneration::Active(wrapped))
}

/// Wraps a secret, and makes sure that it can be had back before anything rests on it.
async fn wrap_for_good(
    provider: &dyn KeyProvider,
    keyring: KeyringId,
    secret: SecretKind,
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    let slot = KeySlot { keyring, secret };
    provider.create(slot).await?;
    let wrapped = Zeroizing::new(provider.wrap(slot, bytes).await?);
    match provider.unwrap(slot, &wrapped).await {
        Ok(opened) if *opened == bytes => Ok(wrapped),
        Ok(_) | Err(ProviderError::Refused { .. }) => {
            Err(KeyringError::Garbled { keyring, secret: secret.to_string() })
        }
        Err(error) => Err(error.into()),
    }
}

fn random_key() -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    random::fill(&mut *key);
    key
}

#[cfg(test)]
mod tests;
