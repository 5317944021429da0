//! PostgreSQL: a server, whose processes write one at a time.
//!
//! Whoever changes something takes the lake's lock first, and then reads what stands there now
//! (`READ COMMITTED`: each statement sees what was committed before it began). So changes follow
//! one another as those of SQLite do, and a number is never committed after a higher one.
//!
//! The server gives a lock back when its holder is gone, and calls one gone that is idle within a
//! change for long: it may have been frozen, or be on the other side of a broken network.

use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, PgConnection, PgPool};

use super::ACQUIRE_TIMEOUT;
use crate::sql::Connection;

/// How long a server may take to let someone in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a reader waits for a connection.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// Connections that were idle for longer are tried before they are used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Tables up to this many bytes are rewritten where deleted rows must go, which locks them for some
/// hundred milliseconds. In larger ones they give their room to later rows.
const REWRITTEN_BYTES: i64 = 64 << 20;

/// What a session is set to. Whatever is committed is on the server's disk, whatever the server's
/// own setting says; a lock is waited for as long as SQLite's.
const SESSION: &str = "SET lock_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s';
    SET tcp_keepalives_idle = 30;
    SET tcp_keepalives_interval = 10;
    SET tcp_keepalives_count = 3;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// The two numbers of a lock: lakes that share a database have locks of their own, told apart by
/// their schemas, and the name of a lock stands for what its digest begins with.
const LOCK: &str = "(SELECT CAST(oid AS INT) FROM pg_namespace WHERE nspname = current_schema()),
    CAST(CAST('x' || substr(md5('vermeil ' || $1), 1, 8) AS BIT(32)) AS INT)";

/// The lock of whoever changes the database.
const CHANGE: &str = "change";

/// Asks the server whether it lets this program in and has room for it.
///
/// # Errors
/// The server's own, at once: a pool would go on trying.
pub(super) async fn check(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = connect(options).await?;
    let statement = "SELECT current_schema(), current_setting('server_encoding')";
    let (schema, encoding): (Option<String>, String) =
        sqlx::query_as(statement).fetch_one(&mut connection).await?;
    let unfit = match (schema, encoding.as_str()) {
        (None, _) => Some("no schema of its search path exists"),
        (_, "UTF8") => None,
        _ => Some("its encoding is not UTF8"),
    };
    connection.close().await?;
    unfit.map_or(Ok(()), |why| Err(sqlx::Error::Configuration(why.into())))
}

pub(super) fn writer(options: PgConnectOptions) -> PgPool {
    pool(options, 1, ACQUIRE_TIMEOUT)
}

pub(super) fn readers(options: PgConnectOptions) -> PgPool {
    pool(options, 4, READ_TIMEOUT)
}

pub(super) async fn begin(writer: &PgPool) -> Result<Connection, sqlx::Error> {
    // Not what the server's default may be: a look of before the wait would miss what was waited for.
    let mut transaction = writer.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
    let lock = format!("SELECT pg_advisory_xact_lock({LOCK})");
    sqlx::query(AssertSqlSafe(lock)).bind(CHANGE).execute(&mut *transaction).await?;
    Ok(Connection::Postgres(transaction))
}

/// Has the server keep no samples of texts and bytes, from which it would plan: they outlive their rows.
pub(super) async fn keep_no_samples(change: &mut PgConnection) -> Result<(), sqlx::Error> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT quote_ident(relname), quote_ident(attname) FROM pg_class
         JOIN pg_attribute ON attrelid = pg_class.oid JOIN pg_type ON pg_type.oid = atttypid
         WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS REGNAMESPACE) AND attnum > 0
         AND NOT attisdropped AND typname IN ('bytea', 'text') AND COALESCE(attstattarget, -1) <> 0",
    )
    .fetch_all(&mut *change)
    .await?;
    for (table, column) in columns {
        let statement = format!("ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *change).await?;
    }
    Ok(())
}

/// Takes out of the tables what was deleted or overwritten, and what the server keeps of it in
/// memory. Its write-ahead log and its backups are its own.
pub(super) async fn purge(writer: &PgPool, up_to: Option<i64>) -> Result<(), sqlx::Error> {
    let mut writer = writer.acquire().await?;
    let tables: Vec<(String, i64)> = sqlx::query_as(
        "SELECT quote_ident(relname), pg_total_relation_size(oid) FROM pg_class
         WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS REGNAMESPACE) ORDER BY relname",
    )
    .fetch_all(&mut *writer)
    .await?;
    for (table, bytes) in tables {
        let form = if up_to.is_none_or(|most| bytes <= most) { "VACUUM (FULL)" } else { "VACUUM" };
        sqlx::raw_sql(AssertSqlSafe(format!("{form} {table}"))).execute(&mut *writer).await?;
    }
    match sqlx::raw_sql("CHECKPOINT").execute(&mut *writer).await {
        // Few may ask for it; the server does it by itself every some minutes.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => Ok(()),
        done => done.map(drop),
    }
}

/// The tables that [`purge`] rewrites as a matter of course.
pub(super) const SMALL: Option<i64> = Some(REWRITTEN_BYTES);

/// Takes the lock of that name for as long as the connection lives, and calls `waiting` if another holds it.
pub(super) async fn lock(
    options: &PgConnectOptions,
    name: &str,
    waiting: impl FnOnce(),
) -> Result<PgConnection, sqlx::Error> {
    let mut connection = connect(options).await?;
    let ask = |function: &str| AssertSqlSafe(format!("SELECT {function}({LOCK})"));
    let taken: bool =
        sqlx::query_scalar(ask("pg_try_advisory_lock")).bind(name).fetch_one(&mut connection).await?;
    if !taken {
        waiting();
        sqlx::raw_sql("SET lock_timeout = 0").execute(&mut connection).await?;
        sqlx::query(ask("pg_advisory_lock")).bind(name).execute(&mut connection).await?;
    }
    Ok(connection)
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connecting = async {
        let mut connection = options.connect().await?;
        sqlx::raw_sql(SESSION).execute(&mut connection).await?;
        Ok(connection)
    };
    let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| late())?
}

fn pool(options: PgConnectOptions, connections: u32, patience: Duration) -> PgPool {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(patience)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(SESSION).execute(connection).await.map(drop) })
        })
        // The server may have been restarted meanwhile; asking each time would double every wait.
        .before_acquire(|connection, idle| {
            let connection: &mut PgConnection = connection;
            Box::pin(async move { Ok(idle.idle_for < TRUSTED_FOR || connection.ping().await.is_ok()) })
        })
        .connect_lazy_with(options)
}
