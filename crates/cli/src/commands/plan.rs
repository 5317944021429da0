//! `vermeil plan`: what `run` would read and change.

use vermeil_engine::{Access, PlanRequest, PlannedModel};

use crate::args::PlanArguments;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Reads and compares like a run, and writes nothing.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &PlanArguments,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::Preview).await?;
    let model = if arguments.refresh_model { PlannedModel::Refreshed } else { PlannedModel::InForce };
    let request = PlanRequest { examples: arguments.examples as usize, model };
    let report = engine.plan(request, &*session.progress).await?;
    output.report(&report, |report| render::plan::render(&session.catalog, report))?;
    Ok(Outcome::Done)
}
