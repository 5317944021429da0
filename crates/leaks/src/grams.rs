//! Finding thousands of patterns at the speed of memory.
//!
//! An automaton over so many patterns does not fit into the caches, and a step
//! of it for each byte is slower than the decoders. So only every few bytes a
//! group of them is looked up in a Bloom filter that fits into the second-level
//! cache; hardly ever does it know one, and then a hash table says which patterns
//! may stand where. A pattern of `n` bytes holds `n + 1 − g` groups of `g`, thus
//! no longer step can pass over it. For each way a pattern may lie across the
//! steps, a group is chosen that another pattern has already, or else the one
//! that is rarest in text: the ways to write a value have most of it in common,
//! so that a dozen groups tell of them all, and the filter stays sparse.
//!
//! A short pattern would shorten the step for all. Where few bytes can stand
//! beside it, as in squeezed text, the groups that reach one byte beyond its
//! edges are sought instead, with each byte that can stand there.
//!
//! Sources: the q-grams of Wu & Manber, "A Fast Algorithm for Multi-Pattern
//! Searching", TR 94-17 (1994), with samples taken from the text at fixed steps
//! instead of shifts; a filter whose bits of a key share a word, from Putze,
//! Sanders & Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (2007).

use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Bytes that are looked up at once: they tell names apart that share their syllables.
const GROUP: usize = 6;
/// The shortest pattern: its groups may reach one byte beyond it.
pub(crate) const SHORTEST: usize = GROUP - 1;
/// The longest step, which all patterns allow in squeezed text.
const LONGEST_STEP: usize = 2;
/// Of a filter that the second-level cache holds beside the text.
const WORDS: usize = 1 << 13;

/// What is sought.
pub(crate) struct Pattern {
    /// Patterns of one value have much in common that no other has.
    pub(crate) value: usize,
    /// At least [`SHORTEST`], and one more where a text consists of any bytes.
    pub(crate) bytes: Box<[u8]>,
}

/// What a text consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// Any bytes.
    Bytes,
    /// Lower-case letters of ASCII, and digits.
    Squeezed,
}

impl Alphabet {
    /// What can stand beside a pattern, the zero for the end of the text; none where that is too much.
    fn neighbours(self) -> impl Iterator<Item = u8> + Clone {
        let is_squeezed = self == Self::Squeezed;
        (b'a'..=b'z').chain(b'0'..=b'9').chain([0]).filter(move |_| is_squeezed)
    }

    /// How far a group may reach beyond a pattern.
    fn reach(self) -> usize {
        usize::from(self == Self::Squeezed)
    }
}

/// Patterns that are searched for together.
pub(crate) struct GramIndex {
    patterns: Vec<Pattern>,
    step: usize,
    reach: usize,
    plausible: Filter,
    /// Group → its part of `places`.
    groups: HashMap<u64, Range<u32>, Multiplied>,
    places: Vec<Place>,
}

/// A pattern, and where in it a group stands.
struct Place {
    pattern: u32,
    /// Where the group begins: before the pattern, if it is negative.
    offset: i32,
    /// Where eight bytes of the pattern begin, or all where it has fewer: how far before the group.
    before: i32,
    /// They, as one number, and which of its bits count.
    bytes: u64,
    mask: u64,
}

impl Place {
    fn new(pattern: u32, bytes: &[u8], offset: i32) -> Self {
        let start = (offset.max(0) as usize).min(bytes.len().saturating_sub(8));
        let length = (bytes.len() - start).min(8);
        Self {
            pattern,
            offset,
            before: offset - start as i32,
            bytes: load(bytes, start),
            mask: u64::MAX >> (64 - 8 * length),
        }
    }
}

/// Bytes in which groups are looked up without asking for the end of the text: a multiple of every step.
const BATCH: usize = 192;
/// They, and what the last groups need behind.
const WINDOW: usize = BATCH + 8;

impl GramIndex {
    /// An index of patterns, numbered as they come, for texts over `alphabet`.
    pub(crate) fn new(patterns: Vec<Pattern>, alphabet: Alphabet) -> Self {
        let reach = alphabet.reach();
        let shortest = patterns.iter().map(|pattern| pattern.bytes.len()).min().unwrap_or(GROUP);
        let step = (shortest + 1 + 2 * reach - GROUP).min(LONGEST_STEP);
        let mut plausible = Filter::new();
        let mut groups: HashMap<u64, Range<u32>, Multiplied> = HashMap::default();
        let mut places = Vec::new();
        for (place, (group, pattern, offset)) in (0..).zip(choose(&patterns, step, alphabet)) {
            plausible.insert(group);
            groups.entry(group).or_insert(place..place).end = place + 1;
            places.push(Place::new(pattern, &patterns[pattern as usize].bytes, offset));
        }
        Self { patterns, step, reach, plausible, groups, places }
    }

    /// Calls `found` with the number of a pattern and where it starts, for each place where one stands.
    pub(crate) fn search(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        if self.patterns.is_empty() {
            return;
        }
        match self.step {
            1 => self.search_by::<1>(text, &mut found),
            _ => self.search_by::<2>(text, &mut found),
        }
    }

