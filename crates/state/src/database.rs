//! Opening the state database, and how every other module reads and writes it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, SqlitePool};

use crate::sql::{self, Change, Connection, Readers};
use crate::{StateError, StateLocation, migrations};

mod postgres;
pub(crate) mod sqlite;

/// How long a process waits for another to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Longer than [`BUSY_TIMEOUT`], so that a wait for another process is what is reported.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);

/// The state database of one lake. Cloning it shares it.
///
/// Several processes may have it open. Whatever is written is on disk when the
/// method returns.
#[derive(Clone)]
pub struct StateDatabase {
    location: Arc<StateLocation>,
    writer: Writer,
    readers: Readers,
}

/// Both have one writer at a time. One connection lets the tasks of this process queue for
/// it fairly, where connections would poll for the lock or take places at the server.
#[derive(Clone)]
enum Writer {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A lock of a server's, given back when dropped.
pub struct HeldLock {
    _connection: PgConnection,
}

impl StateDatabase {
    /// Opens the database, and makes its tables where they are missing; of SQLite the file
    /// (mode 0600) and its folder too. A server's database must be there.
    ///
    /// # Errors
    /// [`StateError::Newer`], [`StateError::Unwritable`], [`StateError::Full`],
    /// [`StateError::Busy`], [`StateError::Damaged`]; of a server [`StateError::Unreachable`],
    /// [`StateError::LoginRefused`], [`StateError::Unfit`], [`StateError::NotPermitted`],
    /// [`StateError::TooManyConnections`].
    pub async fn open(location: impl Into<StateLocation>) -> Result<Self, StateError> {
        let state = Self::connect(location).await?;
        state.migrate().await?;
        Ok(state)
    }

    /// What [`StateDatabase::open`] does, but for the tables.
    pub(crate) async fn connect(location: impl Into<StateLocation>) -> Result<Self, StateError> {
        let location = location.into();
        let failed = |cause| StateError::from_driver(&location, cause);
        let (writer, readers) = match &location {
            StateLocation::File(path) => {
                sqlite::make_file(path).map_err(|cause| StateError::Unwritable {
                    database: location.to_string(),
                    cause: cause.into(),
                })?;
                (Writer::Sqlite(sqlite::pool(path, 1)), Readers::Sqlite(sqlite::pool(path, 4)))
            }
            StateLocation::Server(server) => {
                let options = server.options();
                postgres::check(options).await.map_err(failed)?;
                let (writer, readers) =
                    (postgres::writer(options.clone()), postgres::readers(options.clone()));
                (Writer::Postgres(writer), Readers::Postgres(readers))
            }
        };
        Ok(Self { location: Arc::new(location), writer, readers })
    }

    /// Makes or upgrades the tables.
    ///
    /// Of several who open a new file at once, all but one are told that it is busy
    /// while it turns to write-ahead logging: SQLite does not wait there, so this does.
    async fn migrate(&self) -> Result<(), StateError> {
        let started = Instant::now();
        loop {
            match migrations::apply(self).await {
                Err(StateError::Busy { .. }) if started.elapsed() < BUSY_TIMEOUT => {
                    tokio::time::sleep(sqlite::BUSY_PAUSE).await;
                }
                ended => return ended,
            }
        }
    }

    /// Where it is.
    pub fn location(&self) -> &StateLocation {
        &self.location
    }

    /// Takes the lock of that name at the server until what is returned is dropped, and calls
    /// `waiting` if another holds it, on whatever machine. `None`: there is no server; a lock on a
    /// file does as well.
    ///
    /// # Errors
    /// The database's own.
    pub async fn lock(
        &self,
        name: &str,
        waiting: impl FnOnce() + Send,
    ) -> Result<Option<HeldLock>, StateError> {
        let StateLocation::Server(server) = &*self.location else { return Ok(None) };
        let held = postgres::lock(server.options(), name, waiting).await;
        let connection = held.map_err(|cause| self.failed(cause))?;
        Ok(Some(HeldLock { _connection: connection }))
    }

