//! Pairs that people are asked about.

use serde::Serialize;
use vermeil_model::{ProfileId, RecordId};
use vermeil_resolve::review::Doubtful;

use super::EvidenceReport;

/// A pair of records in the review queue: where it stands, and what a decision is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReviewPair {
    /// One record.
    pub left: String,
    /// The other.
    pub right: String,
    /// The published profile of the one.
    pub left_profile: String,
    /// That of the other.
    pub right_profile: String,
    /// `below`, `above`, `weakest_link` or `bridge`: see [`vermeil_resolve::review::DoubtKind`].
    pub kind: String,
    /// Whether the next run makes both one profile.
    pub linked: bool,
    /// Prior and evidence together.
    pub weight_bits: f64,
    /// What these odds stand for.
    pub probability: f64,
    /// The mean weight of the pairs between the two clusters, each within bounds; none where the
    /// pair is linked, or both are single records.
    pub mean_bits: Option<f64>,
    /// Records on either side that a decision joins or parts.
    pub records: [u32; 2],
    /// That its verdict is wrong.
    pub error_probability: f64,
    /// Pairs of records that asking puts right, on average: the probability of an error times the
    /// pairs of records on the two sides.
    pub expected_gain: f64,
}

/// A pair of records, side by side. Its fields hold personal values: no `Debug`.
#[derive(Clone, Serialize)]
pub struct ReviewQuestion {
    /// The pair.
    #[serde(flatten)]
    pub pair: ReviewPair,
    /// The source of the one.
    pub left_source: String,
    /// That of the other.
    pub right_source: String,
    /// From which probability pairs are linked.
    pub threshold: f64,
    /// The prior odds of a match, in bits.
    pub prior_bits: f64,
    /// See [`super::PairExplanation::dependence_bits`].
    pub dependence_bits: f64,
    /// The blocking rules that brought the pair together.
    pub rules: Vec<String>,
    /// Fields that either has, as far as that may be known, in the order of the schema.
    pub fields: Vec<ComparedField>,
}

/// One field of two records. Its values are personal: no `Debug`.
#[derive(Clone, Serialize)]
pub struct ComparedField {
    /// The field.
    pub field: String,
    /// Whether the reader's role and purpose leave its values closed.
    pub masked: bool,
    /// The one record's value, where it has one that may be opened.
    pub left: Option<String>,
    /// The other's.
    pub right: Option<String>,
    /// What comparing them says; none where the field is no evidence.
    pub evidence: Option<EvidenceReport>,
}

impl ReviewPair {
    pub(crate) fn of(
        doubtful: &Doubtful,
        [left, right]: [RecordId; 2],
        (left_profile, right_profile): (ProfileId, ProfileId),
    ) -> Self {
        let (one, other) = doubtful.sides;
        Self {
            left: left.to_string(),
            right: right.to_string(),
            left_profile: left_profile.to_string(),
            right_profile: right_profile.to_string(),
            kind: doubtful.kind.as_str().to_owned(),
            linked: doubtful.kind.is_linked(),
            weight_bits: doubtful.link.weight.0,
            probability: doubtful.link.weight.to_probability().0,
            mean_bits: doubtful.mean.map(|mean| mean.0),
            records: [one, other],
            error_probability: doubtful.wrong.0,
            expected_gain: doubtful.expected_gain(),
        }
    }
}
