//! `vermeil init`: a new pipeline that runs at once on invented customers.

use std::fs;
use std::path::Path;

use serde::Serialize;
use vermeil_synth::{Settings, Summary};

use crate::args::InitArguments;
use crate::commands::demo::{DEMO_PIPELINE, DEMO_POLICIES};
use crate::config::PIPELINE_FILE;
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Enough for every kind of mess to turn up, little enough to run in a blink.
const SAMPLE_PEOPLE: u32 = 500;

/// What was made.
#[derive(Debug, Serialize)]
pub struct NewPipeline {
    /// The new folder.
    pub folder: String,
    /// Files in it, relative to the folder.
    pub files: Vec<String>,
}

/// Writes the folder. It must be empty or not exist.
pub fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &InitArguments,
) -> Result<Outcome, Failure> {
    let folder = &arguments.dir;
    if holds_anything(folder)? {
        return Err(CliError::FolderTaken(folder.clone()).into());
    }
    write_sample(folder, &pipeline_for(folder), SAMPLE_PEOPLE, 1)?;
    let made = NewPipeline {
        folder: folder.display().to_string(),
        files: [PIPELINE_FILE, vermeil_policy::FOLDER, DATA_FOLDER].map(str::to_owned).into(),
    };
    output.report(&made, |made| render::init::render(&session.catalog, &session.program, made))?;
    Ok(Outcome::Done)
}

/// Begins the file instead of the demo's own heading.
const HEADING: &str = "\
# A pipeline on invented customers. It runs as it stands; then replace the sources by yours.
#
# Paths are relative to the folder of this file. A misspelt key is an error that names the
# nearest valid one. `vermeil check` validates the file and reaches the sources.

";

/// Where the demo's heading ends.
const FIRST_KEY: &str = "# The name of the tenant.";

/// The demo's pipeline with a heading and a name of its own.
fn pipeline_for(folder: &Path) -> String {
    let start = DEMO_PIPELINE.find(FIRST_KEY).unwrap_or_default();
    let name = std::path::absolute(folder)
        .ok()
        .and_then(|folder| folder.file_name().map(|name| name.to_string_lossy().into_owned()))
        .unwrap_or_default();
    let body = DEMO_PIPELINE[start..].replacen("name: demo", &format!("name: {}", tenant_name(&name)), 1);
    format!("{HEADING}{body}")
}

/// A folder's name as a tenant's: lower-case letters, digits and `-`, starting with a letter.
fn tenant_name(folder: &str) -> String {
    let dashed: String = folder
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .collect();
    let name = dashed.trim_matches('-');
    if name.starts_with(|first: char| first.is_ascii_lowercase()) {
        name.to_owned()
    } else {
        "customers".to_owned()
    }
}

/// Where a sample's silos lie in its folder.
pub const DATA_FOLDER: &str = "data";

/// Writes a pipeline file, the demo's policies and silos into a folder.
pub fn write_sample(folder: &Path, pipeline: &str, people: u32, seed: u64) -> Result<Summary, Failure> {
    let summary = vermeil_synth::generate(&Settings::new(people, seed), &folder.join(DATA_FOLDER))?;
    let policies = folder.join(vermeil_policy::FOLDER);
    fs::create_dir_all(&policies).map_err(|cause| CliError::Unwritable { file: policies.clone(), cause })?;
    let pipeline = (folder.join(PIPELINE_FILE), pipeline);
    for (file, text) in
        DEMO_POLICIES.map(|(name, text)| (policies.join(name), text)).into_iter().chain([pipeline])
    {
        fs::write(&file, text).map_err(|cause| CliError::Unwritable { file, cause })?;
    }
    Ok(summary)
}

/// Whether there is a folder, or anything else, that is not an empty folder.
pub fn holds_anything(folder: &Path) -> Result<bool, CliError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(cause) => match cause.kind() {
            std::io::ErrorKind::NotFound => Ok(false),
            std::io::ErrorKind::NotADirectory => Ok(true),
            _ => Err(CliError::Unreadable { file: folder.to_owned(), cause }),
        },
    }
}

#[cfg(test)]
mod tests;
