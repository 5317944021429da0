//! The port through which pages become durable.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use super::{KeyLocation, KeyOwner};

/// A page of data keys as it is stored. Nothing in it is secret by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPage {
    /// Never given twice, not even after the page is gone.
    pub number: i64,
    /// What it was given out for.
    pub owner: KeyOwner,
    /// How often the page has been rewritten.
    pub revision: i64,
    /// The generation that wraps the page key.
    pub generation: u32,
    /// How many keys it holds that are not destroyed. For counting only: what
    /// is sealed decides.
    pub live_keys: u32,
    /// Fixes the page key.
    pub commitment: [u8; 32],
    /// The page key, wrapped by the keyring.
    pub wrapped_key: Vec<u8>,
    /// The keys, sealed under the page key.
    pub sealed: Vec<u8>,
}

/// What became of pages that were to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// They are durable, but for those of these numbers, which somebody else
    /// has rewritten meanwhile.
    Done {
        /// The numbers, in any order.
        outdated: Vec<i64>,
    },
    /// None of them: a newer generation was opened, and nothing is written
    /// under the older ones any more.
    Closed,
}

/// What lies under one generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenerationUse {
    /// The generation's number.
    pub generation: u32,
    /// Pages whose keys it wraps.
    pub pages: u64,
    /// Keys in them that are not destroyed.
    pub keys: u64,
}

/// A rotation that has begun and not ended: every page is to move to one generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The generation to move to.
    pub generation: u32,
    /// When the rotation began.
    pub begun_at: DateTime<Utc>,
    /// How far it is.
    pub stage: RotationStage,
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationStage {
    /// Its generation has a number; whether it has a key, the keyring tells.
    Begun,
    /// Its generation has a key, and nothing is written under older ones any more.
    Opened,
}

/// Keeps pages of data keys, outside any table that remembers old versions.
///
/// Pages are written under the newest generation that was opened, or a newer
/// one, and never under an older: whoever still would, in whatever process, is
/// told [`Written::Closed`]. So a generation that was closed and that no page
/// uses stays unused, and may be destroyed.
#[async_trait]
pub trait KeyPageStore: Send + Sync {
    /// Takes `count` consecutive page numbers, and returns the first. A number
    /// is never given again, even if it was never used.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn reserve(&self, count: i64) -> Result<i64, StoreError>;

    /// Stores new pages, all or none, durably. None is outdated.
    ///
    /// # Errors
    /// [`StoreError`], also if a page of such a number is there.
    async fn insert(&self, pages: Vec<SealedPage>) -> Result<Written, StoreError>;

    /// Reads pages, in any order; those that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn load(&self, numbers: &[i64]) -> Result<Vec<SealedPage>, StoreError>;

    /// The numbers and revisions of pages, in any order; those that are not
    /// there are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn revisions(&self, numbers: &[i64]) -> Result<Vec<(i64, i64)>, StoreError>;

    /// Overwrites pages durably, each only if its revision is one above the
    /// stored one. A page that is gone stays gone and is not outdated.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn replace(&self, pages: Vec<SealedPage>) -> Result<Written, StoreError>;

    /// Deletes durably whatever the store keeps about those whose keys lie at `keys`,
    /// besides the keys. Called before these are destroyed, so that nothing about
    /// someone outlasts their key.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget(&self, keys: &[KeyLocation]) -> Result<(), StoreError>;

    /// Deletes every page of an owner durably, with whatever [`KeyPageStore::forget`]
    /// deletes, notes when, and returns how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn delete_owner(&self, owner: &KeyOwner) -> Result<u64, StoreError>;

    /// When pages were deleted with their owner, in any order; pages that were
    /// not are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn deletions(&self, numbers: &[i64]) -> Result<Vec<(i64, DateTime<Utc>)>, StoreError>;

    /// What lies under each generation, lowest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn usage(&self) -> Result<Vec<GenerationUse>, StoreError>;

    /// At most `count` pages of a generation whose numbers are above `after`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn under(&self, generation: u32, after: i64, count: usize) -> Result<Vec<SealedPage>, StoreError>;

    /// The rotation under way, or a new one to a generation above `above` and
    /// above every one that this store has heard of. Whoever asks at once, in
    /// whatever process, is given the same.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn begin_rotation(&self, above: u32) -> Result<Rotation, StoreError>;

    /// The rotation under way.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn rotation(&self) -> Result<Option<Rotation>, StoreError>;

    /// Opens a generation: from here on nothing is written under older ones.
    /// The keyring must hold its key already. Opening it again is harmless.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open_generation(&self, generation: u32) -> Result<(), StoreError>;

    /// Ends the rotation to a generation if no page of an older one is left,
    /// and returns how many are.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end_rotation(&self, generation: u32) -> Result<u64, StoreError>;

    /// Sees to it that nothing of what was overwritten or deleted is left in
    /// any file of the store that is within its reach.
    ///
    /// # Errors
    /// [`StoreError`], also if readers kept it from doing so for too long.
    async fn purge(&self) -> Result<(), StoreError>;
}

/// The store's own error.
#[derive(Debug)]
pub struct StoreError(Box<dyn Diagnose + Send + Sync>);

impl StoreError {
    /// Wraps the error of a store.
    pub fn new(cause: impl Diagnose + Send + Sync + 'static) -> Self {
        Self(Box::new(cause))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl Diagnose for StoreError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        self.0.diagnostic()
    }

    fn kind(&self) -> ErrorKind {
        self.0.kind()
    }
}
