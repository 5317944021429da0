//! `vermeil plan`: what `run` would read and change.

use vermeil_engine::Access;

use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Reads and compares like a run, and writes nothing.
pub async fn execute(session: &Session, output: &mut Output) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::Preview).await?;
    let report = engine.plan(&*session.progress).await?;
    output.report(&report, |report| render::plan::render(&session.catalog, report))?;
    Ok(Outcome::Done)
}
