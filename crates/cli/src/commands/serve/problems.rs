//! From the engine's errors to problems: the kind and the code, never the text.

use vermeil_engine::{DownloadError, EngineError};
use vermeil_model::Diagnose;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_serve::ports::Phrases;
use vermeil_serve::{Problem, ProblemKind};
use vermeil_state::StateError;

use crate::language::{self, Catalog};

/// Seconds after which a database that was busy may not be.
const BUSY: u64 = 1;

/// What an error is for whoever asked.
pub fn problem(error: &EngineError) -> Problem {
    let code = error.diagnostic().map(|diagnostic| diagnostic.code);
    let kind = match error {
        EngineError::Unknown { .. } | EngineError::NobodyFound | EngineError::Erased { .. } => {
            ProblemKind::NotFound
        }
        EngineError::ErasureNotDue { .. }
        | EngineError::ErasureChanged { .. }
        | EngineError::SameAccount { .. }
        | EngineError::SeveralPeople { .. }
        | EngineError::Download(DownloadError::NotTaken { .. })
        | EngineError::State(StateError::OutOfTurn { .. } | StateError::Request(_)) => ProblemKind::Conflict,
        EngineError::NothingPublished
        | EngineError::IndexIncomplete { .. }
        | EngineError::State(
            StateError::Busy { .. } | StateError::Unreachable { .. } | StateError::TooManyConnections { .. },
        )
        | EngineError::LakeUnreadable { .. } => ProblemKind::Unavailable,
        other => match other.kind() {
            ErrorKind::Denied => ProblemKind::Forbidden,
            ErrorKind::Usage => ProblemKind::Invalid,
            ErrorKind::Failed => ProblemKind::Internal,
        },
    };
    let problem = match code {
        Some(code) => Problem::coded(kind, code),
        None => Problem::new(kind),
    };
    match kind {
        ProblemKind::Unavailable => problem.after(BUSY),
        ProblemKind::Internal => {
            // The code stands for the cause; its text may name files.
            tracing::error!(code = problem.code.as_deref().unwrap_or("none"), "a request failed");
            problem
        }
        _ => problem,
    }
}

/// Kinds of problems in both languages.
pub struct Titles {
    english: Catalog,
    french: Catalog,
}

impl Titles {
    pub fn new() -> Self {
        Self {
            english: Catalog::new(language::Language::English),
            french: Catalog::new(language::Language::French),
        }
    }
}

impl Phrases for Titles {
    fn title(&self, kind: ProblemKind, language: vermeil_serve::Language) -> String {
        let catalog = match language {
            vermeil_serve::Language::English => &self.english,
            vermeil_serve::Language::French => &self.french,
        };
        catalog.text(&format!("problem-{}", kind.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_problem_has_a_title_in_both_languages() {
        let titles = Titles::new();
        for kind in ProblemKind::ALL {
            let [english, french] = [vermeil_serve::Language::English, vermeil_serve::Language::French]
                .map(|language| titles.title(kind, language));
            for title in [&english, &french] {
                assert!(!title.contains("problem-"), "{title}");
            }
            assert_ne!(english, french, "{}", kind.as_str());
        }
    }
}
