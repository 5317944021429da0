//! Everything that the tables of a server's database hold, for a search through it.
//!
//! SQLite's file is searched as it lies. A server's files are out of reach, and its log and its
//! unused pages with them: what stands there opens with the keys of a generation only.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::sql::{Change, Connection};
use crate::{StateDatabase, StateError};

/// Rows that are read at once; a row of the key pages or of the blind index takes some 16 KB.
const ROWS_READ: usize = 256;

/// A column of some rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredColumn {
    /// The table.
    pub table: String,
    /// Its column.
    pub column: String,
    /// What stands in it, without what is null.
    pub values: StoredValues,
}

/// Values of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredValues {
    /// Integers of whatever width.
    Numbers(Vec<i64>),
    /// Bytes, texts in UTF-8, and as such texts whatever else there is.
    Bytes(Vec<Vec<u8>>),
}

/// A column as it is to be read.
struct Column {
    name: String,
    kind: Kind,
}

enum Kind {
    Number,
    Bytes,
    /// Or anything, as text.
    Text,
}

/// A walk through everything that the tables hold, at one moment.
pub struct StoredContents {
    state: StateDatabase,
    look: Change,
    /// Tables that are still to be read, the next one last.
    tables: Vec<String>,
    /// The table at hand and its columns.
    at_hand: Option<(String, Vec<Column>)>,
    /// What was read and not yet handed out, the next one last.
    read: Vec<StoredColumn>,
}

impl StateDatabase {
    /// Everything that a server's tables hold: this program's tables and whatever others stand in the same
    /// schema, and what the server keeps of their columns to plan by. Of a file of SQLite's nothing.
    ///
    /// # Errors
    /// The database's own.
    pub async fn stored_contents(&self) -> Result<StoredContents, StateError> {
        let failed = |cause| self.failed(cause);
        let mut look = self.readers().begin().await.map_err(failed)?;
        let tables = match &mut *look {
            Connection::Sqlite(_) => Vec::new(),
            Connection::Postgres(look) => tables(look).await.map_err(failed)?,
        };
        Ok(StoredContents { state: self.clone(), look, tables, at_hand: None, read: Vec::new() })
    }
}

impl StoredContents {
    /// How many tables are still to be read.
    pub fn tables(&self) -> usize {
        self.tables.len()
    }

    /// Some more rows of a column; `None` where there are no more.
    ///
    /// # Errors
    /// The database's own.
    pub async fn next(&mut self) -> Result<Option<StoredColumn>, StateError> {
        while self.read.is_empty() {
            if let Err(cause) = self.read_on().await {
                return Err(self.state.failed(cause));
            }
            if self.at_hand.is_none() && self.tables.is_empty() {
                break;
            }
        }
        Ok(self.read.pop())
    }

    async fn read_on(&mut self) -> Result<(), sqlx::Error> {
        let Connection::Postgres(look) = &mut *self.look else { return Ok(()) };
        let Some((table, columns)) = &self.at_hand else {
            let Some(table) = self.tables.pop() else { return Ok(()) };
            let columns = columns(look, &table).await?;
            sqlx::raw_sql(AssertSqlSafe(cursor(&table, &columns))).execute(&mut **look).await?;
            self.at_hand = Some((table, columns));
            return Ok(());
        };
        let fetch = AssertSqlSafe(format!("FETCH {ROWS_READ} FROM stored"));
        let rows = sqlx::query(fetch).persistent(false).fetch_all(&mut **look).await?;
        for (position, column) in columns.iter().enumerate().rev() {
            let (table, values) = (table.clone(), values(&rows, position, column)?);
            self.read.push(StoredColumn { table, column: column.name.clone(), values });
        }
        if rows.len() < ROWS_READ {
            sqlx::raw_sql("CLOSE stored").execute(&mut **look).await?;
            self.at_hand = None;
        }
        Ok(())
    }
}

/// What holds rows: tables and views that were carried out, partitions included; and the samples of columns.
async fn tables(look: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let names = sqlx::query_scalar(
        "SELECT relname::TEXT FROM pg_class WHERE relkind IN ('r', 'm')
         AND relnamespace = CAST(current_schema() AS REGNAMESPACE) ORDER BY relname DESC",
    );
    let mut names: Vec<String> = names.fetch_all(look).await?;
    names.push("pg_stats".to_owned());
    Ok(names)
}

async fn columns(look: &mut PgConnection, table: &str) -> Result<Vec<Column>, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT attname::TEXT, typname::TEXT FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
         WHERE attrelid = CAST(quote_ident($1) AS REGCLASS) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    )
    .bind(table)
    .fetch_all(look)
    .await?;
    let kind = |name: &str| match name {
        "int2" | "int4" | "int8" => Kind::Number,
        "bytea" => Kind::Bytes,
        _ => Kind::Text,
    };
    Ok(rows.into_iter().map(|(name, of)| Column { name, kind: kind(&of) }).collect())
}

/// A cursor over a table, each column as a number or as bytes.
fn cursor(table: &str, columns: &[Column]) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let column = |column: &Column| {
        let name = quoted(&column.name);
        match column.kind {
            Kind::Number => format!("CAST({name} AS BIGINT)"),
            Kind::Bytes => name,
            Kind::Text => format!("convert_to(CAST({name} AS TEXT), 'UTF8')"),
        }
    };
    let columns: Vec<String> = columns.iter().map(column).collect();
    let own = if table == "pg_stats" { " WHERE schemaname = current_schema()" } else { "" };
    format!("DECLARE stored NO SCROLL CURSOR FOR SELECT {} FROM {}{own}", columns.join(", "), quoted(table))
}

fn values(rows: &[PgRow], position: usize, column: &Column) -> Result<StoredValues, sqlx::Error> {
    Ok(match column.kind {
        Kind::Number => {
            let numbers = rows.iter().filter_map(|row| row.try_get(position).transpose());
            StoredValues::Numbers(numbers.collect::<Result<_, _>>()?)
        }
        Kind::Bytes | Kind::Text => {
            let bytes = rows.iter().filter_map(|row| row.try_get(position).transpose());
            StoredValues::Bytes(bytes.collect::<Result<_, _>>()?)
        }
    })
}

#[cfg(test)]
mod tests;
