//! Running the binary on pipelines in temporary folders.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A pipeline in a folder that is removed with it.
pub struct Workspace {
    folder: tempfile::TempDir,
}

/// How a command ended.
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Workspace {
    /// A folder with this `pipeline.yaml`.
    pub fn new(pipeline: &str) -> Self {
        let workspace = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        workspace.write("pipeline.yaml", pipeline);
        workspace
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file below the folder, and the folders on its way.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let file = self.file(name);
        std::fs::create_dir_all(file.parent().expect("below the folder")).expect("a folder");
        std::fs::write(file, content).expect("a file");
    }

    /// A command on this pipeline, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vermeil"));
        command.arg("-p").arg(self.path()).args(["--lang", "en"]).args(arguments);
        command
    }

    /// Runs a command on this pipeline to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().expect("the binary starts").into()
    }

    /// Runs a command that must succeed, and reads the one JSON object it prints.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ended.code, 0, "{arguments:?} failed:\n{}", ended.stderr);
        serde_json::from_str(&ended.stdout).expect("one JSON object and nothing else")
    }

    /// Runs a command that must succeed, and reads the JSON objects it prints, one a line.
    #[track_caller]
    pub fn json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let ended = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ended.code, 0, "{arguments:?} failed:\n{}", ended.stderr);
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            // A process that was killed has no code.
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// A folder of the test data, or `None` with a message where it is absent.
///
/// `VERMEIL_TEST_DATA` names the data; `../shared/data` beside the repository
/// otherwise.
pub fn test_data(folder: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "tests find their data through this one variable")]
    let root = std::env::var_os("VERMEIL_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let data = root.join(folder);
    if data.is_dir() {
        return Some(data);
    }
    eprintln!("skipped: {} is absent (set VERMEIL_TEST_DATA to the test data)", data.display());
    None
}

/// The counts of a run must add up, whatever it met.
#[track_caller]
pub fn assert_nothing_lost(report: &Value) {
    let count = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("no count `{key}` in {report}"));
    let accounted = ["records_landed", "unchanged", "duplicates", "quarantined", "suppressed"].map(count);
    assert_eq!(count("records_in"), accounted.iter().sum::<u64>(), "{report}");
}
