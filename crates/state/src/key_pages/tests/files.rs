//! What destroyed generations leave in the database's files and in copies of them.

use std::sync::Arc;
use std::time::Duration;

use vermeil_model::Diagnose;
use vermeil_protect::vault::KeyState;
use vermeil_protect::{Destruction, KeyOwner, KeyPageStore, KeyVault};

use super::{found_on_disk, keyring, stored, vault};
use crate::StateDatabase;
use crate::sql;
use crate::testing::{file_fixture, new_location};

#[tokio::test]
async fn what_a_destroyed_generation_wrapped_is_in_no_file_any_more() {
    let fixture = file_fixture().await;
    let vault = vault(&fixture).await;
    vault.allocate(&KeyOwner::new("a"), 700).await.unwrap();
    let before = stored(&fixture.state, &[1, 2, 3]).await;
    vault.rotate(&|_| {}).await.unwrap();
    for page in &before {
        assert!(found_on_disk(&fixture, &page.wrapped_key), "the search finds what is there");
    }

    // Someone reads from the log meanwhile; it is emptied once they are done.
    let mut reader = fixture.state.readers().begin().await.unwrap();
    let pages: i64 =
        sql::query_scalar("SELECT COUNT(*) FROM key_pages").fetch_one(&mut *reader).await.unwrap();
    assert_eq!(pages, 3);
    let (destroyed, ()) = tokio::join!(vault.destroy_generation(1), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(reader);
    });
    assert!(matches!(destroyed, Ok(Destruction::Done { .. })));
    for page in &before {
        assert!(!found_on_disk(&fixture, &page.wrapped_key), "the wrapped key of page {}", page.number);
        assert!(!found_on_disk(&fixture, &page.sealed), "the keys of page {}", page.number);
    }
    assert_eq!(stored(&fixture.state, &[1, 2, 3]).await.len(), 3);
}

#[tokio::test]
async fn a_copy_from_before_opens_no_more_and_tells_since_when() {
    let fixture = file_fixture().await;
    let vault = vault(&fixture).await;
    let given = vault.allocate(&KeyOwner::new("a"), 3).await.unwrap();
    let places: Vec<_> = given.into_iter().map(|(place, _)| place).collect();
    fixture.state.purge().await.unwrap();
    let copy = fixture.folder.path().join("copy.db");
    std::fs::copy(fixture.state.location().file().unwrap(), &copy).unwrap();

    let keyring = keyring(&fixture).await;
    let restored = StateDatabase::open(&copy).await.unwrap();
    let restored = KeyVault::new(keyring.clone(), Arc::new(restored));
    assert!(restored.keys(&places).await.unwrap().iter().all(Option::is_some));

    vault.rotate(&|_| {}).await.unwrap();
    let Ok(Destruction::Done { at }) = vault.destroy_generation(1).await else { panic!("not destroyed") };
    keyring.reload_if_changed().await.unwrap();
    // As a process that starts now sees the copy: it remembers no page.
    let reopened = StateDatabase::open(&copy).await.unwrap();
    let restored = KeyVault::new(keyring, Arc::new(reopened));
    let Err(error) = restored.keys(&places).await else { panic!("the copy opens") };
    let diagnostic = error.diagnostic().unwrap();
    assert_eq!(diagnostic.code, "keyring-destroyed-generation");
    let day = at.format("%Y-%m-%d").to_string();
    assert!(error.to_string().contains(&day) && error.to_string().contains("erased"), "{error}");
    let states = vault.states(&places).await.unwrap();
    assert!(states.iter().all(|state| matches!(state, KeyState::Live(_))), "the latest database opens");
}

#[tokio::test]
async fn a_database_of_the_first_version_counts_the_keys_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let location = new_location(folder.path()).await;
    let first = StateDatabase::connect(&location).await.unwrap();
    let mut change = first.begin().await.unwrap();
    for script in [
        include_str!("../../../migrations/0001_state.sql"),
        "CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)",
        "INSERT INTO schema_migrations VALUES (1, 0)",
    ] {
        sql::raw_sql(script).execute(&mut change).await.unwrap();
    }
    for (page, revision, keys) in [(1, 0, 200), (2, 3, 5)] {
        sql::query("INSERT INTO key_pages VALUES ($1, 'a', $2, 1, $3, $4, $5)")
            .bind(page)
            .bind(revision)
            .bind(vec![0; 32])
            .bind(vec![0; 60])
            .bind(vec![0; 28 + 32 * keys])
            .execute(&mut change)
            .await
            .unwrap();
    }
    first.commit(change).await.unwrap();
    first.close().await;

    let state = StateDatabase::open(&location).await.unwrap();
    let usage = state.usage().await.unwrap();
    assert_eq!((usage[0].generation, usage[0].pages, usage[0].keys), (1, 2, 205));
    assert_eq!(stored(&state, &[2]).await[0].live_keys, 5);
}
