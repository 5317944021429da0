//! `vermeil status`: the state of a pipeline.

use vermeil_engine::Access;

use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Shows the last runs, the sources, what waits in quarantine and who opened what.
pub async fn execute(session: &Session, output: &mut Output) -> Result<Outcome, Failure> {
    let report = session.engine(Access::MustExist).await?.status().await?;
    output.report(&report, |report| render::status::render(&session.catalog, report))?;
    Ok(Outcome::Done)
}
