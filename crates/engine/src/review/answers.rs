//! What people answer: each a decision like any other.

use std::collections::HashMap;

use vermeil_audit::Status;
use vermeil_model::decision::{DecisionKind, Reason, Verdict};
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic, ProfileId, RecordId};
use vermeil_resolve::decisions::contradiction;
use vermeil_state::{Decision, NewDecision, StateError};

use crate::audit::Opened;
use crate::decisions::{about_to_be, intent, settled};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::golden::Former;
use crate::report::DecisionReport;

/// What someone says about two records, or about all those of two profiles.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The id of a published record or profile.
    pub left: u128,
    /// That of another.
    pub right: u128,
    /// Together: the same person. Apart: never in one profile.
    pub verdict: Verdict,
    /// Why, in a line that names no one.
    pub reason: Reason,
}

/// Answers were not taken: none of them.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// One of them cannot be.
    #[error("answer {number} cannot be taken")]
    Refused {
        /// Which, from 0.
        number: usize,
        /// Why.
        #[source]
        cause: EngineError,
    },
    /// One of them contradicts others.
    #[error("answer {number} contradicts others")]
    Contradiction {
        /// Which, from 0.
        number: usize,
        /// Those that it contradicts, from 0.
        others: Vec<usize>,
    },
    /// They could not be written.
    #[error(transparent)]
    Failed(#[from] EngineError),
}

impl From<StateError> for AnswersError {
    fn from(cause: StateError) -> Self {
        Self::Failed(cause.into())
    }
}

impl Engine {
    /// Takes answers as decisions: all of them, in one transaction, or none.
    ///
    /// # Errors
    /// [`AnswersError::Refused`] with what [`Engine::merge`] says,
    /// [`AnswersError::Contradiction`], or the audit log, the state database or the lake fail.
    pub async fn answer(&self, actor: &str, answers: &[Answer]) -> Result<Vec<DecisionReport>, AnswersError> {
        let published = Published::load(self).await?;
        let mut new = Vec::with_capacity(answers.len());
        for (number, answer) in answers.iter().enumerate() {
            let decision = published.decision(answer, actor);
            new.push(decision.map_err(|cause| AnswersError::Refused { number, cause })?);
        }
        let count = u32::try_from(new.len()).expect("fewer answers than fill the memory many times");
        if count == 0 {
            return Ok(Vec::new());
        }
        let first = self.state.begin_decisions(count).await?;
        let numbered = || (first..).zip(&new);
        let intents = numbered().map(|(number, new)| intent(actor, new.kind.as_str(), number)).collect();
        let entries = self.audit.begin_all(intents).await?;
        let decided = self.state.decide_all(numbered(), |others| permit(first, &new, others)).await;
        let status = match &decided {
            Ok(()) => Status::Done,
            Err(AnswersError::Failed(_)) => Status::Failed,
            Err(_) => Status::Refused,
        };
        let ended = entries.into_iter().map(|entry| (entry, Opened::default())).collect();
        let noted = self.audit.end(ended, status).await;
        // Where both fail, for a full disk say, the first failure is the one to know.
        decided?;
        noted?;
        let decisions = self.state.decisions().await?.into_iter();
        let own = decisions.filter(|decision| (first..first + i64::from(count)).contains(&decision.number));
        Ok(own.map(DecisionReport::of).collect())
    }
}

/// Which records readers see in which profiles.
struct Published {
    former: Former,
    members: HashMap<ProfileId, Vec<RecordId>>,
}

impl Published {
    async fn load(engine: &Engine) -> Result<Self, EngineError> {
        let publication = engine.publication().await?.ok_or(EngineError::NothingPublished)?;
        let former = Former::load(engine, Some(&publication)).await?;
        let mut members: HashMap<ProfileId, Vec<RecordId>> = HashMap::new();
        for (record, holder) in &former.profiles {
            members.entry(holder.profile).or_default().push(*record);
        }
        Ok(Self { former, members })
    }

    fn decision(&self, answer: &Answer, actor: &str) -> Result<NewDecision, EngineError> {
        let (one, other) = (self.records(answer.left)?, self.records(answer.right)?);
        if one.iter().any(|record| other.contains(record)) {
            return Err(EngineError::NotTwo);
        }
        let kind = match answer.verdict {
            Verdict::Together => DecisionKind::Merge,
            Verdict::Apart => DecisionKind::NeverLink,
        };
        Ok(NewDecision { kind, one, other, author: actor.to_owned(), reason: answer.reason.clone() })
    }

    /// The records that an id stands for, by rising id.
    fn records(&self, id: u128) -> Result<Vec<RecordId>, EngineError> {
        if let Some(members) = self.members.get(&ProfileId(id)) {
            let mut members = members.clone();
            members.sort_unstable();
            return Ok(members);
        }
        let record = RecordId(id);
        let unknown = || EngineError::Unknown { what: "record", id: record.to_string() };
        self.former.profiles.contains_key(&record).then(|| vec![record]).ok_or_else(unknown)
    }
}

/// Whether new decisions, numbered from `first`, can be followed together with all others in force.
fn permit(first: i64, new: &[NewDecision], others: &[Decision]) -> Result<(), AnswersError> {
    let mut settled = settled(others);
    for (number, (own, new)) in (first..).zip(new).enumerate() {
        settled.push(about_to_be(own, new));
        let Some(mut contradicted) = contradiction(&settled) else { continue };
        contradicted.retain(|other| *other != own);
        let (answers, decisions): (Vec<i64>, Vec<i64>) =
            contradicted.into_iter().partition(|other| *other >= first);
        return Err(match decisions.is_empty() {
            false => AnswersError::Refused { number, cause: EngineError::Contradiction { decisions } },
            true => AnswersError::Contradiction {
                number,
                others: answers.into_iter().map(|other| (other - first) as usize).collect(),
            },
        });
    }
    Ok(())
}

impl Diagnose for AnswersError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        match self {
            Self::Refused { cause, .. } | Self::Failed(cause) => cause.diagnostic(),
            Self::Contradiction { number, others } => {
                let others: Vec<String> = others.iter().map(|other| (other + 1).to_string()).collect();
                let contradict = Diagnostic::new("answers-contradict").with("number", number + 1);
                Some(contradict.with("others", others.join(", ")))
            }
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { cause, .. } | Self::Failed(cause) => cause.kind(),
            Self::Contradiction { .. } => ErrorKind::Usage,
        }
    }
}
