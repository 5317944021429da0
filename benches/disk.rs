//! What lies on disk.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// The sizes of all files in a folder and below, or of one file, in bytes.
///
/// # Errors
/// Something cannot be read.
pub fn bytes_in(place: &Path) -> anyhow::Result<u64> {
    let context = || format!("could not weigh `{}`", place.display());
    if place.is_file() {
        return Ok(fs::metadata(place).with_context(context)?.len());
    }
    let mut bytes = 0;
    for entry in fs::read_dir(place).with_context(context)? {
        bytes += bytes_in(&entry.with_context(context)?.path())?;
    }
    Ok(bytes)
}
