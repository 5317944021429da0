//! Key providers: who holds the keys that open a keyring's file.
//!
//! A provider wraps few and small secrets: one key per generation, and the
//! bundle of root keys. It is asked when a keyring is opened, gets a new
//! generation, or loses one; never for a page, never for a record.
//!
//! Each secret has a *slot*, and a provider that keeps keys of its own keeps one
//! per slot, so that destroying the key of a slot destroys every copy of what it
//! wrapped, in whatever backup.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::keys::{Destruction, KeyringId};
use crate::aead::AssociatedData;

mod aws_kms;
mod environment;
mod error;
mod http;
mod openbao;
mod passphrase;
mod pkcs11;
mod plain;

pub use aws_kms::{AwsKms, AwsKmsSettings};
pub use environment::{EnvironmentKey, MalformedKey};
pub use error::{Misconfiguration, ProviderError};
pub use openbao::{OpenBao, OpenBaoSettings};
pub use passphrase::Passphrase;
pub use pkcs11::{Pkcs11, Pkcs11Settings};
pub use plain::Plain;

/// Wraps and unwraps the secrets of keyrings.
///
/// Everything may be asked twice: an answer may have been lost after the work
/// was done.
#[async_trait]
pub trait KeyProvider: Send + Sync {
    /// Which provider this is, as the keyring's file says it.
    fn descriptor(&self) -> ProviderDescriptor;

    /// Makes the key of a slot, unless it is there.
    ///
    /// # Errors
    /// [`ProviderError`]; the key may have been made then.
    async fn create(&self, slot: KeySlot) -> Result<(), ProviderError>;

    /// Wraps a secret of at most 1 KiB under the key of a slot, bound to the slot.
    ///
    /// # Errors
    /// [`ProviderError`].
    async fn wrap(&self, slot: KeySlot, secret: &[u8]) -> Result<Vec<u8>, ProviderError>;

    /// The secret that was wrapped for this very slot.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] if it was not, or was changed since;
    /// [`ProviderError::KeyGone`] if the slot's key is destroyed;
    /// others if the provider cannot tell.
    async fn unwrap(&self, slot: KeySlot, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError>;

    /// Destroys the key of a slot. One that is gone counts as destroyed now.
    ///
    /// # Errors
    /// [`ProviderError`]; the key may be destroyed then.
    async fn destroy(&self, slot: KeySlot) -> Result<Destruction, ProviderError>;
}

/// What a provider needs to know to be let in: cleared when dropped, and cannot be printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret that a text is.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for where it is used.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Which key of a provider is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySlot {
    /// The keyring it belongs to.
    pub keyring: KeyringId,
    /// What it wraps there.
    pub secret: SecretKind,
}

/// The secrets of a keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// The key of one generation.
    Generation(u32),
    /// The root keys, together.
    Roots,
}

impl KeySlot {
    /// What a provider that keeps keys calls the key of this slot.
    fn key_name(self, prefix: &str) -> String {
        format!("{prefix}-{}-{}", self.keyring, self.secret)
    }

    /// What a wrapped secret is bound to.
    fn associated(self) -> AssociatedData {
        AssociatedData::new("vermeil/keyring-secret/1")
            .part(self.keyring.as_bytes())
            .part(self.secret.to_string().as_bytes())
    }
}

/// `generation-7` or `roots`.
impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generation(number) => write!(f, "generation-{number}"),
            Self::Roots => f.write_str("roots"),
        }
    }
}

/// What a keyring's file says about its provider: enough to find the keys again
/// when the configuration is lost. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderDescriptor {
    /// Which provider.
    pub kind: ProviderKind,
    /// Where its keys are, as far as that can be told; for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
}

/// The providers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// [`Plain`].
    Plain,
    /// [`Passphrase`].
    Passphrase,
    /// [`EnvironmentKey`].
    Environment,
    /// [`OpenBao`].
    #[serde(rename = "openbao")]
    OpenBao,
    /// [`AwsKms`].
    AwsKms,
    /// [`Pkcs11`].
    Pkcs11,
}

impl ProviderKind {
    /// The kind as files and configuration write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Passphrase => "passphrase",
            Self::Environment => "environment",
            Self::OpenBao => "openbao",
            Self::AwsKms => "aws_kms",
            Self::Pkcs11 => "pkcs11",
        }
    }
}
