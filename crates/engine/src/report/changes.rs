//! Profiles that would merge or part.

use serde::Serialize;

use super::GroundReport;

/// A merge or a split, with the two records that it shows best in.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeExample {
    /// The profile that stays.
    pub profile: String,
    /// Merges: the profile that goes into it. Of a split, what leaves has no id yet.
    pub other: Option<String>,
    /// A record that stays, or that the other comes to, and one that moves. Of a merge those of the
    /// strongest link that would join them, of a split those of the strongest that did.
    pub records: Option<[String; 2]>,
    /// Prior and evidence together, as the pair would be weighed now.
    pub weight_bits: Option<f64>,
    /// What these odds stand for.
    pub probability: Option<f64>,
    /// Splits: the weight of that link when it was published.
    pub weight_bits_before: Option<f64>,
    /// The blocking rules that bring the pair together; empty: it would not be compared.
    pub rules: Vec<String>,
    /// What joins or parts the records whatever the evidence says.
    pub by: Vec<GroundReport>,
}
