//! The repository must read the same wherever it was written: no path of somebody's machine, no private registry.

use std::{fs, path::Path, process::Command};

/// Folders in which people and machines keep their own things. Spelt in two parts, or this file would find itself.
const PRIVATE_FOLDERS: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];

/// Settings that send a package manager elsewhere than to the public registry.
const OTHER_REGISTRIES: [&str; 3] =
    [concat!("replace", "-with"), concat!("index", "-url"), concat!("index", "_url")];

const PUBLIC_INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Lines that may stay: file, what it contains, and why.
const ALLOWED: &[(&str, &str, &str)] =
    &[("crates/cli/src/environment/tests.rs", "ada:x:1000:1000:", "an invented line of a password file")];

/// Searches every file that git would commit.
///
/// # Errors
/// Each place, one line each; or that git could not list the files.
pub fn search(root: &Path) -> Result<(), String> {
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|cause| format!("`git ls-files` could not be started: {cause}"))?;
    if !listing.status.success() {
        return Err("`git ls-files` failed: not a git clone?".into());
    }
    let listing = String::from_utf8_lossy(&listing.stdout);
    let mut found = Vec::new();
    for file in listing.split('\0').filter(|file| !file.is_empty()) {
        // A file deleted but not yet committed is listed; one that is not text holds no line.
        let Ok(text) = fs::read_to_string(root.join(file)) else { continue };
        found.extend(traces(file, &text));
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

fn traces(file: &str, text: &str) -> Vec<String> {
    let allowed = |line: &str| ALLOWED.iter().any(|(of, part, _)| *of == file && line.contains(part));
    let lines = text.lines().enumerate().filter(|(_, line)| !allowed(line));
    lines
        .filter_map(|(index, line)| trace(file, line).map(|what| format!("{file}:{}: {what}", index + 1)))
        .collect()
}

fn trace(file: &str, line: &str) -> Option<String> {
    if let Some(folder) = PRIVATE_FOLDERS.into_iter().find(|folder| begins_a_path(line, folder)) {
        return Some(format!("a path under `{folder}`"));
    }
    if let Some(setting) = OTHER_REGISTRIES.into_iter().find(|setting| line.contains(setting)) {
        return Some(format!("`{setting}` names a registry"));
    }
    let source = line.strip_prefix("source = ").filter(|_| file.ends_with("Cargo.lock"))?;
    (source.trim_matches('"') != PUBLIC_INDEX).then(|| "a crate that is not from crates.io".into())
}

/// Whether a path on `line` starts with `folder`; `contact/home/phone` and `example.org/home/` do not.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && !"._-})]>*".contains(before))
    })
}

#[cfg(test)]
mod tests;
