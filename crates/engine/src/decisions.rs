//! Decisions of people: merge, split, never link, undo.
//!
//! They are kept as must-link and cannot-link between record ids, which last, and followed
//! by every run from then on, whatever the records, the model or the settings become.

use arrow::array::AsArray;
use datafusion::prelude::{col, lit};
use vermeil_audit::{Intent, Status};
use vermeil_model::decision::{DecisionKind, Reason};
use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{ProfileId, RecordId};
use vermeil_resolve::decisions::{Settled, contradiction};
use vermeil_state::{Decision, NewDecision, StateError};

use crate::columns;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::lake::TableName;
use crate::report::DecisionReport;

/// In which role and for which purpose the trail names those who decide.
const STEWARD: &str = "steward";
const STEWARDSHIP: &str = "stewardship";

/// Who decides, and why.
pub struct Author<'a> {
    /// The name of the account at the operating system or the service.
    pub actor: &'a str,
    /// In a line that names no one.
    pub reason: &'a Reason,
}

impl Engine {
    /// All records of two profiles are one from now on, or of the profiles of two records:
    /// each of `left` and `right` is the id of a published record or profile.
    ///
    /// # Errors
    /// - [`EngineError::Unknown`]: there is no such record or profile;
    /// - [`EngineError::NotTwo`]: both are the same;
    /// - [`EngineError::Contradiction`]: other decisions in force say otherwise;
    /// - the audit log, the state database or the lake fail.
    pub async fn merge(
        &self,
        left: u128,
        right: u128,
        author: Author<'_>,
    ) -> Result<DecisionReport, EngineError> {
        self.decide_about_two(DecisionKind::Merge, left, right, author).await
    }

    /// No record of the one profile or record is ever in one profile with one of the other.
    ///
    /// # Errors
    /// As [`Engine::merge`].
    pub async fn never_link(
        &self,
        left: u128,
        right: u128,
        author: Author<'_>,
    ) -> Result<DecisionReport, EngineError> {
        self.decide_about_two(DecisionKind::NeverLink, left, right, author).await
    }

    /// `leaving` are never again in one profile with the other records that `profile` has now.
    /// Whether they stay together is left to the evidence.
    ///
    /// # Errors
    /// As [`Engine::merge`]; [`EngineError::NotAMember`]: one of them is not in the profile;
    /// [`EngineError::NotTwo`]: none of its records would stay.
    pub async fn split(
        &self,
        profile: ProfileId,
        leaving: &[RecordId],
        author: Author<'_>,
    ) -> Result<DecisionReport, EngineError> {
        let members = self.members_by(columns::PROFILE_ID, &profile.to_string()).await?;
        if members.is_empty() {
            return Err(EngineError::Unknown { what: "profile", id: profile.to_string() });
        }
        if let Some(stranger) = leaving.iter().find(|record| !members.contains(record)) {
            let (record, profile) = (stranger.to_string(), profile.to_string());
            return Err(EngineError::NotAMember { record, profile });
        }
        let staying = members.into_iter().filter(|record| !leaving.contains(record)).collect();
        self.decide(DecisionKind::Split, leaving.to_vec(), staying, author).await
    }

    /// Lifts a decision. What the evidence says holds again.
    ///
    /// # Errors
    /// [`EngineError::Unknown`]: there is none of that number in force; or the audit log or the
    /// state database fail.
    pub async fn undo_decision(
        &self,
        number: i64,
        author: Author<'_>,
    ) -> Result<DecisionReport, EngineError> {
        let entry = self.audit.begin(intent(author.actor, "undo", number)).await?;
        let undone = self.state.undo_decision(number, author.actor, author.reason).await;
        let status = if undone.is_ok() { Status::Done } else { Status::Refused };
        let noted = self.audit.conclude(entry, 0, status).await;
        // Where both fail, for a full disk say, the first failure is the one to know.
        undone.map_err(|cause| match cause {
            StateError::OutOfTurn { .. } => EngineError::Unknown { what: "decision", id: number.to_string() },
            cause => cause.into(),
        })?;
        noted?;
        self.decision(number).await
    }

    /// Every decision, those undone included, by number.
    ///
    /// # Errors
    /// The state database cannot be read.
    pub async fn decisions(&self) -> Result<Vec<DecisionReport>, EngineError> {
        Ok(self.state.decisions().await?.into_iter().map(DecisionReport::of).collect())
    }

