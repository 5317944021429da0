//! The vault: one data key per record, in pages that can be forgotten.
//!
//! Data keys lie in pages of 256 in the order they were given out. Each page is
//! sealed under a page key of its own, which the keyring wraps; the page
//! binds keyring, number, owner, revision and generation. Destroying a key
//! rewrites its page, without it, under a new page key: the old one is nowhere
//! any more, so what is left of the old page in files and backups stays shut to
//! all but the generation that wrapped it. [`rotation`](RotationProgress) moves
//! every page to a new generation, after which the old one can be destroyed.
//!
//! Beside each page stands its *commitment*, HKDF-SHA-256 of the page key. It is
//! checked each time a page is opened, and wrapped together with the page key,
//! so that a page means one list of keys and no other, which GCM alone would
//! not promise.
//!
//! Several processes share a store and a keyring. What one of them remembers is
//! asked after before it is used: a page by its revision, the generation to seal
//! under each time pages are written. So a key that any of them destroyed is
//! gone for all at once, and none of them notices a rotation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use hashbrown::HashMap;

use crate::keyring::{Keyring, KeyringError, PageKey, WrapRequest, WrappedKey};
use crate::seal::DataKey;

mod cache;
mod error;
mod memory;
mod page;
mod rotate;
mod store;

use cache::PageCache;
pub use error::VaultError;
pub use memory::MemoryStore;
use page::{OpenPage, PagePlace, Slot};
pub use rotate::RotationProgress;
pub use store::{GenerationUse, KeyPageStore, Rotation, RotationStage, SealedPage, StoreError, Written};

/// Keys in a page.
pub const PAGE_SLOTS: usize = 256;

/// Opened pages that a vault remembers: a quarter of a million keys. They fit, with the pages in
/// use, into the 8 MiB that systems usually let a process lock.
const CACHED_PAGES: usize = 960;

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

/// What became of a key.
pub enum KeyState {
    /// It is there.
    Live(DataKey),
    /// It was destroyed: what it sealed is erased.
    Destroyed {
        /// When.
        at: DateTime<Utc>,
    },
    /// The store has never heard of it: it belongs to another, or to a later one
    /// than was restored.
    Unknown,
}

/// Gives out, finds and destroys data keys.
pub struct KeyVault {
    keyring: Arc<Keyring>,
    store: Arc<dyn KeyPageStore>,
    cache: Mutex<PageCache>,
}

/// Pages to be sealed and written.
enum Write {
    /// For the first time.
    New,
    /// In the place of an older revision.
    Again,
}

