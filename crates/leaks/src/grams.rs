//! Finding thousands of patterns at the speed of memory.
//!
//! An automaton over so many patterns does not fit into the caches, and a step
//! of it for each byte is slower than the decoders. So only every few bytes a
//! group of them is looked up in a bit set that fits into the second-level
//! cache; hardly ever is a bit set, and then a hash table says which patterns
//! may stand where. A pattern of `n` bytes holds `n + 1 − g` groups of `g`, thus
//! no longer step can pass over it. For each way a pattern may lie across the
//! steps, a group is chosen that another pattern has already, or else the one
//! that is rarest in text: the ways to write a value have most of it in common,
//! so that a dozen groups tell of them all, and the bit set stays sparse.
//! Groups of six tell names apart that share their syllables; short patterns, if
//! there are any, have groups of four and are sought on their own.
//!
//! Source: the q-grams of Wu & Manber, "A Fast Algorithm for Multi-Pattern
//! Searching", TR 94-17 (1994), with samples taken from the text at fixed steps
//! instead of shifts.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The shortest pattern, and the bytes of it that are looked up at once.
pub(crate) const SHORTEST: usize = 4;
/// The shortest pattern of which [`LONG_GROUP`] bytes are looked up at once.
const LONG: usize = 8;
const LONG_GROUP: usize = 6;

/// Of a bit set that the first-level cache holds beside the text: short patterns are few.
const FEW_WORDS: usize = 1 << 9;
/// Of one that the second-level cache holds.
const MANY_WORDS: usize = 1 << 13;

/// What is sought.
pub(crate) struct Pattern {
    /// Patterns of one value have much in common that no other has.
    pub(crate) value: usize,
    /// At least [`SHORTEST`].
    pub(crate) bytes: Box<[u8]>,
}

/// Patterns that are searched for together.
pub(crate) struct GramIndex {
    short: Groups<SHORTEST, FEW_WORDS>,
    long: Groups<LONG_GROUP, MANY_WORDS>,
}

impl GramIndex {
    /// An index of patterns, numbered as they come.
    pub(crate) fn new(patterns: Vec<Pattern>) -> Self {
        let numbered = patterns.into_iter().enumerate();
        let (long, short) = numbered.partition(|(_, pattern)| pattern.bytes.len() >= LONG);
        Self { short: Groups::new(short), long: Groups::new(long) }
    }

    /// Calls `found` with the number of a pattern and where it starts, for each place where one stands.
    pub(crate) fn search(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        self.long.search(text, &mut found);
        self.short.search(text, &mut found);
    }
}

#[cfg(test)]
impl GramIndex {
    /// What is sought, with its number.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let all = self.short.patterns.iter().chain(&self.long.patterns);
        all.map(|(number, pattern)| (*number, &*pattern.bytes))
    }
}

/// Patterns by groups of `G` bytes.
struct Groups<const G: usize, const WORDS: usize> {
    patterns: Vec<(usize, Pattern)>,
    step: usize,
    plausible: BitSet<WORDS>,
    /// Group → its part of `places`.
    groups: HashMap<u64, Range<u32>, Multiplied>,
    places: Vec<Place>,
}

/// A pattern, and where in it a group stands.
struct Place {
    pattern: u32,
    offset: u32,
    /// Where eight bytes of the pattern begin, or all where it has fewer: how far before the group.
    before: u32,
    /// They, as one number, and which of its bits count.
    bytes: u64,
    mask: u64,
}

impl Place {
    fn new(pattern: u32, bytes: &[u8], offset: usize) -> Self {
        let start = offset.min(bytes.len().saturating_sub(8));
        let length = (bytes.len() - start).min(8);
        Self {
            pattern,
            offset: offset as u32,
            before: (offset - start) as u32,
            bytes: load(bytes, start),
            mask: u64::MAX >> (64 - 8 * length),
        }
    }
}

/// Bytes in which groups are looked up without asking for the end of the text: a multiple of every step.
const BATCH: usize = 192;
/// They, and what the last groups need behind.
const WINDOW: usize = BATCH + 8;

impl<const G: usize, const WORDS: usize> Groups<G, WORDS> {
    /// The longest step: three, which all long patterns allow and which short ones hardly ever do.
    const LONGEST_STEP: usize = 3;

    fn new(mut patterns: Vec<(usize, Pattern)>) -> Self {
        // What the ways to write a value have in common stands alone in the shortest.
        patterns.sort_by_key(|(_, pattern)| pattern.bytes.len());
        let shortest = patterns.first().map_or(G, |(_, pattern)| pattern.bytes.len());
        let step = (shortest + 1 - G).min(Self::LONGEST_STEP);
        let choice = Self::choose(&patterns, step);
        let mut plausible = BitSet::new();
        let mut groups: HashMap<u64, Range<u32>, Multiplied> = HashMap::default();
        let mut places = Vec::with_capacity(choice.len());
        for (place, (group, pattern, offset)) in (0..).zip(choice) {
            plausible.insert(group);
            groups.entry(group).or_insert(place..place).end = place + 1;
            places.push(Place::new(pattern, &patterns[pattern as usize].1.bytes, offset));
        }
        Self { patterns, step, plausible, groups, places }
    }

