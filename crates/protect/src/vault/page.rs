//! One page of data keys, open and sealed.
//!
//! What is sealed is the keys one after the other, 32 bytes each. Where a key was
//! destroyed stand 24 zeros, which as a random key would come up once in 2¹⁹²
//! times, and then the moment: microseconds since 1970 in UTC, big-endian.

use chrono::{DateTime, Utc};
use zeroize::{Zeroize, Zeroizing};

use super::{KeyLocation, KeyOwner, PAGE_SLOTS};
use crate::aead::{AssociatedData, Cipher};
use crate::hashing::derive;
use crate::keyring::{KeyringId, PageKey};
use crate::locked::LockedBytes;
use crate::random;
use crate::seal::DataKey;

const KEY: usize = 32;
/// How a slot begins whose key was destroyed.
const DESTROYED: [u8; 24] = [0; 24];

/// A page in memory; kept from the swap space where the system allows it, and cleared when dropped.
pub(super) struct OpenPage {
    pub(super) number: i64,
    /// The stored revision that it was read from.
    pub(super) revision: i64,
    keys: LockedBytes,
}

/// What a slot holds.
pub(super) enum Slot {
    /// Its key.
    Live(DataKey),
    /// Its key was destroyed.
    Destroyed { at: DateTime<Utc> },
}

impl OpenPage {
    /// A page of `slots` new keys.
    pub(super) fn random(number: i64, slots: usize) -> Self {
        let mut keys = LockedBytes::zeroed(slots * KEY);
        random::fill(&mut keys);
        Self { number, revision: 0, keys }
    }

    /// What a slot holds; `None` if it never was given out.
    pub(super) fn slot(&self, slot: u16) -> Option<Slot> {
        let bytes = self.keys.as_chunks::<KEY>().0.get(usize::from(slot))?;
        match bytes.split_first_chunk() {
            Some((&DESTROYED, at)) => Some(Slot::Destroyed { at: moment(at) }),
            _ => Some(Slot::Live(DataKey::from_bytes(*bytes))),
        }
    }

    /// Every key with its location.
    pub(super) fn keys(&self) -> impl Iterator<Item = (KeyLocation, DataKey)> {
        let slots = 0..(self.keys.len() / KEY) as u16;
        slots.filter_map(|slot| match self.slot(slot)? {
            Slot::Live(key) => Some((KeyLocation { page: self.number, slot }, key)),
            Slot::Destroyed { .. } => None,
        })
    }

    /// How many keys it holds that are not destroyed.
    pub(super) fn live_keys(&self) -> u32 {
        let slots = self.keys.as_chunks::<KEY>().0;
        slots.iter().filter(|slot| !is_destroyed(slot)).count() as u32
    }

    /// Destroys the keys in slots, and returns how many of them there still were.
    pub(super) fn destroy(&mut self, slots: &[u16], at: DateTime<Utc>) -> u64 {
        let keys = self.keys.as_chunks_mut::<KEY>().0;
        let mut destroyed = 0;
        for slot in slots {
            if let Some(key) = keys.get_mut(usize::from(*slot)).filter(|key| !is_destroyed(key)) {
                key.zeroize();
                key[DESTROYED.len()..].copy_from_slice(&at.timestamp_micros().to_be_bytes());
                destroyed += 1;
            }
        }
        destroyed
    }
}

fn is_destroyed(slot: &[u8; KEY]) -> bool {
    slot.starts_with(&DESTROYED)
}

fn moment(bytes: &[u8]) -> DateTime<Utc> {
    let micros = bytes.try_into().map_or(0, i64::from_be_bytes);
    // Only this module writes it, from a moment that was one.
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
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
        let keys = whole.then(|| LockedBytes::copy_of(&keys))?;
        Some(OpenPage { number: self.number, revision: self.revision, keys })
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
