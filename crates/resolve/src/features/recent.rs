//! Raw values that came lately, with the codes they were given: most columns repeat themselves.

use zeroize::{DefaultIsZeroes, Zeroize};

use crate::normalise::Country;

/// Raw values of one column and their codes. The values are personal, and wiped when it is dropped.
///
/// It changes how long it takes to find a code, never which code is found.
#[derive(Default)]
pub(super) struct Recent {
    /// Empty until the first value comes, and where remembering does not pay.
    slots: Vec<Slot>,
    asked: u32,
    found: u32,
}

/// The place of one value. All zeros where there is none.
#[derive(Clone, Copy, Default)]
struct Slot {
    value: Short,
    code: u32,
}

impl DefaultIsZeroes for Slot {}

/// A short raw value, padded with zeros; in the last byte its length and the country it was read for.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Short([u64; 3]);

/// The longest value that fits.
const MOST_BYTES: usize = 23;
/// The slots of a column fit the second-level cache of a core.
const BITS: u32 = 14;
/// Questions after which a column shows whether it repeats itself.
const TRIAL: u32 = 16 * 1024;
/// Of so many questions one has to be answered: to look takes less than a quarter of normalising.
const WORTH_ONE_IN: u32 = 4;

impl Short {
    /// `None` for values that are too long.
    pub(super) fn new(raw: &str, country: Country) -> Option<Short> {
        let length = raw.len();
        if length == 0 || length > MOST_BYTES {
            return None;
        }
        let mut bytes = [0; MOST_BYTES + 1];
        bytes[..length].copy_from_slice(raw.as_bytes());
        // The length takes five bits, and is never 0.
        bytes[MOST_BYTES] = length as u8 | (country as u8) << 5;
        let mut words = [0; 3];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into().expect("chunks_exact yields 8 bytes"));
        }
        Some(Short(words))
    }

    fn place(self) -> usize {
        let mixed = self
            .0
            .into_iter()
            .fold(0_u64, |mixed, word| (mixed.rotate_left(29) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (mixed >> (u64::BITS - BITS)) as usize
    }
}

impl Recent {
    /// One that never remembers anything.
    pub(super) fn of_nothing() -> Recent {
        Recent { slots: Vec::new(), asked: TRIAL, found: 0 }
    }

    /// The code that a value was given, as far as it is remembered.
    pub(super) fn find(&mut self, value: Short) -> Option<u32> {
        if self.asked == TRIAL && self.found < TRIAL / WORTH_ONE_IN {
            self.slots.zeroize();
            self.slots = Vec::new();
            return None;
        }
        let slot = self.slots.get(value.place())?;
        let found = (slot.value == value).then_some(slot.code);
        if self.asked < TRIAL {
            self.asked += 1;
            self.found += u32::from(found.is_some());
        }
        found
    }

    /// Remembers the code of a value instead of another one's.
    pub(super) fn insert(&mut self, value: Short, code: u32) {
        if self.asked == 0 && self.slots.is_empty() {
            self.slots = vec![Slot::default(); 1 << BITS];
        }
        if let Some(slot) = self.slots.get_mut(value.place()) {
            *slot = Slot { value, code };
        }
    }
}

impl Drop for Recent {
    fn drop(&mut self) {
        self.slots.zeroize();
    }
}
