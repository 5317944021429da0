//! Key providers: who holds the keys that open everything else.
//!
//! A provider keeps key-encryption keys, one per *generation*, which never
//! leave it, and the root keys of tags and pseudonyms. [`FileKeyring`] keeps
//! them in a file; a key management service is another implementation.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use uuid::Uuid;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};
use zeroize::Zeroizing;

mod error;
mod file;

pub use error::KeyringError;
pub use file::FileKeyring;

/// Names a keyring. What is sealed under one does not open under another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyringId(Uuid);

impl KeyringId {
    /// A new random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The 16 bytes of the id.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for KeyringId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for KeyringId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::parse_str(text).map(Self)
    }
}

/// What a root key is for. One root per use, so that giving one away gives no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RootKind {
    /// Tags of records and their contents: detecting change.
    Change,
    /// Pseudonyms, one derived key per domain.
    Pseudonym,
    /// Blind indexes of contact points.
    BlindIndex,
    /// Tags of people who must not come back.
    Suppression,
    /// Pseudonyms of actors in the audit trail.
    Audit,
}

impl RootKind {
    /// Every kind.
    pub const ALL: [RootKind; 5] =
        [Self::Change, Self::Pseudonym, Self::BlindIndex, Self::Suppression, Self::Audit];

    /// The kind as keyring files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Pseudonym => "pseudonym",
            Self::BlindIndex => "blind_index",
            Self::Suppression => "suppression",
            Self::Audit => "audit",
        }
    }
}

/// A root key: 32 bytes that are cleared when dropped, and cannot be printed.
#[derive(Clone)]
pub struct RootKey(Zeroizing<[u8; 32]>);

impl RootKey {
    /// The key of these bytes, for a provider to give.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The key of one page of data keys: 32 bytes, cleared when dropped, used for
/// one sealing and never again.
pub struct PageKey(Zeroizing<[u8; 32]>);

impl PageKey {
    /// The key of these bytes, for a provider that has unwrapped it.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes of the key, for a provider to wrap.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A page key to wrap.
pub struct WrapRequest<'a> {
    /// The key.
    pub key: &'a PageKey,
    /// What the key is for. It unwraps under equal bytes only.
    pub context: &'a [u8],
}

/// A page key to unwrap.
pub struct WrappedKey<'a> {
    /// The generation it was wrapped under.
    pub generation: u32,
    /// The context it was wrapped with.
    pub context: &'a [u8],
    /// What [`KeyProvider::wrap`] gave.
    pub bytes: &'a [u8],
}

/// Holds key-encryption keys and root keys.
///
/// Wrapping goes in batches, since a key management service answers over a
/// network; a provider that has limits parts them itself.
#[async_trait]
pub trait KeyProvider: Send + Sync {
    /// Names the keyring.
    fn id(&self) -> KeyringId;

    /// The generation to wrap new keys under.
    ///
    /// # Errors
    /// [`KeyProviderError::Unavailable`].
    async fn current_generation(&self) -> Result<u32, KeyProviderError>;

    /// Wraps page keys under a generation, in order.
    ///
    /// # Errors
    /// [`KeyProviderError::UnknownGeneration`] if it never was or is destroyed;
    /// [`KeyProviderError::Unavailable`].
    async fn wrap(&self, generation: u32, keys: &[WrapRequest<'_>])
    -> Result<Vec<Vec<u8>>, KeyProviderError>;

    /// Unwraps page keys, in order.
    ///
    /// # Errors
    /// As for [`KeyProvider::wrap`], and [`KeyProviderError::Refused`] for a key
    /// that was wrapped by another keyring, with another context, or changed.
    async fn unwrap(&self, keys: &[WrappedKey<'_>]) -> Result<Vec<PageKey>, KeyProviderError>;

    /// A root key.
    ///
    /// # Errors
    /// [`KeyProviderError::Unavailable`].
    async fn root(&self, kind: RootKind) -> Result<RootKey, KeyProviderError>;
}

/// A key provider cannot do what is asked.
#[derive(Debug, thiserror::Error)]
pub enum KeyProviderError {
    /// The generation never was in this keyring, or is destroyed.
    #[error("keyring {keyring} has no generation {generation}: it is destroyed, or this is another keyring")]
    UnknownGeneration {
        /// The keyring asked.
        keyring: KeyringId,
        /// The generation asked for.
        generation: u32,
    },
    /// A wrapped key does not open.
    #[error(
        "a page key does not open under generation {generation} of keyring {keyring}: it was wrapped by another keyring, or is damaged"
    )]
    Refused {
        /// The keyring asked.
        keyring: KeyringId,
        /// The generation it claims to be wrapped under.
        generation: u32,
    },
    /// The provider does not answer.
    #[error("keyring {keyring} does not answer")]
    Unavailable {
        /// The keyring asked.
        keyring: KeyringId,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Diagnose for KeyProviderError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::UnknownGeneration { keyring, generation } => Diagnostic::new("keyring-unknown-generation")
                .with("keyring", keyring)
                .with("generation", generation),
            Self::Refused { keyring, generation } => {
                Diagnostic::new("keyring-refused").with("keyring", keyring).with("generation", generation)
            }
            Self::Unavailable { keyring, .. } => {
                Diagnostic::new("keyring-unavailable").with("keyring", keyring)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Failed
    }
}

#[cfg(test)]
mod tests;
