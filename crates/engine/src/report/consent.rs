//! What consent answers: statements and states; never who.

use serde::Serialize;
use serde_json::Value;

/// What was said once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConsentEntry {
    /// Its number.
    pub number: i64,
    /// `email`, `phone` or `record`.
    pub scope: String,
    /// For what; `None`: for everything.
    pub purpose: Option<String>,
    /// `given`, `refused`, `withdrawn`, `expired`, `objected`, `restricted` or `released`.
    pub status: String,
    /// Whether nothing was said since.
    pub holds: bool,
    /// When it happened.
    pub occurred_at: String,
    /// When it was taken down.
    pub recorded_at: String,
    /// When it ends by itself.
    pub expires_at: Option<String>,
    /// Who took it down.
    pub recorded_by: String,
    /// Legal basis, channel, version of the text, digest of the proof.
    pub detail: Value,
}

/// Whether someone may be reached or read for a purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentAnswer {
    /// For what.
    pub purpose: String,
    /// Whether.
    pub allowed: bool,
    /// Why the purpose may be pursued at all.
    pub basis: String,
    /// What was said last, of this contact point or record itself.
    pub status: Option<String>,
    /// When.
    pub since: Option<String>,
}
