//! From `-p` and the environment to what the engine needs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vermeil_engine::{EngineConfig, KeyHolder};
use vermeil_model::{Pipeline, Schema};
use vermeil_policy::{AccessPolicy, FOLDER, NAMES_FILE, POLICY_EXTENSION, PolicyErrors, PolicyFile};

use crate::error::CliError;
use crate::exit::Failure;

/// The name of the pipeline file in a pipeline's folder.
pub const PIPELINE_FILE: &str = "pipeline.yaml";

/// Reads a pipeline (a folder with `pipeline.yaml`, or the file itself), the schemas it names and
/// the policies beside it. The secrets that its keyring needs are not looked up:
/// [`crate::environment::secrets`].
///
/// # Errors
/// What is missing, unreadable or malformed, with file and line.
pub fn load(place: &Path, storage_options: BTreeMap<String, String>) -> Result<EngineConfig, Failure> {
    match load_to_check(place, storage_options)? {
        (config, None) => Ok(config),
        (_, Some(errors)) => Err(errors.into()),
    }
}

/// Reads a pipeline although its policies may be wrong; they then permit nothing.
///
/// # Errors
/// As [`load`], but for what is wrong with the policies, which stands beside the pipeline.
pub fn load_to_check(
    place: &Path,
    storage_options: BTreeMap<String, String>,
) -> Result<(EngineConfig, Option<PolicyErrors>), Failure> {
    let (file, pipeline, base) = pipeline(place)?;
    let mut schemas = BTreeMap::new();
    let named = pipeline.sources.iter().map(|source| pipeline.schema_of(source));
    // Golden profiles follow the pipeline's own schema, even where every source names another.
    for name in named.chain([pipeline.schema.as_str()]) {
        if !schemas.contains_key(name) {
            schemas.insert(name.to_owned(), schema(name, &base)?);
        }
    }
    let (names, policies) = policy_files(&file.with_file_name(FOLDER))?;
    let (policy, errors) = match AccessPolicy::parse(names.as_ref(), &policies) {
        Ok(policy) => (policy, None),
        Err(errors) => (AccessPolicy::default(), Some(errors)),
    };
    let secrets = BTreeMap::new();
    Ok((EngineConfig { pipeline, schemas, base, storage_options, policy, secrets }, errors))
}

/// Who holds the keys, as a pipeline (a folder or a file) says it; nothing else of it is read.
/// The secrets are not looked up.
///
/// # Errors
/// The file is missing, unreadable or malformed.
pub fn key_holder(place: &Path) -> Result<KeyHolder, Failure> {
    let (_, pipeline, base) = pipeline(place)?;
    Ok(KeyHolder { provider: pipeline.keyring.provider, secrets: BTreeMap::new(), base })
}

/// The file of a pipeline, what it says, and where relative paths in it start.
fn pipeline(place: &Path) -> Result<(PathBuf, Pipeline, PathBuf), Failure> {
    let file = if place.is_dir() { place.join(PIPELINE_FILE) } else { place.to_owned() };
    let text = fs::read_to_string(&file).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => CliError::PipelineMissing(file.clone()),
        _ => CliError::Unreadable { file: file.clone(), cause },
    })?;
    let pipeline = Pipeline::parse(&file.display().to_string(), &text)?;
    let base = std::path::absolute(&file)
        .ok()
        .and_then(|file| file.parent().map(Path::to_owned))
        .unwrap_or_else(|| PathBuf::from("."));
    Ok((file, pipeline, base))
}

/// The file of names and the policies of a folder, in the order of their names; nothing where there is no folder.
fn policy_files(folder: &Path) -> Result<(Option<PolicyFile>, Vec<PolicyFile>), CliError> {
    let unreadable = |cause| CliError::Unreadable { file: folder.to_owned(), cause };
    let entries = match fs::read_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok((None, Vec::new())),
        entries => entries.map_err(unreadable)?,
    };
    let mut files =
        entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().map_err(unreadable)?;
    files.sort();
    let read = |file: &PathBuf| match fs::read_to_string(file) {
        Ok(text) => Ok(PolicyFile { name: file.display().to_string(), text }),
        Err(cause) => Err(CliError::Unreadable { file: file.clone(), cause }),
    };
    let is_policy = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == POLICY_EXTENSION);
    let names = files.iter().find(|file| file.file_name().is_some_and(|name| name == NAMES_FILE));
    Ok((names.map(read).transpose()?, files.iter().filter(is_policy).map(read).collect::<Result<_, _>>()?))
}

/// A shipped schema, or a file that lies relative to the pipeline.
fn schema(name: &str, base: &Path) -> Result<Schema, CliError> {
    if let Some(schema) = Schema::built_in(name) {
        return Ok(schema);
    }
    let file = base.join(name);
    let text = fs::read_to_string(&file).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => CliError::SchemaUnknown { name: name.to_owned(), file: file.clone() },
        _ => CliError::Unreadable { file: file.clone(), cause },
    })?;
    Ok(Schema::parse(name, &text)?)
}

#[cfg(test)]
mod tests;
