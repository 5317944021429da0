//! The port through which pages become durable.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use super::KeyOwner;

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
    /// Fixes the page key.
    pub commitment: [u8; 32],
    /// The page key, wrapped by the keyring.
    pub wrapped_key: Vec<u8>,
    /// The keys, sealed under the page key.
    pub sealed: Vec<u8>,
}

/// Keeps pages of data keys, outside any table that remembers old versions.
#[async_trait]
pub trait KeyPageStore: Send + Sync {
    /// Takes `count` consecutive page numbers, and returns the first. A number
    /// is never given again, even if it was never used.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn reserve(&self, count: i64) -> Result<i64, StoreError>;

    /// Stores new pages, all or none, durably.
    ///
    /// # Errors
    /// [`StoreError`], also if a page of such a number is there.
    async fn insert(&self, pages: Vec<SealedPage>) -> Result<(), StoreError>;

    /// Reads pages, in any order; those that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn load(&self, numbers: &[i64]) -> Result<Vec<SealedPage>, StoreError>;

    /// Overwrites pages durably, each only if its revision is one above the
    /// stored one, and returns the numbers of those that it is not. A page that
    /// is gone stays gone and is not among them.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn replace(&self, pages: Vec<SealedPage>) -> Result<Vec<i64>, StoreError>;

    /// Deletes every page of an owner durably, and returns how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn delete_owner(&self, owner: &KeyOwner) -> Result<u64, StoreError>;
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
