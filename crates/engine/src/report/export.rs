//! What exports answer; never who was in them.

use serde::Serialize;

/// Profiles that were handed to a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// Counts up.
    pub number: i64,
    /// Who received them.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// In which role they were read.
    pub role: String,
    /// By which account.
    pub actor: String,
    /// When it began.
    pub begun_at: String,
    /// When it ended; `None`: it failed or was cut off.
    pub ended_at: Option<String>,
    /// How many profiles it held.
    pub profiles: Option<u64>,
}
