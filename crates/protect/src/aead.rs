//! AES-256-GCM (NIST SP 800-38D) as this crate uses it: 96-bit nonces, 128-bit
//! tags, associated data from length-prefixed parts.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use zeroize::Zeroizing;

use crate::random;

/// Bytes of a nonce.
pub(crate) const NONCE: usize = 12;
/// Bytes of a tag.
pub(crate) const TAG: usize = 16;

/// The tag does not match: wrong key, wrong associated data, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused;

/// An expanded key; cleared when dropped.
pub(crate) struct Cipher(Aes256Gcm);

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// Encrypts `buffer[from..]` in place and appends the tag.
    pub(crate) fn encrypt(&self, nonce: [u8; NONCE], associated: &[u8], buffer: &mut Vec<u8>, from: usize) {
        let tag = self
            .0
            .encrypt_inout_detached(&Nonce::from(nonce), associated, (&mut buffer[from..]).into())
            .expect("what fits in memory here is far below GCM's 64 GiB");
        buffer.extend_from_slice(&tag);
    }

    /// Decrypts `text` in place if the tag matches, and leaves it alone otherwise.
    pub(crate) fn decrypt(
        &self,
        nonce: [u8; NONCE],
        associated: &[u8],
        text: &mut [u8],
        tag: [u8; TAG],
    ) -> Result<(), Refused> {
        self.0
            .decrypt_inout_detached(&Nonce::from(nonce), associated, text.into(), &Tag::from(tag))
            .map_err(|_| Refused)
    }

    /// `nonce | ciphertext | tag` of a secret.
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

/// Associated data: each part after its length (u32, big-endian), so that no two
/// lists of parts give the same bytes.
pub(crate) struct AssociatedData(Vec<u8>);

impl AssociatedData {
    /// Starts with what the data is for, such as `vermeil/page/1`.
    pub(crate) fn new(context: &str) -> Self {
        Self(Vec::with_capacity(160)).part(context.as_bytes())
    }

    pub(crate) fn part(mut self, bytes: &[u8]) -> Self {
        append_part(&mut self.0, bytes);
        self
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

/// Appends a part after its length.
///
/// # Panics
/// If the part is 4 GiB or longer.
pub(crate) fn append_part(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.extend_from_slice(&part_length(bytes));
    buffer.extend_from_slice(bytes);
}

/// The length that goes before a part.
///
/// # Panics
/// If the part is 4 GiB or longer.
pub(crate) fn part_length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).expect("parts are ids, names and fields, far below 4 GiB").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    /// McGrew & Viega, "The Galois/Counter Mode of Operation (GCM)", test case 16.
    #[test]
    fn the_published_vector_for_aes_256_gcm_holds() {
        let key: [u8; 32] =
            hex("feffe9928665731c6d6a8f9467308308 feffe9928665731c6d6a8f9467308308").try_into().unwrap();
        let nonce: [u8; 12] = hex("cafebabefacedbaddecaf888").try_into().unwrap();
        let associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let text = hex("d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72
             1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b39");
        let mut buffer = text.clone();
        Cipher::new(&key).encrypt(nonce, &associated, &mut buffer, 0);
        assert_eq!(
            buffer,
            hex("522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa
                 8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662
                 76fc6ece0f4e1768cddf8853bb2d551b")
        );
        let (opened, tag) = buffer.split_last_chunk_mut::<TAG>().unwrap();
        assert_eq!(Cipher::new(&key).decrypt(nonce, &associated, opened, *tag), Ok(()));
        assert_eq!(opened, text);
    }

    #[test]
    fn what_is_locked_opens_under_the_same_key_and_context_only() {
        let cipher = Cipher::new(&[7; 32]);
        let locked = cipher.lock(b"here", b"secret");
        assert_eq!(**cipher.unlock(b"here", &locked).unwrap(), *b"secret");
        assert_eq!(cipher.unlock(b"there", &locked).err(), Some(Refused));
        assert_eq!(Cipher::new(&[8; 32]).unlock(b"here", &locked).err(), Some(Refused));
        for shorter in 0..locked.len() {
            assert_eq!(cipher.unlock(b"here", &locked[..shorter]).err(), Some(Refused));
        }
    }

    #[test]
    fn parts_cannot_be_cut_elsewhere() {
        let parts = |parts: &[&str]| {
            parts.iter().fold(AssociatedData::new("t"), |data, part| data.part(part.as_bytes())).0
        };
        assert_ne!(parts(&["ab", "c"]), parts(&["a", "bc"]));
        assert_ne!(parts(&["ab"]), parts(&["ab", ""]));
    }

    #[test]
    fn no_nonce_comes_twice() {
        let mut seen = std::collections::HashSet::new();
        assert!((0..2_000).all(|_| seen.insert(random::nonce())));
    }
}
