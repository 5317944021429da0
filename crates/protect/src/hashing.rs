//! HMAC-SHA-256 (RFC 2104) with its keyed state prepared once, and HKDF-SHA-256
//! (RFC 5869).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use vermeil_model::Tag;
use zeroize::Zeroizing;

use crate::aead::part_length;

/// An HMAC that has taken in its key and its domain; a clone of it makes a tag.
#[derive(Clone)]
pub(crate) struct KeyedHash(Hmac<Sha256>);

impl KeyedHash {
    /// A hash of its own for `domain`: no input of another domain gives its tags.
    pub(crate) fn for_domain(key: &[u8], domain: &str) -> Self {
        Self::new(key).part(domain.as_bytes())
    }

    fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// [`KeyedHash::take_in`], for hashes of few parts.
    pub(crate) fn part(mut self, bytes: &[u8]) -> Self {
        self.take_in(bytes);
        self
    }

    /// Takes in a part after its length, so that parts cannot be cut elsewhere.
    // In place: the state is large, and moving it for every field of every row cost as much as hashing.
    pub(crate) fn take_in(&mut self, bytes: &[u8]) {
        self.0.update(&part_length(bytes));
        self.0.update(bytes);
    }

    /// The first 16 bytes of the HMAC.
    pub(crate) fn tag(self) -> Tag {
        let whole = self.0.finalize().into_bytes();
        Tag(*whole.first_chunk().expect("SHA-256 gives 32 bytes"))
    }
}

/// A 32-byte key derived from `secret` for the purpose that `info` states.
pub(crate) fn derive(secret: &[u8; 32], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, secret)
        .expand(info, &mut *key)
        .expect("32 bytes is one of the 255 blocks HKDF may give");
    key
}

/// The SHA-256 (FIPS 180-4) of some bytes, in hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("text takes all that is written to it");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    #[track_caller]
    fn check(key: &[u8], data: &[u8], first_half: &str) {
        let mut keyed = KeyedHash::new(key);
        keyed.0.update(data);
        assert_eq!(keyed.tag().0.as_slice(), hex(first_half));
    }

    #[test]
    fn the_vectors_of_rfc_4231_hold() {
        check(&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b");
        check(b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7");
        check(&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a7");
        // Case 5 is the RFC's own truncation to 128 bits.
        check(&[0x0c; 20], b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b");
        check(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f",
        );
    }

    /// FIPS 180-2, appendix B.1.
    #[test]
    fn the_published_vector_for_sha_256_holds() {
        let digits = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), digits);
    }

    #[test]
    fn domains_and_cuts_between_parts_count() {
        let tag = |domain, parts: &[&str]| {
            parts
                .iter()
                .fold(KeyedHash::for_domain(&[1; 32], domain), |hash, part| hash.part(part.as_bytes()))
                .tag()
        };
        assert_eq!(tag("a", &["b", "c"]), tag("a", &["b", "c"]));
        assert_ne!(tag("a", &["b", "c"]), tag("a", &["bc"]));
        assert_ne!(tag("a", &["b", "c"]), tag("d", &["b", "c"]));
    }

    #[test]
    fn derived_keys_differ_by_purpose() {
        assert_eq!(derive(&[1; 32], b"x"), derive(&[1; 32], b"x"));
        assert_ne!(derive(&[1; 32], b"x"), derive(&[1; 32], b"y"));
        assert_ne!(derive(&[1; 32], b"x"), derive(&[2; 32], b"x"));
    }
}
