//! `vermeil explain`: why two records were or were not linked, or why a profile
//! is what it is.

use vermeil_engine::{Access, EngineError};
use vermeil_model::{ProfileId, RecordId};

use super::id;
use crate::args::ExplainArguments;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render::{explain, waterfall};
use crate::replacement::{Replacement, tell_written};
use crate::session::Session;

/// Explains a pair of records, or the profile with this id or around this record.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &ExplainArguments,
) -> Result<Outcome, Failure> {
    let record: RecordId = id("A", &arguments.left)?;
    let other: Option<RecordId> = arguments.right.as_deref().map(|right| id("B", right)).transpose()?;
    let engine = session.engine(Access::MustExist).await?;
    if let Some(other) = other {
        let chart = arguments.svg.as_deref().map(Replacement::begin).transpose()?;
        let explanation = engine.explain_pair(record, other).await?;
        output.report(&explanation, |pair| explain::pair(&session.catalog, pair))?;
        if let Some(chart) = chart {
            chart.commit_text(&waterfall::render(&session.catalog, &explanation))?;
            tell_written(session, arguments.svg.as_deref());
        }
        return Ok(Outcome::Done);
    }
    let reader = session.reader(&arguments.reader);
    let explanation = match engine.explain_profile(ProfileId(record.0), &reader).await {
        // Records and profiles are both named by UUIDs; what is no profile may be a record.
        Err(EngineError::Unknown { .. }) => engine.explain_record(record, &reader).await?,
        other => other?,
    };
    output.report(&explanation, |profile| explain::profile(&session.catalog, profile))?;
    Ok(Outcome::Done)
}
