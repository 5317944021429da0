//! What differs on a server, and everything that must not.

use std::path::Path;
use std::process::Command;

use vermeil_model::Diagnose;

use super::*;
use crate::testing::SERVER_VARIABLE;
use crate::testing::server::{PASSWORD, Server};

async fn open(url: &str) -> Result<StateDatabase, StateError> {
    StateDatabase::open(&StateLocation::server(url)?).await
}

/// This test binary runs all its other tests once more, against a server.
#[test]
fn every_test_of_this_crate_passes_on_a_server() {
    let server = Server::start();
    let url = server.new_database("suite");
    let mut suite = Command::new(std::env::current_exe().unwrap());
    suite.args(["--skip", "database::tests::postgres::", "--test-threads=4"]).env(SERVER_VARIABLE, url);
    let ended = suite.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    let schemas = server.execute("suite", "SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'lake_%'");
    assert!(schemas.parse::<u32>().unwrap() > 50, "only {schemas} tests ran on the server");
}

#[tokio::test]
async fn a_server_that_does_not_let_in_is_told_without_user_or_password() {
    let mut server = Server::start();
    server.execute(
        "postgres",
        "CREATE DATABASE other ENCODING 'SQL_ASCII' TEMPLATE template0;
         CREATE ROLE guest LOGIN PASSWORD 'Sesame-4711-open'; CREATE DATABASE shared;
         CREATE ROLE single LOGIN PASSWORD 'Sesame-4711-open' CONNECTION LIMIT 0",
    );
    let at = |user: &str, database: &str| server.url(database).replace("owner", user);
    let wrong = server.url("shared").replace(PASSWORD, "Sesame-wrong");
    let nowhere = format!("{}?options=-c%20search_path%3Dnowhere", server.url("shared"));
    let encrypted = format!("{}?sslmode=require", server.url("shared"));
    for (url, code) in [
        (wrong, "state-login-refused"),
        (at("nobody", "shared"), "state-login-refused"),
        (at("guest", "shared"), "state-not-permitted"),
        (at("single", "shared"), "state-too-many-connections"),
        (server.url("missing"), "state-unfit"),
        (server.url("other"), "state-unfit"),
        (nowhere, "state-unfit"),
        // The server has no certificate: the connection is not made in the clear instead.
        (encrypted, "state-unreachable"),
    ] {
        check_refused(&url, code).await;
    }
    let url = server.url("shared");
    server.crash();
    check_refused(&url, "state-unreachable").await;
}

