//! Moving every page to a new generation, and destroying the old ones.
//!
//! A rotation takes these steps, each durable before the next:
//!
//! 1. the store gives the new generation its number;
//! 2. the keyring makes its key;
//! 3. the store opens it: from here on nothing is written under older ones;
//! 4. page after page is opened and sealed again under a new page key, unless
//!    somebody else has rewritten it meanwhile, which has moved it already;
//! 5. the store finds no page of an older generation, and ends the rotation.
//!
//! Whoever begins a rotation where one is under way joins it. So one that was
//! cut off is continued by asking again, and two at once share the work.
//! Readers need not know: an old page opens as long as its generation lives.
//!
//! A generation is destroyed only where a newer one is open and no page uses it:
//! then no page ever will. What it wrapped in the past lies in backups and in
//! the store's own log, where it opens no more.

use super::{
    GenerationUse, KeyOwner, KeyVault, OpenPage, PAGES_AT_ONCE, Rotation, RotationStage, SealedPage,
    VaultError, Write,
};
use crate::keyring::{Destruction, GenerationState};

/// How far a rotation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationProgress {
    /// The generation that pages move to.
    pub generation: u32,
    /// Pages that have moved since this call began.
    pub pages: u64,
    /// Pages that were to move when it began.
    pub pages_in_all: u64,
    /// Keys in the pages that have moved.
    pub keys: u64,
    /// Keys in all pages that were to move.
    pub keys_in_all: u64,
}

impl KeyVault {
    /// What lies under each generation that pages are sealed under, oldest first.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn usage(&self) -> Result<Vec<GenerationUse>, VaultError> {
        Ok(self.store.usage().await?)
    }

    /// The rotation that has begun and not ended.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub async fn rotation(&self) -> Result<Option<Rotation>, VaultError> {
        Ok(self.store.rotation().await?)
    }

    /// Moves every page to a new generation, or continues where a rotation was
    /// cut off. Pages that others move meanwhile count as moved.
    ///
    /// # Errors
    /// [`VaultError`]. What has moved stays: ask again.
    pub async fn rotate(
        &self,
        progress: &(dyn Fn(RotationProgress) + Send + Sync),
    ) -> Result<RotationProgress, VaultError> {
        let generation = self.begin().await?;
        let mut waiting = self.older_than(generation).await?;
        let mut told = RotationProgress {
            generation,
            pages: 0,
            pages_in_all: waiting.iter().map(|used| used.pages).sum(),
            keys: 0,
            keys_in_all: waiting.iter().map(|used| used.keys).sum(),
        };
        progress(told);
        loop {
            for used in &waiting {
                let mut after = i64::MIN;
                loop {
                    let rows = self.store.under(used.generation, after, PAGES_AT_ONCE).await?;
                    let Some(last) = rows.last() else { break };
                    after = last.number;
                    told.pages = (told.pages + rows.len() as u64).min(told.pages_in_all);
                    let keys: u64 = rows.iter().map(|row| u64::from(row.live_keys)).sum();
                    told.keys = (told.keys + keys).min(told.keys_in_all);
                    self.move_on(rows, generation).await?;
                    progress(told);
                }
            }
            // Not by what was moved: only the store knows what others wrote meanwhile.
            if self.store.end_rotation(generation).await? == 0 {
                (told.pages, told.keys) = (told.pages_in_all, told.keys_in_all);
                return Ok(told);
            }
            waiting = self.older_than(generation).await?;
        }
    }

    /// Destroys a generation that no page uses any more, and every trace that it
    /// left in the store. Asking again is harmless, and completes what was cut off.
    ///
    /// # Errors
    /// - [`VaultError::GenerationInUse`], and nothing is destroyed;
    /// - [`VaultError::Keyring`]: there is no such generation, it is the newest, or
    ///   its provider refuses;
    /// - [`VaultError::Store`]. It may be destroyed then: ask again.
    pub async fn destroy_generation(&self, generation: u32) -> Result<Destruction, VaultError> {
        self.keyring.reload_if_changed().await?;
        let known = self.keyring.generations().into_iter().find(|known| known.number == generation);
        let is_whole = matches!(
            known.map(|known| known.state),
            // What is lost may be found again, if nobody destroys it.
            Some(GenerationState::Active | GenerationState::Lost)
        );
        let current = self.keyring.current_generation();
        if is_whole && generation < current {
            // First close it, then count: nobody may write under it in between.
            self.store.open_generation(current).await?;
            let usage = self.usage().await?;
            if let Some(used) = usage.iter().find(|used| used.generation == generation) {
                return Err(VaultError::GenerationInUse { generation, pages: used.pages });
            }
            // Closing may have begun a rotation, with nothing to move.
            self.store.end_rotation(current).await?;
        }
        let destruction = self.keyring.destroy_generation(generation).await?;
        self.store.purge().await?;
        Ok(destruction)
    }

    /// Opens the generation that pages are to move to, in the keyring and in the store.
    async fn begin(&self) -> Result<u32, VaultError> {
        self.keyring.reload_if_changed().await?;
        let rotation = self.store.begin_rotation(self.newest()).await?;
        let usage = self.store.usage().await?;
        // Once more: by now the file holds every generation that the store knows of.
        self.keyring.reload_if_changed().await?;
        let newest = self.newest();
        let lost = rotation.generation > newest && rotation.stage == RotationStage::Opened;
        // A key made now would be another than the one that pages are sealed under.
        if lost || rotation.generation > newest + 1 || usage.iter().any(|used| used.generation > newest) {
            return Err(VaultError::OldKeyring { generation: newest });
        }
        self.keyring.create_generation(rotation.generation).await?;
        self.store.open_generation(rotation.generation).await?;
        Ok(rotation.generation)
    }

    /// The newest generation of the keyring, destroyed ones included.
    fn newest(&self) -> u32 {
        self.keyring.generations().iter().map(|generation| generation.number).max().unwrap_or_default()
    }

    async fn older_than(&self, generation: u32) -> Result<Vec<GenerationUse>, VaultError> {
        let usage = self.store.usage().await?;
        Ok(usage.into_iter().filter(|used| used.generation < generation).collect())
    }

    /// Moves pages to the current generation, but for those that have moved already.
    async fn move_on(&self, rows: Vec<SealedPage>, generation: u32) -> Result<(), VaultError> {
        let mut opened = self.open(rows).await?;
        opened.retain(|(_, row)| row.generation < generation);
        let pages: Vec<(&OpenPage, &KeyOwner)> =
            opened.iter().map(|(page, row)| (page, &row.owner)).collect();
        // Outdated pages were rewritten under this generation, or a newer one.
        self.write(&pages, Write::Again).await?;
        Ok(())
    }
}
