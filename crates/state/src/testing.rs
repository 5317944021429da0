//! What the tests of this crate share.

use std::path::Path;

use vermeil_model::Diagnose;

use crate::{StateDatabase, StateError, StateLocation};

pub(crate) mod server;

/// Names the server on which the tests of this crate run instead of on SQLite, by the URL of a database.
pub(crate) const SERVER_VARIABLE: &str = "VERMEIL_TEST_STATE_URL";

/// A state database of its own, and a folder.
pub(crate) struct Fixture {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) state: StateDatabase,
}

/// Of whichever kind the tests run on.
pub(crate) async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDatabase::open(&new_location(folder.path()).await).await.unwrap();
    Fixture { folder, state }
}

/// Of SQLite, whatever the tests run on.
pub(crate) async fn file_fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDatabase::open(&folder.path().join("state.db")).await.unwrap();
    Fixture { folder, state }
}

/// Where a database is to be made: a file in `folder`, or a schema of its own on the server.
pub(crate) async fn new_location(folder: &Path) -> StateLocation {
    #[expect(clippy::disallowed_methods, reason = "one test has all others run on a server")]
    let Ok(url) = std::env::var(SERVER_VARIABLE) else { return StateLocation::File(folder.join("state.db")) };
    let StateLocation::Server(server) = StateLocation::server(&url).unwrap() else { unreachable!() };
    let schema = format!("lake_{}", uuid::Uuid::new_v4().simple());
    let mut connection = sqlx::ConnectOptions::connect(server.options()).await.unwrap();
    let statement = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    StateLocation::server(&format!("{url}?options=-c%20search_path%3D{schema}")).unwrap()
}

impl Fixture {
    /// The database as another process would see it.
    pub(crate) async fn again(&self) -> StateDatabase {
        StateDatabase::open(self.state.location()).await.unwrap()
    }

    /// The database after the process that had it open is gone.
    pub(crate) async fn reopened(self) -> Fixture {
        let location = self.state.location().clone();
        drop(self.state);
        Fixture { folder: self.folder, state: StateDatabase::open(&location).await.unwrap() }
    }
}

#[track_caller]
pub(crate) fn check_code<T>(result: Result<T, StateError>, code: &str) {
    let error = result.err().expect("an error");
    assert_eq!(error.diagnostic().unwrap().code, code, "{error}");
}
