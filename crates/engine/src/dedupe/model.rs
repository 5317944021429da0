//! A match model in a file: numbers and names of fields, never a value.

use serde::{Deserialize, Serialize};
use vermeil_resolve::MatchModel;

use super::DedupeError;

/// What this program writes, and the only version it reads.
const VERSION: u64 = 1;

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
/// [`DedupeError::ModelMalformed`], [`DedupeError::ModelVersion`].
pub fn read_model(text: &str) -> Result<MatchModel, DedupeError> {
    // The parser's own words could quote the file, which may be any file.
    let malformed =
        |error: serde_json::Error| DedupeError::ModelMalformed { line: error.line(), column: error.column() };
    let Versioned { version: found } = serde_json::from_str(text).map_err(malformed)?;
    if found != VERSION {
        return Err(DedupeError::ModelVersion { found, known: VERSION });
    }
    let kept: Kept<MatchModel> = serde_json::from_str(text).map_err(malformed)?;
    let shares = [kept.model.lambda, kept.model.same_home];
    let levels = kept.model.comparisons.iter().flat_map(|comparison| &comparison.levels);
    let mut probabilities = shares.into_iter().chain(levels.flat_map(|level| [level.m, level.u]));
    // Written so that NaN is refused too: a weight made of it would compare with nothing.
    if !probabilities.all(|probability| 0.0 < probability && probability < 1.0) {
        return Err(DedupeError::ModelMalformed { line: 1, column: 1 });
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
