//! `vermeil demo`: three silos of invented customers, the whole pipeline on
//! them, how well it did against the known truth, and one of them who leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use vermeil_engine::{
    Access, Engine, ProfileExplanation, PublishedAccount, Reader, RunReport, Stage, StageReport,
};
use vermeil_model::ProfileId;
use vermeil_model::policy::{Purpose, Role};
use vermeil_policy::{Matrix, MatrixRow, Shown};
use vermeil_resolve::measure::measure;

use crate::accuracy::Accuracy;
use crate::args::DemoArguments;
use crate::commands::init::{DATA_FOLDER, holds_anything, write_sample};
use crate::commands::run::outcome;
use crate::config::{self, PIPELINE_FILE};
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

mod ending;

pub use self::ending::Ending;
#[cfg(test)]
pub use self::ending::{ForeignFound, Found};

/// The pipeline that the demo runs and `init` begins with.
pub const DEMO_PIPELINE: &str = include_str!("../../../../pipelines/demo/pipeline.yaml");

/// Its policy files, by name.
pub const DEMO_POLICIES: [(&str, &str); 2] = [
    (vermeil_policy::NAMES_FILE, include_str!("../../../../pipelines/demo/policies/names.cedarschema")),
    ("access.cedar", include_str!("../../../../pipelines/demo/policies/access.cedar")),
];

/// Marks a folder as one that the demo made, and may make anew.
const MARKER: &str = ".vermeil-demo";

/// What the demo and its pipeline write into the folder.
const MADE_BY_DEMO: [&str; 8] = [
    DATA_FOLDER,
    ending::LAKE,
    "state",
    vermeil_policy::FOLDER,
    PIPELINE_FILE,
    ending::EXPORTS,
    ending::BACKUP,
    ending::CERTIFICATE,
];

/// What the demo shows.
#[derive(Serialize)]
pub struct Demo {
    /// What the run did; `seconds` and `stages` cover the writing of silos and the measuring too.
    #[serde(flatten)]
    pub run: RunReport,
    /// How well the profiles agree with the truth.
    #[serde(flatten)]
    pub accuracy: Accuracy,
    /// Where the tables lie.
    pub lake: String,
    /// The folder of it all.
    pub folder: String,
    /// The profile that the most sources know.
    pub example: Option<ProfileExplanation>,
    /// Whose leave opened the example.
    pub role: String,
    /// What for.
    pub purpose: String,
    /// Who withdrew consent and was erased.
    pub ending: Option<Ending>,
}

/// Writes, runs, measures, shows.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &DemoArguments,
) -> Result<Outcome, Failure> {
    let started = Instant::now();
    let folder = &arguments.dir;
    clear(session, folder)?;
    let summary = write_sample(folder, DEMO_PIPELINE, arguments.people, arguments.seed)?;
    let rows = [summary.erp, summary.web, summary.crm, summary.orders].iter().map(|silo| silo.rows).sum();
    let synth = StageReport { name: "synth".to_owned(), seconds: started.elapsed().as_secs_f64(), rows };

    let config = config::load(folder, session.environment.storage_options.clone())?;
    let (role, purpose) = widest_grant(&config.policy.matrix());
    let reader = Reader { actor: session.environment.actor.clone(), role, purpose };
    let engine = Engine::open(config.clone(), Access::CreateIfMissing).await?;
    let mut run = engine.run(Stage::Publish, &*session.progress).await?;

    let measuring = Instant::now();
    let accounts = engine.published_accounts(&reader).await?;
    let accuracy = compare(&accounts, vermeil_synth::truth(&folder.join(DATA_FOLDER))?);
    let best_known = best_known(&accounts);
    let example = match best_known {
        Some(profile) => Some(engine.explain_profile(profile, &reader).await?),
        None => None,
    };
    let (seconds, rows) = (measuring.elapsed().as_secs_f64(), accuracy.truth_records);
    let measured = StageReport { name: "measure".to_owned(), seconds, rows };
    let leaving = Instant::now();
    let ending = ending::play(session, (&engine, config), (&accounts, best_known), folder).await?;
    let rows = ending.as_ref().map_or(0, |ending| ending.records);
    let left = StageReport { name: "erase".to_owned(), seconds: leaving.elapsed().as_secs_f64(), rows };
    run.stages.insert(0, synth);
    run.stages.extend([measured, left]);
    run.seconds = started.elapsed().as_secs_f64();

    let ended = match &ending {
        Some(ending) if !ending.is_as_promised() => Outcome::Unsound,
        _ => outcome(&run),
    };
    let demo = Demo {
        run,
        accuracy,
        lake: engine.lake_location().to_owned(),
        folder: folder.display().to_string(),
        example,
        role: reader.role.0,
        purpose: reader.purpose.map(|purpose| purpose.0).unwrap_or_default(),
        ending,
    };
    output.report(&demo, |demo| render::demo::render(&session.catalog, &session.program, demo))?;
    Ok(ended)
}

