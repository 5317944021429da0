//! Decisions of people, and what settles who is who whatever the evidence says.

use serde::{Deserialize, Serialize};
use vermeil_model::RecordId;
use vermeil_state::Decision;

use super::second;

/// A decision about two groups of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionReport {
    /// Its number.
    pub decision: i64,
    /// `merge`, `split` or `never_link`.
    pub kind: String,
    /// One group; of a split, the records that leave.
    pub records: Vec<String>,
    /// The other; of a split, the records that they leave.
    pub others: Vec<String>,
    /// Who decided.
    pub author: String,
    /// Why.
    pub reason: String,
    /// RFC 3339, UTC.
    pub decided_at: String,
    /// Who undid it; none while it is in force.
    pub undone_by: Option<String>,
    /// Why it was undone.
    pub undone_reason: Option<String>,
    /// RFC 3339, UTC.
    pub undone_at: Option<String>,
}

/// That someone set a field of a record right, or withdrew it. Not the value: profiles show that.
#[derive(Clone, Serialize)]
pub struct RectificationReport {
    /// Its number. Of two of one field in one profile the higher holds.
    pub rectification: i64,
    /// The record it is about, and goes with.
    pub record: String,
    /// The field.
    pub field: String,
    /// `set` or `withdrawn`.
    pub kind: String,
    /// Who.
    pub author: String,
    /// When: RFC 3339, UTC.
    pub at: String,
    /// Why, where the role and purpose may open what is protected most.
    pub reason: Option<String>,
}

/// What settles that records are, or are not, one profile, whatever the evidence says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroundReport {
    /// `decision`, `exclusive`, `replaced`, `proof`, `ambiguous`, `proof_only` or `never_linked`.
    pub ground: String,
    /// The decision's number; the field of which a profile has one value, or that proves who
    /// someone is; the source that says so, or whose records join others so or not at all.
    pub detail: String,
}

/// Joins that one ground forbade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptApartReport {
    /// What forbade them.
    #[serde(flatten)]
    pub by: GroundReport,
    /// How many joins of groups, each asked for by a link at least.
    pub joins: u64,
}

/// Two grounds that cannot both be followed; the one that forbids was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictReport {
    /// A record.
    pub left: String,
    /// Another, which should be in one profile with it.
    pub right: String,
    /// Why it should.
    pub wanted_by: GroundReport,
    /// Why it must not.
    pub forbidden_by: GroundReport,
}

impl DecisionReport {
    pub(crate) fn of(decision: Decision) -> Self {
        let ids = |records: Vec<RecordId>| records.iter().map(ToString::to_string).collect();
        let (undone_by, undone_reason, undone_at) = match decision.undone {
            Some(undone) => (Some(undone.by), Some(undone.reason), Some(second(undone.at))),
            None => (None, None, None),
        };
        Self {
            decision: decision.number,
            kind: decision.kind.to_string(),
            records: ids(decision.one),
            others: ids(decision.other),
            author: decision.author,
            reason: decision.reason,
            decided_at: second(decision.decided_at),
            undone_by,
            undone_reason,
            undone_at,
        }
    }
}
