//! `vermeil request`: what data subjects ask for, and what became of it.

use std::collections::BTreeMap;
use std::io::Read;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use vermeil_engine::{
    Access, Delivery, Engine, NewRequest, Reader, RequestChange, SubjectRequestReport, Verification,
};
use vermeil_model::decision::Reason;
use vermeil_model::pipeline::ServiceSettings;
use vermeil_model::{Plaintext, RecordId};
use vermeil_rights::dossier::LetterLanguage;

use super::erase::officer;
use super::id;
use super::serve::{DOWNLOADS, INVITATIONS};
use crate::args::{
    Format, OfficerArguments, RequestCommand, RequestInviteArguments, RequestLinkArguments,
    RequestOpenArguments, RequestRunArguments,
};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::language::{Catalog, Language};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// What is read from standard input: fields with values, and of what is to be rectified what it should be.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(flatten)]
    identifiers: BTreeMap<String, String>,
}

/// Does one step of a request, or shows how far requests have come.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    command: &RequestCommand,
) -> Result<Outcome, Failure> {
    let report = match command {
        RequestCommand::Open(arguments) => open(session, arguments).await?,
        RequestCommand::Verify(arguments) => {
            let chosen = arguments.subject.as_deref().map(|typed| id::<RecordId>("--subject", typed));
            let verification =
                Verification { method: arguments.method, subject: chosen.transpose()?.map(|id| id.0) };
            let (engine, reader) = desk(session, &arguments.officer).await?;
            engine.verify_subject_request(arguments.number, verification, &reader).await?
        }
        RequestCommand::Pause(arguments) => {
            change(session, arguments.number, RequestChange::Pause, &arguments.officer).await?
        }
        RequestCommand::Resume(arguments) => {
            change(session, arguments.number, RequestChange::Resume, &arguments.officer).await?
        }
        RequestCommand::Extend(arguments) => {
            let made = RequestChange::Extend(Reason::from_str(&arguments.reason)?);
            change(session, arguments.number, made, &arguments.officer).await?
        }
        RequestCommand::Hold(arguments) => {
            let reason = Reason::from_str(&arguments.reason)?;
            let basis = Reason::from_str(&arguments.basis)?;
            let made = RequestChange::Hold { reason, basis, until: arguments.until };
            change(session, arguments.number, made, &arguments.officer).await?
        }
        RequestCommand::Release(arguments) => {
            change(session, arguments.number, RequestChange::Release, &arguments.officer).await?
        }
        RequestCommand::Refuse(arguments) => {
            let reason = Reason::from_str(&arguments.reason)?;
            let made = RequestChange::Refuse { ground: arguments.ground, reason };
            change(session, arguments.number, made, &arguments.officer).await?
        }
        RequestCommand::Cancel(arguments) => {
            change(session, arguments.number, RequestChange::Cancel, &arguments.officer).await?
        }
        RequestCommand::Link(arguments) => {
            link(session, output, arguments).await?;
            return Ok(Outcome::Done);
        }
        RequestCommand::Invite(arguments) => {
            invite(session, output, arguments).await?;
            return Ok(Outcome::Done);
        }
        RequestCommand::Lift(arguments) => {
            let made = RequestChange::Lift { told: arguments.told };
            change(session, arguments.number, made, &arguments.officer).await?
        }
        RequestCommand::Approve(arguments) => {
            let (engine, reader) = desk(session, &arguments.officer).await?;
            engine.approve_subject_request(arguments.number, &reader).await?
        }
        RequestCommand::Run(arguments) => {
            let report = run(session, arguments).await?;
            told(session, output, &report)?;
            // Of an erasure something may be left.
            return Ok(if report.state == "in_progress" { Outcome::Unsound } else { Outcome::Done });
        }
        RequestCommand::Show(arguments) => {
            session.engine(Access::MustExist).await?.subject_request(arguments.number).await?
        }
        RequestCommand::Ls(arguments) => {
            let all = session.engine(Access::MustExist).await?.subject_requests().await?;
            let shown = all.into_iter().filter(|request| !arguments.open || request.ended.is_none());
            list(session, output, &shown.collect::<Vec<_>>())?;
            return Ok(Outcome::Done);
        }
        RequestCommand::Due => {
            let all = session.engine(Access::MustExist).await?.subject_requests().await?;
            let due: Vec<_> = all.into_iter().filter(|request| request.overdue || request.due_soon).collect();
            list(session, output, &due)?;
            let is_late = due.iter().any(|request| request.overdue);
            return Ok(if is_late { Outcome::Overdue } else { Outcome::Done });
        }
    };
    told(session, output, &report)?;
    Ok(Outcome::Done)
}

