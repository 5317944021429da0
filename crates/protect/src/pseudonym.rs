//! Pseudonyms: stable stand-ins for ids within one domain.
//!
//! Each domain has a key of its own, derived with HKDF-SHA-256 from the
//! keyring's pseudonym root, so two domains cannot be compared even by someone
//! who reads both. Give it random ids ([`RecordId`](vermeil_model::RecordId),
//! [`ProfileId`](vermeil_model::ProfileId)): what cannot be guessed cannot be
//! tried, not even by someone who holds the key.

use crate::aead::AssociatedData;
use crate::hashing::{KeyedHash, derive};
use crate::keyring::{Keyring, RootKey, RootKind};

/// Who receives pseudonyms, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PseudonymDomain {
    /// A role or an outside recipient.
    pub recipient: String,
    /// Why it reads.
    pub purpose: String,
}

/// Makes the pseudonyms of one domain.
#[derive(Clone)]
pub struct Pseudonymiser {
    ids: KeyedHash,
    name: String,
}

impl Pseudonymiser {
    /// The pseudonyms of `domain` under a keyring.
    pub fn of(keyring: &Keyring, domain: &PseudonymDomain) -> Self {
        Self::new(&keyring.root(RootKind::Pseudonym), domain)
    }

    fn new(root: &RootKey, domain: &PseudonymDomain) -> Self {
        let info = AssociatedData::new("vermeil/pseudonym-key/1")
            .part(domain.recipient.as_bytes())
            .part(domain.purpose.as_bytes());
        let key = derive(root.expose(), info.as_slice());
        Self {
            ids: KeyedHash::for_domain(&*key, "vermeil/pseudonym/1"),
            name: base32(KeyedHash::for_domain(&*key, "vermeil/pseudonym-domain/1").tag().0),
        }
    }

    /// Names the domain to those who hold the keyring, and to nobody else: 26
    /// characters of `a-z2-7`. For where pseudonyms of several domains are kept.
    pub fn domain_name(&self) -> &str {
        &self.name
    }

    /// The pseudonym of an id: 26 characters of `a-z2-7` (128 bits in base 32, RFC 4648).
    pub fn pseudonym(&self, id: &[u8]) -> String {
        base32(self.ids.clone().part(id).tag().0)
    }
}

/// 128 bits in 26 characters, most significant first; the last carries three
/// bits, followed by two zero bits.
fn base32(bytes: [u8; 16]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let number = u128::from_be_bytes(bytes);
    let digit = |place: u32| match 128 - 5 * (place + 1) as i32 {
        shift @ 0.. => (number >> shift) as usize & 31,
        short => (number << -short) as usize & 31,
    };
    (0..26).map(|place| char::from(ALPHABET[digit(place)])).collect()
}

#[cfg(test)]
mod tests;
