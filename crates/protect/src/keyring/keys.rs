//! What a keyring holds, gives and takes.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

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

/// One generation of key-encryption keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// From 1, without gaps.
    pub number: u32,
    /// Whether it still opens anything.
    pub state: GenerationState,
}

/// Whether a generation still opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenerationState {
    /// It opens what it wrapped. The newest of them wraps.
    Active,
    /// The provider has no key for it, although nobody asked here to destroy
    /// it. It opens nothing.
    Lost,
    /// Its destruction was asked for and is not confirmed: ask again. It opens
    /// nothing here any more.
    Destroying {
        /// When it was asked for.
        since: DateTime<Utc>,
    },
    /// The provider has promised to destroy it and has not done so yet. It opens
    /// nothing here any more.
    Pending {
        /// When the provider will have destroyed it.
        until: DateTime<Utc>,
    },
    /// It opens nothing anywhere.
    Destroyed {
        /// When that was confirmed.
        at: DateTime<Utc>,
    },
}

/// How far a destruction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destruction {
    /// The key is gone.
    Done {
        /// When that was confirmed.
        at: DateTime<Utc>,
    },
    /// The provider destroys it after a waiting time, in which its owner could
    /// still take it back.
    Pending {
        /// When the waiting time ends.
        until: DateTime<Utc>,
    },
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
    /// The key that the audit log is signed with.
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
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
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
    /// The key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes of the key.
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
    /// What [`Keyring::wrap`](super::Keyring::wrap) gave.
    pub bytes: &'a [u8],
}
