//! `vermeil rectify`: a golden value that no source says, or says no more.

use std::str::FromStr;

use vermeil_engine::{Access, Rectify};
use vermeil_model::decision::Reason;
use vermeil_model::{Plaintext, RecordId};

use super::id;
use crate::args::{Format, RectifyArguments};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render::rectify;
use crate::session::Session;

/// Sets the value on the first line of standard input, or withdraws what was set.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &RectifyArguments,
) -> Result<Outcome, Failure> {
    let target: RecordId = id("ID", &arguments.id)?;
    let reason = Reason::from_str(&arguments.reason)?;
    let change = if arguments.withdraw { Rectify::Withdraw } else { Rectify::Set(value()?) };
    let engine = session.engine(Access::MustExist).await?;
    let reader = session.reader(&arguments.reader);
    let done =
        engine.rectify(target.0, &arguments.field, change, (&reader, &reason), &*session.progress).await?;
    match output.format {
        Format::Json => done.iter().try_for_each(|one| output.json(one))?,
        Format::Table => output.line(&rectify::done(&session.catalog, &done))?,
    }
    Ok(Outcome::Done)
}

fn value() -> Result<Plaintext<String>, CliError> {
    let mut value = String::new();
    std::io::stdin().read_line(&mut value).map_err(CliError::Input)?;
    value.truncate(value.trim_end_matches(['\r', '\n']).len());
    Ok(Plaintext::new(value))
}
