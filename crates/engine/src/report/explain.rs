//! Why records are one profile, or are not.

use serde::{Deserialize, Serialize};
use vermeil_resolve::score::Evidence;

use super::{DecisionReport, GroundReport, RectificationReport};

/// Why two records were, or were not, linked.
#[derive(Debug, Clone, Serialize)]
pub struct PairExplanation {
    /// One record.
    pub left: String,
    /// The other.
    pub right: String,
    /// The prior odds of a match, in bits.
    pub prior_bits: f64,
    /// Each comparison.
    pub evidence: Vec<EvidenceReport>,
    /// What fields that depend on each other, such as those that people of one home share,
    /// say less, or more, together than each by itself.
    pub dependence_bits: f64,
    /// Prior, evidence and dependence together.
    pub weight_bits: f64,
    /// What these odds stand for.
    pub probability: f64,
    /// From which probability pairs are linked.
    pub threshold: f64,
    /// The blocking rules that brought the pair together; empty: it was never compared.
    pub rules: Vec<String>,
    /// Whether both are in one profile.
    pub same_profile: bool,
    /// What joins records of their profile whatever the evidence says, where it is the same.
    pub joined_by: Vec<GroundReport>,
    /// What keeps them, or others of their profiles, apart whatever the evidence says.
    pub kept_apart_by: Vec<GroundReport>,
}

/// What one comparison says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceReport {
    /// The field compared.
    pub field: String,
    /// The level it reached, such as `exact`.
    pub level: String,
    /// For (positive) or against (negative) a match.
    pub bits: f64,
    /// Added to `bits`: rare values that agree say more, common ones less.
    pub term_frequency_bits: f64,
}

impl EvidenceReport {
    pub(crate) fn of(evidence: Evidence) -> Self {
        Self {
            field: evidence.field,
            level: evidence.level.unwrap_or("missing").to_owned(),
            bits: evidence.bits.0,
            term_frequency_bits: evidence.term_frequency_bits.0,
        }
    }
}

/// Why a profile is what it is.
#[derive(Clone, Serialize)]
pub struct ProfileExplanation {
    /// The profile.
    pub profile: String,
    /// Since when its values are erased, RFC 3339, UTC.
    pub erased_at: Option<String>,
    /// The risk that it joins two people, by the links that hold it; none where the version of
    /// this program that published it knew none.
    pub merge_risk: Option<f64>,
    /// Its records.
    pub members: Vec<MemberReport>,
    /// Where each value comes from.
    pub values: Vec<ProvenanceReport>,
    /// The links between its records, weakest first.
    pub links: Vec<LinkReport>,
    /// The decisions in force about any of its records.
    pub decisions: Vec<DecisionReport>,
    /// What people set right in its records, or withdrew.
    pub rectifications: Vec<RectificationReport>,
    /// All that its records say, as far as the role and purpose may open it: in the order of the
    /// schema, of one field what most records say first.
    pub alternatives: Vec<AlternativeReport>,
}

/// A value that records of a profile have, whether it survived or not; writings that differ in case,
/// accents or punctuation only are one. The value is personal: no `Debug`.
#[derive(Clone, Serialize)]
pub struct AlternativeReport {
    /// The field.
    pub field: String,
    /// As most of these records write it, or as it was written last.
    pub value: String,
    /// How many records have it.
    pub records: u64,
    /// Of which sources, by name.
    pub sources: Vec<String>,
    /// When a source last said so, RFC 3339, UTC.
    pub last_seen: String,
}

/// A record inside a profile.
#[derive(Debug, Clone, Serialize)]
pub struct MemberReport {
    /// The record.
    pub record: String,
    /// Its source.
    pub source: String,
    /// Since when it is in this profile, RFC 3339, UTC.
    pub since: String,
}

/// Where a golden value comes from. The value is personal: no `Debug`.
#[derive(Clone, Serialize)]
pub struct ProvenanceReport {
    /// The field.
    pub field: String,
    /// The record whose value survived.
    pub record: String,
    /// That record's source.
    pub source: String,
    /// The rule that chose it.
    pub rule: String,
    /// When the source last changed it, or someone set it: RFC 3339, UTC.
    pub observed_at: Option<String>,
    /// Who set it, or another value of its group; none where nobody did.
    pub author: Option<String>,
    /// The value, where the role and purpose may open it.
    pub value: Option<String>,
}

/// A link between two records of a profile.
#[derive(Debug, Clone, Serialize)]
pub struct LinkReport {
    /// One record.
    pub left: String,
    /// The other.
    pub right: String,
    /// Prior and evidence together.
    pub weight_bits: f64,
    /// What these odds stand for.
    pub probability: f64,
    /// What it does for the profile.
    pub role: LinkRole,
}

/// What a link does for the profile that both its records are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkRole {
    /// Of the links that hold the profile together the one with the least evidence.
    Weakest,
    /// Without it the profile would fall apart, or hang on less evidence.
    Holding,
    /// Stronger links hold its two records together anyway.
    Further,
}
