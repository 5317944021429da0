//! The commands, one file each.

mod accountability;
mod audit;
pub mod check;
pub mod compare_names;
mod completions;
mod consent;
mod decisions;
pub mod dedupe;
pub mod demo;
mod erase;
pub mod evaluate;
mod explain;
mod export;
mod find;
pub mod init;
mod keys;
pub mod leak_scan;
mod model;
mod optimize;
mod plan;
pub mod policy;
mod prove;
mod quarantine;
mod query;
mod recipients;
mod rectify;
mod request;
mod resolve;
mod restore_drill;
mod review;
mod run;
mod serve;
mod status;
pub mod synth;
mod token;

use std::str::FromStr;

use crate::args::Command;
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::session::Session;

/// Does what was asked.
///
/// # Errors
/// Why it could not be done.
pub async fn execute(session: &Session, output: &mut Output, command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Demo(arguments) => demo::execute(session, output, &arguments).await,
        Command::Init(arguments) => init::execute(session, output, &arguments),
        Command::Check => check::execute(session, output).await,
        Command::Plan(arguments) => plan::execute(session, output, &arguments).await,
        Command::Policy(command) => policy::execute(session, output, &command),
        Command::Run(arguments) => run::execute(session, output, &arguments).await,
        Command::Status => status::execute(session, output).await,
        Command::Export(arguments) => export::execute(session, output, &arguments).await,
        Command::Exports => export::list(session, output).await,
        Command::Query(arguments) => query::execute(session, output, &arguments).await,
        Command::Explain(arguments) => explain::execute(session, output, &arguments).await,
        Command::Review(arguments) => review::execute(session, output, &arguments).await,
        Command::Merge(arguments) => decisions::merge(session, output, &arguments).await,
        Command::Split(arguments) => decisions::split(session, output, &arguments).await,
        Command::NeverLink(arguments) => decisions::never_link(session, output, &arguments).await,
        Command::Undo(arguments) => decisions::undo(session, output, &arguments).await,
        Command::Decisions => decisions::list(session, output).await,
        Command::Rectify(arguments) => rectify::execute(session, output, &arguments).await,
        Command::Find(arguments) => find::execute(session, output, &arguments).await,
        Command::Resolve(arguments) => resolve::execute(session, output, &arguments).await,
        Command::Quarantine(command) => quarantine::execute(session, output, &command).await,
        Command::Audit(command) => audit::execute(session, output, &command).await,
        Command::Dedupe(arguments) => dedupe::execute(session, output, &arguments).await,
        Command::CompareNames(arguments) => compare_names::execute(session, output, &arguments),
        Command::Synth(arguments) => synth::execute(session, output, &arguments),
        Command::Evaluate(arguments) => evaluate::execute(session, output, &arguments),
        Command::LeakScan(arguments) => leak_scan::execute(session, output, &arguments),
        Command::Consent(command) => consent::execute(session, output, &command).await,
        Command::Erase(command) => erase::execute(session, output, &command).await,
        Command::Request(command) => request::execute(session, output, &command).await,
        Command::Recipients(command) => recipients::execute(session, output, &command).await,
        Command::Retention(arguments) => accountability::retention(session, output, &arguments).await,
        Command::Report(command) => accountability::report(session, output, &command).await,
        Command::Prove(arguments) => prove::execute(session, output, &arguments).await,
        Command::Optimize => optimize::execute(session, output).await,
        Command::RestoreDrill(arguments) => restore_drill::execute(session, output, &arguments).await,
        Command::Keys(command) => keys::execute(session, output, &command).await,
        Command::Model(command) => model::execute(session, output, &command).await,
        Command::Serve(arguments) => serve::execute(session, output, &arguments).await,
        Command::Token(command) => token::execute(session, output, &command).await,
        Command::Completions(arguments) => completions::execute(session, output, &arguments),
    }
}

/// An id of a record or a profile, as it was typed.
fn id<T: FromStr>(argument: &'static str, typed: &str) -> Result<T, CliError> {
    typed.parse().map_err(|_| CliError::NotAnId(argument))
}
