//! `vermeil erase`: opening, approving and carrying out requests to erase a person.

use vermeil_engine::{Access, ErasureReport, Reader, Subject, WhichErasures};
use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{Plaintext, RecordId};

use super::id;
use crate::args::{EraseCommand, EraseOpenArguments, Format, OfficerArguments};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Does one step of a request, or shows how far requests have come.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    command: &EraseCommand,
) -> Result<Outcome, Failure> {
    let catalog = &session.catalog;
    match command {
        EraseCommand::Open(arguments) => return open(session, output, arguments).await,
        EraseCommand::Approve(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            let report =
                engine.approve_erasure(arguments.number, &officer(session, &arguments.officer)).await?;
            told(session, output, &report)?;
        }
        EraseCommand::Cancel(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            let report =
                engine.cancel_erasure(arguments.number, &officer(session, &arguments.officer)).await?;
            told(session, output, &report)?;
        }
        EraseCommand::Run(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            let which = match arguments.all {
                true => WhichErasures::AllApproved,
                false => WhichErasures::Numbered(arguments.numbers.clone()),
            };
            let reader = officer(session, &arguments.officer);
            let report = engine.run_erasures(&which, &reader, &*session.progress).await?;
            output.report(&report, |report| render::erase::run(catalog, report))?;
            let is_proven = report.erasures.iter().all(|erasure| erasure.status == "complete");
            return Ok(if is_proven { Outcome::Done } else { Outcome::Unsound });
        }
        EraseCommand::Status(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            match arguments.number {
                Some(number) => told(session, output, &engine.erasure(number).await?)?,
                None => {
                    let erasures = engine.erasures().await?;
                    match output.format {
                        Format::Json => erasures.iter().try_for_each(|erasure| output.json(erasure))?,
                        Format::Table => output.line(&render::erase::list(catalog, &erasures))?,
                    }
                }
            }
        }
        EraseCommand::Certificate(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            output.line(&engine.erasure_certificate(arguments.number).await?)?;
        }
        EraseCommand::Flagged(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            let flagged = engine.flagged_records(&officer(session, arguments)).await?;
            match output.format {
                Format::Json => flagged.iter().try_for_each(|record| output.json(record))?,
                Format::Table => output.line(&render::erase::flagged(catalog, &flagged))?,
            }
        }
    }
    Ok(Outcome::Done)
}

async fn open(
    session: &Session,
    output: &mut Output,
    arguments: &EraseOpenArguments,
) -> Result<Outcome, Failure> {
    let subjects = match &arguments.field {
        None => {
            let ids = arguments.ids.iter().map(|typed| Ok(Subject::Id(id::<RecordId>("ID", typed)?.0)));
            ids.collect::<Result<Vec<_>, CliError>>()?
        }
        Some(field) => {
            let mut value = String::new();
            std::io::stdin().read_line(&mut value).map_err(CliError::Input)?;
            value.truncate(value.trim_end_matches(['\r', '\n']).len());
            vec![Subject::Value { field: field.clone(), value: Plaintext::new(value) }]
        }
    };
    let engine = session.engine(Access::MustExist).await?;
    let reader = officer(session, &arguments.officer);
    if arguments.dry_run {
        for subject in &subjects {
            let summary = engine.plan_erasure(subject, &reader).await?;
            output.report(&summary, |summary| render::erase::summary(&session.catalog, summary))?;
        }
    } else {
        for report in engine.open_erasures(&subjects, &reader).await? {
            told(session, output, &report)?;
        }
    }
    Ok(Outcome::Done)
}

fn told(session: &Session, output: &mut Output, report: &ErasureReport) -> Result<(), CliError> {
    output.report(report, |report| render::erase::one(&session.catalog, report))
}

/// The user in a role that deals with the rights of data subjects.
pub fn officer(session: &Session, arguments: &OfficerArguments) -> Reader {
    Reader {
        actor: session.environment.actor.clone(),
        role: Role(arguments.role.clone()),
        purpose: Some(Purpose(arguments.purpose.clone())),
    }
}
