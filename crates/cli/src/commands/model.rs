//! `vermeil model`: the match model that runs go by.

use vermeil_engine::{Access, Lessons, Refresh};

use crate::args::ModelCommand;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Shows the model, or makes a new one.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    command: &ModelCommand,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    match command {
        ModelCommand::Show => {
            let kept = engine.kept_model().await?;
            output.report(&kept, |kept| render::model::kept(&session.catalog, kept.as_ref()))?;
        }
        ModelCommand::Refresh(arguments) => {
            let refresh = if arguments.dry_run { Refresh::Try } else { Refresh::Keep };
            let lessons = match arguments.with_decisions {
                true => Lessons::RecordsAndDecisions,
                false => Lessons::Records,
            };
            let report = engine.refresh_model(refresh, lessons, &*session.progress).await?;
            output.report(&report, |report| render::model::refreshed(&session.catalog, report))?;
        }
    }
    Ok(Outcome::Done)
}
