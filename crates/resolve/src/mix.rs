//! Hashing and random numbers with fixed seeds: the same on every run and machine.

/// The finaliser of SplitMix64: every input bit moves about half of the output bits.
///
/// Source: Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Extends a running hash by one word.
pub(crate) fn chain(hash: u64, word: u64) -> u64 {
    mix(hash.rotate_left(23) ^ word.wrapping_add(GOLDEN_GAMMA))
}

/// Hashes bytes. Not keyed and not cryptographic: it never leaves the process.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(8);
    let mut hash = mix(bytes.len() as u64 ^ GOLDEN_GAMMA);
    for chunk in &mut chunks {
        hash = chain(hash, u64::from_le_bytes(chunk.try_into().expect("chunks_exact yields 8 bytes")));
    }
    let mut tail = [0; 8];
    tail[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    chain(hash, u64::from_le_bytes(tail))
}

/// SplitMix64 as a stream of random numbers.
pub(crate) struct SplitMix(pub(crate) u64);

impl SplitMix {
    /// The next 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// A number in `0..bound`; the bias is below `bound / 2^64`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
