//! What can be wrong with a statement of consent, with the way out.

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

/// A statement of consent cannot be taken, or a purpose not be read for.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is, its fields are named in it")]
pub enum ConsentError {
    #[error("the pipeline does not say why purpose `{purpose}` may be pursued")]
    NoBasis { purpose: String },
    #[error("role `{role}` may not say or ask for purpose `{purpose}` what people allow")]
    Denied { role: String, purpose: String },
    #[error("the profiles were made before contact points were kept")]
    PointsMissing,
    // The value is not repeated: it names a person.
    #[error("statement {position} names no {scope}")]
    NotAContactPoint { position: usize, scope: &'static str },
    #[error("statement {position} names a phone number without its country")]
    CountryMissing { position: usize },
    #[error("statement {position} happened in the future")]
    InTheFuture { position: usize },
    #[error("statement {position} has no text that `{key}` may have")]
    NotAToken { position: usize, key: &'static str },
    #[error("statement {position} names nobody")]
    Nobody { position: usize },
    #[error("statement {position} is of every purpose, or of one")]
    PurposeUnfit { position: usize },
}

impl Diagnose for ConsentError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::NoBasis { purpose } => Diagnostic::new("purpose-without-basis").with("purpose", purpose),
            Self::Denied { role, purpose } => {
                Diagnostic::new("consent-denied").with("role", role).with("purpose", purpose)
            }
            Self::PointsMissing => Diagnostic::new("consent-points-missing"),
            Self::NotAContactPoint { position, scope } => {
                Diagnostic::new("consent-not-a-contact-point").with("position", position).with("scope", scope)
            }
            Self::CountryMissing { position } => {
                Diagnostic::new("consent-country-missing").with("position", position)
            }
            Self::InTheFuture { position } => {
                Diagnostic::new("consent-in-the-future").with("position", position)
            }
            Self::NotAToken { position, key } => {
                Diagnostic::new("consent-not-a-token").with("position", position).with("key", key)
            }
            Self::Nobody { position } => Diagnostic::new("consent-nobody").with("position", position),
            Self::PurposeUnfit { position } => {
                Diagnostic::new("consent-purpose-unfit").with("position", position)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied { .. } | Self::NoBasis { .. } => ErrorKind::Denied,
            Self::PointsMissing => ErrorKind::Failed,
            _ => ErrorKind::Usage,
        }
    }
}
