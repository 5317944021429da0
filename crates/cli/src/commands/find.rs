//! `vermeil find`: whose e-mail address, phone number or account number this is.

use vermeil_engine::Access;
use vermeil_model::Plaintext;

use crate::args::{FindArguments, Format};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render::find;
use crate::session::Session;

/// Looks for the value on the first line of standard input.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &FindArguments,
) -> Result<Outcome, Failure> {
    let mut value = String::new();
    std::io::stdin().read_line(&mut value).map_err(CliError::Input)?;
    value.truncate(value.trim_end_matches(['\r', '\n']).len());
    let engine = session.engine(Access::MustExist).await?;
    let reader = session.reader(&arguments.reader);
    let found = engine.find(&arguments.field, &Plaintext::new(value), &reader).await?;
    match output.format {
        Format::Json => found.iter().try_for_each(|record| output.json(record))?,
        Format::Table => output.line(&find::list(&session.catalog, &found))?,
    }
    Ok(Outcome::Done)
}
