//! `vermeil recipients`: who received people, and whether they know who is erased or set right.

use std::str::FromStr;

use vermeil_engine::{Access, DeliveryReport, WhichDeliveries};
use vermeil_model::decision::Reason;

use super::erase::officer;
use crate::args::{Format, RecipientsCommand};
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Lists recipients and what they are told, tells them, or enters what they answered.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    command: &RecipientsCommand,
) -> Result<Outcome, Failure> {
    let catalog = &session.catalog;
    let engine = session.engine(Access::MustExist).await?;
    match command {
        RecipientsCommand::Ls => {
            let all = engine.recipients().await?;
            match output.format {
                Format::Json => all.iter().try_for_each(|recipient| output.json(recipient))?,
                Format::Table => output.line(&render::recipients::list(catalog, &all))?,
            }
        }
        RecipientsCommand::Pending(arguments) => {
            let deliveries = match arguments.all {
                true => engine.deliveries().await?,
                false => engine.pending_deliveries().await?,
            };
            told(session, output, &deliveries)?;
        }
        RecipientsCommand::Retry(arguments) => {
            let which = if arguments.due { WhichDeliveries::Due } else { WhichDeliveries::All };
            let report = engine.tell_recipients(which, &officer(session, &arguments.officer)).await?;
            output.report(&report, |report| render::recipients::tried(catalog, report))?;
        }
        RecipientsCommand::Message(arguments) => {
            let reader = officer(session, &arguments.officer);
            output.line(&engine.message_to(arguments.number, &arguments.recipient, &reader).await?)?;
        }
        RecipientsCommand::Receipt(arguments) => {
            let (number, recipient) = (arguments.number, &arguments.recipient);
            let (answer, reader) =
                (Reason::from_str(&arguments.answer)?, officer(session, &arguments.officer));
            let report = engine.enter_receipt(number, recipient, &answer, &reader).await?;
            told(session, output, std::slice::from_ref(&report))?;
        }
    }
    Ok(Outcome::Done)
}

fn told(session: &Session, output: &mut Output, reports: &[DeliveryReport]) -> Result<(), Failure> {
    match output.format {
        Format::Json => reports.iter().try_for_each(|report| output.json(report))?,
        Format::Table => output.line(&render::recipients::deliveries(&session.catalog, reports))?,
    }
    Ok(())
}