    async fn decide_about_two(
        &self,
        kind: DecisionKind,
        left: u128,
        right: u128,
        author: Author<'_>,
    ) -> Result<DecisionReport, EngineError> {
        let (one, other) = (self.decided_records(left).await?, self.decided_records(right).await?);
        self.decide(kind, one, other, author).await
    }

    async fn decide(
        &self,
        kind: DecisionKind,
        mut one: Vec<RecordId>,
        mut other: Vec<RecordId>,
        author: Author<'_>,
    ) -> Result<DecisionReport, EngineError> {
        for records in [&mut one, &mut other] {
            records.sort_unstable();
            records.dedup();
        }
        if one.is_empty() || other.is_empty() || one.iter().any(|record| other.contains(record)) {
            return Err(EngineError::NotTwo);
        }
        let number = self.state.begin_decision().await?;
        let (actor, reason) = (author.actor.to_owned(), author.reason.clone());
        let entry = self.audit.begin(intent(&actor, kind.as_str(), number)).await?;
        let new = NewDecision { kind, one, other, author: actor, reason };
        let decided = self.state.decide(number, &new, |others| permit(number, &new, others)).await;
        let status = match &decided {
            Ok(()) => Status::Done,
            Err(EngineError::Contradiction { .. }) => Status::Refused,
            Err(_) => Status::Failed,
        };
        let noted = self.audit.conclude(entry, 0, status).await;
        decided?;
        noted?;
        self.decision(number).await
    }

    pub(crate) async fn decision(&self, number: i64) -> Result<DecisionReport, EngineError> {
        let decisions = self.state.decisions().await?;
        let found = decisions.into_iter().find(|decision| decision.number == number);
        let unknown = || EngineError::Unknown { what: "decision", id: number.to_string() };
        found.map(DecisionReport::of).ok_or_else(unknown)
    }

    /// The records that an id stands for: a published profile's, or the one record of that id.
    pub(crate) async fn decided_records(&self, id: u128) -> Result<Vec<RecordId>, EngineError> {
        let text = RecordId(id).to_string();
        for column in [columns::PROFILE_ID, columns::RECORD_ID] {
            let records = self.members_by(column, &text).await?;
            if !records.is_empty() {
                return Ok(records);
            }
        }
        Err(EngineError::Unknown { what: "record", id: text })
    }

    async fn members_by(&self, column: &str, id: &str) -> Result<Vec<RecordId>, EngineError> {
        let publication = self.publication().await?.ok_or(EngineError::NothingPublished)?;
        let damaged = || EngineError::DamagedValue { table: TableName::Members.to_string() };
        let mut records = Vec::new();
        let rows = self.published_rows(&publication, &TableName::Members, col(column).eq(lit(id))).await?;
        for batch in rows {
            let ids = batch[columns::RECORD_ID].as_string::<i32>();
            for row in 0..batch.num_rows() {
                records.push(ids.value(row).parse().map_err(|_| damaged())?);
            }
        }
        Ok(records)
    }
}

/// Whether a new decision can be followed together with all others in force.
fn permit(number: i64, new: &NewDecision, others: &[Decision]) -> Result<(), EngineError> {
    let mut settled = settled(others);
    settled.push(about_to_be(number, new));
    match contradiction(&settled) {
        None => Ok(()),
        Some(decisions) => Err(EngineError::Contradiction {
            decisions: decisions.into_iter().filter(|other| *other != number).collect(),
        }),
    }
}

/// What decisions in force say.
pub(crate) fn settled(decisions: &[Decision]) -> Vec<Settled<'_>> {
    let in_force = decisions.iter().filter(|decision| decision.undone.is_none());
    in_force
        .map(|decision| Settled {
            number: decision.number,
            verdict: decision.kind.verdict(),
            one: &decision.one,
            other: &decision.other,
        })
        .collect()
}

/// What a decision will say under its number.
pub(crate) fn about_to_be(number: i64, new: &NewDecision) -> Settled<'_> {
    Settled { number, verdict: new.kind.verdict(), one: &new.one, other: &new.other }
}

/// What the audit log tells of a decision: who, what, and its number. Its reason stays with it.
pub(crate) fn intent(actor: &str, action: &str, number: i64) -> Intent {
    Intent {
        actor: actor.to_owned(),
        role: Role(STEWARD.to_owned()),
        purpose: Purpose(STEWARDSHIP.to_owned()),
        action: action.to_owned(),
        table: format!("decisions/{number}"),
        classes: Vec::new(),
    }
}
