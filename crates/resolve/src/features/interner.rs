//! Values as they come: each distinct one once, behind a code in the order of arrival.

use std::ops::Range;

use hashbrown::HashTable;
use zeroize::Zeroize;

use crate::mix::hash_bytes;

/// Distinct normalised values. They are personal, and wiped when it is dropped.
#[derive(Default)]
pub(super) struct Interner {
    values: Values,
    codes: HashTable<Entry>,
}

/// Texts one behind the other.
#[derive(Default)]
pub(super) struct Values {
    text: String,
    /// The end of each value in `text`.
    ends: Vec<usize>,
}

/// A value's code beside half of its hash: to make room, and to see that another value is meant,
/// no text is read.
#[derive(Clone, Copy)]
struct Entry {
    hash: u32,
    code: u32,
}

/// Values whose memory is fetched together: waiting for one is waiting for all.
pub(super) const FETCHED_AT_ONCE: usize = 64;

impl Interner {
    /// The codes of values, which are added where they are new.
    pub(super) fn codes<'v>(&mut self, values: impl Iterator<Item = &'v str>) -> Vec<u32> {
        let hashed: Vec<(&str, u32)> = values.map(|value| (value, half_hash(value))).collect();
        let mut codes = Vec::with_capacity(hashed.len());
        for chunk in hashed.chunks(FETCHED_AT_ONCE) {
            self.fetch_hashed(chunk.iter().map(|(_, hash)| *hash));
            codes.extend(chunk.iter().map(|(value, hash)| self.code(value, *hash)));
        }
        codes
    }

    fn code(&mut self, value: &str, hash: u32) -> u32 {
        let Self { values, codes } = self;
        let is_it = |entry: &Entry| entry.hash == hash && values.get(entry.code) == value;
        if let Some(entry) = codes.find(spread(hash), is_it) {
            return entry.code;
        }
        let code =
            u32::try_from(values.len()).expect("a store refuses more values than records times columns");
        values.push(value);
        codes.insert_unique(spread(hash), Entry { hash, code }, |entry| spread(entry.hash));
        code
    }

    /// Reads what finding values will read: each takes several reads that wait for each other, but
    /// not for those of the next value.
    fn fetch_hashed(&self, hashes: impl Iterator<Item = u32>) {
        let likely = |hash| self.codes.find(spread(hash), |entry| entry.hash == hash);
        self.fetch(hashes.filter_map(likely).map(|entry| entry.code));
    }

    /// Reads where values stand.
    pub(super) fn fetch(&self, codes: impl Iterator<Item = u32>) {
        self.values.fetch(codes);
    }

    /// Adds the values of another one; for each of its codes, the code here.
    pub(super) fn take_in(&mut self, other: &Interner) -> Vec<u32> {
        self.codes(other.values.iter())
    }

    pub(super) fn value(&self, code: u32) -> &str {
        self.values.get(code)
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The values, in the order of their codes, once none is looked for any more.
    pub(super) fn into_values(self) -> Values {
        self.values
    }
}

impl Values {
    /// Room for as many values of as many bytes, and no more.
    pub(super) fn with_capacity(values: usize, bytes: usize) -> Values {
        Values { text: String::with_capacity(bytes), ends: Vec::with_capacity(values) }
    }

    /// Adds a value without leaving old bytes behind, as a growing `String` would.
    pub(super) fn push(&mut self, value: &str) {
        let text = &mut self.text;
        if text.capacity() - text.len() < value.len() {
            let capacity = (2 * text.len()).max(text.len() + value.len()).max(1024);
            let mut larger = String::with_capacity(capacity);
            larger.push_str(text);
            text.zeroize();
            *text = larger;
        }
        text.push_str(value);
        self.ends.push(text.len());
    }

    #[inline]
    pub(super) fn get(&self, code: u32) -> &str {
        &self.text[self.range(code)]
    }

    fn range(&self, code: u32) -> Range<usize> {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        start..self.ends[code]
    }

    /// Reads where values stand, at most [`FETCHED_AT_ONCE`].
    pub(super) fn fetch(&self, codes: impl Iterator<Item = u32>) {
        let mut starts = [0; FETCHED_AT_ONCE];
        for (start, code) in starts.iter_mut().zip(codes) {
            *start = self.range(code).start;
        }
        let text = self.text.as_bytes();
        let read = starts.iter().fold(0, |read, start| read ^ text.get(*start).copied().unwrap_or_default());
        std::hint::black_box(read);
    }

    /// Forgets the values, whose memory the next ones take.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|code| self.get(code))
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all values together.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

fn half_hash(value: &str) -> u32 {
    (hash_bytes(value.as_bytes()) >> 32) as u32
}

/// The table goes by the lowest and by the highest bits of a hash.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
