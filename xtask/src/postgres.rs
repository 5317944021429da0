//! PostgreSQL, on which the tests of the state database run once more. It is a system package.

use std::path::Path;

use crate::softhsm;

/// Where distributions put the server, in folders named by version, and where others do.
/// `crates/state/src/testing/server.rs` looks in the same places.
const VERSIONS: [&str; 2] = ["/usr/lib/postgresql", "/usr/pgsql"];
const FOLDERS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"];

/// Installs PostgreSQL unless it is there already.
///
/// # Errors
/// What could not be had, and how to get it.
pub fn prepare() -> Result<(), String> {
    if is_installed() {
        return Ok(());
    }
    softhsm::install("postgresql")?;
    match is_installed() {
        true => Ok(()),
        false => Err("`postgresql` was installed, but its `initdb` is not where it should be".into()),
    }
}

fn is_installed() -> bool {
    let versions = VERSIONS.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    versions.map(|version| version.path().join("bin/initdb")).any(|program| program.is_file())
        || FOLDERS.iter().any(|folder| Path::new(folder).join("initdb").is_file())
}
