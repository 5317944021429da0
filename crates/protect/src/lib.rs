//! Keys, sealing, tags and pseudonyms.
//!
//! ```text
//! providers who holds the keys that open a keyring's file: a passphrase, a key management service
//!    │ wraps a key per generation, and the root keys
//! keyring   one key-encryption key per generation
//!    │ wraps page keys
//! vault     data keys, one per record, in sealed pages of 256; destroying one is erasing a record
//!    │ gives data keys
//! seal      AES-256-GCM over what `payload` packs, bound to where the value belongs
//!
//! stream    temporary files, sealed under a key that is in memory only
//! tags · pseudonym · blind_index   keyed one-way names, each from a root key of its own
//! token     secrets that a service hands out, known by their hash
//! webhook   signatures of messages to recipients
//! process · locked   what the operating system does for keys in memory
//! ```
//!
//! The only crate that names AES or HMAC. It does no I/O but for the keyring
//! file, and knows no database: key pages go through [`vault::KeyPageStore`].
//!
//! Random bytes come from the operating system. Should it have none to give,
//! everything here panics rather than go on: nothing safe can be done without.

mod aead;
mod audit;
pub mod blind_index;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod hashing;
pub mod keyring;
mod locked;
pub mod payload;
pub mod process;
pub mod pseudonym;
mod random;
pub mod seal;
pub mod stream;
pub mod tags;
mod token;
pub mod vault;
mod webhook;

pub use audit::{audit_signing_seed, subject_tag};
pub use blind_index::BlindIndex;
pub use hashing::sha256_hex;
pub use keyring::providers::{EnvironmentKey, KeyProvider, Passphrase, Plain, ProviderError, Secret};
pub use keyring::{
    Destruction, Generation, GenerationState, Keyring, KeyringError, KeyringId, RootKey, RootKind,
};
pub use locked::LockedBytes;
pub use process::ProcessProtection;
pub use pseudonym::{PseudonymDomain, Pseudonymiser};
pub use seal::{Binding, DataKey, OpenError, RecordCipher};
pub use tags::{ChangeTags, ConsentTags, HandleTags, MatchTags, RequestTags, SuppressionTags};
pub use token::{BearerToken, TokenHash, form_token};
pub use vault::{KeyLocation, KeyOwner, KeyPageStore, KeyVault, VaultError};
pub use webhook::{NoWebhookSecret, WebhookSecret};

#[cfg(test)]
mod testing;
