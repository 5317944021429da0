//! `vermeil audit`: who opened what, and whether the log that says so is whole.

use std::path::{Path, PathBuf};

use serde::Serialize;
use vermeil_audit::{AuditError, Checkpoint, OpeningFilter, VerifierKey};
use vermeil_engine::Access;

use crate::args::{AuditCommand, AuditExpireArguments, AuditListArguments, AuditVerifyArguments, Format};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// What `audit key` prints as JSON.
#[derive(Serialize)]
struct PrintedKey {
    key: String,
}

/// What `audit expire` prints as JSON.
#[derive(Serialize)]
struct ExpiredReport {
    expired: Vec<String>,
    first_kept: Option<String>,
}

/// Verifies the log, lists openings, prints the key, or deletes old segments.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    command: &AuditCommand,
) -> Result<Outcome, Failure> {
    match command {
        AuditCommand::Verify(arguments) => verify(session, output, arguments).await,
        AuditCommand::List(arguments) => list(session, output, arguments).await,
        AuditCommand::Key => key(session, output).await,
        AuditCommand::Expire(arguments) => expire(session, output, arguments).await,
    }
}

/// Takes folder and key from the pipeline where they are not given. With both given, no pipeline is read.
async fn verify(
    session: &Session,
    output: &mut Output,
    arguments: &AuditVerifyArguments,
) -> Result<Outcome, Failure> {
    let folder = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => {
            let config = session.config()?;
            config.base.join(config.pipeline.audit_folder())
        }
    };
    let key = match &arguments.key {
        Some(key) => given_key(key)?,
        None => session.engine(Access::MustExist).await?.audit_key().clone(),
    };
    let remembered = arguments.remembered.as_deref().map(|file| checkpoint(file, &key)).transpose()?;
    let found = vermeil_audit::verify(&folder, &key, remembered.as_ref())?;
    output.report(&found, |found| render::audit::verification(&session.catalog, found))?;
    Ok(if found.is_sound() { Outcome::Done } else { Outcome::Unsound })
}

async fn list(
    session: &Session,
    output: &mut Output,
    arguments: &AuditListArguments,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    let filter =
        OpeningFilter { table: arguments.table.clone(), since: arguments.since, page: arguments.page };
    let openings = engine.audit_openings(&session.reader(&arguments.reader), filter).await?;
    match output.format {
        Format::Json => openings.iter().try_for_each(|opening| output.json(opening))?,
        Format::Table => output.line(&render::audit::openings(&session.catalog, &openings))?,
    }
    Ok(Outcome::Done)
}

async fn key(session: &Session, output: &mut Output) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    output.report(&PrintedKey { key: engine.audit_key().to_string() }, |printed| printed.key.clone())?;
    Ok(Outcome::Done)
}

async fn expire(
    session: &Session,
    output: &mut Output,
    arguments: &AuditExpireArguments,
) -> Result<Outcome, Failure> {
    let engine = session.engine(Access::MustExist).await?;
    let expired = engine.audit_expire(arguments.before).await?;
    let report = ExpiredReport {
        expired: expired.segments.iter().map(ToString::to_string).collect(),
        first_kept: expired.first_kept.map(|month| month.to_string()),
    };
    output.report(&report, |report| {
        render::audit::expired(&session.catalog, &report.expired, report.first_kept.as_deref())
    })?;
    Ok(Outcome::Done)
}

/// A verifier key, typed or in a file.
pub(super) fn given_key(given: &str) -> Result<VerifierKey, CliError> {
    let invalid = |cause| CliError::AuditKey { cause };
    match given.parse() {
        Ok(key) => Ok(key),
        Err(cause) if !Path::new(given).is_file() => Err(invalid(cause)),
        Err(_) => read(Path::new(given))?.parse().map_err(invalid),
    }
}

fn checkpoint(file: &Path, key: &VerifierKey) -> Result<Checkpoint, Failure> {
    let opened = Checkpoint::open(&read(file)?, key);
    Ok(opened
        .ok_or_else(|| AuditError::NotACheckpoint { file: file.to_owned(), key: key.name().to_owned() })?)
}

pub(super) fn read(file: &Path) -> Result<String, CliError> {
    let unreadable = |cause| CliError::Unreadable { file: PathBuf::from(file), cause };
    std::fs::read_to_string(file).map_err(unreadable)
}
