//! Finding thousands of patterns at the speed of memory.
//!
//! An automaton over so many patterns does not fit into the caches, and a step
//! of it for each byte is slower than the decoders. So only every few bytes a
//! group of them is looked up in a bit set that fits into the second-level
//! cache; hardly ever is a bit set, and then a hash table says which patterns
//! may stand where. A pattern of `n` bytes holds `n + 1 − g` groups of `g`, thus
//! no longer step can pass over it; for each way a pattern may lie across the
//! steps, the group that is rarest is chosen. Groups of six tell names apart
//! that share their syllables; short patterns, if there are any, have groups of
//! four and are sought on their own.
//!
//! Source: the q-grams of Wu & Manber, "A Fast Algorithm for Multi-Pattern
//! Searching", TR 94-17 (1994), with samples taken from the text at fixed steps
//! instead of shifts.

use std::collections::HashMap;
use std::ops::Range;

/// The shortest pattern, and the bytes of it that are looked up at once.
pub(crate) const SHORTEST: usize = 4;
/// The shortest pattern of which [`LONG_GROUP`] bytes are looked up at once.
const LONG: usize = 8;
const LONG_GROUP: usize = 6;
/// log2 of the number of bits: 128 KiB.
const BITS: u32 = 20;
const WORDS: usize = 1 << (BITS - 6);

/// Patterns that are searched for together.
pub(crate) struct GramIndex {
    short: Groups<SHORTEST>,
    long: Groups<LONG_GROUP>,
}

impl GramIndex {
    /// An index of patterns of at least [`SHORTEST`] bytes each.
    pub(crate) fn new(patterns: Vec<Box<[u8]>>) -> Self {
        let numbered = patterns.into_iter().enumerate();
        let (long, short) = numbered.partition(|(_, pattern)| pattern.len() >= LONG);
        Self { short: Groups::new(short), long: Groups::new(long) }
    }

    /// Calls `found` with the number of a pattern and where it starts, for each place where one stands.
    pub(crate) fn search(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        self.long.search(text, &mut found);
        self.short.search(text, &mut found);
    }
}

/// Patterns by groups of `G` bytes.
struct Groups<const G: usize> {
    patterns: Vec<(usize, Box<[u8]>)>,
    step: usize,
    plausible: Box<[u64; WORDS]>,
    /// Group → its part of `places`.
    groups: HashMap<u64, Range<u32>, Multiplied>,
    /// Patterns, and where in them the group stands.
    places: Vec<(u32, u32)>,
}

impl<const G: usize> Groups<G> {
    /// The longest step: three, which all long patterns allow and which short ones hardly ever do.
    const LONGEST_STEP: usize = 3;

    fn new(patterns: Vec<(usize, Box<[u8]>)>) -> Self {
        let shortest = patterns.iter().map(|(_, pattern)| pattern.len()).min().unwrap_or(G);
        let step = (shortest + 1 - G).min(Self::LONGEST_STEP);
        let mut uses: HashMap<u64, u32> = HashMap::new();
        for group in patterns.iter().flat_map(|(_, pattern)| pattern.array_windows().map(Self::group)) {
            *uses.entry(group).or_default() += 1;
        }
        let mut chosen: Vec<(u64, (u32, u32))> = Vec::new();
        for (number, (_, pattern)) in (0..).zip(&patterns) {
            let groups: Vec<&[u8; G]> = pattern.array_windows().collect();
            for residue in 0..step {
                let rarest = (residue..groups.len()).step_by(step).min_by_key(|&at| {
                    let rarity: u32 = groups[at].iter().map(|&byte| u32::from(frequency(byte))).sum();
                    rarity + 8 * uses[&Self::group(groups[at])].ilog2()
                });
                let at = rarest.expect("no step is longer than a pattern has groups");
                chosen.push((Self::group(groups[at]), (number, at as u32)));
            }
        }
        chosen.sort_unstable();
        let mut plausible = Box::new([0; WORDS]);
        let mut groups: HashMap<u64, Range<u32>, Multiplied> = HashMap::default();
        for (place, (group, _)) in (0..).zip(&chosen) {
            let hash = hash_of(*group);
            plausible[hash >> 6] |= 1 << (hash & 63);
            groups.entry(*group).or_insert(place..place).end = place + 1;
        }
        let places = chosen.into_iter().map(|(_, place)| place).collect();
        Self { patterns, step, plausible, groups, places }
    }

    fn search(&self, text: &[u8], found: &mut impl FnMut(usize, usize)) {
        if self.patterns.is_empty() {
            return;
        }
        match self.step {
            1 => self.search_by::<1>(text, found),
            2 => self.search_by::<2>(text, found),
            _ => self.search_by::<3>(text, found),
        }
    }

    fn search_by<const STEP: usize>(&self, text: &[u8], found: &mut impl FnMut(usize, usize)) {
        let mut at = 0;
        // Eight bytes are one load; the group is its low part.
        while let Some(bytes) = text.get(at..at + 8) {
            let bytes = [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]];
            let group = u64::from_le_bytes(bytes) & (u64::MAX >> (64 - 8 * G));
            let hash = hash_of(group);
            if self.plausible[hash >> 6] >> (hash & 63) & 1 != 0 {
                self.look(text, at, group, found);
            }
            at += STEP;
        }
        while let Some(group) = text.get(at..).and_then(<[u8]>::first_chunk) {
            self.look(text, at, Self::group(group), found);
            at += STEP;
        }
    }

    #[cold]
    fn look(&self, text: &[u8], at: usize, group: u64, found: &mut impl FnMut(usize, usize)) {
        let Some(places) = self.groups.get(&group) else { return };
        for &(index, offset) in &self.places[places.start as usize..places.end as usize] {
            let Some(start) = at.checked_sub(offset as usize) else { continue };
            let (number, pattern) = &self.patterns[index as usize];
            if text[start..].starts_with(pattern) {
                found(*number, start);
            }
        }
    }

    fn group(bytes: &[u8; G]) -> u64 {
        bytes.iter().rev().fold(0, |group, byte| group << 8 | u64::from(*byte))
    }
}

/// Fibonacci hashing (Knuth, TAOCP 3, 6.4): the high bits depend on all.
#[inline(always)]
fn hash_of(group: u64) -> usize {
    (group.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - BITS)) as usize
}

/// How common a byte is in text, in eighths of a bit, roughly: the letters of French by rank.
fn frequency(byte: u8) -> u8 {
    const BY_RANK: &[u8] = b"esaitnrulodcmpvqfbghjxyzwk";
    match byte {
        b'a'..=b'z' => {
            let rank = BY_RANK.iter().position(|&letter| letter == byte).unwrap_or_default();
            40 - rank as u8
        }
        b'0' => 34,
        b'1'..=b'9' => 26,
        _ => 10,
    }
}

/// Hashes a group by one multiplication: the default is made for keys from strangers.
#[derive(Default, Clone)]
struct Multiplied;

impl std::hash::BuildHasher for Multiplied {
    type Hasher = Product;

    fn build_hasher(&self) -> Product {
        Product(0)
    }
}

struct Product(u64);

impl std::hash::Hasher for Product {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, group: u64) {
        self.0 = (self.0 ^ group).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

#[cfg(test)]
mod tests;
