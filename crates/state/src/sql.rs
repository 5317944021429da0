//! Statements that mean the same to SQLite and to PostgreSQL.
//!
//! A statement is one text for both, its values bound: `$1`, `BIGINT`, `TEXT` and `BYTEA`, and
//! `ON CONFLICT … DO`. It is written as with `sqlx`, from which it differs in nothing but what it is
//! run on: a [`Connection`] within a change, or the [`Readers`].
//!
//! PostgreSQL is strict where SQLite is not: it adds up 64-bit integers to a number of another type
//! (`CAST(SUM(…) AS BIGINT)`), has no greatest of bytes (`ORDER BY … DESC LIMIT 1`), and within
//! `DO UPDATE SET` wants to know of which row a column is (`table.column` or `excluded.column`) and
//! changes no row twice.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{
    PgConnection, PgPool, Postgres, SqlSafeStr, SqlStr, Sqlite, SqliteConnection, SqlitePool, Transaction,
};

mod builder;
mod value;

pub(crate) use builder::QueryBuilder;
pub(crate) use value::Value;
use value::arguments;

/// A statement without an answer, or whose answer is how many rows it changed.
pub(crate) fn query(sql: impl SqlSafeStr) -> Query {
    Query { sql: sql.into_sql_str(), values: Vec::new() }
}

/// A statement that answers with rows, each a tuple of its columns.
pub(crate) fn query_as<T>(sql: impl SqlSafeStr) -> QueryAs<T> {
    QueryAs { query: query(sql), rows: PhantomData }
}

/// A statement that answers with rows of one column.
pub(crate) fn query_scalar<T>(sql: impl SqlSafeStr) -> QueryScalar<T> {
    QueryScalar { query: query_as(sql) }
}

/// Several statements, separated by semicolons, without values.
pub(crate) fn raw_sql(sql: impl SqlSafeStr) -> RawSql {
    RawSql { sql: sql.into_sql_str() }
}

/// A row's columns as a tuple.
pub(crate) trait FromRow:
    for<'r> sqlx::FromRow<'r, SqliteRow> + for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> FromRow for T where
    T: for<'r> sqlx::FromRow<'r, SqliteRow> + for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin
{
}

/// A connection within a change, or within a look at one moment.
pub(crate) enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A change, or a look at one moment. Dropped before its commit, it never was.
pub(crate) struct Change(Connection);

impl Change {
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self.0 {
            Connection::Sqlite(transaction) => transaction.commit().await,
            Connection::Postgres(transaction) => transaction.commit().await,
        }
    }
}

impl From<Connection> for Change {
    fn from(connection: Connection) -> Self {
        Self(connection)
    }
}

