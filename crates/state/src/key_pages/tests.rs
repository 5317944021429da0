use std::sync::Arc;

use vermeil_protect::vault::PAGE_SLOTS;
use vermeil_protect::{Binding, DataKey, KeyLocation, KeyVault, Keyring, Plain, seal};

use super::*;
use crate::testing::{Fixture, check_code, file_fixture, fixture};

mod files;
mod rotation;
mod stores;

const BINDING: Binding<'static> = Binding {
    tenant: "demo",
    table: "landing.erp",
    class: vermeil_model::FieldClass::Contact,
    record: [1; 16],
    version: 1,
    key_epoch: 0,
};

async fn keyring(fixture: &Fixture) -> Arc<Keyring> {
    let path = fixture.folder.path().join("keyring.json");
    let keyring = match Keyring::create(&path, Arc::new(Plain)).await {
        Err(_) => Keyring::open(&path, Arc::new(Plain)).await,
        created => created,
    };
    Arc::new(keyring.unwrap())
}

async fn vault(fixture: &Fixture) -> KeyVault {
    KeyVault::new(keyring(fixture).await, Arc::new(fixture.state.clone()))
}

fn page(number: i64, owner: &str) -> SealedPage {
    SealedPage {
        number,
        owner: KeyOwner::new(owner),
        revision: 0,
        generation: 1,
        live_keys: 256,
        commitment: [2; 32],
        wrapped_key: vec![3; 60],
        sealed: (0..8_220).map(|place| (place * 7 + number) as u8).collect(),
    }
}

async fn stored(state: &StateDatabase, numbers: &[i64]) -> Vec<SealedPage> {
    let mut pages = state.load(numbers).await.unwrap();
    pages.sort_by_key(|page| page.number);
    pages
}

fn opens(key: &DataKey, sealed: &[u8]) -> bool {
    seal::open(key, &BINDING, sealed).is_ok()
}

#[tokio::test]
async fn pages_come_back_as_they_were_stored() {
    let fixture = fixture().await;
    let pages: Vec<_> = (1..=150).map(|number| page(number, "a")).collect();
    fixture.state.insert(pages.clone()).await.unwrap();
    let fixture = fixture.reopened().await;
    let numbers: Vec<i64> = (1..=160).collect();
    assert_eq!(stored(&fixture.state, &numbers).await, pages);
    assert_eq!(stored(&fixture.state, &[]).await, []);
}

#[tokio::test]
async fn a_batch_with_a_number_that_is_taken_stores_nothing() {
    let fixture = fixture().await;
    fixture.state.insert(vec![page(2, "a")]).await.unwrap();
    check_code(fixture.state.insert_pages(vec![page(1, "b"), page(2, "b")]).await, "state-failed");
    assert_eq!(stored(&fixture.state, &[1, 2]).await, [page(2, "a")]);
}

#[tokio::test]
async fn numbers_are_never_given_twice_even_if_never_used() {
    let fixture = fixture().await;
    assert_eq!(fixture.state.reserve(3).await.unwrap(), 1);
    let fixture = fixture.reopened().await;
    assert_eq!(fixture.state.reserve(1).await.unwrap(), 4);
    assert_eq!(fixture.again().await.reserve(1).await.unwrap(), 5);
    assert_eq!(fixture.state.reserve(1).await.unwrap(), 6);
}

#[tokio::test]
async fn a_page_is_replaced_by_its_next_revision_only() {
    let fixture = fixture().await;
    fixture.state.insert(vec![page(1, "a"), page(2, "a")]).await.unwrap();
    let next = |number, revision| SealedPage { revision, sealed: vec![revision as u8], ..page(number, "a") };
    let outdated = fixture.state.replace(vec![next(1, 1), next(2, 2), next(3, 1)]).await.unwrap();
    assert_eq!(outdated, Written::Done { outdated: vec![2] });
    assert_eq!(stored(&fixture.state, &[1, 2, 3]).await, [next(1, 1), page(2, "a")]);
    let outdated = fixture.state.replace(vec![next(1, 1)]).await.unwrap();
    assert_eq!(outdated, Written::Done { outdated: vec![1] });
}

