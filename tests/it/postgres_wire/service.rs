//! `vermeil serve --postgres` over a published lake.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

use crate::common::Workspace;

const DEMO: &str = include_str!("../../../pipelines/demo/pipeline.yaml");

/// A service that ends with this value; the shared one ends with the tests.
pub struct Service {
    pub workspace: Workspace,
    pub port: u16,
    process: Child,
    /// Tokens by actor.
    tokens: Mutex<BTreeMap<String, String>>,
}

impl Service {
    /// One for all tests that only read.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Service> = OnceLock::new();
        SHARED.get_or_init(|| Self::over(published(), &[]))
    }

    /// A service over a lake, with more arguments.
    pub fn over(workspace: Workspace, arguments: &[&str]) -> Self {
        let listen = ["serve", "--http", "127.0.0.1:0", "--postgres", "127.0.0.1:0", "--format", "json"];
        let mut command = workspace.command(&[&listen, arguments].concat());
        // It must not outlive a test program that is killed.
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut first = String::new();
        let output = process.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut first).expect("a line");
        let listening: Value = serde_json::from_str(&first).expect("where it listens");
        let address = listening["postgres"].as_str().expect("an address");
        let port = address.rsplit(':').next().expect("a port").parse().expect("a number");
        Self { workspace, port, process, tokens: Mutex::default() }
    }

    /// How somebody connects whose role is called as they are, up to a hyphen.
    pub fn connection(&self, actor: &str) -> Value {
        json!({
            "host": "127.0.0.1",
            "port": self.port,
            "user": actor,
            "password": self.token(actor),
            "dbname": "vermeil",
            "connect_timeout": 20,
        })
    }

    /// The token of an actor.
    pub fn token(&self, actor: &str) -> String {
        let mut tokens = self.tokens.lock().expect("whole");
        let create = || {
            let role = actor.split('-').next().expect("a role");
            let created = self.workspace.json(&["token", "create", "--actor", actor, "--role", role]);
            created["secret"].as_str().expect("a secret").to_owned()
        };
        tokens.entry(actor.to_owned()).or_insert_with(create).clone()
    }

    /// `psql`, not yet started; `None` with a message where it is not installed.
    pub fn psql(&self, actor: &str, purpose: &str) -> Option<Command> {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-A", "-t", "-h", "127.0.0.1", "-U", actor, "-v", "ON_ERROR_STOP=1", "vermeil"]);
        psql.arg("-p").arg(self.port.to_string());
        psql.env("PGPASSWORD", self.token(actor)).env("PGCONNECT_TIMEOUT", "20");
        psql.env("PGOPTIONS", format!("-c vermeil.purpose={purpose}"));
        let mut version = Command::new("psql");
        let found = version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            eprintln!("skipped: no psql (on Debian, `postgresql-client` brings it)");
            return None;
        }
        Some(psql)
    }

    /// What was opened in the name of an actor, each opening with its outcome's status.
    pub fn opened_by(&self, actor: &str) -> Vec<(String, Option<String>)> {
        let openings = self.workspace.audited("query").into_iter();
        let own = openings.filter(|(intent, _)| intent["actor"] == actor);
        own.map(|(intent, outcome)| {
            let status = outcome.map(|outcome| outcome["status"].as_str().expect("a status").to_owned());
            (intent["table"].as_str().expect("a table").to_owned(), status)
        })
        .collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The demo's pipeline over invented customers.
pub fn published() -> Workspace {
    let workspace = Workspace::new(DEMO);
    let data = workspace.file("data");
    let data = data.to_str().expect("UTF-8");
    assert_eq!(workspace.run(&["synth", "--people", "120", "--seed", "3", "--out", data]).code, 0);
    workspace.land_and_publish();
    workspace
}
