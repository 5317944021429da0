//! `vermeil quarantine`: rows that broke their contract.

use serde::Serialize;
use vermeil_engine::{Access, QuarantineEntry};

use crate::args::{Format, QuarantineCommand};
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// A quarantined row with its content.
#[derive(Serialize)]
struct QuarantinedRow {
    #[serde(flatten)]
    entry: QuarantineEntry,
    row: String,
}

/// Lists the rows, shows one, or tries them all again.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    command: &QuarantineCommand,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    let catalog = &session.catalog;
    match command {
        QuarantineCommand::Ls => {
            let entries = engine.quarantine_entries().await?;
            match output.format {
                Format::Json => entries.iter().try_for_each(|entry| output.json(entry))?,
                Format::Table => output.line(&render::quarantine::list(catalog, &entries))?,
            }
        }
        QuarantineCommand::Show(arguments) => {
            let reader = session.reader(&arguments.reader);
            let (entry, row) = engine.quarantine_row(&arguments.id, &reader).await?;
            output.report(&QuarantinedRow { entry, row }, |quarantined| {
                render::quarantine::row(catalog, &quarantined.entry, &quarantined.row)
            })?;
        }
        QuarantineCommand::Replay => {
            let report = engine.quarantine_replay(&*session.progress).await?;
            output.report(&report, |report| render::quarantine::replay(catalog, report))?;
        }
    }
    Ok(Outcome::Done)
}
