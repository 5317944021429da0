//! Opening the state database, and how every other module reads and writes it.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite, SqliteConnection, SqlitePool, Transaction};

use crate::{StateError, migrations};

/// How long a process waits for another to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long it waits between two tries where SQLite itself does not.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// How long erasing waits for readers before it leaves the write-ahead log to a later checkpoint.
const TRUNCATE_TIMEOUT: Duration = Duration::from_secs(1);

/// Longer than [`BUSY_TIMEOUT`], so that a wait for another process is what is reported.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(60);

/// The state database of one lake. Cloning it shares it.
///
/// Several processes may have it open. Whatever is written is on disk when the
/// method returns.
#[derive(Clone)]
pub struct StateDatabase {
    path: Arc<Path>,
    // SQLite has one writer at a time. One connection lets the tasks of this
    // process queue for it fairly, where connections would poll for the lock.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl StateDatabase {
    /// Opens the database in a file, and makes the file (mode 0600), its folder
    /// and its tables where they are missing.
    ///
    /// # Errors
    /// [`StateError::Newer`], [`StateError::Unwritable`], [`StateError::Full`],
    /// [`StateError::Busy`], [`StateError::Damaged`].
    pub async fn open(path: &Path) -> Result<Self, StateError> {
        make_file(path)
            .map_err(|cause| StateError::Unwritable { path: path.to_owned(), cause: cause.into() })?;
        let state = Self { path: path.into(), writer: pool(path, 1), readers: pool(path, 4) };
        state.migrate().await?;
        Ok(state)
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
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                ended => return ended,
            }
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes all connections and folds the write-ahead log into the file.
    /// Without it nothing is lost, only left for the next who opens.
    pub async fn close(self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Begins a change, holding the database's one place for writers. Dropped
    /// before its commit, the change never was.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StateError> {
        // Not a deferred one: that may find the lock taken half-way, where waiting would not help.
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(|cause| self.failed(cause))
    }

    pub(crate) async fn commit(&self, change: Transaction<'static, Sqlite>) -> Result<(), StateError> {
        change.commit().await.map_err(|cause| self.failed(cause))
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub(crate) fn failed(&self, cause: sqlx::Error) -> StateError {
        StateError::from_driver(&self.path, cause)
    }

    /// Takes `count` consecutive numbers of a counter, and returns the first.
    pub(crate) async fn take_numbers(
        &self,
        change: &mut SqliteConnection,
        counter: &str,
        count: i64,
    ) -> Result<i64, StateError> {
        sqlx::query_scalar("UPDATE counters SET next = next + $1 WHERE name = $2 RETURNING next - $1")
            .bind(count)
            .bind(counter)
            .fetch_one(change)
            .await
            .map_err(|cause| self.failed(cause))
    }

    /// Empties the write-ahead log, where what was just overwritten or deleted
    /// still stands. That is gone from the tables already: if the log cannot be
    /// emptied now, because someone reads, it is said, and the next time does it.
    pub(crate) async fn truncate_log(&self) {
        if !matches!(self.try_truncate_log().await, Ok(0)) {
            tracing::warn!(
                "the write-ahead log of the state database keeps destroyed keys until its next checkpoint"
            );
        }
    }

    /// Empties the write-ahead log, and waits for those who read from it.
    ///
    /// # Errors
    /// [`StateError::Busy`] if they do not end.
    pub(crate) async fn purge_log(&self) -> Result<(), StateError> {
        let started = Instant::now();
        loop {
            let failure = match self.try_truncate_log().await {
                Ok(0) => return Ok(()),
                Ok(_) => StateError::Busy { path: self.path().to_owned() },
                Err(cause) => self.failed(cause),
            };
            if !matches!(failure, StateError::Busy { .. }) || started.elapsed() >= BUSY_TIMEOUT {
                return Err(failure);
            }
            tokio::time::sleep(BUSY_PAUSE).await;
        }
    }

    /// Writes the database anew. What is deleted is overwritten, but where pages were split or merged a
    /// copy may lie in their unused parts; of those nothing is taken over.
    ///
    /// # Errors
    /// [`StateError::Busy`] if others keep writing to it or reading from it.
    pub async fn rebuild(&self) -> Result<(), StateError> {
        let mut writer = self.writer.acquire().await.map_err(|cause| self.failed(cause))?;
        sqlx::raw_sql("VACUUM").execute(&mut *writer).await.map_err(|cause| self.failed(cause))?;
        drop(writer);
        self.purge_log().await
    }

    /// Returns 1 if the log was in use.
    async fn try_truncate_log(&self) -> Result<i64, sqlx::Error> {
        let mut writer = self.writer.acquire().await?;
        let patience =
            |timeout: Duration| sqlx::AssertSqlSafe(format!("PRAGMA busy_timeout = {}", timeout.as_millis()));
        sqlx::raw_sql(patience(TRUNCATE_TIMEOUT)).execute(&mut *writer).await?;
        let emptied: Result<(i64, i64, i64), _> =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *writer).await;
        sqlx::raw_sql(patience(BUSY_TIMEOUT)).execute(&mut *writer).await?;
        emptied.map(|(busy, ..)| busy)
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

fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // SQLite gives its write-ahead log the mode of this file.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

fn pool(path: &Path, connections: u32) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

#[cfg(test)]
mod tests;
