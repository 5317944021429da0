//! What the tests of this crate share.

use vermeil_model::Diagnose;

use crate::{StateDatabase, StateError};

/// A state database in a folder of its own.
pub(crate) struct Fixture {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) state: StateDatabase,
}

pub(crate) async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDatabase::open(&folder.path().join("state.db")).await.unwrap();
    Fixture { folder, state }
}

impl Fixture {
    /// The database as another process would see it.
    pub(crate) async fn again(&self) -> StateDatabase {
        StateDatabase::open(self.state.path()).await.unwrap()
    }

    /// The database after the process that had it open is gone.
    pub(crate) async fn reopened(self) -> Fixture {
        let path = self.state.path().to_owned();
        drop(self.state);
        Fixture { folder: self.folder, state: StateDatabase::open(&path).await.unwrap() }
    }
}

#[track_caller]
pub(crate) fn check_code<T>(result: Result<T, StateError>, code: &str) {
    let error = result.err().expect("an error");
    assert_eq!(error.diagnostic().unwrap().code, code, "{error}");
}
