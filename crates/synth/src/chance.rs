//! Chance that repeats: the same seed gives the same draws on every machine.
//!
//! Only integer arithmetic and exact divisions are used: `powf` and friends
//! differ in the last bit between platforms, and one bit changes every byte after it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of draws.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with the given probability; beyond [0, 1] the nearest end counts.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform in `0..end`; 0 for an empty range.
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.0.next_u64()) * end as u128) >> 64) as usize
    }

    /// Uniform, both ends included.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        first + self.below((last - first + 1).max(1) as usize) as i64
    }

    /// One of `choices`, which is not empty.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// The position drawn where position `i` has the share `shares[i]` and the last takes the rest.
    pub fn position(&mut self, shares: &[f64]) -> usize {
        let mut rest = self.unit();
        shares
            .iter()
            .position(|share| {
                rest -= share;
                rest < 0.0
            })
            .unwrap_or(shares.len())
    }

    /// 128 random bits as a version 4 UUID.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.0.next_u64(), self.0.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            8 + (low >> 62),
            (low >> 48) & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }
}

/// Ranks drawn with weight `1 / (rank + offset)`: Zipf's law, flattened at its head.
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    /// For ranks `0..count`; a larger `offset` makes the first ranks less frequent.
    pub fn new(count: usize, offset: f64) -> Self {
        let mut sum = 0.0;
        Self(
            (0..count)
                .map(|rank| {
                    sum += 1.0 / (rank as f64 + 1.0 + offset);
                    sum
                })
                .collect(),
        )
    }

    /// A rank.
    pub fn draw(&self, chance: &mut Chance) -> usize {
        let total = self.0.last().copied().unwrap_or(0.0);
        let drawn = chance.unit() * total;
        self.0.partition_point(|sum| *sum <= drawn).min(self.0.len().saturating_sub(1))
    }
}

/// A one-to-one scramble of `0..size`: numbers handed out in order look unordered.
///
/// `size` is a power of ten; a factor that ends in 1 or 7 shares no divisor with it.
pub(crate) fn scramble(number: u64, size: u64) -> u64 {
    ((u128::from(number) * 387_420_489_277 + 12_345_677) % u128::from(size)) as u64
}
