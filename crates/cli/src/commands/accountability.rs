//! `vermeil retention` and `vermeil report`: who is kept too long, what is done with data, whom a breach concerns.

use vermeil_engine::{Access, BreachQuestion};

use super::erase::officer;
use crate::args::{Format, ReportCommand, RetentionArguments};
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Tells who is kept past their time, or opens an erasure for each.
pub async fn retention(
    session: &Session,
    output: &mut Output,
    arguments: &RetentionArguments,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    let reader = officer(session, &arguments.officer);
    if arguments.open {
        let opened = engine.open_due_erasures(&reader).await?;
        match output.format {
            Format::Json => opened.iter().try_for_each(|erasure| output.json(erasure))?,
            Format::Table => output.line(&render::erase::list(&session.catalog, &opened))?,
        }
        return Ok(Outcome::Done);
    }
    let report = engine.retention(&reader).await?;
    output.report(&report, |report| render::accountability::retention(&session.catalog, report))?;
    Ok(if report.is_exceeded() { Outcome::Overdue } else { Outcome::Done })
}

/// Generates a report from what runs.
pub async fn report(
    session: &Session,
    output: &mut Output,
    command: &ReportCommand,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    match command {
        ReportCommand::Ropa => {
            let report = engine.processing().await?;
            output.report(&report, |report| render::accountability::processing(&session.catalog, report))?;
        }
        ReportCommand::Breach(arguments) => {
            let question = BreachQuestion {
                pages: arguments.keys.clone(),
                tables: arguments.tables.clone(),
                from: arguments.from,
                to: arguments.to,
            };
            let report = engine.breach(&question, &officer(session, &arguments.officer)).await?;
            output.report(&report, |report| render::accountability::breach(&session.catalog, report))?;
        }
    }
    Ok(Outcome::Done)
}
