//! Every cell of an SQLite database.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteValueRef};
use sqlx::{Connection, Row, TypeInfo, Value, ValueRef};

use super::{Channel, Search};

/// How a database begins.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";

/// Searches the schema and every cell. Works on a copy: opening a database may
/// fold its write-ahead log into it, and both are to be found as they were left.
pub(super) async fn search(file: &Path, search: &mut Search<'_>) -> Result<(), sqlx::Error> {
    let copy = tempfile::tempdir()?;
    let database = copy.path().join("copy.db");
    for ending in ["", "-wal"] {
        let mut original = file.as_os_str().to_owned();
        original.push(ending);
        let original = PathBuf::from(original);
        if original.is_file() {
            std::fs::copy(original, copy.path().join(format!("copy.db{ending}")))?;
        }
    }
    let options = SqliteConnectOptions::new().filename(&database);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let schema = sqlx::query("SELECT type, name, sql FROM sqlite_master").fetch_all(&mut connection).await?;
    let mut tables: Vec<String> = Vec::new();
    for entry in &schema {
        let name: String = entry.try_get("name")?;
        search.bytes(Channel::SqliteSchema, name.as_bytes());
        let statement: Option<String> = entry.try_get("sql")?;
        search.bytes(Channel::SqliteSchema, statement.unwrap_or_default().as_bytes());
        if entry.try_get::<String, _>("type")? == "table" {
            tables.push(name);
        }
    }
    for table in tables {
        let statement = format!("SELECT * FROM \"{}\"", table.replace('"', "\"\""));
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(&mut connection).await?;
        for row in &rows {
            for column in 0..row.len() {
                cell(row.try_get_raw(column)?, search)?;
            }
        }
    }
    connection.close().await
}

fn cell(value: SqliteValueRef<'_>, search: &mut Search<'_>) -> Result<(), sqlx::Error> {
    let value = value.to_owned();
    // Any cell of SQLite may be of any type, whatever its column says.
    match value.type_info().name() {
        "NULL" => {}
        "INTEGER" => search.number(Channel::SqliteCell, value.try_decode_unchecked()?),
        "REAL" => search.number(Channel::SqliteCell, value.try_decode_unchecked::<f64>()? as i64),
        _ => search.content(Channel::SqliteCell, value.try_decode_unchecked::<&[u8]>()?),
    }
    Ok(())
}