async fn open(session: &Session, arguments: &RequestOpenArguments) -> Result<SubjectRequestReport, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(CliError::Input)?;
    // What stands there is not repeated: it names people.
    let told: Told = serde_json::from_str(&text).map_err(|_| CliError::RequestMalformed)?;
    let custody = |values: BTreeMap<String, String>| {
        values.into_iter().map(|(field, value)| (field, Plaintext::new(value))).collect()
    };
    let new = NewRequest {
        kind: arguments.kind,
        received: arguments.received,
        identifiers: custody(told.identifiers),
        changes: custody(told.set),
        purposes: arguments.object_to.clone(),
    };
    let (engine, reader) = desk(session, &arguments.officer).await?;
    Ok(engine.open_subject_request(new, &reader).await?)
}

async fn change(
    session: &Session,
    number: i64,
    change: RequestChange,
    arguments: &OfficerArguments,
) -> Result<SubjectRequestReport, Failure> {
    let (engine, reader) = desk(session, arguments).await?;
    Ok(engine.change_subject_request(number, change, &reader).await?)
}

async fn run(session: &Session, arguments: &RequestRunArguments) -> Result<SubjectRequestReport, Failure> {
    let delivery = Delivery { to: arguments.to.as_deref(), language: letter(session, arguments.letter) };
    let (engine, reader) = desk(session, &arguments.officer).await?;
    Ok(engine.run_subject_request(arguments.number, delivery, &reader, &*session.progress).await?)
}

/// A link beside what it opens, which is told here and never again.
#[derive(Serialize)]
struct Given<'a, T> {
    #[serde(flatten)]
    report: &'a T,
    link: &'a str,
}

async fn link(
    session: &Session,
    output: &mut Output,
    arguments: &RequestLinkArguments,
) -> Result<(), Failure> {
    let (engine, reader) = desk(session, &arguments.officer).await?;
    let service = &engine.pipeline().service;
    let hours = arguments.hours.map_or(service.download_hours, |hours| hours.min(service.download_hours));
    let lasts = TimeDelta::hours(hours.get().into());
    let language = letter(session, arguments.letter);
    let (report, token) = engine.issue_download(arguments.number, language, lasts, &reader).await?;
    let link = outside(service, DOWNLOADS, token.expose());
    given(session, output, &Given { report: &report, link: &link }, |catalog, given| {
        render::request::link(catalog, given.report)
    })
}

async fn invite(
    session: &Session,
    output: &mut Output,
    arguments: &RequestInviteArguments,
) -> Result<(), Failure> {
    let (engine, reader) = desk(session, &arguments.officer).await?;
    let service = &engine.pipeline().service;
    let longest = service.subject_link_hours;
    let hours = arguments.hours.map_or(longest, |hours| hours.min(longest));
    let lasts = TimeDelta::hours(hours.get().into());
    let (report, token) = engine.invite_subject(arguments.number, lasts, &reader).await?;
    let link = outside(service, INVITATIONS, token.expose());
    given(session, output, &Given { report: &report, link: &link }, |catalog, given| {
        render::request::invitation(catalog, given.report)
    })
}

fn given<T: Serialize>(
    session: &Session,
    output: &mut Output,
    given: &Given<'_, T>,
    notice: impl FnOnce(&Catalog, &Given<'_, T>) -> String,
) -> Result<(), Failure> {
    match output.format {
        Format::Json => output.json(given)?,
        Format::Table => {
            session.notice(&notice(&session.catalog, given));
            output.line(given.link)?;
        }
    }
    Ok(())
}

/// A link as it is called from outside, as far as that is known.
fn outside(service: &ServiceSettings, place: &str, token: &str) -> String {
    let address = service.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
    format!("{address}{place}{token}")
}

fn letter(session: &Session, wanted: Option<Language>) -> LetterLanguage {
    match wanted.unwrap_or(session.catalog.language) {
        Language::French => LetterLanguage::French,
        Language::English => LetterLanguage::English,
    }
}

async fn desk(session: &Session, arguments: &OfficerArguments) -> Result<(Engine, Reader), Failure> {
    Ok((session.engine(Access::MustExist).await?, officer(session, arguments)))
}

fn told(session: &Session, output: &mut Output, report: &SubjectRequestReport) -> Result<(), CliError> {
    output.report(report, |report| render::request::one(&session.catalog, report))
}

fn list(session: &Session, output: &mut Output, reports: &[SubjectRequestReport]) -> Result<(), CliError> {
    match output.format {
        Format::Json => reports.iter().try_for_each(|report| output.json(report)),
        Format::Table => output.line(&render::request::list(&session.catalog, reports)),
    }
}
