//! Finding thousands of patterns at the speed of memory.
//!
//! An automaton over so many patterns does not fit into the caches, and a step
//! of it for each byte is slower than the decoders. So only every few bytes
//! four of them are looked up in a bit set that fits into the second-level
//! cache; hardly ever is a bit set, and then a hash table says which patterns
//! may stand where. A pattern of `n` bytes holds `n − 3` groups of four, thus a
//! step of at most `n − 3` cannot pass over it; for each way a pattern may lie
//! across the steps, the group that is rarest is chosen.
//!
//! Source: the q-grams of Wu & Manber, "A Fast Algorithm for Multi-Pattern
//! Searching", TR 94-17 (1994), with samples taken from the text at fixed steps
//! instead of shifts.

use std::collections::HashMap;
use std::ops::Range;

/// Bytes looked up at once.
const GRAM: usize = 4;
/// The shortest pattern.
pub(crate) const SHORTEST: usize = GRAM;
/// Beyond this a longer step saves little and needs more bits set.
const LONGEST_STEP: usize = 4;
/// log2 of the number of bits: 128 KiB.
const BITS: u32 = 20;
const WORDS: usize = 1 << (BITS - 6);

/// Patterns that are searched for together.
pub(crate) struct GramIndex {
    patterns: Vec<Box<[u8]>>,
    step: usize,
    plausible: Box<[u64; WORDS]>,
    /// Group → its part of `places`.
    groups: HashMap<u32, Range<u32>, Multiplied>,
    /// Patterns, and where in them the group stands.
    places: Vec<(u32, u32)>,
}

impl GramIndex {
    /// An index of patterns of at least [`SHORTEST`] bytes each.
    pub(crate) fn new(patterns: Vec<Box<[u8]>>) -> Self {
        let shortest = patterns.iter().map(|pattern| pattern.len()).min().unwrap_or(GRAM);
        let step = (shortest + 1 - GRAM).min(LONGEST_STEP);
        let mut uses: HashMap<u32, u32> = HashMap::new();
        for group in patterns.iter().flat_map(|pattern| pattern.array_windows().map(group_of)) {
            *uses.entry(group).or_default() += 1;
        }
        let mut chosen: Vec<(u32, (u32, u32))> = Vec::new();
        for (number, pattern) in (0..).zip(&patterns) {
            for residue in 0..step {
                let places = (residue..=pattern.len() - GRAM).step_by(step);
                let rarest = places.min_by_key(|&at| {
                    let group: [u8; GRAM] = std::array::from_fn(|byte| pattern[at + byte]);
                    let rarity: u32 = group.iter().map(|&byte| u32::from(frequency(byte))).sum();
                    rarity + 8 * uses[&group_of(&group)].ilog2()
                });
                let at = rarest.expect("no step is longer than a pattern has groups");
                let group = std::array::from_fn(|byte| pattern[at + byte]);
                chosen.push((group_of(&group), (number, at as u32)));
            }
        }
        chosen.sort_unstable();
        let mut plausible = Box::new([0; WORDS]);
        let mut groups: HashMap<u32, Range<u32>, Multiplied> = HashMap::default();
        for (place, (group, _)) in (0..).zip(&chosen) {
            let hash = hash_of(*group);
            plausible[hash >> 6] |= 1 << (hash & 63);
            groups.entry(*group).or_insert(place..place).end = place + 1;
        }
        let places = chosen.into_iter().map(|(_, place)| place).collect();
        Self { patterns, step, plausible, groups, places }
    }

    /// Calls `found` with the number of a pattern and where it starts, for each place where one stands.
    pub(crate) fn search(&self, text: &[u8], found: impl FnMut(usize, usize)) {
        if self.patterns.is_empty() {
            return;
        }
        match self.step {
            1 => self.search_by::<1>(text, found),
            2 => self.search_by::<2>(text, found),
            3 => self.search_by::<3>(text, found),
            _ => self.search_by::<LONGEST_STEP>(text, found),
        }
    }

    fn search_by<const STEP: usize>(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        let mut at = 0;
        while let Some(group) = text.get(at..at + GRAM) {
            let group = u32::from_le_bytes([group[0], group[1], group[2], group[3]]);
            let hash = hash_of(group);
            if self.plausible[hash >> 6] >> (hash & 63) & 1 != 0 {
                self.look(text, at, group, &mut found);
            }
            at += STEP;
        }
    }

    #[cold]
    fn look(&self, text: &[u8], at: usize, group: u32, found: &mut impl FnMut(usize, usize)) {
        let Some(places) = self.groups.get(&group) else { return };
        for &(number, offset) in &self.places[places.start as usize..places.end as usize] {
            let Some(start) = at.checked_sub(offset as usize) else { continue };
            if text[start..].starts_with(&self.patterns[number as usize]) {
                found(number as usize, start);
            }
        }
    }
}

fn group_of(group: &[u8; GRAM]) -> u32 {
    u32::from_le_bytes(*group)
}

/// Fibonacci hashing (Knuth, TAOCP 3, 6.4): the high bits depend on all.
#[inline(always)]
fn hash_of(group: u32) -> usize {
    (group.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
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
            self.write_u32(u32::from(byte));
        }
    }

    fn write_u32(&mut self, group: u32) {
        self.0 = (self.0 ^ u64::from(group)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

#[cfg(test)]
mod tests;
