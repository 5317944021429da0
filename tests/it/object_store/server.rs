//! An S3 server that lives as long as this test program, and pipelines that lie on it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStoreExt};
use serde_json::Value;

use crate::common::{Ended, Workspace, assert_nothing_lost};
use crate::pipeline::{Person, person, write_club};
use crate::python::{Python, answer};

pub const PEOPLE: usize = 20;

/// Invented, like nothing else that a program could print.
pub const ACCESS_KEY: &str = "AKIDOFTHISTESTONLY";
pub const SECRET_KEY: &str = "wallflower-secret-of-this-test";

const REGION: &str = "eu-west-3";

struct Server {
    python: Python,
    endpoint: String,
    /// It ends when its standard input, held here, closes: however this program ends.
    _process: Child,
}

/// A pipeline of two silos, whose lake and sources lie in buckets of their own.
pub struct Remote {
    server: &'static Server,
    pub workspace: Workspace,
    /// Begins the names of both buckets.
    name: String,
}

impl Remote {
    /// Two silos of [`PEOPLE`] people each on the server, not run yet; `None` with a message where no
    /// server can be had.
    pub fn silos(name: &str) -> Option<Self> {
        let server = server()?;
        let remote = Self { server, workspace: Workspace::new(&pipeline(name)), name: name.to_owned() };
        let people: Vec<Person> = (0..PEOPLE).map(person).collect();
        let (first, second) = people.split_at(PEOPLE / 2);
        let upload = |file: &str| format!("upload/{}/in/{file}", remote.sources());
        remote.workspace.write(&upload("shop-1.csv"), shop(first));
        remote.workspace.write(&upload("shop-2.csv"), shop(second));
        write_club(&remote.workspace, &upload("club.parquet"), &people);
        std::fs::create_dir_all(remote.workspace.file(&format!("upload/{}", remote.lake())))
            .expect("a folder");
        let mut script = server.python.script("s3_upload.py");
        answer(remote.reaches_the_server(script.arg(remote.workspace.file("upload"))), "");
        Some(remote)
    }

    /// The bucket of the lake, which lies below `one`.
    pub fn lake(&self) -> String {
        format!("{}-lake", self.name)
    }

    /// The bucket of the silos.
    pub fn sources(&self) -> String {
        format!("{}-silos", self.name)
    }

    /// The same silos, a lake of its own at `below` in the same bucket, and no state yet.
    pub fn beside(&self, below: &str) -> Self {
        let pipeline = pipeline(&self.name).replace("-lake/one", &format!("-lake/{below}"));
        Self { server: self.server, workspace: Workspace::new(&pipeline), name: self.name.clone() }
    }

