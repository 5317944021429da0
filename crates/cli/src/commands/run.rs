//! `vermeil run`: the main job, from sources to golden profiles.

use vermeil_engine::{Access, RunReport};

use crate::args::RunArguments;
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::replacement::{Replacement, tell_written};
use crate::session::Session;

/// Runs the stages up to the one asked for.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &RunArguments,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::CreateIfMissing).await?;
    // Before the work: that the place cannot be written shows at once.
    let page = arguments.report.as_deref().map(Replacement::begin).transpose()?;
    let report = engine.run(arguments.until, &*session.progress).await?;
    output.report(&report, |report| render::run::render(&session.catalog, report))?;
    if let Some(page) = page {
        let matching = report.matching.as_ref().ok_or(CliError::NothingMatched)?;
        page.commit_text(&render::matching::page(&session.catalog, matching))?;
        tell_written(session, arguments.report.as_deref());
    }
    Ok(outcome(&report))
}

/// How a run ended.
pub fn outcome(report: &RunReport) -> Outcome {
    if report.quarantine_limit_exceeded { Outcome::QuarantinedBeyondLimit } else { Outcome::Done }
}
