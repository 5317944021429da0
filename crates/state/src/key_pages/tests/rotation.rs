//! Rotating and destroying generations, one suite over every store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::Utc;
use vermeil_model::Diagnose;
use vermeil_protect::vault::{KeyState, StoreError};
use vermeil_protect::{Destruction, GenerationState, KeyLocation, KeyOwner, KeyVault, VaultError};

use super::stores::{Given, Moment, Shared, Step, with_each_store};
use crate::StateError;

async fn rotate(vault: &KeyVault) -> u32 {
    vault.rotate(&|_| {}).await.unwrap().generation
}

async fn destroy(vault: &KeyVault, generation: u32) {
    assert!(matches!(vault.destroy_generation(generation).await, Ok(Destruction::Done { .. })));
}

#[track_caller]
fn check_code<T>(result: Result<T, VaultError>, code: &str) -> VaultError {
    let error = result.err().expect("an error");
    assert_eq!(error.diagnostic().unwrap().code, code, "{error}");
    error
}

fn go_on() -> Step {
    Box::pin(async { Ok(()) })
}

/// Destroys a key through another vault once, just after pages were read.
async fn racing(shared: &Shared, place: KeyLocation) -> KeyVault {
    let rival = Arc::new(shared.vault().await);
    let once = AtomicUsize::new(0);
    let race = move |moment| {
        if moment != Moment::After("load") || once.fetch_add(1, Ordering::SeqCst) > 0 {
            return go_on();
        }
        let rival = Arc::clone(&rival);
        Box::pin(async move {
            assert_eq!(rival.destroy(&[place]).await.unwrap(), 1);
            Ok(())
        })
    };
    shared.watched(race).await
}

#[tokio::test]
async fn a_key_destroyed_by_another_while_a_page_is_rewritten_does_not_come_back() {
    with_each_store(async |shared| {
        let given = Given::out(&shared.vault().await, "a", 3).await;
        let vault = racing(&shared, given.places[0]).await;
        assert_eq!(vault.destroy(&given.places[1..2]).await.unwrap(), 1);
        given.check(&shared.vault().await, &[0, 1]).await;
    })
    .await;
}

#[tokio::test]
async fn a_key_destroyed_while_its_page_is_read_is_not_remembered() {
    with_each_store(async |shared| {
        let given = Given::out(&shared.vault().await, "a", 2).await;
        let vault = racing(&shared, given.places[0]).await;
        vault.keys(&given.places).await.unwrap();
        given.check(&vault, &[0]).await;
    })
    .await;
}

#[tokio::test]
async fn a_key_destroyed_by_another_process_is_not_remembered() {
    with_each_store(async |shared| {
        let (vault, other) = (shared.vault().await, shared.vault().await);
        let given = Given::out(&vault, "a", 300).await;
        given.check(&vault, &[]).await;
        other.destroy(&given.places[299..]).await.unwrap();
        given.check(&vault, &[299]).await;
        other.destroy_owner(&KeyOwner::new("a")).await.unwrap();
        given.check(&vault, &Vec::from_iter(0..300)).await;
    })
    .await;
}

