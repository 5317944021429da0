//! The real things that providers talk to.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use vermeil_protect::KeyProvider;
use vermeil_protect::keyring::providers::{
    AwsKms, AwsKmsSettings, OpenBao, OpenBaoSettings, Pkcs11, Pkcs11Settings, ProviderError,
};

use crate::python::Python;
use crate::{PATIENT, secret};

/// A credential that opens nothing.
pub const WRONG: &str = "wallflower";

/// A server that ends when its standard input, held here, closes: however this program ends.
struct Script {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _process: Child,
}

impl Script {
    fn start(name: &str) -> Option<Self> {
        let mut script = Python::find()?.script(name);
        let pipes = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = pipes.spawn().expect("Python starts");
        let (input, output) = (process.stdin.take().expect("piped"), process.stdout.take().expect("piped"));
        Some(Self { input, output: BufReader::new(output), _process: process })
    }

    /// The next line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).expect("text");
        assert!(read > 0, "the server has ended");
        line
    }
}

/// An OpenBao server in memory.
#[derive(Deserialize)]
pub struct OpenBaoServer {
    pub port: u16,
    pub token: String,
    unseal_key: String,
    #[serde(skip)]
    script: Option<Script>,
}

impl OpenBaoServer {
    /// `None` with a message where it cannot be had.
    pub fn start() -> Option<Self> {
        let mut script = Script::start("openbao_server.py")?;
        let mut server: Self = serde_json::from_str(&script.line()).expect("it starts and says where");
        server.script = Some(script);
        Some(server)
    }

    pub fn provider(&self, timeout: Duration) -> Arc<dyn KeyProvider> {
        self.provider_at(self.port, timeout)
    }

    pub fn provider_at(&self, port: u16, timeout: Duration) -> Arc<dyn KeyProvider> {
        let address = format!("http://127.0.0.1:{port}");
        Arc::new(openbao_at(&address, &self.token, "transit", timeout).expect("a good address"))
    }

    /// One that differs from the right one in its `token`, `mount` or `port`.
    pub fn wrong_provider(&self, change: &str) -> Arc<dyn KeyProvider> {
        let token = if change == "token" { WRONG } else { &self.token };
        let mount = if change == "mount" { "nowhere" } else { "transit" };
        let port = if change == "port" { free_port() } else { self.port };
        let address = format!("http://127.0.0.1:{port}");
        Arc::new(openbao_at(&address, token, mount, PATIENT).expect("a good address"))
    }

    pub async fn seal(&self) {
        self.post("sys/seal", "{}").await;
    }

