//! A PostgreSQL server of a test's own, on loopback, in a folder that goes with it.
//!
//! The tests of this crate share one for all of them; `tests/it` takes this file as its own.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where Debian and others put the programs of a server, in folders named by version.
const VERSIONS: [&str; 2] = ["/usr/lib/postgresql", "/usr/pgsql"];

/// The superuser's name and password. Another than what any test looks for in messages.
const SUPERUSER: &str = "owner";
pub(crate) const PASSWORD: &str = "Sesame-4711-open";

/// How long a server may take to begin to answer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that stops when dropped, or when this process is gone.
pub(crate) struct Server {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
    /// Ends when its standard input does, and ends the server first.
    keeper: Child,
}

impl Server {
    /// Makes a cluster and starts its server.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("vermeil-postgres-").tempdir().expect("a folder");
        if let Some(user) = other_user() {
            chown(folder.path(), Some(user), None).expect("an administrator gives folders away");
        }
        let password = folder.path().join("password");
        std::fs::write(&password, PASSWORD).expect("a file");
        std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        let mut init = program("initdb");
        init.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256"]);
        init.args(["--username", SUPERUSER, "--pwfile"]).arg(&password);
        init.arg("--pgdata").arg(folder.path().join("data"));
        let made = init.output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let keeper = keep(folder.path(), port);
        let server = Self { folder, port, keeper };
        server.wait();
        server
    }

    /// The URL of a database, with the superuser's password.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://{SUPERUSER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database, and returns its URL.
    pub(crate) fn new_database(&self, name: &str) -> String {
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    /// Carries out statements, which semicolons separate, as the superuser; returns the rows as text.
    pub(crate) fn execute(&self, database: &str, statements: &str) -> String {
        let mut psql = program("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", &self.url(database)]);
        // Each on its own: given at once they would be one transaction, in which no database is made.
        for statement in statements.split(';') {
            psql.args(["-c", statement]);
        }
        let done = psql.output().expect("psql runs");
        assert!(done.status.success(), "psql: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    /// Stops the server as if its machine had failed, until [`Self::restart`].
    pub(crate) fn crash(&mut self) {
        self.stop();
    }

    pub(crate) fn restart(&mut self) {
        self.keeper = keep(self.folder.path(), self.port);
        self.wait();
    }

    fn stop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }

    fn wait(&self) {
        let started = Instant::now();
        while !self.answers() {
            assert!(started.elapsed() < PATIENCE, "the server does not answer: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        let port = self.port.to_string();
        program("pg_isready")
            .args(["-q", "-h", "127.0.0.1", "-p", &port])
            .status()
            .is_ok_and(|it| it.success())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts the server under a shell that waits for its input to end.
fn keep(folder: &Path, port: u16) -> Child {
    let script = r#"postgres=$1; folder=$2; port=$3
        "$postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
            -c fsync=off -c max_connections=200 -c autovacuum=off >"$folder/log" 2>&1 </dev/null &
        server=$!
        cat >/dev/null
        kill -QUIT "$server" 2>/dev/null
        wait "$server""#;
    let mut shell = as_other_user(Command::new("sh"));
    shell.args(["-c", script, "sh"]).arg(path_of("postgres")).arg(folder).arg(port.to_string());
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().expect("a shell runs")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// One of the server's programs, as who may run it.
fn program(name: &str) -> Command {
    as_other_user(Command::new(path_of(name)))
}

fn path_of(name: &str) -> PathBuf {
    let mut folders: Vec<PathBuf> = Vec::new();
    for versions in VERSIONS {
        let entries = std::fs::read_dir(versions).into_iter().flatten().flatten();
        folders.extend(entries.map(|entry| entry.path().join("bin")));
    }
    // Of several versions the newest; what is on the search path comes last, being a wrapper on Debian.
    folders.sort();
    folders.reverse();
    folders.extend(["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"].map(PathBuf::from));
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("no PostgreSQL (`{name}`): `cargo xtask tools` installs it, or on Debian `apt-get install postgresql`")
    })
}

/// A server refuses to run as an administrator.
fn as_other_user(mut command: Command) -> Command {
    if let Some(user) = other_user() {
        command.uid(user).gid(user_group(user)).current_dir("/");
    }
    command
}

/// Whom an administrator runs the server as; `None` for anyone else.
fn other_user() -> Option<u32> {
    let this = std::fs::metadata("/proc/self").map(|process| process.uid()).unwrap_or(1);
    (this == 0).then(|| account("postgres").or_else(|| account("nobody")).expect("an account").0)
}

fn user_group(user: u32) -> u32 {
    ["postgres", "nobody"].into_iter().filter_map(account).find(|(id, _)| *id == user).expect("an account").1
}

/// User and group of an account (`name:password:uid:gid:…`).
fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields[0] == name).then(|| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)))?
    })
}