    /// A command on this pipeline, with the server's credentials, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.command(arguments);
        self.reaches_the_server(&mut command);
        command
    }

    /// Runs a command to its end. Whatever it prints holds no credentials.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let ended: Ended = self.command(arguments).output().expect("the binary starts").into();
        for secret in [ACCESS_KEY, SECRET_KEY] {
            let told = ended.stdout.contains(secret) || ended.stderr.contains(secret);
            assert!(!told, "{arguments:?} prints credentials");
        }
        ended
    }

    /// `run`, which must end well and account for every row.
    #[track_caller]
    pub fn land_and_publish(&self) -> Value {
        let reports = self.json_lines(&["run"]);
        let [report] = reports.as_slice() else { panic!("not one report: {reports:?}") };
        assert_nothing_lost(report);
        report.clone()
    }

    /// The rows of a query by someone who may open everything.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<Value> {
        self.json_lines(&["query", sql, "--role", "dpo", "--purpose", "data_subject_rights"])
    }

    /// What `deltalake` sees of tables such as `landing/shop`, in their order.
    #[track_caller]
    pub fn seen_by_deltalake(&self, tables: &[&str]) -> Vec<Value> {
        let urls: Vec<String> =
            tables.iter().map(|table| format!("s3://{}/one/{table}", self.lake())).collect();
        let mut script = self.server.python.script("delta_tables.py");
        let seen = answer(self.reaches_the_server(script.args(&urls)), "");
        urls.iter().map(|url| seen[url].clone()).collect()
    }

    /// What the decoding scan finds in both buckets.
    #[track_caller]
    pub fn scan(&self, values: &[String]) -> Value {
        let mut script = self.server.python.script("s3_scan.py");
        let values = serde_json::to_string(values).expect("text");
        answer(self.reaches_the_server(script.args([self.lake(), self.sources()])), &values)
    }

    /// Starts `run` and kills it, with SIGKILL, as soon as the lake has the object.
    #[track_caller]
    pub fn run_and_kill_at(&self, object: &str) {
        let store = self.store();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let object = Path::from(format!("one/{object}"));
        let exists = || runtime.block_on(store.head(&object)).is_ok();
        assert!(!exists(), "{object} would kill nothing in the middle");

        let mut command = self.command(&["run"]);
        let mut run: Child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        while !exists() {
            let ended = run.try_wait().expect("our own process");
            assert!(ended.is_none(), "the run ended before {object}: {ended:?}");
            std::thread::sleep(Duration::from_millis(3));
        }
        run.kill().expect("our own process");
        let status = run.wait().expect("our own process");
        assert_eq!(status.code(), None, "the run came to its end before it was killed");
    }

    #[track_caller]
    fn json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let ended = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ended.code, 0, "{arguments:?} failed:\n{}", ended.stderr);
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
    }

    fn store(&self) -> AmazonS3 {
        AmazonS3Builder::new()
            .with_endpoint(&self.server.endpoint)
            .with_client_options(ClientOptions::new().with_allow_http(true))
            .with_region(REGION)
            .with_bucket_name(self.lake())
            .with_access_key_id(ACCESS_KEY)
            .with_secret_access_key(SECRET_KEY)
            .build()
            .expect("a complete configuration")
    }

    fn reaches_the_server<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        // A developer's own settings lead elsewhere.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("AWS_")) {
                command.env_remove(name);
            }
        }
        command.envs([
            ("AWS_ENDPOINT", self.server.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", REGION),
            ("AWS_ALLOW_HTTP", "true"),
            ("NO_PROXY", "127.0.0.1"),
        ])
    }
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| Python::find().map(start)).as_ref()
}

fn start(python: Python) -> Server {
    let mut script = python.script("s3_server.py");
    let pipes = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = pipes.spawn().expect("Python starts");
    let mut port = String::new();
    BufReader::new(process.stdout.take().expect("piped")).read_line(&mut port).expect("text");
    let port: u16 = port.trim().parse().expect("the server starts and prints its port");
    Server { python, endpoint: format!("http://127.0.0.1:{port}"), _process: process }
}

fn pipeline(name: &str) -> String {
    format!(
        r#"
name: boutique
purposes: {{ customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }}
lake: s3://{name}-lake/one
sources:
  - id: shop
    path: s3://{name}-silos/in/*.csv
    format: delimited
    delimiter: ";"
    key: [NO]
    columns:
      family_name: NOM
      given_name: PRENOM
      email: MAIL
      mobile: TEL
      street: RUE
      postal_code: CP
      city: VILLE
      birth_date: {{ column: NE_LE, format: "%d/%m/%Y" }}
    constants: {{ party_role: customer }}
  - id: club
    path: s3://{name}-silos/in/club.parquet
    format: parquet
    key: [card]
    columns:
      family_name: last_name
      given_name: first_name
      email: mail
      birth_date: born
      city: town
    constants: {{ party_role: partner }}
"#
    )
}

fn shop(people: &[Person]) -> String {
    let rows = people.iter().map(|person| person.shop_row() + "\n");
    std::iter::once("NO;NOM;PRENOM;MAIL;TEL;RUE;CP;VILLE;NE_LE\n".to_owned()).chain(rows).collect()
}
