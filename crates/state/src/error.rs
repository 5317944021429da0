//! What can go wrong with the state database.

use std::error::Error;

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic, SourceId};
use vermeil_rights::request::RequestError;

use crate::StateLocation;
use crate::database::sqlite::primary_code;

/// The state database cannot do what is asked.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Written by a later version of the program.
    #[error(
        "the state database {database} is of version {found}, this program knows {known}: use the version that wrote it"
    )]
    Newer {
        /// The file, or the server and its database.
        database: String,
        /// Its version.
        found: i64,
        /// The latest version this program knows.
        known: i64,
    },
    /// The file or its folder cannot be made or written.
    #[error("could not write the state database {database}")]
    Unwritable {
        /// The file, or the server and its database.
        database: String,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// No space is left.
    #[error("the disk of the state database {database} is full")]
    Full {
        /// The file, or the server and its database.
        database: String,
    },
    /// Another process holds the database for longer than this one waits.
    #[error("the state database {database} is held by another process")]
    Busy {
        /// The file, or the server and its database.
        database: String,
    },
    /// Not a SQLite database, or a damaged one.
    #[error("the state database {database} is damaged or not a state database: restore it from its backup")]
    Damaged {
        /// The file, or the server and its database.
        database: String,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The lake's keys were wrapped by another keyring.
    #[error("the state database {database} belongs to keyring {expected}, given was {given}")]
    WrongKeyring {
        /// The file, or the server and its database.
        database: String,
        /// The keyring's id on record.
        expected: String,
        /// The given keyring's id.
        given: String,
    },
    /// The lake is another tenant's.
    #[error("the state database {database} belongs to tenant `{expected}`, given was `{given}`")]
    WrongTenant {
        /// The file, or the server and its database.
        database: String,
        /// The tenant on record.
        expected: String,
        /// The given tenant.
        given: String,
    },
    /// The lake is laid out as another version of the program does.
    #[error("the lake of the state database {database} has format {found}, this program knows {known}")]
    OtherLakeFormat {
        /// The file, or the server and its database.
        database: String,
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
        "the lake holds load {lake} of source `{source_id}`, of which the state database {database} knows nothing"
    )]
    BehindLake {
        /// The file, or the server and its database.
        database: String,
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
    /// The URL of the database is none that this program understands. It may hold a password: it is not repeated.
    #[error("the URL of the state database is not one of PostgreSQL, or has a parameter that is not known")]
    BadUrl,
    /// The server does not answer, stopped answering, or has no connection to spare within this process.
    #[error("the server of the state database {database} does not answer")]
    Unreachable {
        /// The server and its database.
        database: String,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The server knows no such user, or another password. It names the user: what it says is not repeated.
    #[error("the server of the state database {database} refuses the login")]
    LoginRefused {
        /// The server and its database.
        database: String,
    },
    /// The server has as many connections as it may.
    #[error("the server of the state database {database} has no connection left")]
    TooManyConnections {
        /// The server and its database.
        database: String,
    },
    /// There is no such database or schema, or it cannot keep what this program writes.
    #[error("{database} cannot be used as a state database")]
    Unfit {
        /// The server and its database.
        database: String,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The login may not do what is needed.
    #[error("the login may not do what is needed in the state database {database}")]
    NotPermitted {
        /// The server and its database.
        database: String,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// Anything else the database says.
    #[error("the state database {database} failed")]
    Failed {
        /// The file, or the server and its database.
        database: String,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

/// What a PostgreSQL server said. Its detail quotes values, so that it is left out.
#[derive(Debug, thiserror::Error)]
#[error("{message} (SQLSTATE {code})")]
struct ServerMessage {
    code: String,
    message: String,
}

impl StateError {
    /// What an error of the driver means for a user.
    pub(crate) fn from_driver(location: &StateLocation, cause: sqlx::Error) -> Self {
        let database = location.to_string();
        match (location, cause) {
            // A value that the schema rules out.
            (_, cause @ (sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })) => {
                Self::Damaged { database, cause: cause.into() }
            }
            (StateLocation::File(_), cause) => Self::from_sqlite(database, cause),
            (StateLocation::Server(_), sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default().into_owned();
                let message = error.message().to_owned();
                Self::from_server(database, ServerMessage { code, message })
            }
            (StateLocation::Server(_), sqlx::Error::Configuration(cause)) => Self::Unfit { database, cause },
            (
                StateLocation::Server(_),
                cause @ (sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed),
            ) => Self::Unreachable { database, cause: cause.into() },
            (StateLocation::Server(_), cause) => Self::Failed { database, cause: cause.into() },
        }
    }

    fn from_sqlite(database: String, cause: sqlx::Error) -> Self {
        let code = match &cause {
            sqlx::Error::PoolTimedOut => return Self::Busy { database },
            sqlx::Error::Database(error) => error.code().as_deref().and_then(primary_code),
            _ => None,
        };
        match code {
            // BUSY, LOCKED
            Some(5 | 6) => Self::Busy { database },
            // PERM, READONLY, IOERR, CANTOPEN
            Some(3 | 8 | 10 | 14) => Self::Unwritable { database, cause: cause.into() },
            // FULL
            Some(13) => Self::Full { database },
            // CORRUPT, NOTADB
            Some(11 | 26) => Self::Damaged { database, cause: cause.into() },
            _ => Self::Failed { database, cause: cause.into() },
        }
    }

    /// By the codes of PostgreSQL 15, appendix A.
    fn from_server(database: String, said: ServerMessage) -> Self {
        match said.code.as_str() {
            // Invalid password, invalid authorization.
            "28P01" | "28000" => Self::LoginRefused { database },
            "53300" => Self::TooManyConnections { database },
            // No such database, no such schema.
            "3D000" | "3F000" => Self::Unfit { database, cause: said.into() },
            "42501" => Self::NotPermitted { database, cause: said.into() },
            // Out of disk.
            "53100" => Self::Full { database },
            // A lock that is not given, a deadlock, a conflict of serialization.
            "55P03" | "40P01" | "40001" => Self::Busy { database },
            // A standby, or a database that is set to be read only.
            "25006" => Self::Unwritable { database, cause: said.into() },
            // Damaged data, a damaged index.
            "XX001" | "XX002" => Self::Damaged { database, cause: said.into() },
            // Shut down, crashed, starting up, idle within a change for too long.
            "57P01" | "57P02" | "57P03" | "25P03" => Self::Unreachable { database, cause: said.into() },
            code if code.starts_with("08") => Self::Unreachable { database, cause: said.into() },
            _ => Self::Failed { database, cause: said.into() },
        }
    }
}

impl Diagnose for StateError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        let about = |code: &str, database: &str| Diagnostic::new(code).with("database", database);
        Some(match self {
            Self::Newer { database, found, known } => {
                about("state-newer", database).with("found", found).with("known", known)
            }
            Self::Unwritable { database, cause } => about("state-unwritable", database).with("reason", cause),
            Self::Full { database } => about("state-disk-full", database),
            Self::Busy { database } => about("state-busy", database),
            Self::Damaged { database, cause } => about("state-damaged", database).with("reason", cause),
            Self::WrongKeyring { database, expected, given } => {
                about("state-wrong-keyring", database).with("expected", expected).with("given", given)
            }
            Self::WrongTenant { database, expected, given } => {
                about("state-wrong-tenant", database).with("expected", expected).with("given", given)
            }
            Self::OtherLakeFormat { database, found, known } => {
                about("lake-other-format", database).with("found", found).with("known", known)
            }
            Self::AheadOfLake { source_id, load, lake } => Diagnostic::new("state-ahead-of-lake")
                .with("source", source_id)
                .with("load", load)
                .with("lake", lake),
            Self::BehindLake { database, source_id, lake } => {
                about("state-behind-lake", database).with("source", source_id).with("lake", lake)
            }
            Self::OutOfTurn { what, number } => {
                Diagnostic::new("state-out-of-turn").with("what", what).with("number", number)
            }
            Self::Request(cause) => return cause.diagnostic(),
            Self::BadUrl => Diagnostic::new("state-bad-url"),
            Self::Unreachable { database, cause } => {
                about("state-unreachable", database).with("reason", cause)
            }
            Self::LoginRefused { database } => about("state-login-refused", database),
            Self::TooManyConnections { database } => about("state-too-many-connections", database),
            Self::Unfit { database, cause } => about("state-unfit", database).with("reason", cause),
            Self::NotPermitted { database, cause } => {
                about("state-not-permitted", database).with("reason", cause)
            }
            Self::Outdated { publication } => {
                Diagnostic::new("state-outdated").with("publication", publication)
            }
            Self::Overtaken { export } => Diagnostic::new("export-overtaken").with("export", export),
            Self::Failed { database, cause } => about("state-failed", database).with("reason", cause),
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongKeyring { .. } | Self::WrongTenant { .. } | Self::BadUrl => ErrorKind::Usage,
            Self::Request(cause) => cause.kind(),
            _ => ErrorKind::Failed,
        }
    }
}
