//! Running the binary on pipelines in temporary folders.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Schema as ArrowSchema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use vermeil_engine::{Access, Engine, EngineConfig, PublishedAccount, Reader};
use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{Pipeline, Schema};
use vermeil_policy::{AccessPolicy, PolicyFile};
use vermeil_protect::Secret;

use crate::state_place::StatePlace;

/// The demo's policies: in role `dpo` everything may be opened for `data_subject_rights`.
const DEMO_POLICIES: [(&str, &str); 2] = [
    ("names.cedarschema", include_str!("../../pipelines/demo/policies/names.cedarschema")),
    ("access.cedar", include_str!("../../pipelines/demo/policies/access.cedar")),
];

/// A pipeline in a folder that is removed with it.
pub struct Workspace {
    folder: tempfile::TempDir,
    state: StatePlace,
}

/// How a command ended.
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Workspace {
    /// A folder with this `pipeline.yaml`, and the demo's policies.
    pub fn new(pipeline: &str) -> Self {
        let workspace =
            Self { folder: tempfile::tempdir().expect("a temporary folder"), state: StatePlace::new() };
        workspace.write("pipeline.yaml", workspace.state.named_in(pipeline));
        for (name, text) in DEMO_POLICIES {
            workspace.write(&format!("policies/{name}"), text);
        }
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

    /// The same pipeline, with its state database at a server.
    pub fn with_state(mut self, url: &str) -> Self {
        self.state = StatePlace::Server(url.to_owned());
        let pipeline = std::fs::read_to_string(self.file("pipeline.yaml")).expect("a pipeline");
        self.write("pipeline.yaml", self.state.named_in(&pipeline));
        self
    }

    /// A command on this pipeline, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vermeil"));
        command.envs(self.state.variable());
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
    let root = std::env::var_os("VERMEIL_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
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

/// What a set of profiles says: which accounts (source, key) are one customer.
pub type Clusters = BTreeSet<BTreeSet<(String, String)>>;

/// A table of the lake as it is stored: every version of every record, sealed.
pub struct Stored {
    pub version: u64,
    pub files: usize,
    pub rows: RecordBatch,
}

impl Workspace {
    /// Replaces text in a file, everywhere it stands; it must stand there.
    #[track_caller]
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read(self.file(name)).expect("a file");
        // As single bytes: files of any encoding come through unharmed.
        let text: String = text.into_iter().map(char::from).collect();
        assert!(text.contains(from), "{name} has no {from:?}");
        let edited: Vec<u8> = text.replace(from, to).chars().map(|byte| byte as u8).collect();
        self.write(name, edited);
    }

    /// Adds bytes behind those of a file.
    pub fn append(&self, name: &str, content: impl AsRef<[u8]>) {
        let mut file = std::fs::File::options().append(true).open(self.file(name)).expect("a file");
        file.write_all(content.as_ref()).expect("written");
    }

    /// `run`, which must end well and account for every row.
    #[track_caller]
    pub fn land_and_publish(&self) -> Value {
        let report = self.json(&["run"]);
        assert_nothing_lost(&report);
        report
    }

    /// The rows of a query by someone who may open everything: `dpo` for `data_subject_rights`.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<Value> {
        self.json_lines(&["query", sql, "--role", "dpo", "--purpose", "data_subject_rights"])
    }

    /// The one cell of a query's one row.
    #[track_caller]
    pub fn cell(&self, sql: &str) -> Value {
        let rows = self.query(sql);
        match rows.as_slice() {
            [Value::Object(row)] if row.len() == 1 => row.values().next().expect("one column").clone(),
            _ => panic!("not one cell: {rows:?}"),
        }
    }

    /// Works with the library, for what has no command.
    pub fn with_engine<T>(&self, work: impl AsyncFnOnce(&Engine) -> T) -> T {
        let text = std::fs::read_to_string(self.file("pipeline.yaml")).expect("a pipeline");
        let pipeline = Pipeline::parse("pipeline.yaml", &text).expect("a valid pipeline");
        let schemas = Schema::built_in_names()
            .map(|name| (name.to_owned(), Schema::built_in(name).expect("listed")))
            .collect();
        let base = self.path().to_owned();
        let [names, access] = DEMO_POLICIES.map(|(name, _)| PolicyFile {
            name: name.to_owned(),
            text: std::fs::read_to_string(self.file("policies").join(name)).expect("a policy file"),
        });
        let policy = AccessPolicy::parse(Some(&names), &[access]).expect("valid policies");
        let storage_options = BTreeMap::new();
        let secret = |(name, url): (&str, &str)| (name.to_owned(), Secret::new(url.to_owned()));
        let secrets = self.state.variable().into_iter().map(secret).collect();
        let config = EngineConfig { pipeline, schemas, base, storage_options, policy, secrets };
        runtime().block_on(async {
            let engine = Engine::open(config, Access::MustExist).await.expect("a pipeline that has run");
            work(&engine).await
        })
    }

    /// The published accounts, as `dpo` sees them.
    pub fn accounts(&self) -> Vec<PublishedAccount> {
        let reader = Reader {
            actor: "test".to_owned(),
            role: Role("dpo".to_owned()),
            purpose: Some(Purpose("data_subject_rights".to_owned())),
        };
        self.with_engine(async |engine| engine.published_accounts(&reader).await.expect("accounts"))
    }

    /// Which accounts are one customer, whatever their ids.
    pub fn clusters(&self) -> Clusters {
        let mut clusters: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
        for account in self.accounts() {
            let first = clusters
                .entry(account.profile.to_string())
                .or_default()
                .insert((account.source, account.key));
            assert!(first, "an account stands in its profile twice");
        }
        clusters.into_values().collect()
    }

    /// A table such as `landing/erp` at its latest version; `None` before its first.
    pub fn stored(&self, table: &str) -> Option<Stored> {
        let folder = self.file("lake").join(table);
        // Whoever is killed before the first commit leaves a log without one.
        let commits = |entry: std::fs::DirEntry| {
            let name = entry.file_name();
            name.to_str().is_some_and(|name| name.ends_with(".json") || name.ends_with(".parquet"))
        };
        let mut log = std::fs::read_dir(folder.join("_delta_log")).ok()?;
        if !log.any(|entry| entry.is_ok_and(commits)) {
            return None;
        }
        let url = url::Url::from_directory_path(folder).expect("an absolute path");
        runtime().block_on(async {
            let delta = deltalake_core::open_table(url).await.expect("a table");
            let files: Vec<String> = delta.get_file_uris().expect("loaded").collect();
            let mut batches = Vec::new();
            for file in &files {
                let file = std::fs::File::open(file.trim_start_matches("file://")).expect("a data file");
                let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|it| it.build());
                batches.extend(reader.expect("Parquet").map(|batch| batch.expect("rows")));
            }
            let rows = match batches.first().map(RecordBatch::schema) {
                Some(schema) => concat_batches(&schema, &batches).expect("files of one table are alike"),
                None => RecordBatch::new_empty(Arc::new(ArrowSchema::empty())),
            };
            Some(Stored { version: delta.version().expect("loaded"), files: files.len(), rows })
        })
    }

    /// One number from the state database.
    pub fn state(&self, sql: &'static str) -> i64 {
        self.state.column::<i64>(self, sql).remove(0)
    }

    /// What was announced as `action` in the audit log, each with its outcome; the log may be
    /// written to meanwhile.
    pub fn audited(&self, action: &str) -> Vec<(Value, Option<Value>)> {
        let folder = std::fs::read_dir(self.file("state/audit")).expect("a log");
        let files = folder.map(|entry| entry.expect("an entry").path());
        // Other files there come and go.
        let segments = files.filter(|path| path.extension().is_some_and(|kind| kind == "log"));
        let lines: Vec<Value> = segments
            .flat_map(|path| {
                let text = std::fs::read(path).expect("a segment");
                let lines = text.split(|byte| *byte == b'\n').map(serde_json::from_slice);
                lines.filter_map(Result::ok).collect::<Vec<_>>()
            })
            .collect();
        let outcome_of = |number: &Value| {
            let found = lines.iter().find(|line| line["event"]["outcome"]["intent"] == *number);
            found.map(|line| line["event"]["outcome"].clone())
        };
        let announced = lines.iter().filter(|line| line["event"]["intent"]["action"] == action);
        announced.map(|line| (line["event"]["intent"].clone(), outcome_of(&line["number"]))).collect()
    }

    /// A column of bytes from the state database.
    pub fn blobs(&self, sql: &'static str) -> Vec<Vec<u8>> {
        self.state.column(self, sql)
    }

    /// Changes the state database behind the program's back.
    pub fn change_state(&self, sql: &'static str) {
        self.state.change(self, sql);
    }

    /// Every file below a folder with its content.
    pub fn content_of(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut content = BTreeMap::new();
        let mut folders = vec![self.file(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    content.insert(path.clone(), std::fs::read(&path).expect("a file"));
                }
            }
        }
        content
    }
}

impl Stored {
    /// A column as text, bytes in hexadecimal, row by row.
    pub fn column(&self, name: &str) -> Vec<String> {
        let column = &self.rows[name];
        if let Some(bytes) = column.as_binary_opt::<i32>() {
            let hexadecimal = |cell: &[u8]| cell.iter().map(|byte| format!("{byte:02x}")).collect();
            return bytes.iter().map(|cell| cell.map(hexadecimal).unwrap_or_default()).collect();
        }
        let text = cast(column, &DataType::Utf8).expect("a plain type");
        text.as_string::<i32>().iter().map(|cell| cell.unwrap_or_default().to_owned()).collect()
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