#[tokio::test]
async fn keys_of_a_vault_survive_and_destroyed_ones_do_not() {
    let fixture = fixture().await;
    let given = vault(&fixture).await.allocate(&KeyOwner::new("landing/erp/1"), 600).await.unwrap();
    let sealed: Vec<_> = given.iter().map(|(_, key)| seal::seal(key, &BINDING, b"ada")).collect();
    let places: Vec<KeyLocation> = given.into_iter().map(|(location, _)| location).collect();

    let fixture = fixture.reopened().await;
    let vault = vault(&fixture).await;
    let keys = vault.keys(&places).await.unwrap();
    assert!(keys.iter().zip(&sealed).all(|(key, sealed)| opens(key.as_ref().unwrap(), sealed)));

    assert_eq!(vault.destroy(&[places[5], places[PAGE_SLOTS]]).await.unwrap(), 2);
    let fixture = fixture.reopened().await;
    let keys = self::vault(&fixture).await.keys(&places).await.unwrap();
    for (place, (key, sealed)) in keys.iter().zip(&sealed).enumerate() {
        let gone = place == 5 || place == PAGE_SLOTS;
        assert_eq!(key.as_ref().is_some_and(|key| opens(key, sealed)), !gone, "key {place}");
    }
}

#[tokio::test]
async fn an_owner_goes_with_its_pages() {
    let fixture = fixture().await;
    fixture.state.insert(vec![page(1, "a"), page(2, "b"), page(3, "a")]).await.unwrap();
    assert_eq!(fixture.state.delete_owner(&KeyOwner::new("a")).await.unwrap(), 2);
    assert_eq!(stored(&fixture.state, &[1, 2, 3]).await, [page(2, "b")]);
    assert_eq!(fixture.state.delete_owner(&KeyOwner::new("a")).await.unwrap(), 0);
}

/// Whether any file of the folder holds any 16 bytes in a row of `bytes`.
/// Shorter than what fits between the pages that SQLite cuts a value into.
fn found_on_disk(fixture: &Fixture, bytes: &[u8]) -> bool {
    let files: Vec<Vec<u8>> = std::fs::read_dir(fixture.folder.path())
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    bytes.chunks_exact(16).any(|part| files.iter().any(|file| file.windows(16).any(|window| window == part)))
}

#[tokio::test]
async fn what_was_destroyed_is_in_no_file_any_more() {
    let fixture = file_fixture().await;
    let vault = vault(&fixture).await;
    let given = vault.allocate(&KeyOwner::new("a"), 2).await.unwrap();
    vault.allocate(&KeyOwner::new("b"), 2).await.unwrap();
    let before = stored(&fixture.state, &[1, 2]).await;
    assert!(found_on_disk(&fixture, &before[0].wrapped_key), "the search finds what is there");

    vault.destroy(&[given[0].0]).await.unwrap();
    vault.destroy_owner(&KeyOwner::new("b")).await.unwrap();
    for page in &before {
        assert!(!found_on_disk(&fixture, &page.wrapped_key), "the wrapped key of page {}", page.number);
        assert!(!found_on_disk(&fixture, &page.sealed), "the keys of page {}", page.number);
    }
}

#[tokio::test]
async fn two_processes_that_destroy_keys_of_one_page_lose_neither() {
    let fixture = fixture().await;
    let first = Arc::new(vault(&fixture).await);
    let second = Arc::new(KeyVault::new(keyring(&fixture).await, Arc::new(fixture.again().await)));
    let given = first.allocate(&KeyOwner::new("a"), 40).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for (place, (location, _)) in given.iter().enumerate() {
        let (vault, location) = (if place % 2 == 0 { first.clone() } else { second.clone() }, *location);
        tasks.spawn(async move { vault.destroy(&[location]).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<u64>(), 40);
    let places: Vec<_> = given.iter().map(|(location, _)| *location).collect();
    let fresh = vault(&fixture).await;
    assert!(fresh.keys(&places).await.unwrap().iter().all(Option::is_none));
}
