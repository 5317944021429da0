//! Signed notes: text, an empty line, and signatures of it.
//!
//! Source: c2sp.org/signed-note, with its Ed25519 signatures (type 1).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The identifier of Ed25519 signatures.
const ED25519: u8 = 1;
const KEY_ID: usize = 4;

/// The key that a log is signed with, and its name. Cleared when dropped, and neither printable nor comparable.
pub struct LogKey {
    key: SigningKey,
    verifier: VerifierKey,
}

/// The public half: what verifying takes.
///
/// As text it is a C2SP verifier key: name, `+`, key id in hexadecimal, `+`, and
/// the base64 of the signature type and the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; KEY_ID],
    key: VerifyingKey,
}

/// Not a usable key or name of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Key names are not empty and have neither spaces nor `+`.
    #[error("a key's name must not be empty, nor have spaces or `+`")]
    Name,
    /// Not of the form `name+id+key`.
    #[error("this is not a verifier key: `name+hexadecimal id+base64 key`")]
    Form,
    /// Another algorithm than Ed25519, or no point of its curve.
    #[error("this is not an Ed25519 key")]
    Algorithm,
    /// The id was computed from another name or key: a typing error.
    #[error("the verifier key contradicts its own id: a character is wrong")]
    Id,
}

impl LogKey {
    /// The key of this name whose private half is derived from `seed` (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`InvalidKey::Name`].
    pub fn new(name: &str, seed: &Zeroizing<[u8; 32]>) -> Result<Self, InvalidKey> {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key())?;
        Ok(Self { key, verifier })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signature of some bytes, in base64.
    pub(crate) fn signature(&self, bytes: &[u8]) -> String {
        STANDARD.encode(self.key.sign(bytes).to_bytes())
    }

    /// A note of `text`, which ends with a newline and has no control characters but newlines.
    pub(crate) fn sign(&self, text: &str) -> String {
        let VerifierKey { name, id, .. } = &self.verifier;
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        format!("{text}\n— {name} {}\n", STANDARD.encode([&id[..], &signature].concat()))
    }
}

impl VerifierKey {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, InvalidKey> {
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
            return Err(InvalidKey::Name);
        }
        let hash = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', ED25519])
            .chain_update(key.as_bytes())
            .finalize();
        let id = *hash.first_chunk().expect("SHA-256 gives 32 bytes");
        Ok(Self { name: name.to_owned(), id, key })
    }

    /// The name, which is also the origin of the log's checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this key made the signature of these bytes.
    pub(crate) fn has_signed(&self, bytes: &[u8], signature: &str) -> bool {
        let signature = STANDARD.decode(signature).ok();
        let signature = signature.and_then(|signature| Signature::from_slice(&signature).ok());
        signature.is_some_and(|signature| self.key.verify_strict(bytes, &signature).is_ok())
    }

    /// The text of a note; `None` unless this key signed it. Signatures of other keys are passed over.
    pub(crate) fn text_of<'a>(&self, note: &'a str) -> Option<&'a str> {
        if note.contains(|c: char| c < ' ' && c != '\n') {
            return None;
        }
        let (text, signatures) = note.rsplit_once("\n\n")?;
        let text = &note[..=text.len()];
        let mut is_signed = false;
        for line in signatures.strip_suffix('\n')?.split('\n') {
            let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
            let signature = STANDARD.decode(signature).ok()?;
            let (id, signature) = signature.split_at_checked(KEY_ID)?;
            if name == self.name && id == self.id {
                let signature = Signature::from_slice(signature).ok()?;
                self.key.verify_strict(text.as_bytes(), &signature).ok()?;
                is_signed = true;
            }
        }
        is_signed.then_some(text)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{:08x}+{key}", self.name, u32::from_be_bytes(self.id))
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        // The key may have a `+` of its own: base64 does.
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidKey::Form);
        };
        let key = STANDARD.decode(key).map_err(|_| InvalidKey::Form)?;
        let (algorithm, key) = key.split_first().ok_or(InvalidKey::Form)?;
        let key: [u8; 32] = key.try_into().map_err(|_| InvalidKey::Algorithm)?;
        if *algorithm != ED25519 {
            return Err(InvalidKey::Algorithm);
        }
        let key = VerifyingKey::from_bytes(&key).map_err(|_| InvalidKey::Algorithm)?;
        let verifier = Self::new(name, key)?;
        if format!("{:08x}", u32::from_be_bytes(verifier.id)) != id {
            return Err(InvalidKey::Id);
        }
        Ok(verifier)
    }
}

#[cfg(test)]
mod tests;
