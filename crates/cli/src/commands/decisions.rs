//! `vermeil merge`, `split`, `never-link`, `undo`, `decisions`: what people decide about who is who.

use std::str::FromStr;

use vermeil_engine::{Access, Author, DecisionReport};
use vermeil_model::decision::Reason;
use vermeil_model::{ProfileId, RecordId};

use super::id;
use crate::args::{Format, PairArguments, SplitArguments, UndoArguments};
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Makes two profiles one for good.
pub async fn merge(
    session: &Session,
    output: &mut Output,
    arguments: &PairArguments,
) -> Result<Outcome, Failure> {
    let (left, right, reason) = pair(arguments)?;
    let engine = session.engine(Access::MustExist).await?;
    let decision = engine.merge(left, right, author(session, &reason)).await?;
    told(session, output, &decision)
}

/// Keeps two profiles or records apart for good.
pub async fn never_link(
    session: &Session,
    output: &mut Output,
    arguments: &PairArguments,
) -> Result<Outcome, Failure> {
    let (left, right, reason) = pair(arguments)?;
    let engine = session.engine(Access::MustExist).await?;
    let decision = engine.never_link(left, right, author(session, &reason)).await?;
    told(session, output, &decision)
}

/// Takes records out of a profile for good.
pub async fn split(
    session: &Session,
    output: &mut Output,
    arguments: &SplitArguments,
) -> Result<Outcome, Failure> {
    let profile: ProfileId = id("PROFILE", &arguments.profile)?;
    let leaving: Vec<RecordId> =
        arguments.records.iter().map(|record| id("RECORD", record)).collect::<Result<_, _>>()?;
    let reason = Reason::from_str(&arguments.reason)?;
    let engine = session.engine(Access::MustExist).await?;
    let decision = engine.split(profile, &leaving, author(session, &reason)).await?;
    told(session, output, &decision)
}

/// Lifts a decision.
pub async fn undo(
    session: &Session,
    output: &mut Output,
    arguments: &UndoArguments,
) -> Result<Outcome, Failure> {
    let reason = Reason::from_str(&arguments.reason)?;
    let engine = session.engine(Access::MustExist).await?;
    let decision = engine.undo_decision(arguments.decision, author(session, &reason)).await?;
    told(session, output, &decision)
}

/// Lists every decision.
pub async fn list(session: &Session, output: &mut Output) -> Result<Outcome, Failure> {
    let decisions = session.engine(Access::MustExist).await?.decisions().await?;
    match output.format {
        Format::Json => decisions.iter().try_for_each(|decision| output.json(decision))?,
        Format::Table => output.line(&render::decisions::list(&session.catalog, &decisions))?,
    }
    Ok(Outcome::Done)
}

fn pair(arguments: &PairArguments) -> Result<(u128, u128, Reason), Failure> {
    let left: RecordId = id("A", &arguments.left)?;
    let right: RecordId = id("B", &arguments.right)?;
    Ok((left.0, right.0, Reason::from_str(&arguments.reason)?))
}

fn author<'a>(session: &'a Session, reason: &'a Reason) -> Author<'a> {
    Author { actor: &session.environment.actor, reason }
}

fn told(session: &Session, output: &mut Output, decision: &DecisionReport) -> Result<Outcome, Failure> {
    output.report(decision, |decision| render::decisions::one(&session.catalog, decision))?;
    Ok(Outcome::Done)
}
