//! From probabilities to evidence.

use vermeil_model::Bits;

/// A number was given as a probability that is none.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum WeightError {
    /// NaN, zero, negative or above one.
    #[error("{name} is {value}, but a probability in (0, 1] is needed")]
    NotAProbability {
        /// `m` or `u`.
        name: &'static str,
        /// What was given.
        value: f64,
    },
}

/// What one level of agreement says about a pair, in bits: `log2(m / u)`.
///
/// `m` is how often pairs of one person show the level, `u` how often pairs of
/// two people do, both in (0, 1]. Bits of independent fields add up; one bit
/// more doubles the odds that the two records are one person.
///
/// # Errors
/// [`WeightError::NotAProbability`] if `m` or `u` lies outside (0, 1] or is NaN.
///
/// Source: Fellegi & Sunter, "A Theory for Record Linkage", JASA 64 (1969).
pub fn match_weight(m: f64, u: f64) -> Result<Bits, WeightError> {
    for (name, value) in [("m", m), ("u", u)] {
        // `contains` is false for NaN, which a pair of `<` and `>` would let pass.
        if value == 0.0 || !(0.0..=1.0).contains(&value) {
            return Err(WeightError::NotAProbability { name, value });
        }
    }
    Ok(Bits((m / u).log2()))
}

#[cfg(test)]
mod tests;
