//! The vault: one data key per record, in pages that can be forgotten.
//!
//! Data keys lie in pages of 256 in the order they were given out. Each page is
//! sealed under a page key of its own, which the keyring wraps; the page
//! binds keyring, number, owner, revision and generation. Destroying a key
//! rewrites its page, without it, under a new page key: the old one is nowhere
//! any more, so what is left of the old page in files and backups stays shut to
//! all but the generation that wrapped it.
//!
//! Beside each page stands its *commitment*, HKDF-SHA-256 of the page key. It is
//! checked each time a page is opened, and wrapped together with the page key,
//! so that a page means one list of keys and no other, which GCM alone would
//! not promise.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use crate::keyring::{Keyring, KeyringError, PageKey, WrapRequest, WrappedKey};
use crate::seal::DataKey;

mod cache;
#[cfg(test)]
mod memory;
mod page;
mod store;

use cache::PageCache;
use page::{OpenPage, PagePlace};
pub use store::{KeyPageStore, SealedPage, StoreError};

/// Keys in a page.
pub const PAGE_SLOTS: usize = 256;

/// Opened pages that a vault remembers: a quarter of a million keys, 8 MiB.
const CACHED_PAGES: usize = 1024;

/// Pages read or written in one call of the store.
const PAGES_AT_ONCE: usize = 256;

/// Where a data key lies. Written beside the record it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyLocation {
    /// The page's number.
    pub page: i64,
    /// The place in the page, below [`PAGE_SLOTS`].
    pub slot: u16,
}

/// What a page of keys was given out for, such as `landing/erp/12` or
/// `golden/17`: what is destroyed together. Never anything personal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyOwner(String);

impl KeyOwner {
    /// The owner of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The owner as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Gives out, finds and destroys data keys.
pub struct KeyVault {
    keyring: Arc<Keyring>,
    store: Arc<dyn KeyPageStore>,
    cache: Mutex<PageCache>,
}

impl KeyVault {
    /// A vault of a keyring whose pages lie in `store`.
    pub fn new(keyring: Arc<Keyring>, store: Arc<dyn KeyPageStore>) -> Self {
        Self { keyring, store, cache: Mutex::new(PageCache::new(CACHED_PAGES)) }
    }

    /// The keyring, for tags and pseudonyms.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Gives out `count` new random keys, in pages that no other call shares.
    /// They are durable when this returns.
    ///
    /// # Errors
    /// [`VaultError::Keyring`], [`VaultError::Store`]; no key is in use then.
    pub async fn allocate(
        &self,
        owner: &KeyOwner,
        count: usize,
    ) -> Result<Vec<(KeyLocation, DataKey)>, VaultError> {
        let pages = count.div_ceil(PAGE_SLOTS);
        if pages == 0 {
            return Ok(Vec::new());
        }
        let first = self.store.reserve(pages as i64).await?;
        let mut given = Vec::with_capacity(count);
        let mut fresh = Vec::with_capacity(pages);
        for (number, start) in (first..).zip((0..count).step_by(PAGE_SLOTS)) {
            let page = OpenPage::random(number, (count - start).min(PAGE_SLOTS));
            given.extend(page.keys());
            fresh.push(page);
        }
        for pages in fresh.chunks(PAGES_AT_ONCE) {
            let sealed = self.seal(pages.iter().map(|page| (page, owner.clone(), 0)).collect())?;
            self.store.insert(sealed).await?;
        }
        Ok(given)
    }

    /// The keys at `locations`, in order; `None` where the key is destroyed.
    ///
    /// # Errors
    /// [`VaultError`]: a page cannot be read or is damaged. Not for destroyed keys.
    pub async fn keys(&self, locations: &[KeyLocation]) -> Result<Vec<Option<DataKey>>, VaultError> {
        let mut pages: HashMap<i64, Option<Arc<OpenPage>>> = HashMap::new();
        let mut missing = Vec::new();
        let epoch = {
            let cache = self.cache();
            for location in locations {
                pages.entry(location.page).or_insert_with(|| {
                    let page = cache.get(location.page);
                    if page.is_none() {
                        missing.push(location.page);
                    }
                    page
                });
            }
            cache.epoch()
        };
        missing.sort_unstable();
        for numbers in missing.chunks(PAGES_AT_ONCE) {
            for (page, _) in self.load(numbers).await? {
                let page = Arc::new(page);
                self.cache().insert(epoch, Arc::clone(&page));
                pages.insert(page.number, Some(page));
            }
        }
        let key = |location: &KeyLocation| pages[&location.page].as_ref()?.key(location.slot);
        Ok(locations.iter().map(key).collect())
    }

