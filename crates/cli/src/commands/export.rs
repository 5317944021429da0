//! `vermeil export`: profiles for a recipient, and who received any.

use vermeil_engine::Access;

use crate::args::{ExportArguments, Format};
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render::export::{exports, one};
use crate::session::Session;

/// Writes the file, and says what it holds.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &ExportArguments,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    let reader = session.reader(&arguments.reader);
    let export = engine.export(&arguments.recipient, &arguments.to, &reader).await?;
    output.report(&export, |export| one(&session.catalog, export))?;
    Ok(Outcome::Done)
}

/// Shows who received what.
pub async fn list(session: &Session, output: &mut Output) -> Result<Outcome, Failure> {
    let all = session.engine(Access::MustExist).await?.exports().await?;
    match output.format {
        Format::Json => all.iter().try_for_each(|export| output.json(export))?,
        Format::Table => output.line(&exports(&session.catalog, &all))?,
    }
    Ok(Outcome::Done)
}