    /// Closes all connections and folds SQLite's write-ahead log into the file.
    /// Without it nothing is lost, only left for the next who opens.
    pub async fn close(self) {
        self.readers.close().await;
        match self.writer {
            Writer::Sqlite(writer) => writer.close().await,
            Writer::Postgres(writer) => writer.close().await,
        }
    }

    /// Begins a change, holding the database's one place for writers. Dropped
    /// before its commit, the change never was.
    pub(crate) async fn begin(&self) -> Result<Change, StateError> {
        let begun = match &self.writer {
            Writer::Sqlite(writer) => sqlite::begin(writer).await,
            Writer::Postgres(writer) => postgres::begin(writer).await,
        };
        begun.map(Change::from).map_err(|cause| self.failed(cause))
    }

    pub(crate) async fn commit(&self, change: Change) -> Result<(), StateError> {
        change.commit().await.map_err(|cause| self.failed(cause))
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    pub(crate) fn failed(&self, cause: sqlx::Error) -> StateError {
        StateError::from_driver(&self.location, cause)
    }

    /// Takes `count` consecutive numbers of a counter, and returns the first.
    pub(crate) async fn take_numbers(
        &self,
        change: &mut Connection,
        counter: &str,
        count: i64,
    ) -> Result<i64, StateError> {
        sql::query_scalar("UPDATE counters SET next = next + $1 WHERE name = $2 RETURNING next - $1")
            .bind(count)
            .bind(counter)
            .fetch_one(change)
            .await
            .map_err(|cause| self.failed(cause))
    }

    /// Has a server keep no samples of what its tables hold.
    pub(crate) async fn keep_no_samples(&self, change: &mut Connection) -> Result<(), StateError> {
        match change {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(change) => {
                postgres::keep_no_samples(change).await.map_err(|cause| self.failed(cause))
            }
        }
    }

    /// Empties SQLite's write-ahead log, where what was just overwritten or deleted
    /// still stands. That is gone from the tables already: if the log cannot be
    /// emptied now, because someone reads, it is said, and the next time does it.
    ///
    /// A server's log is its own: what stands there opens with the keys of its generation only.
    pub(crate) async fn truncate_log(&self) {
        let Writer::Sqlite(writer) = &self.writer else { return };
        if !matches!(sqlite::try_truncate_log(writer).await, Ok(0)) {
            tracing::warn!(
                "the write-ahead log of the state database keeps destroyed keys until its next checkpoint"
            );
        }
    }

    /// Empties SQLite's write-ahead log, and waits for those who read from it; takes what was
    /// deleted out of a server's tables.
    ///
    /// # Errors
    /// [`StateError::Busy`] if they do not end.
    pub(crate) async fn purge_log(&self) -> Result<(), StateError> {
        match &self.writer {
            Writer::Sqlite(writer) => match sqlite::purge_log(writer).await {
                Ok(Some(())) => Ok(()),
                Ok(None) => Err(StateError::Busy { database: self.location.to_string() }),
                Err(cause) => Err(self.failed(cause)),
            },
            Writer::Postgres(writer) => {
                postgres::purge(writer, postgres::SMALL).await.map_err(|cause| self.failed(cause))
            }
        }
    }

    /// Writes the database anew. What is deleted is overwritten, but where pages were split or merged a
    /// copy may lie in their unused parts; of those nothing is taken over.
    ///
    /// # Errors
    /// [`StateError::Busy`] if others keep writing to it or reading from it.
    pub async fn rebuild(&self) -> Result<(), StateError> {
        match &self.writer {
            Writer::Sqlite(writer) => {
                sqlite::rebuild(writer).await.map_err(|cause| self.failed(cause))?;
                self.purge_log().await
            }
            Writer::Postgres(writer) => {
                postgres::purge(writer, None).await.map_err(|cause| self.failed(cause))
            }
        }
    }
}

/// Now, as the database keeps it: microseconds since 1970 in UTC.
pub(crate) fn now() -> i64 {
    Utc::now().timestamp_micros()
}

/// A moment that the database kept.
pub(crate) fn moment(micros: i64) -> Result<DateTime<Utc>, sqlx::Error> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| unexpected("a moment"))
}

/// A stored value that this program never writes.
pub(crate) fn unexpected(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} that this program did not write").into())
}

#[cfg(test)]
mod tests;
