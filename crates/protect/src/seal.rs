//! Sealing: a value under its record's key, bound to where it belongs.
//!
//! # What is written
//!
//! ```text
//! version  u8   1
//! algorithm u8  1 = AES-256-GCM
//! key epoch u32 big-endian
//! nonce    12 bytes, random
//! ciphertext    of the padded value
//! tag      16 bytes
//! ```
//!
//! The value is padded before it is encrypted, so that its length tells little:
//! a byte 0x80, then zeros (ISO/IEC 7816-4), up to the next of 32, 64, 128, 256,
//! 512, 1024 bytes, and from there to the next multiple of 1024.
//!
//! The associated data is `vermeil/seal/1`, the algorithm, and the parts of the
//! [`Binding`], each after its length (u32, big-endian). No file path is among
//! them: compaction moves values from file to file.
//!
//! Test vector: key `000102…1f`, nonce `202122…2b`, tenant `demo`, table
//! `landing.erp`, class `contact`, record `303132…3f`, version 7, key epoch 1,
//! value `ada@example.org` give
//!
//! ```text
//! 0101 00000001 202122232425262728292a2b
//! b35ec73009e07b636a1027e0ae6a9379d049ec9c878063ee6cf66c12498a5e09
//! b4c4d22c1ef11f90afb9eacfe57059e6
//! ```
//!
//! `seal/vectors.txt` has one for each class and for both sides of each size
//! class, written from this text by another implementation, `seal/vectors.py`.
//!
//! # Key commitment
//!
//! GCM alone does not commit to its key: someone who knows two keys can make
//! one ciphertext that opens under both. Which key a location names is
//! therefore fixed by the page's commitment, which [`crate::vault`] checks once
//! each time it opens a page, not once a value.

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic, FieldClass, Plaintext};
use zeroize::Zeroizing;

use crate::aead::{AssociatedData, Cipher, NONCE, TAG};
use crate::random;

pub use crate::aead::Implementation;

const VERSION: u8 = 1;
const AES_256_GCM: u8 = 1;
/// Version, algorithm, key epoch.
const HEADER: usize = 6;
/// What sealing adds to the padded value, in bytes.
pub const OVERHEAD: usize = HEADER + NONCE + TAG;

/// The key of one record: 32 random bytes, cleared when dropped, and neither
/// printable nor comparable.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A new random key, of no vault.
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        random::fill(&mut *bytes);
        Self(bytes)
    }

    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Where a sealed value belongs. It opens there and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Whose lake it is.
    pub tenant: &'a str,
    /// The table, such as `landing.erp`.
    pub table: &'a str,
    /// The class of the fields inside.
    pub class: FieldClass,
    /// The id of the record or profile.
    pub record: [u8; 16],
    /// Which version of the record, or row of the profile.
    pub version: i64,
    /// How often the record's key has been replaced. [`key_epoch`] tells what a
    /// sealed value claims.
    pub key_epoch: u32,
}

/// Seals one value. Where a record has several, a [`RecordCipher`] is cheaper.
pub fn seal(key: &DataKey, binding: &Binding<'_>, value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    RecordCipher::new(key).seal_into(binding, value, &mut sealed);
    sealed
}

/// Opens one value. Where a record has several, a [`RecordCipher`] is cheaper.
///
/// # Errors
/// [`OpenError`]; nothing is opened then.
pub fn open(key: &DataKey, binding: &Binding<'_>, sealed: &[u8]) -> Result<Plaintext<Vec<u8>>, OpenError> {
    RecordCipher::new(key).open(binding, sealed)
}

/// The key epoch that a sealed value claims. Only opening it proves the claim.
///
/// # Errors
/// [`OpenError`] if this is no sealed value.
pub fn key_epoch(sealed: &[u8]) -> Result<u32, OpenError> {
    Parts::of(sealed).map(|parts| parts.key_epoch)
}

/// A record's key, expanded once for all its values.
pub struct RecordCipher(Cipher);

impl RecordCipher {
    /// Expands a key.
    pub fn new(key: &DataKey) -> Self {
        Self::with(Implementation::default(), key)
    }

    /// Expands a key for one of the two libraries, whichever is the default.
    pub fn with(implementation: Implementation, key: &DataKey) -> Self {
        Self(Cipher::with(implementation, &key.0))
    }

