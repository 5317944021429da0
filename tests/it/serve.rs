//! The service, as those who ask it over HTTP meet it: the real binary at a free port.

mod access;
mod consents;
mod customers;
mod downloads;
mod ending;
mod erasures;
mod jobs;
mod leaks;
mod limits;
mod oidc;
mod opendsr;
mod own;
mod requests;
mod schemathesis;
mod tls;

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::common::{Workspace, runtime};

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that ends with its test.
pub struct Served {
    pub child: Child,
    pub address: String,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Served {
    /// Starts the service of a pipeline, and waits until it listens.
    #[track_caller]
    pub fn start(workspace: &Workspace) -> Self {
        Self::start_with(workspace, &[])
    }

    /// Starts it with more arguments; what it writes to standard error goes to `serve.log`.
    #[track_caller]
    pub fn start_with(workspace: &Workspace, arguments: &[&str]) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(workspace.file("serve.log"));
        let given = ["serve", "--http", "127.0.0.1:0", "--format", "json", "--log", "json"];
        let mut command = workspace.command(&[&given, arguments].concat());
        command.env("MAILER_SECRET", crate::recipients::SECRET);
        command.stdout(Stdio::piped()).stdin(Stdio::null()).stderr(log.expect("a log"));
        let mut child = command.spawn().expect("the binary starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut line).expect("standard output");
        let told: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("it does not listen: {}", workspace.log()));
        let address = told["http"].as_str().expect("an address").to_owned();
        Self { child, address }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks, with a token unless it is empty; a body goes as JSON.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> Answer {
        let method = method.parse().expect("a method");
        let mut request = client().request(method, self.url(path)).timeout(PATIENCE);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        send(request)
    }

    #[track_caller]
    pub fn get(&self, path: &str, token: &str) -> Answer {
        self.ask("GET", path, token, None)
    }

    #[track_caller]
    pub fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.ask("POST", path, token, Some(body))
    }

    /// Asks it to end as a service manager does, and waits until it has.
    #[track_caller]
    pub fn terminate(mut self) -> i32 {
        let number = self.child.id().to_string();
        let asked = std::process::Command::new("kill").args(["-TERM", &number]).status();
        assert!(asked.expect("`kill` starts").success());
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// The text of an answer that must have this status.
    #[track_caller]
    pub fn expect_text(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        self.text
    }

    /// The problem that an answer of this status tells: its kind and code.
    #[track_caller]
    pub fn problem(self, status: u16) -> (String, Option<String>) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let id = self.header("x-request-id").to_owned();
        let problem = self.expect(status);
        assert_eq!((&problem["request_id"], &problem["status"]), (&Value::from(id), &Value::from(status)));
        let kind = problem["type"].as_str().and_then(|kind| kind.strip_prefix("urn:vermeil:problem:"));
        (kind.expect("a kind").to_owned(), problem["code"].as_str().map(str::to_owned))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Workspace {
    /// A token of an account in a role.
    #[track_caller]
    pub fn token(&self, actor: &str, role: &str) -> String {
        let created = self.json(&["token", "create", "--actor", actor, "--role", role]);
        created["secret"].as_str().expect("a secret").to_owned()
    }

    /// What the service has written to standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.file("serve.log")).unwrap_or_default()
    }
}

pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

#[track_caller]
pub fn send(request: reqwest::RequestBuilder) -> Answer {
    runtime().block_on(async {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        Answer { status, headers, text }
    })
}

pub use crate::pipeline::silos;

/// A pipeline that has run.
pub fn published() -> Workspace {
    let workspace = silos();
    workspace.land_and_publish();
    workspace
}