    pub async fn unseal(&self) {
        self.post("sys/unseal", &format!(r#"{{ "key": "{}" }}"#, self.unseal_key)).await;
        // Its engines are mounted again a moment later.
        while self.get("transit/keys/none").await != 404 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks as an administrator.
    pub async fn post(&self, path: &str, body: &str) {
        let status = self.ask(reqwest::Method::POST, path, body).await;
        assert!((200..300).contains(&status), "{path}: {status}");
    }

    async fn get(&self, path: &str) -> u16 {
        self.ask(reqwest::Method::GET, path, "").await
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: &str) -> u16 {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client.request(method, format!("http://127.0.0.1:{}/v1/{path}", self.port));
        let request = request.header("x-vault-token", &self.token).body(body.to_owned());
        request.send().await.expect("it answers").status().as_u16()
    }
}

pub fn openbao_at(
    address: &str,
    token: &str,
    mount: &str,
    timeout: Duration,
) -> Result<OpenBao, ProviderError> {
    OpenBao::new(OpenBaoSettings {
        address: address.to_owned(),
        mount: mount.to_owned(),
        namespace: None,
        key_prefix: "vermeil".to_owned(),
        authority: None,
        token: secret(token),
        timeout,
    })
}

/// A stand-in for AWS KMS, in memory, that checks signatures.
#[derive(Deserialize)]
pub struct Aws {
    pub port: u16,
    access_key_id: String,
    pub secret_access_key: String,
    #[serde(skip)]
    script: Mutex<Option<Script>>,
}

impl Aws {
    /// `None` with a message where it cannot be had.
    pub fn start() -> Option<Self> {
        let mut script = Script::start("aws_kms_server.py")?;
        let mut server: Self = serde_json::from_str(&script.line()).expect("it starts and says where");
        server.script = Mutex::new(Some(script));
        Some(server)
    }

    pub fn provider(&self, timeout: Duration) -> Arc<dyn KeyProvider> {
        self.provider_at(self.port, timeout)
    }

    pub fn provider_at(&self, port: u16, timeout: Duration) -> Arc<dyn KeyProvider> {
        self.provider_with(port, &self.secret_access_key, timeout)
    }

    /// One that differs from the right one in its `secret` or `port`.
    pub fn wrong_provider(&self, change: &str) -> Arc<dyn KeyProvider> {
        match change {
            "secret" => self.provider_with(self.port, WRONG, PATIENT),
            _ => self.provider_at(free_port(), PATIENT),
        }
    }

    fn provider_with(&self, port: u16, secret_access_key: &str, timeout: Duration) -> Arc<dyn KeyProvider> {
        let service = AwsKms::new(AwsKmsSettings {
            region: "eu-west-3".to_owned(),
            endpoint: Some(format!("http://127.0.0.1:{port}")),
            key_prefix: "vermeil".to_owned(),
            access_key_id: secret(&self.access_key_id),
            secret_access_key: secret(secret_access_key),
            session_token: None,
            timeout,
        });
        Arc::new(service.expect("a good address"))
    }

    /// Deletes every key, as no one could at the real one.
    pub fn forget_everything(&self) {
        let mut script = self.script.lock().unwrap();
        let script = script.as_mut().expect("started");
        script.input.write_all(b"forget\n").expect("it reads");
        script.line();
    }
}

pub const PIN: &str = "1234567890";

/// A token in software, in a folder of its own.
pub struct Token {
    module: PathBuf,
}

/// Where distributions put the module.
const MODULES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

/// Tells the module where its tokens are; it takes that from the environment only.
const CONFIGURATION: &str = "SOFTHSM2_CONF";

/// Tells a process of ours that it is the one with the token.
const INNER: &str = "VERMEIL_TEST_TOKEN";

impl Token {
    /// A token for the test of that name; `None` with a message where it cannot be had, and
    /// `None` as well in the outer of two processes: a process cannot safely change its own
    /// environment, so the test runs once more, in one that has the right one from the start.
    pub fn make(test: &str) -> Option<Self> {
        let module = MODULES.iter().map(Path::new).find(|module| module.is_file());
        let Some(module) = module else {
            eprintln!("skipped: no SoftHSM (`cargo xtask tools` installs it where it may)");
            return None;
        };
        if variable(INNER) {
            return Some(Self { module: module.to_owned() });
        }
        let folder = tempfile::tempdir().unwrap();
        let (configuration, tokens) = (folder.path().join("softhsm2.conf"), folder.path().join("tokens"));
        std::fs::create_dir(&tokens).unwrap();
        let text = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
        std::fs::write(&configuration, text).unwrap();
        let mut make = Command::new("softhsm2-util");
        make.args(["--init-token", "--free", "--label", "vermeil", "--so-pin", "0987654321", "--pin", PIN]);
        succeed(make.env(CONFIGURATION, &configuration));
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", test, "--nocapture"]);
        let said = succeed(again.env(CONFIGURATION, &configuration).env(INNER, "yes"));
        assert!(said.contains("1 passed"), "{said}");
        None
    }

    pub fn provider(&self) -> Arc<dyn KeyProvider> {
        Arc::new(Pkcs11::new(self.settings()))
    }

    /// One that differs from the right one in its `pin`, `token` or `module`.
    pub fn wrong_provider(&self, change: &str) -> Arc<dyn KeyProvider> {
        let mut settings = self.settings();
        match change {
            "pin" => settings.pin = secret(WRONG),
            "token" => settings.token = "another".to_owned(),
            _ => settings.module = "/nowhere/module.so".into(),
        }
        Arc::new(Pkcs11::new(settings))
    }

    fn settings(&self) -> Pkcs11Settings {
        Pkcs11Settings {
            module: self.module.clone(),
            token: "vermeil".to_owned(),
            key_prefix: "vermeil".to_owned(),
            pin: secret(PIN),
        }
    }
}

#[track_caller]
fn succeed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    said.into_owned()
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("bound").port()
}

#[expect(clippy::disallowed_methods, reason = "tests find their servers through the environment")]
fn variable(name: &str) -> bool {
    std::env::var_os(name).is_some()
}
