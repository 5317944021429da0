//! From `-p` and the environment to what the engine needs.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use vermeil_engine::EngineConfig;
use vermeil_model::{Pipeline, Schema};

use crate::error::CliError;
use crate::exit::Failure;

/// The name of the pipeline file in a pipeline's folder.
pub const PIPELINE_FILE: &str = "pipeline.yaml";

/// Reads a pipeline (a folder with `pipeline.yaml`, or the file itself) and the schemas it names.
///
/// # Errors
/// What is missing, unreadable or malformed, with file and line.
pub fn load(place: &Path, storage_options: BTreeMap<String, String>) -> Result<EngineConfig, Failure> {
    let file = if place.is_dir() { place.join(PIPELINE_FILE) } else { place.to_owned() };
    let text = std::fs::read_to_string(&file).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => CliError::PipelineMissing(file.clone()),
        _ => CliError::Unreadable { file: file.clone(), cause },
    })?;
    let pipeline = Pipeline::parse(&file.display().to_string(), &text)?;
    let base = std::path::absolute(&file)
        .ok()
        .and_then(|file| file.parent().map(Path::to_owned))
        .unwrap_or_else(|| PathBuf::from("."));
    let mut schemas = BTreeMap::new();
    let named = pipeline.sources.iter().map(|source| pipeline.schema_of(source));
    // Golden profiles follow the pipeline's own schema, even where every source names another.
    for name in named.chain([pipeline.schema.as_str()]) {
        if !schemas.contains_key(name) {
            schemas.insert(name.to_owned(), schema(name, &base)?);
        }
    }
    Ok(EngineConfig { pipeline, schemas, base, storage_options })
}

/// A shipped schema, or a file that lies relative to the pipeline.
fn schema(name: &str, base: &Path) -> Result<Schema, CliError> {
    if let Some(schema) = Schema::built_in(name) {
        return Ok(schema);
    }
    let file = base.join(name);
    let text = std::fs::read_to_string(&file).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => CliError::SchemaUnknown { name: name.to_owned(), file: file.clone() },
        _ => CliError::Unreadable { file: file.clone(), cause },
    })?;
    Ok(Schema::parse(name, &text)?)
}

#[cfg(test)]
mod tests;
