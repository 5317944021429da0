//! A match model as a text: numbers and names of fields, never a value.

use serde::{Deserialize, Serialize};
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};
use vermeil_resolve::MatchModel;

/// What this program writes, and the only version it reads.
const VERSION: u64 = 1;

/// A text is no match model that this program reads.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is none.
    #[error("line {line}, column {column}: not a match model")]
    Malformed {
        /// Where, from 1 on.
        line: usize,
        /// Where in the line, from 1 on.
        column: usize,
    },
    /// Another version of this program wrote it.
    #[error("the match model has version {found}, this program reads version {known}")]
    Version {
        /// Its version.
        found: u64,
        /// The one that this program reads.
        known: u64,
    },
}

impl Diagnose for ModelError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Malformed { line, column } => {
                Diagnostic::new("dedupe-model-malformed").with("line", line).with("column", column)
            }
            Self::Version { found, known } => {
                Diagnostic::new("dedupe-model-version").with("found", found).with("known", known)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

/// Just enough of any version's file.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct Kept<M> {
    version: u64,
    #[serde(flatten)]
    model: M,
}

/// Reads a model that was kept. Whether it fits what is compared shows when it is used.
///
/// # Errors
/// [`ModelError::Malformed`], [`ModelError::Version`].
pub fn read_model(text: &str) -> Result<MatchModel, ModelError> {
    // The parser's own words could quote the file, which may be any file.
    let malformed =
        |error: serde_json::Error| ModelError::Malformed { line: error.line(), column: error.column() };
    let Versioned { version: found } = serde_json::from_str(text).map_err(malformed)?;
    if found != VERSION {
        return Err(ModelError::Version { found, known: VERSION });
    }
    let kept: Kept<MatchModel> = serde_json::from_str(text).map_err(malformed)?;
    let shares = [kept.model.lambda, kept.model.same_home];
    let levels = kept.model.comparisons.iter().flat_map(|comparison| &comparison.levels);
    let mut probabilities = shares.into_iter().chain(levels.flat_map(|level| [level.m, level.u]));
    // Written so that NaN is refused too: a weight made of it would compare with nothing.
    if !probabilities.all(|probability| 0.0 < probability && probability < 1.0) {
        return Err(ModelError::Malformed { line: 1, column: 1 });
    }
    Ok(kept.model)
}

/// A model as it is once it was kept and read: numbers lose their last bit on the way.
pub(crate) fn kept(model: &MatchModel) -> MatchModel {
    read_model(&write_model(model)).unwrap_or_else(|_| model.clone())
}

/// The text of a model, to be kept.
pub fn write_model(model: &MatchModel) -> String {
    let kept = Kept { version: VERSION, model };
    serde_json::to_string_pretty(&kept).expect("numbers and names always serialise") + "\n"
}
