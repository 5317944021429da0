//! `vermeil restore-drill`: whether a backup, restored, tells of people who were erased after it.

use vermeil_engine::{RestoredBackup, restore_drill};

use crate::args::RestoreDrillArguments;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Restores a backup beside everything, replays the erasures, and says what could be read before and after.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &RestoreDrillArguments,
) -> Result<Outcome, Failure> {
    let backup = RestoredBackup { state: arguments.state.clone(), lake: arguments.lake.clone() };
    let report = restore_drill(session.config()?, &backup).await?;
    output.report(&report, |report| render::erase::restore_drill(&session.catalog, report))?;
    Ok(if report.records_after == 0 { Outcome::Done } else { Outcome::Unsound })
}