    fn search_by<const STEP: usize>(&self, text: &[u8], found: &mut impl FnMut(usize, usize)) {
        const { assert!(BATCH.is_multiple_of(2 * STEP) && GROUP + STEP <= 8) };
        let mut start = 0;
        while let Some(window) = text.get(start..).and_then(<[u8]>::first_chunk::<WINDOW>) {
            // Eight bytes hold two groups that lie a step apart.
            for at in (0..BATCH).step_by(2 * STEP) {
                let bytes = load(window, at);
                if self.plausible.contains(bytes & MASK) {
                    self.look(text, start + at, found);
                }
                if self.plausible.contains(bytes >> (8 * STEP) & MASK) {
                    self.look(text, start + at + STEP, found);
                }
            }
            start += BATCH;
        }
        // The last groups may reach beyond the end.
        for at in (start..(text.len() + 1 + self.reach).saturating_sub(GROUP)).step_by(STEP) {
            if self.plausible.contains(load(text, at) & MASK) {
                self.look(text, at, found);
            }
        }
    }

    fn look(&self, text: &[u8], at: usize, found: &mut impl FnMut(usize, usize)) {
        let Some(places) = self.groups.get(&(load(text, at) & MASK)) else { return };
        for place in &self.places[places.start as usize..places.end as usize] {
            let Some(around) = at.checked_add_signed(-place.before as isize) else { continue };
            if (load(text, around) ^ place.bytes) & place.mask != 0 {
                continue;
            }
            let Some(start) = at.checked_add_signed(-place.offset as isize) else { continue };
            let bytes = &self.patterns[place.pattern as usize].bytes;
            let is_compared = bytes.len() <= 8 && around + 8 <= text.len();
            if is_compared || text[start..].starts_with(bytes) {
                found(place.pattern as usize, start);
            }
        }
    }
}

#[cfg(test)]
impl GramIndex {
    /// What is sought, with its number.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.patterns.iter().map(|pattern| &*pattern.bytes).enumerate()
    }
}

/// For each pattern and each way it may lie across the steps, groups and where they stand; sorted.
fn choose(patterns: &[Pattern], step: usize, alphabet: Alphabet) -> Vec<(u64, u32, i32)> {
    // What many values have in common, such as the domain of their addresses, others will have too.
    let mut uses: HashMap<u64, (usize, u32), Multiplied> = HashMap::default();
    for Pattern { value, bytes } in patterns {
        for group in bytes.array_windows().map(group) {
            let (last, count) = uses.entry(group).or_insert((*value, 1));
            if *last != *value {
                (*last, *count) = (*value, *count + 1);
            }
        }
    }
    let mut known: HashSet<(usize, u64)> = HashSet::new();
    let mut chosen = Vec::new();
    // What the ways to write a value have in common stands alone in the shortest.
    let mut numbered: Vec<(u32, &Pattern)> = (0..).zip(patterns).collect();
    numbered.sort_by_key(|(_, pattern)| pattern.bytes.len());
    for (number, Pattern { value, bytes }) in numbered {
        let groups: Vec<u64> = bytes.array_windows().map(group).collect();
        for residue in 0..step {
            let best = (residue..groups.len()).step_by(step).min_by_key(|&at| {
                let rarity: u32 = bytes[at..at + GROUP].iter().map(|&byte| u32::from(frequency(byte))).sum();
                let is_known = known.contains(&(*value, groups[at]));
                if is_known { 0 } else { rarity + 16 * uses[&groups[at]].1.ilog2() }
            });
            if let Some(at) = best {
                known.insert((*value, groups[at]));
                chosen.push((groups[at], number, at as i32));
                continue;
            }
            for neighbour in alphabet.neighbours() {
                let (joined, offset) = if residue + 1 == step {
                    ([&[neighbour], &bytes[..SHORTEST]].concat(), -1)
                } else {
                    ([&bytes[bytes.len() - SHORTEST..], &[neighbour]].concat(), residue as i32)
                };
                chosen.push((load(&joined, 0), number, offset));
            }
        }
    }
    chosen.sort_unstable();
    chosen
}

const MASK: u64 = u64::MAX >> (64 - 8 * GROUP);

fn group(bytes: &[u8; GROUP]) -> u64 {
    load(bytes, 0) & MASK
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

/// Groups that may be among those sought: a Bloom filter that asks for one word.
struct Filter(Box<[u64; WORDS]>);

impl Filter {
    fn new() -> Self {
        Self(Box::new([0; WORDS]))
    }

    fn insert(&mut self, group: u64) {
        let (word, first, second) = Self::hash(group);
        self.0[word] |= 1 << first | 1 << second;
    }

    #[inline(always)]
    fn contains(&self, group: u64) -> bool {
        let (word, first, second) = Self::hash(group);
        (self.0[word] >> first) & (self.0[word] >> second) & 1 != 0
    }

    /// A word, and two bits of it.
    ///
    /// Fibonacci hashing (Knuth, TAOCP 3, 6.4): the high bits depend on all.
    #[inline(always)]
    fn hash(group: u64) -> (usize, u64, u64) {
        let hash = group.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((hash >> (64 - WORDS.ilog2())) as usize, hash >> 45 & 63, hash >> 39 & 63)
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
