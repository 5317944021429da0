//! Why a request does not go that way.

use chrono::NaiveDate;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use super::RequestState;
use crate::deadline::ClockError;

/// What was asked of a request is not lawful, or not its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No way leads there.
    #[error("a request that is {} cannot become {}", from.as_str(), to.as_str())]
    Transition {
        /// Its state.
        from: RequestState,
        /// The state that was asked for.
        to: RequestState,
    },
    /// The clock does not allow it.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The clock stops only while it is in doubt who asks.
    #[error("the clock stops only while it is in doubt who asks")]
    Identified,
    /// Whoever opened an erasure does not approve it.
    #[error("this account opened the request: another one has to approve it")]
    SameAccount,
    /// Only erasure is approved.
    #[error("only erasure takes an approval")]
    NoApproval,
    /// There is a hold.
    #[error("it is held until {until}")]
    Held {
        /// The hold's last day.
        until: NaiveDate,
    },
    /// There is no hold, or there can be none.
    #[error("nothing holds it")]
    NotHeld,
    /// A hold that has ended.
    #[error("the hold would have ended before today")]
    Past,
    /// The person has to be told before.
    #[error("the person has to be told before the restriction is lifted")]
    NotTold,
    /// Nothing outweighs an objection to direct marketing.
    #[error("an objection to marketing is followed, whatever speaks against it")]
    Absolute,
}

impl Diagnose for RequestError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Transition { from, to } => {
                Diagnostic::new("request-transition").with("from", from.as_str()).with("to", to.as_str())
            }
            Self::Clock(ClockError::ExtendedBefore) => Diagnostic::new("request-extended-before"),
            Self::Clock(ClockError::TooLate(end)) => {
                Diagnostic::new("request-extended-late").with("end", end)
            }
            Self::Clock(ClockError::Paused) => Diagnostic::new("request-paused"),
            Self::Clock(ClockError::Running) => Diagnostic::new("request-running"),
            Self::Clock(ClockError::Backwards(day)) => Diagnostic::new("request-backwards").with("day", day),
            Self::Identified => Diagnostic::new("request-identified"),
            Self::SameAccount => Diagnostic::new("request-same-account"),
            Self::NoApproval => Diagnostic::new("request-no-approval"),
            Self::Held { until } => Diagnostic::new("request-held").with("until", until),
            Self::NotHeld => Diagnostic::new("request-not-held"),
            Self::Past => Diagnostic::new("request-hold-past"),
            Self::NotTold => Diagnostic::new("request-not-told"),
            Self::Absolute => Diagnostic::new("request-absolute"),
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}
