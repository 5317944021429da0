//! SoftHSM, the PKCS#11 token in software that the key provider's tests talk to. It is a system package.

use std::{path::Path, process::Command};

use crate::steps::run_to_end;

/// Where distributions put the module. `crates/protect/tests/providers/servers.rs` looks in the same places.
const MODULES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

/// Installs SoftHSM unless it is there already: with `apt-get`, and only for an administrator, who may.
///
/// # Errors
/// What could not be had, and how to get it.
pub fn prepare() -> Result<(), String> {
    if is_installed() {
        return Ok(());
    }
    install("softhsm2")?;
    match is_installed() {
        true => Ok(()),
        false => Err("`softhsm2` was installed, but none of its modules is where it should be".into()),
    }
}

/// Installs a package of Debian's.
///
/// # Errors
/// Why it cannot, and how to get it.
pub fn install(package: &str) -> Result<(), String> {
    if !is_administrator() {
        return Err(format!("not installed (on Debian, as root: `apt-get install {package}`)"));
    }
    println!("installing the Debian package `{package}`");
    let install = || {
        let mut install = Command::new("apt-get");
        install.args(["install", "-y", "--no-install-recommends", package]);
        install.env("DEBIAN_FRONTEND", "noninteractive");
        run_to_end(&mut install)
    };
    // A machine that has never looked knows no packages.
    install().or_else(|_| run_to_end(Command::new("apt-get").arg("update")).and_then(|()| install()))
}

fn is_installed() -> bool {
    MODULES.iter().any(|module| Path::new(module).is_file())
}

#[cfg(unix)]
fn is_administrator() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|this_process| this_process.uid() == 0)
}

#[cfg(not(unix))]
fn is_administrator() -> bool {
    false
}
