//! `vermeil optimize`: compacts tables and deletes files nobody reads.

use vermeil_engine::Access;

use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Optimises every table of the lake.
pub async fn execute(session: &Session, output: &mut Output) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    let report = engine.optimize(&*session.progress).await?;
    output.report(&report, |report| render::optimize::render(&session.catalog, report))?;
    Ok(Outcome::Done)
}