/// Makes room for a new demo: in a new or empty folder, or in one that a former demo made.
fn clear(session: &Session, folder: &Path) -> Result<(), CliError> {
    let marker = folder.join(MARKER);
    if holds_anything(folder)? {
        if !marker.is_file() {
            return Err(CliError::FolderTaken(folder.to_owned()));
        }
        let place = folder.display().to_string();
        session.notice(&session.catalog.message("demo-replaced", &[("folder", place.into())]));
        for name in MADE_BY_DEMO {
            remove(&folder.join(name))?;
        }
    }
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&marker, session.catalog.text("demo-marker") + "\n"))
        .map_err(|cause| CliError::Unwritable { file: marker, cause })
}

fn remove(path: &Path) -> Result<(), CliError> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            Err(CliError::Unwritable { file: path.to_owned(), cause })
        }
        _ => Ok(()),
    }
}

/// The role and purpose that may open the most classes; the first as declared among equals.
fn widest_grant(matrix: &Matrix) -> (Role, Option<Purpose>) {
    let clear = |row: &&MatrixRow| row.classes.values().filter(|shown| **shown == Shown::Clear).count();
    let granted =
        matrix.rows.iter().filter(|row| row.actor.is_none() && row.purpose.is_some() && row.granted);
    granted
        .rev()
        .max_by_key(clear)
        .map(|row| (row.role.clone(), row.purpose.clone()))
        .unwrap_or_else(|| (Role("analyst".to_owned()), None))
}

/// How well published profiles agree with the truth.
fn compare(accounts: &[PublishedAccount], truth: vermeil_synth::Truth) -> Accuracy {
    let profiles: Vec<_> = accounts
        .iter()
        .map(|account| ((account.source.clone(), account.key.clone()), account.profile))
        .collect();
    measure(&profiles, &Vec::from_iter(truth)).into()
}

/// More accounts than this make a table that is no longer taken in at a glance.
const TELLING_ACCOUNTS: usize = 4;

/// The profile that the most sources know, then the one of the most accounts (within reason);
/// among equals the one of the lowest account key, since profile ids are random.
fn best_known(accounts: &[PublishedAccount]) -> Option<ProfileId> {
    let mut profiles: BTreeMap<ProfileId, Vec<(&str, &str)>> = BTreeMap::new();
    for account in accounts {
        profiles.entry(account.profile).or_default().push((&account.source, &account.key));
    }
    profiles
        .into_iter()
        .min_by_key(|(_, known)| {
            let sources: BTreeSet<_> = known.iter().map(|(source, _)| *source).collect();
            let telling = if known.len() <= TELLING_ACCOUNTS { known.len() } else { 0 };
            (std::cmp::Reverse((sources.len(), telling)), known.iter().min().copied())
        })
        .map(|(profile, _)| profile)
}

#[cfg(test)]
mod tests;
