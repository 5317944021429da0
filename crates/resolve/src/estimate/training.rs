//! How estimation went, and so how far a model is to be trusted.

use serde::{Deserialize, Serialize};

use super::em::{End, Session};
use crate::plan::MatchPlan;

/// How estimation went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// One for each blocking rule that yields pairs, in the order of the plan.
    pub sessions: Vec<TrainingSession>,
    /// Steps taken to find lambda.
    pub lambda_iterations: u32,
    /// Whether these steps came to rest.
    pub lambda_converged: bool,
}

/// How EM over the pairs of one blocking rule went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingSession {
    /// The blocking rule.
    pub rule: String,
    /// Pairs that EM looked at.
    pub pairs: u64,
    /// Steps taken.
    pub iterations: u32,
    /// Whether they came to rest. The model takes nothing from a session that did not.
    pub converged: bool,
}

/// Where the m of a comparison comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// From the pairs of the sessions.
    #[default]
    Estimated,
    /// The sessions that converged saw next to nothing of it: it is what to expect of any field.
    Prior,
    /// No candidate pair has two values to compare: nothing hangs on it.
    Unused,
}

impl Training {
    /// Whether every session and lambda came to rest.
    pub fn converged(&self) -> bool {
        self.lambda_converged && self.sessions.iter().all(|session| session.converged)
    }
}

impl TrainingSession {
    /// Of the sessions, which go by the rules of the plan, those that had pairs.
    pub(super) fn of(plan: &MatchPlan, sessions: &[Session], ends: &[Option<End>]) -> Vec<TrainingSession> {
        let all = plan.rules().iter().zip(sessions).zip(ends);
        all.filter_map(|((planned, session), end)| {
            let End { iterations, converged } = (*end)?;
            let pairs = session.pairs.counts.iter().map(|(_, count)| count).sum::<f64>();
            // Counts of pairs, at most as many as a session looks at: exact.
            Some(TrainingSession {
                rule: planned.rule.to_string(),
                pairs: pairs as u64,
                iterations,
                converged,
            })
        })
        .collect()
    }
}
