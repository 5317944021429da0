//! What can go wrong with the state database.

use std::error::Error;
use std::path::{Path, PathBuf};

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic, SourceId};
use vermeil_rights::request::RequestError;

/// The state database cannot do what is asked.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Written by a later version of the program.
    #[error("the state database {} is of version {found}, this program knows {known}: use the version that wrote it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest version this program knows.
        known: i64,
    },
    /// The file or its folder cannot be made or written.
    #[error("could not write the state database {}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// No space is left.
    #[error("the disk of the state database {} is full", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the database for longer than this one waits.
    #[error("the state database {} is held by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Not a SQLite database, or a damaged one.
    #[error("the state database {} is damaged or not a state database: restore it from its backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The lake's keys were wrapped by another keyring.
    #[error("the state database {} belongs to keyring {expected}, given was {given}", path.display())]
    WrongKeyring {
        /// The file.
        path: PathBuf,
        /// The keyring's id on record.
        expected: String,
        /// The given keyring's id.
        given: String,
    },
    /// The lake is another tenant's.
    #[error("the state database {} belongs to tenant `{expected}`, given was `{given}`", path.display())]
    WrongTenant {
        /// The file.
        path: PathBuf,
        /// The tenant on record.
        expected: String,
        /// The given tenant.
        given: String,
    },
    /// The lake is laid out as another version of the program does.
    #[error("the lake of the state database {} has format {found}, this program knows {known}", path.display())]
    OtherLakeFormat {
        /// The file.
        path: PathBuf,
        /// The lake's format.
        found: i64,
        /// The format this program knows.
        known: i64,
    },
    /// The lake lacks what it once confirmed.
    #[error(
        "load {load} of source `{source_id}` was confirmed, but the lake ends at load {lake}: restore lake and state of the same moment"
    )]
    AheadOfLake {
        /// The source.
        source_id: SourceId,
        /// The latest confirmed load.
        load: i64,
        /// The latest load the lake has.
        lake: i64,
    },
    /// A request of a data subject does not go that way.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The database lacks what the lake holds: it is new, or from an old backup.
    #[error(
        "the lake holds load {lake} of source `{source_id}`, of which the state database {} knows nothing", path.display()
    )]
    BehindLake {
        /// The file.
        path: PathBuf,
        /// The source.
        source_id: SourceId,
        /// The latest load the lake has.
        lake: i64,
    },
    /// A step that does not fit what happened before.
    #[error("{what} {number} is not open: it never began, has ended, or was overtaken")]
    OutOfTurn {
        /// `load`, `run`, `publication`, `erasure`, `request`, `notice`, `token`, `download` or `job`.
        what: &'static str,
        /// Its number.
        number: i64,
    },
    /// Someone was to be erased since a publication began.
    #[error("someone was to be erased since publication {publication} began")]
    Outdated {
        /// Its number.
        publication: i64,
    },
    /// Someone was to be erased since an export began: its rows may be theirs.
    #[error("someone was to be erased since export {export} began")]
    Overtaken {
        /// Its number.
        export: i64,
    },
    /// Anything else the database says.
    #[error("the state database {} failed", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl StateError {
    /// What an error of the driver means for a user.
    pub(crate) fn from_driver(path: &Path, cause: sqlx::Error) -> Self {
        let path = path.to_owned();
        let code = match &cause {
            sqlx::Error::PoolTimedOut => return Self::Busy { path },
            // A value that the schema rules out.
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
                return Self::Damaged { path, cause: cause.into() };
            }
            sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<u32>().ok()),
            _ => None,
        };
        // The lowest byte is the primary code: https://sqlite.org/rescode.html
        match code.map(|code| code & 0xff) {
            // BUSY, LOCKED
            Some(5 | 6) => Self::Busy { path },
            // PERM, READONLY, IOERR, CANTOPEN
            Some(3 | 8 | 10 | 14) => Self::Unwritable { path, cause: cause.into() },
            // FULL
            Some(13) => Self::Full { path },
            // CORRUPT, NOTADB
            Some(11 | 26) => Self::Damaged { path, cause: cause.into() },
            _ => Self::Failed { path, cause: cause.into() },
        }
    }
}

impl Diagnose for StateError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        let about = |code: &str, path: &Path| Diagnostic::new(code).with("path", path.display());
        Some(match self {
            Self::Newer { path, found, known } => {
                about("state-newer", path).with("found", found).with("known", known)
            }
            Self::Unwritable { path, cause } => about("state-unwritable", path).with("reason", cause),
            Self::Full { path } => about("state-disk-full", path),
            Self::Busy { path } => about("state-busy", path),
            Self::Damaged { path, cause } => about("state-damaged", path).with("reason", cause),
            Self::WrongKeyring { path, expected, given } => {
                about("state-wrong-keyring", path).with("expected", expected).with("given", given)
            }
            Self::WrongTenant { path, expected, given } => {
                about("state-wrong-tenant", path).with("expected", expected).with("given", given)
            }
            Self::OtherLakeFormat { path, found, known } => {
                about("lake-other-format", path).with("found", found).with("known", known)
            }
            Self::AheadOfLake { source_id, load, lake } => Diagnostic::new("state-ahead-of-lake")
                .with("source", source_id)
                .with("load", load)
                .with("lake", lake),
            Self::BehindLake { path, source_id, lake } => {
                about("state-behind-lake", path).with("source", source_id).with("lake", lake)
            }
            Self::OutOfTurn { what, number } => {
                Diagnostic::new("state-out-of-turn").with("what", what).with("number", number)
            }
            Self::Request(cause) => return cause.diagnostic(),
            Self::Outdated { publication } => {
                Diagnostic::new("state-outdated").with("publication", publication)
            }
            Self::Overtaken { export } => Diagnostic::new("export-overtaken").with("export", export),
            Self::Failed { path, cause } => about("state-failed", path).with("reason", cause),
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongKeyring { .. } | Self::WrongTenant { .. } => ErrorKind::Usage,
            Self::Request(cause) => cause.kind(),
            _ => ErrorKind::Failed,
        }
    }
}
