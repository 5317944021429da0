//! One page of data keys, open and sealed.
//!
//! What is sealed is the keys one after the other, 32 bytes each. A key of
//! nothing but zeros is an empty slot: as a random key it would come up once in
//! 2²⁵⁶ times.

use zeroize::{Zeroize, Zeroizing};

use super::{KeyLocation, KeyOwner, PAGE_SLOTS};
use crate::aead::{AssociatedData, Cipher};
use crate::hashing::derive;
use crate::keyring::{KeyringId, PageKey};
use crate::random;
use crate::seal::DataKey;

const KEY: usize = 32;
const EMPTY: [u8; KEY] = [0; KEY];

/// A page in memory; cleared when dropped.
pub(super) struct OpenPage {
    pub(super) number: i64,
    keys: Zeroizing<Vec<u8>>,
}

impl OpenPage {
    /// A page of `slots` new keys.
    pub(super) fn random(number: i64, slots: usize) -> Self {
        let mut keys = Zeroizing::new(vec![0; slots * KEY]);
        random::fill(&mut keys);
        Self { number, keys }
    }

    /// The key in a slot; `None` if it is destroyed or never was.
    pub(super) fn key(&self, slot: u16) -> Option<DataKey> {
        let bytes = self.keys.as_chunks::<KEY>().0.get(usize::from(slot))?;
        (*bytes != EMPTY).then(|| DataKey::from_bytes(*bytes))
    }

    /// Every key with its location.
    pub(super) fn keys(&self) -> impl Iterator<Item = (KeyLocation, DataKey)> {
        let slots = 0..(self.keys.len() / KEY) as u16;
        slots.filter_map(|slot| Some((KeyLocation { page: self.number, slot }, self.key(slot)?)))
    }

    /// Empties slots, and returns how many of them held a key.
    pub(super) fn empty(&mut self, slots: &[u16]) -> u64 {
        let keys = self.keys.as_chunks_mut::<KEY>().0;
        let mut emptied = 0;
        for slot in slots {
            if let Some(key) = keys.get_mut(usize::from(*slot)).filter(|key| **key != EMPTY) {
                key.zeroize();
                emptied += 1;
            }
        }
        emptied
    }
}

/// What a sealed page is bound to.
pub(super) struct PagePlace<'a> {
    pub(super) keyring: KeyringId,
    pub(super) number: i64,
    pub(super) owner: &'a KeyOwner,
    pub(super) revision: i64,
    pub(super) generation: u32,
}

impl PagePlace<'_> {
    /// Seals a page under a new page key: the key, its commitment, what was sealed.
    pub(super) fn seal(&self, page: &OpenPage) -> (PageKey, [u8; 32], Vec<u8>) {
        let mut key = Zeroizing::new([0; KEY]);
        random::fill(&mut *key);
        let sealed = Cipher::new(&key).lock(self.associated().as_slice(), &page.keys);
        (PageKey::from_bytes(*key), commitment(&key), sealed)
    }

    /// Opens a page; `None` if key, commitment, place or content do not fit.
    pub(super) fn open(&self, key: &PageKey, committed: &[u8; 32], sealed: &[u8]) -> Option<OpenPage> {
        if commitment(key.expose()) != *committed {
            return None;
        }
        let keys = Cipher::new(key.expose()).unlock(self.associated().as_slice(), sealed).ok()?;
        let whole = keys.len().is_multiple_of(KEY) && keys.len() <= PAGE_SLOTS * KEY;
        whole.then_some(OpenPage { number: self.number, keys })
    }

    /// What the page key is wrapped with.
    pub(super) fn context(&self, commitment: &[u8; 32]) -> Vec<u8> {
        self.associated().part(commitment).as_slice().to_vec()
    }

    fn associated(&self) -> AssociatedData {
        AssociatedData::new("vermeil/page/1")
            .part(self.keyring.as_bytes())
            .part(&self.number.to_be_bytes())
            .part(self.owner.as_str().as_bytes())
            .part(&self.revision.to_be_bytes())
            .part(&self.generation.to_be_bytes())
    }
}

/// Public: it fixes the key and tells nothing of it.
fn commitment(key: &[u8; KEY]) -> [u8; 32] {
    *derive(key, b"vermeil/commit/1")
}
