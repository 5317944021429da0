//! What people cannot do of their own.

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

/// Why something is not done for whoever is in without an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelfServiceError {
    /// No record of theirs holds it.
    #[error("this is no contact point of whoever asks")]
    NotYours,
    /// It rests on no consent, and knows no objection.
    #[error("purpose `{purpose}` is not theirs to allow or refuse")]
    NoSay {
        /// The purpose.
        purpose: String,
    },
    /// That role is for people without an account.
    #[error("role `{role}` is for people without an account: nobody is given a token for it")]
    RoleWithoutAccount {
        /// The role.
        role: String,
    },
}

impl Diagnose for SelfServiceError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::NotYours => Diagnostic::new("subject-not-yours"),
            Self::NoSay { purpose } => Diagnostic::new("subject-no-say").with("purpose", purpose),
            Self::RoleWithoutAccount { role } => {
                Diagnostic::new("subject-role-without-account").with("role", role)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}