#[tokio::test]
async fn every_page_moves_and_every_key_opens_what_it_sealed() {
    with_each_store(async |shared| {
        let vault = shared.vault().await;
        let given = Given::out(&vault, "landing/erp/1", 600).await;
        let other = Given::out(&vault, "golden/1", 3).await;
        vault.destroy(&[given.places[5], given.places[256]]).await.unwrap();
        assert_eq!(shared.usage().await, [(1, 4)]);

        assert_eq!(rotate(&vault).await, 2);
        assert_eq!(shared.usage().await, [(2, 4)]);
        for vault in [vault, shared.vault().await] {
            given.check(&vault, &[5, 256]).await;
            other.check(&vault, &[]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn progress_counts_pages_and_keys_up_to_all_of_them() {
    with_each_store(async |shared| {
        let vault = shared.vault().await;
        let given = Given::out(&vault, "a", 300 * 256 + 7).await;
        vault.destroy(&given.places[..2]).await.unwrap();
        let told = Mutex::new(Vec::new());
        let ended = vault.rotate(&|progress| told.lock().unwrap().push(progress)).await.unwrap();
        let told = told.into_inner().unwrap();
        let counts: Vec<_> = told.iter().map(|at| (at.pages, at.pages_in_all)).collect();
        assert_eq!(counts, [(0, 301), (256, 301), (301, 301)]);
        assert_eq!((ended.keys, ended.keys_in_all), (300 * 256 + 5, 300 * 256 + 5));
        assert_eq!(told.last(), Some(&ended));
    })
    .await;
}

#[tokio::test]
async fn a_store_without_pages_gets_a_new_generation_too() {
    with_each_store(async |shared| {
        let vault = shared.vault().await;
        assert_eq!(rotate(&vault).await, 2);
        assert_eq!(rotate(&vault).await, 3);
        assert_eq!(shared.usage().await, []);
        Given::out(&vault, "a", 1).await;
        assert_eq!(shared.usage().await, [(3, 1)]);
        assert!(shared.store().await.rotation().await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_process_that_began_before_reads_writes_and_erases_on() {
    with_each_store(async |shared| {
        let (before, cold) = (shared.vault().await, shared.vault().await);
        let given = Given::out(&before, "a", 300).await;
        let rotating = shared.vault().await;
        rotate(&rotating).await;
        destroy(&rotating, 1).await;

        given.check(&before, &[]).await;
        given.check(&cold, &[]).await;
        let later = Given::out(&before, "b", 2).await;
        assert_eq!(before.destroy(&given.places[..1]).await.unwrap(), 1);
        assert_eq!(shared.usage().await, [(2, 3)], "nothing is written under the old generation");
        for vault in [before, cold, rotating] {
            given.check(&vault, &[0]).await;
            later.check(&vault, &[]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_erased_while_its_page_moves_stays_erased() {
    with_each_store(async |shared| {
        let given = Given::out(&shared.vault().await, "a", 300).await;
        let gone = Given::out(&shared.vault().await, "b", 300).await;
        let (rival, place) = (Arc::new(shared.vault().await), given.places[7]);
        let once = AtomicUsize::new(0);
        let vault = shared
            .watched(move |moment| {
                if moment != Moment::After("under") || once.fetch_add(1, Ordering::SeqCst) > 0 {
                    return go_on();
                }
                let rival = Arc::clone(&rival);
                Box::pin(async move {
                    assert_eq!(rival.destroy(&[place]).await.unwrap(), 1);
                    assert_eq!(rival.destroy_owner(&KeyOwner::new("b")).await.unwrap(), 2);
                    Ok(())
                })
            })
            .await;
        rotate(&vault).await;
        assert_eq!(shared.usage().await, [(2, 2)]);
        for vault in [vault, shared.vault().await] {
            given.check(&vault, &[7]).await;
            gone.check(&vault, &Vec::from_iter(0..300)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_that_moves_between_reading_and_opening_is_read_again() {
    with_each_store(async |shared| {
        let given = Given::out(&shared.vault().await, "a", 3).await;
        let keyring = shared.keyring().await;
        // The same keyring in memory: after the destruction it cannot open the old page.
        let rival = Arc::new(KeyVault::new(Arc::clone(&keyring), shared.store().await));
        let once = AtomicUsize::new(0);
        let watched = shared.watched_store(move |moment| {
            if moment != Moment::After("load") || once.fetch_add(1, Ordering::SeqCst) > 0 {
                return go_on();
            }
            let rival = Arc::clone(&rival);
            Box::pin(async move {
                rotate(&rival).await;
                destroy(&rival, 1).await;
                Ok(())
            })
        });
        let vault = KeyVault::new(keyring, watched.await);
        given.check(&vault, &[]).await;
    })
    .await;
}

#[tokio::test]
async fn two_rotations_at_once_are_one() {
    with_each_store(async |shared| {
        let given = Given::out(&shared.vault().await, "a", 300).await;
        shared.vault().await.allocate(&KeyOwner::new("b"), 600 * 256).await.unwrap();
        let (one, other, reader) = (shared.vault().await, shared.vault().await, shared.vault().await);
        let (one, other, ()) = tokio::join!(rotate(&one), rotate(&other), async {
            for _ in 0..10 {
                given.check(&reader, &[]).await;
            }
        });
        // One that begins when the other has ended is a rotation of its own.
        assert!(one.max(other) <= 3 && one.min(other) == 2, "{one} and {other}");
        assert_eq!(shared.usage().await, [(one.max(other), 602)]);
        given.check(&shared.vault().await, &[]).await;
    })
    .await;
}

#[tokio::test]
async fn a_generation_in_use_is_not_destroyed() {
    with_each_store(async |shared| {
        let vault = shared.vault().await;
        let given = Given::out(&vault, "a", 300).await;
        check_code(vault.destroy_generation(1).await, "keyring-current-generation");
        check_code(vault.destroy_generation(7).await, "keyring-unknown-generation");
        shared.keyring().await.create_generation(2).await.unwrap();
        let error = check_code(vault.destroy_generation(1).await, "key-generation-in-use");
        assert!(error.to_string().starts_with("2 key pages still use generation 1"), "{error}");
        given.check(&vault, &[]).await;

        // Being asked has closed it, so that rotating goes on to the newer one.
        assert_eq!(rotate(&vault).await, 2);
        destroy(&vault, 1).await;
        destroy(&vault, 1).await;
        given.check(&shared.vault().await, &[]).await;
        check_code(vault.destroy_generation(2).await, "keyring-current-generation");
    })
    .await;
}

#[tokio::test]
async fn a_destroyed_key_tells_when() {
    with_each_store(async |shared| {
        let vault = shared.vault().await;
        let given = Given::out(&vault, "a", 2).await;
        let owned = Given::out(&vault, "b", 300).await;
        let before = Utc::now();
        vault.destroy(&given.places[..1]).await.unwrap();
        vault.destroy_owner(&KeyOwner::new("b")).await.unwrap();
        let after = Utc::now();
        rotate(&vault).await;

        let nowhere = KeyLocation { page: 99, slot: 0 };
        let places = [given.places[0], given.places[1], owned.places[299], nowhere];
        let states = shared.vault().await.states(&places).await.unwrap();
        let erased = |state: &KeyState| match state {
            // Stores keep microseconds.
            KeyState::Destroyed { at } => {
                (before.timestamp_micros()..=after.timestamp_micros()).contains(&at.timestamp_micros())
            }
            _ => false,
        };
        assert!(erased(&states[0]) && erased(&states[2]));
        assert!(matches!(states[1], KeyState::Live(_)));
        assert!(matches!(states[3], KeyState::Unknown));
    })
    .await;
}

#[tokio::test]
async fn a_keyring_from_before_the_rotation_is_told_as_such() {
    with_each_store(async |shared| {
        let vault = shared.vault().await;
        let given = Given::out(&vault, "a", 3).await;
        let old = std::fs::read(shared.keyring_path()).unwrap();
        rotate(&vault).await;
        std::fs::write(shared.keyring_path(), old).unwrap();
        let vault = shared.vault().await;
        check_code(vault.keys(&given.places).await, "keyring-unknown-generation");
        check_code(vault.allocate(&KeyOwner::new("a"), 1).await, "keyring-outdated");
        check_code(vault.rotate(&|_| {}).await, "keyring-outdated");
        assert_eq!(shared.keyring().await.generations().len(), 1, "no other key took its place");
    })
    .await;
}

/// Fails at the `call`th moment of a store.
fn fault(call: usize) -> impl Fn(Moment) -> Step + Send + Sync + 'static {
    let calls = AtomicUsize::new(0);
    move |_| {
        let fails = calls.fetch_add(1, Ordering::SeqCst) == call;
        Box::pin(async move {
            let cut = StateError::Busy { database: "cut off".into() };
            if fails { Err(StoreError::new(cut)) } else { Ok(()) }
        })
    }
}

/// Cuts `work` off at each moment before and after it calls the store, then has `check`
/// look at what is left; returns at how many moments.
async fn cut_off_everywhere(
    prepare: impl AsyncFn(&Shared) -> Given,
    work: impl AsyncFn(&KeyVault) -> Result<(), VaultError>,
    check: impl AsyncFn(&Shared, &Given),
) -> usize {
    let moments = AtomicUsize::new(0);
    with_each_store(async |shared| {
        // One store for all: each time it is as good as new.
        for moment in 0.. {
            let given = prepare(&shared).await;
            let cut = shared.watched(fault(moment)).await;
            let ended = work(&cut).await;
            check(&shared, &given).await;
            if ended.is_ok() {
                moments.fetch_add(moment, Ordering::SeqCst);
                break;
            }
        }
    })
    .await;
    moments.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_rotation_cut_off_anywhere_is_continued() {
    let moments = cut_off_everywhere(
        async |shared| Given::out(&shared.vault().await, "a", 300).await,
        async |vault| vault.rotate(&|_| {}).await.map(drop),
        async |shared, given| {
            given.check(&shared.vault().await, &[]).await;
            let newest = rotate(&shared.vault().await).await;
            given.check(&shared.vault().await, &[]).await;
            let usage = shared.usage().await;
            assert_eq!(usage.len(), 1);
            assert_eq!(usage[0].0, newest);
            assert!(shared.store().await.rotation().await.unwrap().is_none());
        },
    )
    .await;
    assert!(moments > 20, "cut off at {moments} moments only");
}

#[tokio::test]
async fn a_destruction_cut_off_anywhere_is_continued() {
    let moments = cut_off_everywhere(
        async |shared| {
            let given = Given::out(&shared.vault().await, "a", 300).await;
            rotate(&shared.vault().await).await;
            given
        },
        async |vault| {
            let newest = vault.keyring().current_generation();
            vault.destroy_generation(newest - 1).await.map(drop)
        },
        async |shared, given| {
            given.check(&shared.vault().await, &[]).await;
            let vault = shared.vault().await;
            let newest = vault.keyring().current_generation();
            destroy(&vault, newest - 1).await;
            given.check(&shared.vault().await, &[]).await;
            let generations = shared.keyring().await.generations();
            let destroyed = generations[newest as usize - 2].state;
            assert!(matches!(destroyed, GenerationState::Destroyed { .. }));
        },
    )
    .await;
    assert!(moments > 6, "cut off at {moments} moments only");
}
