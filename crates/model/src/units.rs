//! Units of evidence.

use serde::{Deserialize, Serialize};

/// Evidence for a match in bits, `log2(m / u)`. Weights of independent
/// comparisons add; +1 bit doubles the odds.
///
/// Source: Fellegi & Sunter, "A Theory for Record Linkage", JASA 64 (1969).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Bits(pub f64);

/// A probability in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Probability(pub f64);

impl Bits {
    /// The posterior probability that odds of `2^self` stand for.
    ///
    /// The prior must already be part of the weight.
    pub fn to_probability(self) -> Probability {
        // 1 / (1 + 2^-w) rather than 2^w / (1 + 2^w): the latter is NaN for large w.
        Probability(1.0 / (1.0 + (-self.0).exp2()))
    }
}

impl std::ops::Add for Bits {
    type Output = Bits;

    fn add(self, other: Bits) -> Bits {
        Bits(self.0 + other.0)
    }
}

impl std::iter::Sum for Bits {
    fn sum<I: Iterator<Item = Bits>>(weights: I) -> Bits {
        weights.fold(Bits(0.0), |total, weight| total + weight)
    }
}

impl Probability {
    /// The odds of this probability in bits: `log2(p / (1 - p))`.
    pub fn to_bits(self) -> Bits {
        Bits((self.0 / (1.0 - self.0)).log2())
    }
}
