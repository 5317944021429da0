//! SQLite: one file, one writer, a write-ahead log that is emptied of what was destroyed.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};

use super::{ACQUIRE_TIMEOUT, BUSY_TIMEOUT};
use crate::sql::Connection;

/// How long it waits between two tries where SQLite itself does not.
pub(super) const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// How long erasing waits for readers before it leaves the write-ahead log to a later checkpoint.
const TRUNCATE_TIMEOUT: Duration = Duration::from_secs(1);

/// Makes the file (mode 0600) and its folder where they are missing.
pub(super) fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // SQLite gives its write-ahead log the mode of this file.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

pub(super) fn pool(path: &Path, connections: u32) -> SqlitePool {
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

pub(super) async fn begin(writer: &SqlitePool) -> Result<Connection, sqlx::Error> {
    // Not a deferred one: that may find the lock taken half-way, where waiting would not help.
    Ok(Connection::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?))
}

/// Returns 1 if the log was in use.
pub(super) async fn try_truncate_log(writer: &SqlitePool) -> Result<i64, sqlx::Error> {
    let mut writer = writer.acquire().await?;
    let patience =
        |timeout: Duration| sqlx::AssertSqlSafe(format!("PRAGMA busy_timeout = {}", timeout.as_millis()));
    sqlx::raw_sql(patience(TRUNCATE_TIMEOUT)).execute(&mut *writer).await?;
    let emptied: Result<(i64, i64, i64), _> =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *writer).await;
    sqlx::raw_sql(patience(BUSY_TIMEOUT)).execute(&mut *writer).await?;
    emptied.map(|(busy, ..)| busy)
}

/// Empties the write-ahead log, and waits for those who read from it. `None`: they do not end.
pub(super) async fn purge_log(writer: &SqlitePool) -> Result<Option<()>, sqlx::Error> {
    let started = Instant::now();
    loop {
        let is_late = started.elapsed() >= BUSY_TIMEOUT;
        match try_truncate_log(writer).await {
            Ok(0) => return Ok(Some(())),
            Ok(_) if is_late => return Ok(None),
            Err(cause) if is_late || !is_busy(&cause) => return Err(cause),
            Ok(_) | Err(_) => tokio::time::sleep(BUSY_PAUSE).await,
        }
    }
}

/// Writes the database anew: pages that were split or merged may keep copies in their unused parts.
pub(super) async fn rebuild(writer: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut writer = writer.acquire().await?;
    sqlx::raw_sql("VACUUM").execute(&mut *writer).await.map(drop)
}

/// The primary code of an error, its lowest byte: <https://sqlite.org/rescode.html>
pub(crate) fn primary_code(code: &str) -> Option<u32> {
    Some(code.parse::<u32>().ok()? & 0xff)
}

fn is_busy(cause: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = cause else { return false };
    matches!(error.code().as_deref().and_then(primary_code), Some(5 | 6))
}
