//! Where the workspace, its builds and the test data lie, and how cargo is called there.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf, absolute},
    process::{Command, Stdio},
};

/// What every task needs to know about the machine it runs on.
pub struct Surroundings {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Where cargo builds. Outside the clone, so that the next clone finds the dependencies built.
    pub target: PathBuf,
    /// The folder tests look for real data in. It may be absent.
    pub test_data: PathBuf,
    /// The Python that tests compare with. It may be absent.
    pub test_python: TestPython,
    /// Under continuous integration nothing is edited between two builds.
    pub continuous_integration: bool,
    cargo: OsString,
}

/// A Python interpreter, with more around it than the language.
pub struct TestPython {
    /// The program.
    pub interpreter: PathBuf,
    /// The virtual environment that holds it; `None` if the user named an interpreter, who then looks after it.
    pub environment: Option<PathBuf>,
}

impl Surroundings {
    /// Reads them from the environment.
    pub fn discover() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().expect("xtask lies in the workspace").to_path_buf();
        let cache = variable("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache")))
            .map_or_else(|| root.join("target"), |cache| cache.join("vermeil"));
        let cache = absolute(&cache).unwrap_or(cache);
        let target = variable("CARGO_TARGET_DIR").map_or_else(|| cache.join("target"), PathBuf::from);
        let test_data = variable("VERMEIL_TEST_DATA").map(PathBuf::from).unwrap_or_else(|| {
            root.parent().map_or_else(|| root.clone(), Path::to_path_buf).join("shared").join("data")
        });
        Self {
            target: absolute(&target).unwrap_or(target),
            test_data: absolute(&test_data).unwrap_or(test_data),
            test_python: TestPython::discover(&cache),
            continuous_integration: variable("CI").is_some(),
            cargo: variable("CARGO").unwrap_or_else(|| "cargo".into()),
            root,
        }
    }

    /// Cargo in the workspace, building in [`Self::target`], never waiting for input.
    pub fn cargo<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.cargo);
        command
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("VERMEIL_TEST_DATA", &self.test_data)
            .env("VERMEIL_TEST_PYTHON", &self.test_python.interpreter)
            .stdin(Stdio::null());
        if self.continuous_integration {
            command.env("CARGO_INCREMENTAL", "0");
        }
        for name in variables_of_this_package() {
            command.env_remove(name);
        }
        command
    }

    /// A program that the dev build made.
    pub fn dev_binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}

impl TestPython {
    fn discover(cache: &Path) -> Self {
        if let Some(interpreter) = variable("VERMEIL_TEST_PYTHON") {
            return Self { interpreter: interpreter.into(), environment: None };
        }
        let environment = cache.join("python");
        let program = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        Self { interpreter: environment.join(program), environment: Some(environment) }
    }
}

/// What `cargo run` told xtask about xtask.
///
/// Some build scripts (that of `ring`) run again when one of these changes, so passing them on would rebuild
/// half the dependencies each time a developer alternates between `cargo xtask` and plain cargo.
fn variables_of_this_package() -> impl Iterator<Item = OsString> {
    env::vars_os().map(|(name, _)| name).filter(|name| {
        name.to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
    })
}

#[expect(clippy::disallowed_methods, reason = "xtask is a program of its own, with no `cli` to configure it")]
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