async fn check_refused(url: &str, code: &str) {
    let started = Instant::now();
    let error = open(url).await.map(drop).expect_err(code);
    assert!(started.elapsed() < Duration::from_secs(10), "{code}: told after {:?}", started.elapsed());
    let diagnostic = error.diagnostic().unwrap();
    assert_eq!(diagnostic.code, code, "{error:?}");
    let told = format!("{error} {error:?} {:?}", diagnostic.args);
    for secret in ["Sesame", "owner", "guest", "single", "nobody"] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_was_restarted_is_used_again() {
    let mut server = Server::start();
    let state = open(&server.new_database("lake")).await.unwrap();
    let first = state.begin_run("run").await.unwrap();
    server.crash();
    server.restart();
    // What was under way at that moment fails, and nothing after it.
    let mut begun = state.begin_run("run").await;
    if begun.is_err() {
        begun = state.begin_run("run").await;
    }
    assert_eq!(begun.unwrap(), first + 1, "what was committed is there");
    assert_eq!(state.last_runs(9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_change_cut_off_with_its_connection_never_was_and_holds_nobody_up() {
    let server = Server::start();
    let url = server.new_database("lake");
    let (one, other) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    let mut change = one.begin().await.unwrap();
    let number = one.take_numbers(&mut change, "run", 5).await.unwrap();
    let waiting = tokio::spawn(async move { other.begin_run("run").await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished(), "one at a time");
    server.execute(
        "lake",
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted",
    );
    assert_eq!(waiting.await.unwrap().unwrap(), number);
    crate::testing::check_code(one.commit(change).await, "state-unreachable");
    assert_eq!(one.begin_run("run").await.unwrap(), number + 1);
}

#[tokio::test]
async fn lakes_that_share_a_database_do_not_wait_for_one_another() {
    let server = Server::start();
    let url = server.new_database("lakes");
    server.execute("lakes", "CREATE SCHEMA one; CREATE SCHEMA other");
    let of = |schema: &str| format!("{url}?options=-c%20search_path%3D{schema}");
    let (one, other) = (open(&of("one")).await.unwrap(), open(&of("other")).await.unwrap());
    let held = one.begin().await.unwrap();
    assert_eq!(other.begin_run("run").await.unwrap(), 1);
    drop(held);
    assert_eq!(one.begin_run("run").await.unwrap(), 1);
}

#[tokio::test]
async fn one_at_a_time_holds_a_lock_of_the_lake() {
    let server = Server::start();
    let url = server.new_database("lake");
    let (one, other) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    let held = one.lock("run", || panic!("nobody holds it")).await.unwrap().unwrap();
    let apart = other.lock("rectify", || panic!("nobody holds it")).await.unwrap();
    let (told, mut is_waiting) = tokio::sync::mpsc::channel(1);
    let waiting = tokio::spawn(async move { other.lock("run", || told.try_send(()).unwrap()).await });
    is_waiting.recv().await.unwrap();
    assert!(!waiting.is_finished());
    drop(held);
    waiting.await.unwrap().unwrap().expect("a server has locks");
    drop(apart);
    assert!(file_fixture().await.state.lock("run", || ()).await.unwrap().is_none());
}

#[tokio::test]
async fn whatever_the_server_is_set_to_a_commit_is_on_its_disk() {
    let server = Server::start();
    server.new_database("lake");
    server.execute(
        "postgres",
        "ALTER DATABASE lake SET synchronous_commit = off;
         ALTER DATABASE lake SET default_transaction_isolation = 'repeatable read'",
    );
    let state = open(&server.url("lake")).await.unwrap();
    let mut change = state.begin().await.unwrap();
    for (setting, expected) in
        [("synchronous_commit", "on"), ("transaction_isolation", "read committed"), ("lock_timeout", "30s")]
    {
        let found: String = sql::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut change)
            .await
            .unwrap();
        assert_eq!(found, expected, "{setting}");
    }
}

#[tokio::test]
async fn a_look_at_one_moment_sees_that_moment() {
    let server = Server::start();
    let state = open(&server.new_database("lake")).await.unwrap();
    let mut look = state.readers().begin().await.unwrap();
    let count = || sql::query_scalar::<i64>("SELECT COUNT(*) FROM runs");
    assert_eq!(count().fetch_one(&mut look).await.unwrap(), 0);
    state.begin_run("run").await.unwrap();
    assert_eq!(count().fetch_one(&mut look).await.unwrap(), 0);
    assert_eq!(count().fetch_one(state.readers()).await.unwrap(), 1);
}

#[tokio::test]
async fn no_sample_of_a_text_or_of_bytes_outlives_its_row() {
    let server = Server::start();
    let state = open(&server.new_database("lake")).await.unwrap();
    let tags: Vec<_> = (0..200).map(|byte| vermeil_model::Tag([byte; 16])).collect();
    state.suppress(&tags).await.unwrap();
    state.begin_run("run").await.unwrap();
    server.execute("lake", "ANALYZE");
    let sampled = |kinds: &str| {
        let statement = format!(
            "SELECT COUNT(*) FROM pg_stats JOIN information_schema.columns
             ON (schemaname, tablename, attname) = (table_schema, table_name, column_name)
             WHERE schemaname = 'public' AND data_type IN ({kinds})"
        );
        server.execute("lake", &statement).parse::<u32>().unwrap()
    };
    assert!(sampled("'bigint'") > 0, "the search finds what is there");
    assert_eq!(sampled("'bytea', 'text'"), 0);
}

/// Whether a file below a folder holds these bytes.
fn holds(folder: &Path, needle: &[u8]) -> bool {
    folder.read_dir().unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, needle);
        }
        std::fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle)
    })
}

#[tokio::test]
async fn of_deleted_rows_nothing_is_left_in_the_files_of_the_tables() {
    let server = Server::start();
    let state = open(&server.new_database("lake")).await.unwrap();
    let tag = |byte: u8| vermeil_model::Tag([byte; 16]);
    // Not the write-ahead log, which is the server's own.
    let tables = server.folder.path().join("data/base");
    for purge in ["as a matter of course", "anew"] {
        state.suppress(&[tag(0xA5), tag(0xA6)]).await.unwrap();
        server.execute("postgres", "CHECKPOINT");
        assert!(holds(&tables, &[0xA5; 16]), "the search finds what is there");
        let mut change = state.begin().await.unwrap();
        let gone = tag(0xA5).0.to_vec();
        sql::query("DELETE FROM suppression WHERE tag = $1").bind(gone).execute(&mut change).await.unwrap();
        state.commit(change).await.unwrap();
        match purge {
            "anew" => state.rebuild().await.unwrap(),
            _ => state.purge().await.unwrap(),
        }
        assert!(!holds(&tables, &[0xA5; 16]), "{purge}");
        assert!(holds(&tables, &[0xA6; 16]));
    }
}

#[tokio::test]
async fn a_login_that_may_not_ask_for_a_checkpoint_purges_all_the_same() {
    let server = Server::start();
    server.execute(
        "postgres",
        "CREATE ROLE keeper LOGIN PASSWORD 'Sesame-4711-open'; CREATE DATABASE lake OWNER keeper",
    );
    let state = open(&server.url("lake").replace("owner", "keeper")).await.unwrap();
    state.purge().await.unwrap();
    state.rebuild().await.unwrap();
}
