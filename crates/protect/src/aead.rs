//! AES-256-GCM (NIST SP 800-38D) as this crate uses it: 96-bit nonces, 128-bit
//! tags, associated data from length-prefixed parts.
//!
//! Two libraries compute it. They write and open the same bytes, so which one
//! does is a matter of speed, and each proves the other in tests;
//! `docs/adr/0004-two-libraries-for-sealing.md` has the figures.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce as AwsLcNonce, UnboundKey};
use zeroize::{Zeroize, Zeroizing};

use crate::random;

mod associated;

pub(crate) use associated::{AssociatedData, append_part, part_length};

/// Bytes of a nonce.
pub(crate) const NONCE: usize = 12;
/// Bytes of a tag.
pub(crate) const TAG: usize = 16;

const FITS: &str = "what fits in memory here is far below GCM's 64 GiB";

/// The library that computes AES-256-GCM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Implementation {
    /// `aws-lc-rs`: AWS-LC, in C and assembly.
    #[default]
    AwsLc,
    /// `aes-gcm` of RustCrypto, in Rust.
    RustCrypto,
}

impl Implementation {
    /// Both of them.
    pub const ALL: [Implementation; 2] = [Self::AwsLc, Self::RustCrypto];
}

/// The tag does not match: wrong key, wrong associated data, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused;

/// An expanded key. It lies on the heap and is cleared there when dropped, so
/// that moving it leaves no copy behind.
pub(crate) struct Cipher(Expanded);

enum Expanded {
    /// Cleared by AWS-LC's own `free` (`OPENSSL_free` calls `OPENSSL_cleanse`).
    AwsLc(LessSafeKey),
    /// Cleared by the `zeroize` features of `aes` and `ghash`.
    RustCrypto(Box<Aes256Gcm>),
}

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self::with(Implementation::default(), key)
    }

    pub(crate) fn with(implementation: Implementation, key: &[u8; 32]) -> Self {
        Self(match implementation {
            Implementation::AwsLc => Expanded::AwsLc(LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a key of AES-256"),
            )),
            Implementation::RustCrypto => Expanded::RustCrypto(Box::new(Aes256Gcm::new(key.into()))),
        })
    }

    /// Encrypts `buffer[from..]` in place and appends the tag.
    pub(crate) fn encrypt(&self, nonce: [u8; NONCE], associated: &[u8], buffer: &mut Vec<u8>, from: usize) {
        let text = &mut buffer[from..];
        match &self.0 {
            Expanded::AwsLc(key) => {
                let nonce = AwsLcNonce::assume_unique_for_key(nonce);
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(associated), text).expect(FITS);
                buffer.extend_from_slice(tag.as_ref());
            }
            Expanded::RustCrypto(key) => {
                let nonce = Nonce::from(nonce);
                let tag = key.encrypt_inout_detached(&nonce, associated, text.into()).expect(FITS);
                buffer.extend_from_slice(&tag);
            }
        }
    }

    /// Decrypts `text` in place if the tag matches, and fills it with zeros otherwise.
    pub(crate) fn decrypt(
        &self,
        nonce: [u8; NONCE],
        associated: &[u8],
        text: &mut [u8],
        tag: [u8; TAG],
    ) -> Result<(), Refused> {
        let opened = match &self.0 {
            Expanded::AwsLc(key) => {
                let nonce = AwsLcNonce::assume_unique_for_key(nonce);
                key.open_in_place_separate_tag(nonce, Aad::from(associated), &tag, text).is_ok()
            }
            Expanded::RustCrypto(key) => {
                let (nonce, tag) = (Nonce::from(nonce), Tag::from(tag));
                key.decrypt_inout_detached(&nonce, associated, (&mut *text).into(), &tag).is_ok()
            }
        };
        if opened {
            return Ok(());
        }
        // AWS-LC decrypts before it knows the tag, and RustCrypto after.
        text.zeroize();
        Err(Refused)
    }

    /// `nonce | ciphertext | tag` of a secret.
    ///
    /// The key may be one that serves for years, so the nonce comes straight
    /// from the operating system: see [`random::pooled_nonce`] for what may not.
    pub(crate) fn lock(&self, associated: &[u8], secret: &[u8]) -> Vec<u8> {
        let nonce = random::nonce();
        // All of it at once: growing would leave copies of the secret behind.
        let mut locked = Vec::with_capacity(NONCE + secret.len() + TAG);
        locked.extend_from_slice(&nonce);
        locked.extend_from_slice(secret);
        self.encrypt(nonce, associated, &mut locked, NONCE);
        locked
    }

    /// The secret of [`Cipher::lock`].
    pub(crate) fn unlock(&self, associated: &[u8], locked: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let (nonce, rest) = locked.split_first_chunk::<NONCE>().ok_or(Refused)?;
        let (text, tag) = rest.split_last_chunk::<TAG>().ok_or(Refused)?;
        let mut secret = Zeroizing::new(text.to_vec());
        self.decrypt(*nonce, associated, &mut secret, *tag)?;
        Ok(secret)
    }
}

#[cfg(test)]
mod tests;
