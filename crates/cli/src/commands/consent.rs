//! `vermeil consent`: taking down what people allow and refuse, telling it, asking for it.

use std::io::{self, BufRead, Read};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vermeil_engine::{Access, Circumstances, ConsentQuestion, ConsentStatement, ConsentSubject};
use vermeil_model::consent::{ConsentScope, ConsentStatus};
use vermeil_model::policy::Purpose;
use vermeil_model::{Plaintext, RecordId};
use vermeil_rights::tcf::{Standing, TcString};

use super::id;
use crate::args::{ConsentCommand, ConsentSayArguments, ConsentSubjectArguments, Format};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Lines that are taken down at once.
const LINES_AT_ONCE: usize = 1_000;

/// More than any TC string has.
const LONGEST_TC_STRING: u64 = 1 << 20;

/// What a TC string says, and whether it may be relied on.
#[derive(Serialize)]
struct ReadTcString {
    standing: Standing,
    #[serde(flatten)]
    string: TcString,
}

/// Takes down, shows or checks.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    command: &ConsentCommand,
) -> Result<Outcome, Failure> {
    match command {
        ConsentCommand::Give(said) => say(session, output, ConsentStatus::Given, said).await,
        ConsentCommand::Refuse(said) => say(session, output, ConsentStatus::Refused, said).await,
        ConsentCommand::Withdraw(said) => say(session, output, ConsentStatus::Withdrawn, said).await,
        ConsentCommand::Object(said) => say(session, output, ConsentStatus::Objected, said).await,
        ConsentCommand::Record(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            let reader = session.reader(&arguments.reader);
            let mut lines = io::stdin().lock();
            let (mut taken, mut waiting) = (0_u64, Vec::new());
            for number in 1.. {
                let mut line = Vec::new();
                let is_last = lines.read_until(b'\n', &mut line).map_err(CliError::Input)? == 0;
                if !line.trim_ascii().is_empty() {
                    waiting.push(statement(number, &line)?);
                }
                if waiting.len() == LINES_AT_ONCE || (is_last && !waiting.is_empty()) {
                    engine.record_consents(&waiting, &reader).await?;
                    taken += waiting.len() as u64;
                    waiting.clear();
                }
                if is_last {
                    break;
                }
            }
            told(session, output, taken)
        }
        ConsentCommand::Show(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            let subject = subject(&arguments.subject)?;
            let said = engine.consents_of(&subject, &session.reader(&arguments.reader)).await?;
            match output.format {
                Format::Json => said.iter().try_for_each(|entry| output.json(entry))?,
                Format::Table => output.line(&render::consent::entries(&session.catalog, &said))?,
            }
            Ok(Outcome::Done)
        }
        ConsentCommand::Receipt(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            let subject = subject(&arguments.subject)?;
            let receipt = engine.consent_receipt(&subject, &session.reader(&arguments.reader)).await?;
            document(output, &receipt)?;
            Ok(Outcome::Done)
        }
        ConsentCommand::Tcf => {
            let mut text = String::new();
            io::stdin().take(LONGEST_TC_STRING).read_to_string(&mut text).map_err(CliError::Input)?;
            let string = TcString::parse(&text)?;
            let read = ReadTcString { standing: string.standing(), string };
            document(output, &read)?;
            Ok(Outcome::Done)
        }
        ConsentCommand::Check(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            let question = ConsentQuestion {
                subject: subject(&arguments.subject)?,
                purpose: Purpose(arguments.of.clone()),
            };
            let reader = session.reader(&arguments.reader);
            let answers = engine.check_consents(&[question], &reader).await?;
            for answer in &answers {
                output.report(answer, |answer| render::consent::answer(&session.catalog, answer))?;
            }
            let allowed = answers.iter().all(|answer| answer.allowed);
            Ok(if allowed { Outcome::Done } else { Outcome::Unsound })
        }
    }
}

async fn say(
    session: &Session,
    output: &mut Output,
    status: ConsentStatus,
    arguments: &ConsentSayArguments,
) -> Result<Outcome, Failure> {
    let statement = ConsentStatement {
        subject: subject(&arguments.subject)?,
        purpose: Some(Purpose(arguments.of.clone())),
        status,
        occurred_at: None,
        expires_at: None,
        circumstances: Circumstances {
            channel: arguments.channel.clone(),
            text_version: arguments.text_version.clone(),
            proof: None,
        },
    };
    let engine = session.engine(Access::MustExist).await?;
    engine.record_consents(&[statement], &session.reader(&arguments.reader)).await?;
    told(session, output, 1)
}

fn told(session: &Session, output: &mut Output, statements: u64) -> Result<Outcome, Failure> {
    let report = serde_json::json!({ "statements": statements });
    output.report(&report, |_| {
        session.catalog.message("consent-taken", &[("statements", statements.into())])
    })?;
    Ok(Outcome::Done)
}

fn subject(arguments: &ConsentSubjectArguments) -> Result<ConsentSubject, CliError> {
    if let Some(typed) = &arguments.id {
        return Ok(ConsentSubject::Id(id::<RecordId>("ID", typed)?.0));
    }
    let mut value = String::new();
    io::stdin().read_line(&mut value).map_err(CliError::Input)?;
    value.truncate(value.trim_end_matches(['\r', '\n']).len());
    let scope = arguments.contact.map_or(ConsentScope::Email, ConsentScope::from);
    let country = arguments.country.clone();
    Ok(ConsentSubject::Contact { scope, value: Plaintext::new(value), country })
}

/// Prints what is a document by itself: indented for people, as one line for programs.
fn document(output: &mut Output, document: &impl Serialize) -> Result<(), CliError> {
    match output.format {
        Format::Json => output.json(document),
        Format::Table => output.line(&serde_json::to_string_pretty(document).expect("plain data")),
    }
}

/// A statement as a line of JSON gives it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    email: Option<String>,
    phone: Option<String>,
    country: Option<String>,
    id: Option<String>,
    purpose: Option<String>,
    status: String,
    at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    channel: Option<String>,
    text_version: Option<String>,
    proof: Option<String>,
}

/// Reads a line. What is wrong with it is not repeated: it names a person.
fn statement(number: u64, line: &[u8]) -> Result<ConsentStatement, CliError> {
    let malformed = || CliError::NotAStatement { line: number };
    let line: Line = serde_json::from_slice(line).map_err(|_| malformed())?;
    let contact = |scope, value: String| ConsentSubject::Contact {
        scope,
        value: Plaintext::new(value),
        country: line.country.clone(),
    };
    let subject = match (line.email, line.phone, line.id) {
        (Some(email), None, None) => contact(ConsentScope::Email, email),
        (None, Some(phone), None) => contact(ConsentScope::Phone, phone),
        (None, None, Some(typed)) => {
            ConsentSubject::Id(typed.parse::<RecordId>().map_err(|_| malformed())?.0)
        }
        _ => return Err(malformed()),
    };
    Ok(ConsentStatement {
        subject,
        purpose: line.purpose.map(Purpose),
        status: ConsentStatus::parse(&line.status).ok_or_else(malformed)?,
        occurred_at: line.at,
        expires_at: line.expires_at,
        circumstances: Circumstances {
            channel: line.channel,
            text_version: line.text_version,
            proof: line.proof.map(Plaintext::new),
        },
    })
}
