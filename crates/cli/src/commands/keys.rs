//! `vermeil keys`: generations of keys, rotation, who holds them, and destruction.

use std::io::{self, BufRead, Write};

use vermeil_engine::Access;

use crate::args::{DestroyGenerationArguments, KeysCommand};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Shows the generations, moves on to a new one, hands them over, or destroys an old one.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    command: &KeysCommand,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    let catalog = &session.catalog;
    let actor = &session.environment.actor;
    match command {
        KeysCommand::Status => {
            let report = engine.keys().await?;
            output.report(&report, |report| render::keys::status(catalog, report))?;
        }
        KeysCommand::Rotate => {
            let report = engine.rotate_keys(actor, &*session.progress).await?;
            output.report(&report, |report| render::keys::rotation(catalog, report))?;
        }
        KeysCommand::Rewrap(arguments) => {
            let holder = session.key_holder(&arguments.to)?;
            let report = engine.rewrap_keyring(actor, &holder).await?;
            output.report(&report, |report| render::keys::rewrapping(catalog, report))?;
        }
        KeysCommand::DestroyGeneration(arguments) => {
            if !arguments.yes {
                confirm(session, arguments)?;
            }
            let report = engine.destroy_generation(actor, arguments.generation, &*session.progress).await?;
            output.report(&report, |report| render::keys::destruction(catalog, report))?;
        }
    }
    Ok(Outcome::Done)
}

/// Has the number typed once more: nothing brings a generation back.
fn confirm(session: &Session, arguments: &DestroyGenerationArguments) -> Result<(), CliError> {
    let generation = arguments.generation.to_string();
    let question = session.catalog.message("keys-confirm", &[("generation", generation.as_str().into())]);
    // A closed standard error is no reason to stop; what is typed still decides.
    let _ = write!(io::stderr(), "{question} ");
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed).map_err(CliError::Input)?;
    if typed.trim() == generation { Ok(()) } else { Err(CliError::NotConfirmed { generation }) }
}
