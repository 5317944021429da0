//! The demo, run as a user would run it, on few people.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio, id},
};

const PEOPLE: &str = "1000";

/// What the demo must reach on [`PEOPLE`] people. It guards against breakage, not against small drifts: those
/// show in the benches.
const LEAST_PAIRWISE_F1: f64 = 0.80;

/// Runs the demo in an empty temporary folder and judges the figures it prints.
///
/// # Errors
/// All that is wrong, one line each.
pub fn demo(program: &Path) -> Result<(), String> {
    let folder =
        TemporaryFolder::create("vermeil-smoke").map_err(|cause| format!("no temporary folder: {cause}"))?;
    let output = Command::new(program)
        .args(["demo", "--people", PEOPLE, "--format", "json", "--dir"])
        .arg(folder.0.join("demo"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|cause| format!("`vermeil demo` could not be started: {cause}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    println!("{}", printed.trim_end());
    if !output.status.success() {
        return Err(format!("`vermeil demo` ended with {}", output.status));
    }
    match problems(&printed).as_slice() {
        [] => Ok(()),
        problems => Err(problems.join("\n")),
    }
}

/// What contradicts a working demo in the JSON object it printed.
fn problems(json: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut value = |key: &str| {
        number(json, key).unwrap_or_else(|| {
            problems.push(format!("`{key}` is not in the output"));
            f64::NAN
        })
    };
    let f1 = value("pairwise_f1");
    let records_in = value("records_in");
    let accounted: f64 = ["records_landed", "unchanged", "duplicates", "quarantined", "suppressed"]
        .into_iter()
        .map(&mut value)
        .sum();
    let (quarantined, profiles) = (value("quarantined"), value("profiles"));

    // Each is written so that NaN, a missing figure, is not a success.
    let expectations = [
        (f1 >= LEAST_PAIRWISE_F1, format!("pairwise F1 is {f1}, expected at least {LEAST_PAIRWISE_F1}")),
        (records_in == accounted, format!("{records_in} records came in, {accounted} are accounted for")),
        (quarantined > 0.0, "nothing was quarantined, yet the demo contains bad rows".to_owned()),
        (profiles > 0.0, "no profile was published".to_owned()),
    ];
    problems.extend(expectations.into_iter().filter(|(holds, _)| !holds).map(|(_, problem)| problem));
    problems
}

/// The number after the first `"key":`. Commands print one flat object but for lists, which come later.
pub fn number(json: &str, key: &str) -> Option<f64> {
    let (_, rest) = json.split_once(&format!("\"{key}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
    rest[..end].trim().parse().ok()
}

/// A folder that goes when it is dropped.
pub struct TemporaryFolder(pub PathBuf);

impl TemporaryFolder {
    /// An empty one, whose name begins so.
    pub fn create(name: &str) -> std::io::Result<Self> {
        let path = env::temp_dir().join(format!("{name}-{}", id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(cause) = fs::remove_dir_all(&self.0) {
            println!("could not remove {}: {cause}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests;
