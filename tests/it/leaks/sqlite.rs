//! Databases as SQLite itself writes them: what was deleted is found while it is there.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection};
use vermeil_leaks::{Channel, Limits, Matcher, Values, corpus, scan};

/// Channels in which the name of the corpus is found below a folder.
fn channels(folder: &Path) -> Vec<Channel> {
    let matcher = Matcher::new(&Values::from_texts([corpus::NAME]));
    let report = scan(folder, &[], &matcher, Limits::default()).expect("a folder");
    assert!(report.unreadable.is_empty(), "{:?}", report.unreadable);
    let mut channels: Vec<Channel> = report.findings.iter().map(|finding| finding.channel).collect();
    channels.sort_unstable();
    channels.dedup();
    channels
}

async fn database(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("state.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("page_size", "1024");
    options.connect().await.expect("a database")
}

async fn execute(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::raw_sql(statement).execute(connection).await.expect("executed");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A row whose name lies across the pages of 1,024 bytes, wherever their seam is.
fn torn() -> String {
    format!("{}{}", ".".repeat(3), corpus::NAME).repeat(200)
}

#[test]
fn rows_are_found_in_the_log_in_pages_and_after_they_are_deleted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    runtime().block_on(async {
        let mut connection = database(folder.path()).await;
        execute(&mut connection, "CREATE TABLE people (id INTEGER PRIMARY KEY, note TEXT)").await;
        sqlx::query("INSERT INTO people (note) VALUES ($1)")
            .bind(torn())
            .execute(&mut connection)
            .await
            .expect("a row");
        assert_eq!(channels(folder.path()), [Channel::Bytes, Channel::SqliteRow, Channel::SqlitePages]);
        execute(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await;
        assert_eq!(channels(folder.path()), [Channel::Bytes, Channel::SqliteRow, Channel::SqlitePages]);
        execute(&mut connection, "PRAGMA secure_delete = OFF; DELETE FROM people").await;
        execute(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await;
        assert!(channels(folder.path()).contains(&Channel::SqlitePages), "free pages still hold it");
        execute(&mut connection, "VACUUM").await;
        execute(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await;
        assert_eq!(channels(folder.path()), []);
        connection.close().await.expect("closed");
    });
}

#[test]
fn planted_databases_are_databases() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    corpus::write(folder.path()).expect("a corpus");
    for place in ["row", "row-over-pages", "free-page", "deleted-row-over-pages", "slack-of-a-page"] {
        let file = folder.path().join(format!("{}/sqlite/{place}/utf-8/people.db", corpus::PLANTED_FOLDER));
        let verdict: String = runtime().block_on(async {
            let mut connection =
                SqliteConnectOptions::new().filename(&file).connect().await.expect("a database");
            sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.expect("a verdict")
        });
        assert_eq!(verdict, "ok", "{place}");
    }
}
