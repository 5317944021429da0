//! `vermeil`: the records of many silos to one golden profile per customer, and
//! every personal field under a key that can be destroyed.
//!
//! The one place that reads configuration and the environment, and that talks
//! to people: everything below answers in plain values, ids and codes.

mod accuracy;
mod args;
mod commands;
mod config;
mod courier;
mod environment;
mod error;
mod exit;
mod help;
mod language;
mod logging;
mod output;
mod progress;
mod render;
mod replacement;
mod session;
mod usage;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::FromArgMatches;

use crate::args::{Arguments, LogFormat};
use crate::environment::Environment;
use crate::exit::{Failure, Outcome};
use crate::language::{Catalog, Language};
use crate::output::Output;
use crate::session::Session;

fn main() -> ExitCode {
    vermeil_protect::process::harden();
    let environment = Environment::read();
    let typed: Vec<OsString> = std::env::args_os().collect();
    let language = args::typed_language(&typed).unwrap_or_else(|| Language::of_locale(&environment.locale));
    let catalog = Arc::new(Catalog::new(language));
    let arguments = match parse(&typed, &catalog) {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error, &typed, &catalog),
    };
    let log = arguments.global.log;
    logging::start(log, arguments.global.verbose);
    let mut output = Output::to_stdout(arguments.global.format);
    let session = Session {
        catalog: Arc::clone(&catalog),
        environment,
        program: typed
            .first()
            .map_or_else(|| "vermeil".to_owned(), |name| name.to_string_lossy().into_owned()),
        pipeline: arguments.global.pipeline,
        log,
        progress: progress::reporter(&catalog, log, arguments.global.verbose),
    };
    match execute(&session, &mut output, arguments.command) {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            if let Some(text) = failure.tell(&catalog, log) {
                complain(&text);
            }
            failure.exit_code()
        }
    }
}

fn execute(session: &Session, output: &mut Output, command: args::Command) -> Result<Outcome, Failure> {
    let result = tokio::runtime::Builder::new_multi_thread()
        // One thread reads files while another computes, even on one processor.
        .worker_threads(std::thread::available_parallelism().map_or(2, usize::from).max(2))
        .enable_all()
        .build()
        .map_err(error::CliError::Runtime)?
        .block_on(commands::execute(session, output, command));
    // What a command wrote before it failed is still owed to the reader.
    let flushed = output.flush();
    let outcome = result?;
    flushed?;
    Ok(outcome)
}

fn parse(typed: &[OsString], catalog: &Catalog) -> Result<Arguments, clap::Error> {
    let mut matches = help::command(catalog).try_get_matches_from(typed)?;
    Arguments::from_arg_matches_mut(&mut matches)
}

/// Help and version were asked for, or the command line is wrong.
fn refuse(error: &clap::Error, typed: &[OsString], catalog: &Catalog) -> ExitCode {
    if !error.use_stderr() {
        let text = error.render();
        // Nobody is left to tell when even this fails.
        let _ = if io::stdout().is_terminal() {
            write!(io::stdout(), "{}", text.ansi())
        } else {
            write!(io::stdout(), "{text}")
        };
        return ExitCode::SUCCESS;
    }
    let message = usage::tell(error, catalog);
    complain(&match args::typed_log(typed) {
        LogFormat::Json => exit::error_object("usage", &message, &[], None).to_string(),
        LogFormat::Text => catalog.message("error-headline", &[("message", message.into())]),
    });
    ExitCode::from(2)
}

fn complain(text: &str) {
    // Nobody is left to tell when even this fails.
    let _ = writeln!(io::stderr(), "{text}");
}
