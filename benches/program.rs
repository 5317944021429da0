//! The program that is measured as a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

/// Its name.
pub const PROGRAM: &str = "vermeil";

/// Where the program lies: beside this one, built from the same sources.
///
/// # Errors
/// Cargo cannot build it.
pub fn ready() -> anyhow::Result<PathBuf> {
    let bench = std::env::current_exe().context("the place of this program is not known")?;
    let folder = bench.parent().context("a program lies in a folder")?;
    let program = folder.join(PROGRAM).with_extension(std::env::consts::EXE_EXTENSION);
    // An old program would give the figures of old code, and cargo knows best what is old. Debug builds are
    // for trying the benches out, and take what is there.
    if folder.ends_with("release") {
        build(folder, "release")?;
    } else if !program.is_file() {
        build(folder, "dev")?;
    }
    ensure!(program.is_file(), "`{PROGRAM}` was not built beside `vermeil-bench`");
    Ok(program)
}

fn build(folder: &Path, profile: &str) -> anyhow::Result<()> {
    let target = folder.parent().context("cargo builds in a folder of its target folder")?;
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--locked", "-p", "vermeil-cli", "--profile", profile, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    // What `cargo run` says of this package: build scripts that read it would run again, and half the
    // dependencies be built again with them.
    for (name, _) in std::env::vars_os() {
        let of_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(of_package) {
            cargo.env_remove(name);
        }
    }
    eprintln!("building {PROGRAM}");
    let status = cargo.status().context("could not start cargo")?;
    ensure!(status.success(), "could not build `{PROGRAM}`: {status}");
    Ok(())
}
