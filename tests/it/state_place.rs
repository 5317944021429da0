//! Where the state databases of the tests' pipelines are: in files of SQLite's, or all at one server.

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Decode, Postgres, Sqlite, Type};

use crate::common::{Workspace, runtime};

/// Names the database of a server in which all pipelines have a schema of their own.
pub const SERVER_VARIABLE: &str = "VERMEIL_TEST_STATE_URL";

/// What a pipeline names by default.
const URL_VARIABLE: &str = "VERMEIL_STATE_URL";

/// Where the state database of a pipeline is.
pub enum StatePlace {
    /// In the file that a pipeline has unless it says otherwise.
    File,
    /// At a server, by this URL.
    Server(String),
}

impl StatePlace {
    /// As the tests are run.
    pub fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "one test has others run on a server")]
        let Ok(url) = std::env::var(SERVER_VARIABLE) else { return Self::File };
        let place = Self::Server(format!("{url}?options=-c%20search_path%3D{}", schema()));
        runtime().block_on(async {
            let options: PgConnectOptions = url.parse().expect("a URL");
            let mut database = options.connect().await.expect("a server");
            let statement = AssertSqlSafe(format!("CREATE SCHEMA {}", place.schema()));
            sqlx::raw_sql(statement).execute(&mut database).await.expect("a schema");
        });
        place
    }

    /// A pipeline file that names it.
    pub fn named_in(&self, pipeline: &str) -> String {
        match self {
            Self::File => pipeline.to_owned(),
            Self::Server(_) => {
                let others = pipeline.lines().filter(|line| !line.starts_with("state:"));
                others.chain(["state: {}", ""]).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// The environment variable that the pipeline needs for it.
    pub fn variable(&self) -> Option<(&str, &str)> {
        match self {
            Self::File => None,
            Self::Server(url) => Some((URL_VARIABLE, url)),
        }
    }

    fn schema(&self) -> &str {
        match self {
            Self::File => "main",
            Self::Server(url) => url.rsplit_once("%3D").expect("a schema").1,
        }
    }

    /// A column of a query.
    pub fn column<T>(&self, workspace: &Workspace, sql: &'static str) -> Vec<T>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
        T: Send + Unpin,
    {
        runtime().block_on(async {
            match self {
                Self::File => {
                    let options = SqliteConnectOptions::new().filename(workspace.file("state/vermeil.db"));
                    let mut database = options.connect().await.expect("a state database");
                    let rows: Vec<SqliteRow> = sqlx::query(sql).fetch_all(&mut database).await.expect("rows");
                    database.close().await.expect("closed");
                    rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
                }
                Self::Server(url) => {
                    let options: PgConnectOptions = url.parse().expect("a URL");
                    let mut database = options.connect().await.expect("a state database");
                    let rows: Vec<PgRow> = sqlx::query(sql).fetch_all(&mut database).await.expect("rows");
                    rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
                }
            }
        })
    }

    /// Changes it behind the program's back.
    pub fn change(&self, workspace: &Workspace, sql: &'static str) {
        runtime().block_on(async {
            match self {
                Self::File => {
                    let options = SqliteConnectOptions::new().filename(workspace.file("state/vermeil.db"));
                    let mut database = options.connect().await.expect("a state database");
                    sqlx::raw_sql(sql).execute(&mut database).await.expect("changed");
                    database.close().await.expect("closed");
                }
                Self::Server(url) => {
                    let options: PgConnectOptions = url.parse().expect("a URL");
                    let mut database = options.connect().await.expect("a state database");
                    sqlx::raw_sql(sql).execute(&mut database).await.expect("changed");
                }
            }
        });
    }
}

/// The name of a schema that no other test has.
fn schema() -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = folder.path().file_name().expect("a name").to_string_lossy().into_owned();
    let letters = name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("lake_{}_{letters}", std::process::id())
}
