//! `vermeil check`: validates the pipeline and reaches its sources.

use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Shows what stands in the way of a run, and each source's fields.
pub async fn execute(session: &Session, output: &mut Output) -> Result<Outcome, Failure> {
    let report = vermeil_engine::check(&session.config()?).await;
    output.report(&report, |report| render::check::render(&session.catalog, report))?;
    Ok(if report.problems.is_empty() { Outcome::Done } else { Outcome::Problems })
}