impl KeyVault {
    /// A vault of `keyring` whose pages lie in `store`.
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
    /// [`VaultError::Keyring`], [`VaultError::OldKeyring`], [`VaultError::Store`];
    /// no key is in use then.
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
            let pages: Vec<_> = pages.iter().map(|page| (page, owner)).collect();
            self.write(&pages, Write::New).await?;
        }
        Ok(given)
    }

    /// The keys at `locations`, in order; `None` where there is none (any more).
    ///
    /// # Errors
    /// [`VaultError`]: a page cannot be read or is damaged, or its generation is
    /// destroyed. Not for destroyed keys.
    pub async fn keys(&self, locations: &[KeyLocation]) -> Result<Vec<Option<DataKey>>, VaultError> {
        let pages = self.pages(locations).await?;
        let key = |location: &KeyLocation| match pages.get(&location.page)?.slot(location.slot)? {
            Slot::Live(key) => Some(key),
            Slot::Destroyed { .. } => None,
        };
        Ok(locations.iter().map(key).collect())
    }

    /// What became of the keys at `locations`, in order: for those who must say
    /// since when something is erased.
    ///
    /// # Errors
    /// As for [`KeyVault::keys`].
    pub async fn states(&self, locations: &[KeyLocation]) -> Result<Vec<KeyState>, VaultError> {
        let pages = self.pages(locations).await?;
        let mut absent: Vec<i64> =
            locations.iter().map(|location| location.page).filter(|page| !pages.contains_key(page)).collect();
        absent.sort_unstable();
        absent.dedup();
        let deletions: HashMap<i64, DateTime<Utc>> =
            self.store.deletions(&absent).await?.into_iter().collect();
        let state = |location: &KeyLocation| match pages.get(&location.page) {
            Some(page) => match page.slot(location.slot) {
                Some(Slot::Live(key)) => KeyState::Live(key),
                Some(Slot::Destroyed { at }) => KeyState::Destroyed { at },
                None => KeyState::Unknown,
            },
            None => {
                deletions.get(&location.page).map_or(KeyState::Unknown, |at| KeyState::Destroyed { at: *at })
            }
        };
        Ok(locations.iter().map(state).collect())
    }

    /// Destroys the keys at `locations`, and returns how many there still were.
    /// When it returns, the vault's store holds them no more; asking again is harmless.
    ///
    /// # Errors
    /// [`VaultError`]. Some keys may be destroyed then, some not: ask again.
    pub async fn destroy(&self, locations: &[KeyLocation]) -> Result<u64, VaultError> {
        self.store.forget(locations).await?;
        let at = Utc::now();
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
                let emptied = page.destroy(&slots[&page.number], at);
                if emptied > 0 {
                    changed.push((page, row.owner, emptied));
                }
            }
            let pages: Vec<_> = changed.iter().map(|(page, owner, _)| (page, owner)).collect();
            // Someone else may have rewritten a page meanwhile. Overwriting
            // that would bring back the keys they destroyed.
            let written = self.write(&pages, Write::Again).await;
            // Even if it failed: it may have, after all was written.
            self.cache().forget(&numbers);
            let outdated = written?;
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

    /// The pages of `locations` by number; those that do not exist are left out.
    async fn pages(&self, locations: &[KeyLocation]) -> Result<HashMap<i64, Arc<OpenPage>>, VaultError> {
        let mut numbers: Vec<i64> = locations.iter().map(|location| location.page).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut pages = HashMap::with_capacity(numbers.len());
        for numbers in numbers.chunks(PAGES_AT_ONCE) {
            let epoch = self.cache().epoch();
            let mut missing = Vec::new();
            // Another process may have destroyed keys in a page that this one remembers.
            for (number, revision) in self.store.revisions(numbers).await? {
                match self.cache().get(number).filter(|page| page.revision == revision) {
                    Some(page) => drop(pages.insert(number, page)),
                    None => missing.push(number),
                }
            }
            missing.sort_unstable();
            for (page, _) in self.load(&missing).await? {
                let page = Arc::new(page);
                self.cache().insert(epoch, Arc::clone(&page));
                pages.insert(page.number, page);
            }
        }
        Ok(pages)
    }

    /// Reads and opens pages; those that do not exist are left out.
    async fn load(&self, numbers: &[i64]) -> Result<Vec<(OpenPage, SealedPage)>, VaultError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.store.load(numbers).await?;
        self.open(rows).await
    }

    /// Opens pages that were read, or later revisions of them where they were
    /// rewritten meanwhile; those that are gone by now are left out.
    async fn open(&self, mut rows: Vec<SealedPage>) -> Result<Vec<(OpenPage, SealedPage)>, VaultError> {
        loop {
            let contexts: Vec<Vec<u8>> =
                rows.iter().map(|row| self.place(row).context(&row.commitment)).collect();
            let wrapped: Vec<_> = rows
                .iter()
                .zip(&contexts)
                .map(|(row, context)| WrappedKey {
                    generation: row.generation,
                    context,
                    bytes: &row.wrapped_key,
                })
                .collect();
            let keys = match self.keyring.unwrap(&wrapped) {
                // Another process has made the generation meanwhile.
                Err(KeyringError::UnknownGeneration { .. }) if self.keyring.reload_if_changed().await? => {
                    continue;
                }
                // Between reading a page and opening it, it may have moved to
                // another generation, and its own have been destroyed.
                Err(destroyed @ KeyringError::DestroyedGeneration { .. }) => {
                    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
                    let later = self.store.load(&numbers).await?;
                    if later == rows {
                        return Err(destroyed.into());
                    }
                    rows = later;
                    continue;
                }
                keys => keys?,
            };
            let opened = rows.into_iter().zip(keys).map(|(row, key)| {
                let page = self.place(&row).open(&key, &row.commitment, &row.sealed);
                Ok((page.ok_or(VaultError::DamagedPage { page: row.number })?, row))
            });
            return opened.collect();
        }
    }

    /// Seals pages under the current generation and writes them, a page that is
    /// there already in its next revision. Returns the numbers of those that
    /// somebody else has rewritten meanwhile.
    async fn write(&self, pages: &[(&OpenPage, &KeyOwner)], write: Write) -> Result<Vec<i64>, VaultError> {
        if pages.is_empty() {
            return Ok(Vec::new());
        }
        loop {
            let generation = self.keyring.current_generation();
            let rows = self.seal(pages, generation, &write)?;
            let written = match write {
                Write::New => self.store.insert(rows).await?,
                Write::Again => self.store.replace(rows).await?,
            };
            match written {
                Written::Done { outdated } => return Ok(outdated),
                // Another process has opened a newer generation, which the
                // keyring's file holds by now.
                Written::Closed => {
                    self.keyring.reload_if_changed().await?;
                    if self.keyring.current_generation() == generation {
                        return Err(VaultError::OldKeyring { generation });
                    }
                }
            }
        }
    }

    /// Seals pages under new page keys.
    fn seal(
        &self,
        pages: &[(&OpenPage, &KeyOwner)],
        generation: u32,
        write: &Write,
    ) -> Result<Vec<SealedPage>, VaultError> {
        let mut rows = Vec::with_capacity(pages.len());
        let mut keys = Vec::with_capacity(pages.len());
        for (page, owner) in pages {
            let revision = match write {
                Write::New => 0,
                Write::Again => page.revision + 1,
            };
            let mut row = SealedPage {
                number: page.number,
                owner: KeyOwner::clone(owner),
                revision,
                generation,
                live_keys: page.live_keys(),
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

#[cfg(test)]
mod tests;
