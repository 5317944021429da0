//! Why a vault cannot do what is asked.

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use super::StoreError;
use crate::keyring::KeyringError;

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
    /// The store has seen a later generation than the keyring has.
    #[error(
        "the keyring ends at generation {generation}, but key pages have been rotated to a later one: restore the latest keyring"
    )]
    OldKeyring {
        /// The newest generation that the keyring has.
        generation: u32,
    },
    /// A generation that pages are sealed under cannot be destroyed.
    #[error("{pages} key pages still use generation {generation}: run `vermeil keys rotate` first")]
    GenerationInUse {
        /// The generation.
        generation: u32,
        /// How many pages it wraps the keys of.
        pages: u64,
    },
}

impl Diagnose for VaultError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Keyring(error) => return error.diagnostic(),
            Self::Store(error) => return error.diagnostic(),
            Self::DamagedPage { page } => Diagnostic::new("key-page-damaged").with("page", page),
            Self::OldKeyring { generation } => {
                Diagnostic::new("keyring-outdated").with("generation", generation)
            }
            Self::GenerationInUse { generation, pages } => {
                Diagnostic::new("key-generation-in-use").with("generation", generation).with("pages", pages)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Keyring(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::GenerationInUse { .. } => ErrorKind::Usage,
            Self::DamagedPage { .. } | Self::OldKeyring { .. } => ErrorKind::Failed,
        }
    }
}