impl Deref for Change {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

/// Connections that read. Each statement sees what was committed before it began.
#[derive(Clone)]
pub(crate) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Readers {
    /// Statements that all see the same moment.
    pub(crate) async fn begin(&self) -> Result<Change, sqlx::Error> {
        Ok(Change(match self {
            Self::Sqlite(pool) => Connection::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Connection::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            ),
        }))
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// What a statement is run on.
pub(crate) enum Executor<'c> {
    SqlitePool(&'c SqlitePool),
    Sqlite(&'c mut SqliteConnection),
    PostgresPool(&'c PgPool),
    Postgres(&'c mut PgConnection),
}

impl<'c> From<&'c Readers> for Executor<'c> {
    fn from(readers: &'c Readers) -> Self {
        match readers {
            Readers::Sqlite(pool) => Self::SqlitePool(pool),
            Readers::Postgres(pool) => Self::PostgresPool(pool),
        }
    }
}

impl<'c> From<&'c mut Connection> for Executor<'c> {
    fn from(connection: &'c mut Connection) -> Self {
        match connection {
            Connection::Sqlite(transaction) => Self::Sqlite(transaction),
            Connection::Postgres(transaction) => Self::Postgres(transaction),
        }
    }
}

impl<'c> From<&'c mut Change> for Executor<'c> {
    fn from(change: &'c mut Change) -> Self {
        Self::from(&mut change.0)
    }
}

/// What a statement did.
pub(crate) struct Executed(u64);

impl Executed {
    pub(crate) fn rows_affected(&self) -> u64 {
        self.0
    }
}

/// A statement with its values.
pub(crate) struct Query {
    sql: SqlStr,
    values: Vec<Value>,
}

impl Query {
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(crate) async fn execute(self, executor: impl Into<Executor<'_>>) -> Result<Executed, sqlx::Error> {
        let Self { sql, values } = self;
        let rows = match executor.into() {
            Executor::SqlitePool(pool) => {
                sqlx::query_with(sql, arguments::<Sqlite>(values)?).execute(pool).await?.rows_affected()
            }
            Executor::Sqlite(connection) => {
                sqlx::query_with(sql, arguments::<Sqlite>(values)?).execute(connection).await?.rows_affected()
            }
            Executor::PostgresPool(pool) => {
                sqlx::query_with(sql, arguments::<Postgres>(values)?).execute(pool).await?.rows_affected()
            }
            Executor::Postgres(connection) => sqlx::query_with(sql, arguments::<Postgres>(values)?)
                .execute(connection)
                .await?
                .rows_affected(),
        };
        Ok(Executed(rows))
    }
}

/// Several statements, as they stand.
pub(crate) struct RawSql {
    sql: SqlStr,
}

impl RawSql {
    pub(crate) async fn execute(self, executor: impl Into<Executor<'_>>) -> Result<(), sqlx::Error> {
        let statements = sqlx::raw_sql(self.sql);
        match executor.into() {
            Executor::SqlitePool(pool) => statements.execute(pool).await.map(drop),
            Executor::Sqlite(connection) => statements.execute(connection).await.map(drop),
            Executor::PostgresPool(pool) => statements.execute(pool).await.map(drop),
            Executor::Postgres(connection) => statements.execute(connection).await.map(drop),
        }
    }
}

/// A statement that answers with rows.
pub(crate) struct QueryAs<T> {
    query: Query,
    rows: PhantomData<fn() -> T>,
}

/// Runs a statement on whichever it is, and fetches its rows.
macro_rules! fetch {
    ($this:ident, $executor:ident, $fetch:ident) => {{
        let Query { sql, values } = $this.query;
        match $executor.into() {
            Executor::SqlitePool(pool) => {
                sqlx::query_as_with::<Sqlite, T, _>(sql, arguments::<Sqlite>(values)?).$fetch(pool).await
            }
            Executor::Sqlite(connection) => {
                sqlx::query_as_with::<Sqlite, T, _>(sql, arguments::<Sqlite>(values)?)
                    .$fetch(connection)
                    .await
            }
            Executor::PostgresPool(pool) => {
                sqlx::query_as_with::<Postgres, T, _>(sql, arguments::<Postgres>(values)?).$fetch(pool).await
            }
            Executor::Postgres(connection) => {
                sqlx::query_as_with::<Postgres, T, _>(sql, arguments::<Postgres>(values)?)
                    .$fetch(connection)
                    .await
            }
        }
    }};
}

impl<T: FromRow> QueryAs<T> {
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.query = self.query.bind(value);
        self
    }

    pub(crate) async fn fetch_all(self, executor: impl Into<Executor<'_>>) -> Result<Vec<T>, sqlx::Error> {
        fetch!(self, executor, fetch_all)
    }

    pub(crate) async fn fetch_one(self, executor: impl Into<Executor<'_>>) -> Result<T, sqlx::Error> {
        fetch!(self, executor, fetch_one)
    }

    pub(crate) async fn fetch_optional(
        self,
        executor: impl Into<Executor<'_>>,
    ) -> Result<Option<T>, sqlx::Error> {
        fetch!(self, executor, fetch_optional)
    }
}

/// A statement that answers with rows of one column.
pub(crate) struct QueryScalar<T> {
    query: QueryAs<(T,)>,
}

impl<T> QueryScalar<T>
where
    (T,): FromRow,
{
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.query = self.query.bind(value);
        self
    }

    pub(crate) async fn fetch_all(self, executor: impl Into<Executor<'_>>) -> Result<Vec<T>, sqlx::Error> {
        Ok(self.query.fetch_all(executor).await?.into_iter().map(|(column,)| column).collect())
    }

    pub(crate) async fn fetch_one(self, executor: impl Into<Executor<'_>>) -> Result<T, sqlx::Error> {
        self.query.fetch_one(executor).await.map(|(column,)| column)
    }

    pub(crate) async fn fetch_optional(
        self,
        executor: impl Into<Executor<'_>>,
    ) -> Result<Option<T>, sqlx::Error> {
        Ok(self.query.fetch_optional(executor).await?.map(|(column,)| column))
    }
}