    /// For each pattern and each way it may lie across the steps, a group and where it stands; sorted.
    fn choose(patterns: &[(usize, Pattern)], step: usize) -> Vec<(u64, u32, usize)> {
        // What many values have in common, such as the domain of their addresses, others will have too.
        let mut uses: HashMap<u64, (usize, u32), Multiplied> = HashMap::default();
        for (_, Pattern { value, bytes }) in patterns {
            for group in bytes.array_windows().map(Self::group) {
                let (last, count) = uses.entry(group).or_insert((*value, 1));
                if *last != *value {
                    (*last, *count) = (*value, *count + 1);
                }
            }
        }
        let mut known: HashSet<(usize, u64)> = HashSet::new();
        let mut chosen = Vec::new();
        for (number, (_, Pattern { value, bytes })) in (0..).zip(patterns) {
            let groups: Vec<u64> = bytes.array_windows().map(Self::group).collect();
            for residue in 0..step {
                let best = (residue..groups.len()).step_by(step).min_by_key(|&at| {
                    let rarity: u32 = bytes[at..at + G].iter().map(|&byte| u32::from(frequency(byte))).sum();
                    let is_known = known.contains(&(*value, groups[at]));
                    if is_known { 0 } else { rarity + 16 * uses[&groups[at]].1.ilog2() }
                });
                let at = best.expect("no step is longer than a pattern has groups");
                known.insert((*value, groups[at]));
                chosen.push((groups[at], number, at));
            }
        }
        chosen.sort_unstable();
        chosen
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
        const { assert!(BATCH.is_multiple_of(STEP)) };
        let mut start = 0;
        while let Some(window) = text.get(start..).and_then(<[u8]>::first_chunk::<WINDOW>) {
            for at in (0..BATCH).step_by(STEP) {
                if self.plausible.contains(load(window, at) & Self::MASK) {
                    self.look(text, start + at, found);
                }
            }
            start += BATCH;
        }
        for at in (start..(text.len() + 1).saturating_sub(G)).step_by(STEP) {
            if self.plausible.contains(load(text, at) & Self::MASK) {
                self.look(text, at, found);
            }
        }
    }

    fn look(&self, text: &[u8], at: usize, found: &mut impl FnMut(usize, usize)) {
        let Some(places) = self.groups.get(&(load(text, at) & Self::MASK)) else { return };
        for place in &self.places[places.start as usize..places.end as usize] {
            let Some(around) = at.checked_sub(place.before as usize) else { continue };
            if (load(text, around) ^ place.bytes) & place.mask != 0 {
                continue;
            }
            let Some(start) = at.checked_sub(place.offset as usize) else { continue };
            let (number, Pattern { bytes, .. }) = &self.patterns[place.pattern as usize];
            let is_compared = place.mask != u64::MAX && around + 8 <= text.len();
            if is_compared || text[start..].starts_with(bytes) {
                found(*number, start);
            }
        }
    }

    const MASK: u64 = u64::MAX >> (64 - 8 * G);

    fn group(bytes: &[u8; G]) -> u64 {
        load(bytes, 0)
    }
}

/// Eight bytes from `at` as a number, zeros behind the end.
#[inline(always)]
fn load(text: &[u8], at: usize) -> u64 {
    let rest = &text[at..];
    match rest.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => rest.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
}

/// Groups that may be among those sought, by one bit of a hash.
struct BitSet<const WORDS: usize>(Box<[u64; WORDS]>);

impl<const WORDS: usize> BitSet<WORDS> {
    fn new() -> Self {
        Self(Box::new([0; WORDS]))
    }

    fn insert(&mut self, group: u64) {
        let hash = Self::hash(group);
        self.0[hash / 64] |= 1 << (hash % 64);
    }

    #[inline(always)]
    fn contains(&self, group: u64) -> bool {
        let hash = Self::hash(group);
        self.0[hash / 64] >> (hash % 64) & 1 != 0
    }

    /// Fibonacci hashing (Knuth, TAOCP 3, 6.4): the high bits depend on all.
    #[inline(always)]
    fn hash(group: u64) -> usize {
        (group.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - (64 * WORDS).ilog2())) as usize
    }
}

/// How common a byte is in text, in eighths of a bit, roughly: the letters of French by rank.
fn frequency(byte: u8) -> u8 {
    const BY_RANK: &[u8] = b"esaitnrulodcmpvqfbghjxyzwk";
    match byte {
        b'a'..=b'z' => {
            let rank = BY_RANK.iter().position(|&letter| letter == byte).unwrap_or_default();
            40 - rank as u8
        }
        // Of years, mostly, and of what fills a number up to its length.
        b'0' => 36,
        b'1' | b'2' | b'9' => 32,
        b'3'..=b'8' => 28,
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