    /// Destroys the keys at `locations`, and returns how many there still were.
    /// When it returns, the vault's store holds them no more; asking again is harmless.
    ///
    /// # Errors
    /// [`VaultError`]. Some keys may be destroyed then, some not: ask again.
    pub async fn destroy(&self, locations: &[KeyLocation]) -> Result<u64, VaultError> {
        let mut slots: BTreeMap<i64, Vec<u16>> = BTreeMap::new();
        for location in locations {
            slots.entry(location.page).or_default().push(location.slot);
        }
        let mut destroyed = 0;
        let mut waiting: Vec<i64> = slots.keys().copied().collect();
        while !waiting.is_empty() {
            let numbers: Vec<i64> = waiting.drain(..waiting.len().min(PAGES_AT_ONCE)).collect();
            let mut changed = Vec::new();
            for (mut page, row) in self.load(&numbers).await? {
                let emptied = page.empty(&slots[&page.number]);
                if emptied > 0 {
                    changed.push((page, row, emptied));
                }
            }
            let rows =
                changed.iter().map(|(page, row, _)| (page, row.owner.clone(), row.revision + 1)).collect();
            // Someone else may have rewritten a page meanwhile. Overwriting
            // that would bring back the keys they destroyed.
            let replaced = self.store.replace(self.seal(rows)?).await;
            // Even if it failed: it may have, after all was written.
            self.cache().forget(&numbers);
            let outdated = replaced?;
            destroyed += changed
                .iter()
                .filter(|(page, ..)| !outdated.contains(&page.number))
                .map(|(.., emptied)| emptied)
                .sum::<u64>();
            waiting.extend(outdated);
        }
        Ok(destroyed)
    }

    /// Destroys every key of an owner, and returns how many pages there were.
    ///
    /// # Errors
    /// [`VaultError::Store`]. The keys may be destroyed then or not: ask again.
    pub async fn destroy_owner(&self, owner: &KeyOwner) -> Result<u64, VaultError> {
        let deleted = self.store.delete_owner(owner).await;
        // All of it, and even if it failed: it may have, after all was
        // deleted, and then asking again would not tell which pages.
        self.cache().forget_all();
        Ok(deleted?)
    }

    /// Reads and opens pages; those that do not exist are left out.
    async fn load(&self, numbers: &[i64]) -> Result<Vec<(OpenPage, SealedPage)>, VaultError> {
        let rows = self.store.load(numbers).await?;
        let contexts: Vec<Vec<u8>> =
            rows.iter().map(|row| self.place(row).context(&row.commitment)).collect();
        let wrapped: Vec<_> = rows
            .iter()
            .zip(&contexts)
            .map(|(row, context)| WrappedKey { generation: row.generation, context, bytes: &row.wrapped_key })
            .collect();
        let keys = self.unwrap(&wrapped).await?;
        rows.into_iter()
            .zip(keys)
            .map(|(row, key)| {
                let page = self.place(&row).open(&key, &row.commitment, &row.sealed);
                Ok((page.ok_or(VaultError::DamagedPage { page: row.number })?, row))
            })
            .collect()
    }

    /// Unwraps page keys, also of a generation that another process made meanwhile.
    async fn unwrap(&self, wrapped: &[WrappedKey<'_>]) -> Result<Vec<PageKey>, VaultError> {
        match self.keyring.unwrap(wrapped) {
            Err(KeyringError::UnknownGeneration { .. }) if self.keyring.reload_if_changed().await? => {
                Ok(self.keyring.unwrap(wrapped)?)
            }
            keys => Ok(keys?),
        }
    }

    /// Seals pages under new page keys: page, owner, revision.
    fn seal(&self, pages: Vec<(&OpenPage, KeyOwner, i64)>) -> Result<Vec<SealedPage>, VaultError> {
        let generation = self.keyring.current_generation();
        let mut rows = Vec::with_capacity(pages.len());
        let mut keys = Vec::with_capacity(pages.len());
        for (page, owner, revision) in pages {
            let mut row = SealedPage {
                number: page.number,
                owner,
                revision,
                generation,
                commitment: [0; 32],
                wrapped_key: Vec::new(),
                sealed: Vec::new(),
            };
            let place = self.place(&row);
            let (key, commitment, sealed) = place.seal(page);
            let context = place.context(&commitment);
            (row.commitment, row.sealed) = (commitment, sealed);
            rows.push(row);
            keys.push((key, context));
        }
        let requests: Vec<_> =
            keys.iter().map(|(key, context): &(PageKey, Vec<u8>)| WrapRequest { key, context }).collect();
        let wrapped = self.keyring.wrap(generation, &requests)?;
        for (row, wrapped_key) in rows.iter_mut().zip(wrapped) {
            row.wrapped_key = wrapped_key;
        }
        Ok(rows)
    }

    fn place<'a>(&self, row: &'a SealedPage) -> PagePlace<'a> {
        PagePlace {
            keyring: self.keyring.id(),
            number: row.number,
            owner: &row.owner,
            revision: row.revision,
            generation: row.generation,
        }
    }

    fn cache(&self) -> MutexGuard<'_, PageCache> {
        // Each change of the cache is whole, so a panic elsewhere leaves it sound.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The vault cannot do what is asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The keyring refuses.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The store of pages refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A page opens to nothing sensible.
    #[error("key page {page} is damaged: restore the state database from its backup")]
    DamagedPage {
        /// The page's number.
        page: i64,
    },
}

impl Diagnose for VaultError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        match self {
            Self::Keyring(error) => error.diagnostic(),
            Self::Store(error) => error.diagnostic(),
            Self::DamagedPage { page } => Some(Diagnostic::new("key-page-damaged").with("page", page)),
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Keyring(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::DamagedPage { .. } => ErrorKind::Failed,
        }
    }
}

#[cfg(test)]
mod tests;