    /// Appends the sealed value to `sealed`: [`sealed_len`] bytes.
    pub fn seal_into(&self, binding: &Binding<'_>, value: &[u8], sealed: &mut Vec<u8>) {
        self.seal_with(random::pooled_nonce(), binding, value, sealed);
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is opened then.
    pub fn open(&self, binding: &Binding<'_>, sealed: &[u8]) -> Result<Plaintext<Vec<u8>>, OpenError> {
        let parts = Parts::of(sealed)?;
        if parts.key_epoch != binding.key_epoch {
            return Err(OpenError::OtherEpoch { found: parts.key_epoch, expected: binding.key_epoch });
        }
        let mut value = parts.text.to_vec();
        self.0
            .decrypt(parts.nonce, associated(binding).as_slice(), &mut value, parts.tag)
            .map_err(|_| OpenError::Refused)?;
        let end = unpadded_len(&value).ok_or(OpenError::NotPadded)?;
        value.truncate(end);
        Ok(Plaintext::new(value))
    }

    pub(crate) fn seal_with(
        &self,
        nonce: [u8; NONCE],
        binding: &Binding<'_>,
        value: &[u8],
        sealed: &mut Vec<u8>,
    ) {
        sealed.reserve(sealed_len(value.len()));
        sealed.extend_from_slice(&[VERSION, AES_256_GCM]);
        sealed.extend_from_slice(&binding.key_epoch.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        let text = sealed.len();
        sealed.extend_from_slice(value);
        sealed.push(0x80);
        sealed.resize(text + padded_len(value.len()), 0);
        self.0.encrypt(nonce, associated(binding).as_slice(), sealed, text);
    }
}

/// Bytes of a sealed value, from the bytes of the value.
pub fn sealed_len(value_len: usize) -> usize {
    padded_len(value_len) + OVERHEAD
}

/// The size class of a value, in bytes. The padding byte always needs room.
fn padded_len(value_len: usize) -> usize {
    match value_len + 1 {
        ..=32 => 32,
        needed @ ..=1024 => needed.next_power_of_two(),
        needed => needed.next_multiple_of(1024),
    }
}

/// Where the value ends: at the last byte that is not zero, if that is 0x80.
fn unpadded_len(padded: &[u8]) -> Option<usize> {
    let end = padded.iter().rposition(|&byte| byte != 0)?;
    (padded[end] == 0x80 && padded.len() == padded_len(end)).then_some(end)
}

pub(crate) fn associated(binding: &Binding<'_>) -> AssociatedData {
    AssociatedData::new("vermeil/seal/1")
        .part(&[AES_256_GCM])
        .part(binding.tenant.as_bytes())
        .part(binding.table.as_bytes())
        .part(binding.class.as_str().as_bytes())
        .part(&binding.record)
        .part(&binding.version.to_be_bytes())
        .part(&binding.key_epoch.to_be_bytes())
}

/// A sealed value, taken apart.
struct Parts<'a> {
    key_epoch: u32,
    nonce: [u8; NONCE],
    text: &'a [u8],
    tag: [u8; TAG],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a [u8]) -> Result<Self, OpenError> {
        let (&[version, algorithm, epoch @ ..], rest) =
            sealed.split_first_chunk::<HEADER>().ok_or(OpenError::TooShort)?;
        if version != VERSION {
            return Err(OpenError::UnknownVersion(version));
        }
        if algorithm != AES_256_GCM {
            return Err(OpenError::UnknownAlgorithm(algorithm));
        }
        let (&nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(OpenError::TooShort)?;
        let (text, &tag) = rest.split_last_chunk::<TAG>().ok_or(OpenError::TooShort)?;
        Ok(Self { key_epoch: u32::from_be_bytes(epoch), nonce, text, tag })
    }
}

/// A sealed value does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Too short to be a sealed value.
    #[error("too short to be a sealed value")]
    TooShort,
    /// Written by a later version of the program.
    #[error("sealed values of version {0} are not known: a later version of the program wrote this")]
    UnknownVersion(u8),
    /// Sealed with an algorithm that this program does not have.
    #[error("sealed with algorithm {0}, which is not known: a later version of the program wrote this")]
    UnknownAlgorithm(u8),
    /// Sealed under another key of the record than the binding says.
    #[error("sealed in key epoch {found}, expected was {expected}")]
    OtherEpoch {
        /// What the value claims.
        found: u32,
        /// What the binding says.
        expected: u32,
    },
    /// Another key, another place, or changed bytes: they cannot be told apart.
    #[error("the sealed value does not open here: it is damaged, or belongs to another place or key")]
    Refused,
    /// The value is genuine, but not padded as this version does.
    #[error("the sealed value opens, but is not padded as it should be")]
    NotPadded,
}

impl Diagnose for OpenError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::UnknownVersion(_) | Self::UnknownAlgorithm(_) => Diagnostic::new("sealed-newer"),
            Self::TooShort | Self::OtherEpoch { .. } | Self::Refused | Self::NotPadded => {
                Diagnostic::new("sealed-refused").with("reason", self)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Failed
    }
}

#[cfg(test)]
mod tests;
