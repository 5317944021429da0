//! `vermeil token`: who may ask the services.

use chrono::{TimeDelta, Utc};
use serde::Serialize;
use vermeil_engine::{Access, Identity, TokenReport};
use vermeil_model::policy::Role;

use crate::args::{Format, TokenCommand, TokenCreateArguments};
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Hands out a token, lists those that were handed out, or revokes one.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    command: &TokenCommand,
) -> Result<Outcome, Failure> {
    let catalog = &session.catalog;
    match command {
        TokenCommand::Create(arguments) => create(session, output, arguments).await?,
        TokenCommand::Ls => {
            let tokens = session.engine(Access::MustExist).await?.tokens().await?;
            match output.format {
                Format::Json => tokens.iter().try_for_each(|token| output.json(token))?,
                Format::Table => output.line(&render::token::list(catalog, &tokens))?,
            }
        }
        TokenCommand::Revoke(arguments) => {
            let engine = session.engine(Access::MustExist).await?;
            let revoked = engine.revoke_token(arguments.number, &session.environment.actor).await?;
            output.report(&revoked, |revoked| render::token::revoked(catalog, revoked))?;
        }
    }
    Ok(Outcome::Done)
}

/// A new token beside its secret, which is told here and never again.
#[derive(Serialize)]
struct Created<'a> {
    #[serde(flatten)]
    report: &'a TokenReport,
    secret: &'a str,
}

async fn create(
    session: &Session,
    output: &mut Output,
    arguments: &TokenCreateArguments,
) -> Result<(), Failure> {
    let engine = session.engine(Access::MustExist).await?;
    let identity = Identity { actor: arguments.actor.clone(), role: Role(arguments.role.clone()) };
    let expires_at = arguments.expires_in.map(|days| Utc::now() + TimeDelta::days(days.into()));
    let (report, secret) = engine.create_token(&identity, expires_at, &session.environment.actor).await?;
    if output.format == Format::Json {
        output.json(&Created { report: &report, secret: secret.expose() })?;
    } else {
        session.notice(&render::token::created(&session.catalog, &report));
        output.line(secret.expose())?;
    }
    Ok(())
}
