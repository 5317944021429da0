//! `vermeil completions`: a script that completes commands in a shell.

use crate::args::CompletionsArguments;
use crate::exit::{Failure, Outcome};
use crate::help;
use crate::output::Output;
use crate::session::Session;

/// Writes the script to standard output.
pub fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &CompletionsArguments,
) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut help::command(&session.catalog), "vermeil", &mut script);
    output.line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Outcome::Done)
}
