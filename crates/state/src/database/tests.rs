use std::os::unix::fs::PermissionsExt;

use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::*;
use crate::testing::{check_code, file_fixture, fixture, new_location};

mod postgres;

fn writer(state: &StateDatabase) -> &SqlitePool {
    let Writer::Sqlite(writer) = &state.writer else { panic!("a database of SQLite's") };
    writer
}

async fn setting(state: &StateDatabase, pragma: &'static str) -> String {
    let row = sqlx::query(pragma).fetch_one(writer(state)).await.unwrap();
    sqlx::Row::try_get::<i64, _>(&row, 0)
        .map(|number| number.to_string())
        .unwrap_or_else(|_| sqlx::Row::get(&row, 0))
}

#[tokio::test]
async fn a_new_database_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/state.db");
    let state = StateDatabase::open(&path).await.unwrap();
    state.begin_run("run").await.unwrap();
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn what_is_written_is_safe_and_what_is_deleted_is_gone() {
    let fixture = file_fixture().await;
    for (pragma, expected) in [
        ("PRAGMA journal_mode", "wal"),
        ("PRAGMA synchronous", "2"),
        ("PRAGMA foreign_keys", "1"),
        ("PRAGMA secure_delete", "1"),
        ("PRAGMA busy_timeout", "30000"),
    ] {
        assert_eq!(setting(&fixture.state, pragma).await, expected, "{pragma}");
    }
    fixture.state.truncate_log().await;
    assert_eq!(setting(&fixture.state, "PRAGMA busy_timeout").await, "30000");
}

#[tokio::test]
async fn a_database_of_a_later_version_is_refused() {
    let fixture = fixture().await;
    let mut change = fixture.state.begin().await.unwrap();
    sql::query("INSERT INTO schema_migrations (version, applied_at) VALUES (99, 0)")
        .execute(&mut change)
        .await
        .unwrap();
    fixture.state.commit(change).await.unwrap();
    check_code(StateDatabase::open(fixture.state.location()).await.map(drop), "state-newer");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let text = "this is no database, but long enough to be looked at as one. ".repeat(40);
    std::fs::write(&path, &text).unwrap();
    check_code(StateDatabase::open(&path).await.map(drop), "state-damaged");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_damaged_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let state = StateDatabase::open(&path).await.unwrap();
    state.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    check_code(StateDatabase::open(&path).await.map(drop), "state-damaged");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let state = StateDatabase::open(&folder.path().join("file/state.db")).await;
    check_code(state.map(drop), "state-unwritable");
    check_code(StateDatabase::open(folder.path()).await.map(drop), "state-unwritable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_open_a_new_database_at_once_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let location = new_location(folder.path()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let location = location.clone();
        tasks.spawn(async move {
            let state = StateDatabase::open(&location).await.unwrap();
            let mut numbers = Vec::new();
            for _ in 0..10 {
                numbers.push(state.begin_run("run").await.unwrap());
            }
            numbers
        });
    }
    let mut numbers: Vec<i64> = tasks.join_all().await.into_iter().flatten().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=60).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_change_that_is_dropped_never_was() {
    let fixture = fixture().await;
    let mut change = fixture.state.begin().await.unwrap();
    let number = fixture.state.take_numbers(&mut change, "run", 5).await.unwrap();
    drop(change);
    assert_eq!(fixture.state.begin_run("run").await.unwrap(), number);
}

/// A connection of its own that waits for nobody, as of an impatient process.
async fn impatient(state: &StateDatabase) -> sqlx::SqliteConnection {
    SqliteConnectOptions::new()
        .filename(state.location().file().unwrap())
        .busy_timeout(Duration::ZERO)
        .connect()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_database_held_by_another_is_told_as_busy() {
    let fixture = file_fixture().await;
    let held = fixture.state.begin().await.unwrap();
    let mut other = impatient(&fixture.state).await;
    let refused = sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap_err();
    check_code(Err::<(), _>(fixture.state.failed(refused)), "state-busy");
    drop(held);
}

#[tokio::test]
async fn a_log_in_use_is_emptied_later() {
    let fixture = file_fixture().await;
    fixture.state.begin_run("run").await.unwrap();
    let mut reader = impatient(&fixture.state).await;
    sqlx::raw_sql("BEGIN; SELECT * FROM runs").fetch_all(&mut reader).await.unwrap();
    fixture.state.begin_run("run").await.unwrap();
    assert_eq!(sqlite::try_truncate_log(writer(&fixture.state)).await.unwrap(), 1);
    sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
    assert_eq!(sqlite::try_truncate_log(writer(&fixture.state)).await.unwrap(), 0);
    let log = fixture.folder.path().join("state.db-wal");
    assert_eq!(std::fs::metadata(log).unwrap().len(), 0);
}

#[tokio::test]
async fn a_database_without_room_is_told_as_full() {
    let fixture = file_fixture().await;
    let mut other = impatient(&fixture.state).await;
    let refused =
        sqlx::raw_sql("PRAGMA max_page_count = 1; CREATE TABLE large AS SELECT randomblob(1000000) AS bytes")
            .execute(&mut other)
            .await
            .unwrap_err();
    check_code(Err::<(), _>(fixture.state.failed(refused)), "state-disk-full");
}

#[test]
fn what_the_driver_says_is_told_in_our_words() {
    let told = |cause| StateError::from_driver(&StateLocation::File("state.db".into()), cause);
    assert!(matches!(told(sqlx::Error::PoolTimedOut), StateError::Busy { .. }));
    assert!(matches!(told(unexpected("a tag")), StateError::Damaged { .. }));
    assert!(matches!(told(sqlx::Error::RowNotFound), StateError::Failed { .. }));
}

#[tokio::test]
async fn of_deleted_rows_nothing_is_left_in_a_database_written_anew() {
    let fixture = file_fixture().await;
    let state = &fixture.state;
    // In an order that splits pages, so that copies stay in what is then unused.
    let tag = |number: u64| {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut bytes = [0xA5; 16];
        bytes[..8].copy_from_slice(&mixed.to_be_bytes());
        vermeil_model::Tag(bytes)
    };
    state.suppress(&(0..5000).map(tag).collect::<Vec<_>>()).await.unwrap();
    let mut change = state.begin().await.unwrap();
    sql::query("DELETE FROM suppression").execute(&mut *change).await.unwrap();
    state.commit(change).await.unwrap();
    state.rebuild().await.unwrap();
    for file in fixture.folder.path().read_dir().unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(8).any(|window| window == [0xA5; 8]));
    }
    state.suppress(&[tag(1)]).await.unwrap();
}
