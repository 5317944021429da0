//! Who a query may be about.

use serde::{Deserialize, Serialize};

use super::EvidenceReport;

/// What a query found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    /// The publication whose profiles these are.
    pub publication: i64,
    /// Whether another one was published since.
    pub superseded: bool,
    /// Fields of the query that matching does not read.
    pub not_compared: Vec<String>,
    /// Records that the query was compared with.
    pub compared: u64,
    /// Whom it may be about, the likeliest first.
    pub candidates: Vec<ResolvedProfile>,
}

/// A profile that a query may be about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResolvedProfile {
    /// The profile's id or pseudonym; none where its record is not published yet.
    pub profile_id: Option<String>,
    /// Prior and evidence of its best record together, as a run has them.
    pub weight_bits: f64,
    /// What these odds stand for.
    pub probability: f64,
    /// From which probability a run links two records.
    pub threshold: f64,
    /// The prior odds of a match, in bits.
    pub prior_bits: f64,
    /// What each field of the query says about the best record; fields that it lacks say nothing.
    pub evidence: Vec<EvidenceReport>,
    /// See [`super::PairExplanation::dependence_bits`].
    pub dependence_bits: f64,
    /// Those of its records that are alike, the best first.
    pub records: Vec<ResolvedRecord>,
}

/// A record that a query may be about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResolvedRecord {
    /// The record's id or pseudonym.
    pub record_id: String,
    /// The source it came from.
    pub source: String,
    /// Prior and evidence together.
    pub weight_bits: f64,
    /// What these odds stand for.
    pub probability: f64,
    /// The blocking rules that found it, or the identifiers.
    pub found_by: Vec<String>,
}
