//! What people said, as it is told; never who.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What was said once.
#[derive(Serialize, ToSchema)]
pub struct ConsentEntry {
    /// Its number.
    pub number: i64,
    /// `email`, `phone` or `record`.
    pub scope: String,
    /// For what; none: for everything.
    pub purpose: Option<String>,
    /// `given`, `refused`, `withdrawn`, `expired`, `objected`, `restricted` or `released`.
    pub status: String,
    /// Whether nothing was said since.
    pub holds: bool,
    /// When it happened.
    #[schema(format = DateTime)]
    pub occurred_at: String,
    /// When it was taken down.
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// When it ends by itself.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// The account that took it down.
    pub recorded_by: String,
    /// Legal basis, channel, version of the text, digest of the proof.
    #[schema(value_type = Object)]
    pub detail: Value,
}

/// Whether somebody may be reached for a purpose.
#[derive(Serialize, ToSchema)]
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
    #[schema(format = DateTime)]
    pub since: Option<String>,
}
