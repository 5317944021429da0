//! Writing openings of personal fields to the audit trail.

use vermeil_model::Grant;
use vermeil_state::{AuditIntent, AuditOutcome, AuditStatus};

use crate::engine::Engine;
use crate::error::EngineError;

/// Who the trail names when the engine itself opens records.
pub(crate) const ENGINE: &str = "vermeil";

/// An opening that was announced; its outcome is due.
#[must_use]
pub(crate) struct OpeningEntry(i64);

impl Engine {
    /// Announces an opening. Where this fails, nothing may be opened.
    pub(crate) async fn begin_opening(
        &self,
        actor: &str,
        grant: &Grant,
        table: &str,
    ) -> Result<OpeningEntry, EngineError> {
        let intent = AuditIntent {
            actor: actor.to_owned(),
            role: grant.role().clone(),
            purpose: grant.purpose().clone(),
            action: "open".to_owned(),
            table: table.to_owned(),
            classes: grant.classes().iter().copied().collect(),
        };
        Ok(OpeningEntry(self.state.append_intent(&intent).await?))
    }

    /// Writes how an opening ended: how many rows, under keys of how many pages.
    pub(crate) async fn end_opening(
        &self,
        entry: OpeningEntry,
        rows: usize,
        key_pages: usize,
        status: AuditStatus,
    ) -> Result<(), EngineError> {
        let count = |count| i64::try_from(count).unwrap_or(i64::MAX);
        let outcome = AuditOutcome { rows: count(rows), key_pages: count(key_pages), status };
        Ok(self.state.append_outcome(entry.0, &outcome).await?)
    }
}

/// How a fallible opening ended.
pub(crate) fn status_of<T>(outcome: &Result<T, EngineError>) -> AuditStatus {
    match outcome {
        Ok(_) => AuditStatus::Done,
        Err(_) => AuditStatus::Failed,
    }
}
