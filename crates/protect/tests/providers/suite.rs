//! What every provider must do.

use std::fs;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use vermeil_model::Diagnose;
use vermeil_protect::keyring::providers::{KeySlot, ProviderError, SecretKind};
use vermeil_protect::keyring::{PageKey, WrapRequest, WrappedKey};
use vermeil_protect::{
    Destruction, GenerationState, KeyProvider, Keyring, KeyringError, KeyringId, SuppressionTags,
};

/// When a provider has destroyed a key that it was asked to destroy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Destroyed {
    AtOnce,
    After7Days,
}

/// What becomes of a copy of the keyring's file from before a destruction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Backups {
    /// It no longer opens what the destroyed generation wrapped.
    Die,
    /// It does, so it must be destroyed as well.
    StayReadable,
}

const CONTEXT: &[u8] = b"page 7";

/// `provider` gives one more that reaches the same keys: another process.
pub async fn run(provider: &dyn Fn() -> Arc<dyn KeyProvider>, destroyed: Destroyed, backups: Backups) {
    secrets_open_in_their_own_slot_only(&*provider()).await;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let keyring = Keyring::create(&path, provider()).await.unwrap();
    let first = wrap(&keyring);
    let reopened = Keyring::open(&path, provider()).await.unwrap();
    assert_eq!(reopened.id(), keyring.id());
    assert_eq!(tag(&reopened), tag(&keyring));
    assert!(opens(&reopened, 1, &first));

    let (one, other) = tokio::join!(keyring.create_generation(2), reopened.create_generation(2));
    one.and(other).unwrap();
    let second = wrap(&keyring);
    assert!(opens(&reopened, 2, &second), "both go on with the same generation");

    let backup = folder.path().join("backup.json");
    fs::copy(&path, &backup).unwrap();
    check_destroyed(&keyring, destroyed).await;
    reopened.reload_if_changed().await.unwrap();
    for keyring in [&keyring, &reopened, &Keyring::open(&path, provider()).await.unwrap()] {
        assert!(!opens(keyring, 1, &first) && opens(keyring, 2, &second));
        check_destroyed(keyring, destroyed).await;
    }
    let restored = Keyring::open(&backup, provider()).await.unwrap();
    assert!(opens(&restored, 2, &second));
    assert_eq!(opens(&restored, 1, &first), backups == Backups::StayReadable);
    if backups == Backups::Die {
        assert_eq!(restored.generations()[0].state, GenerationState::Lost);
        check_code(&unwrap(&restored, 1, &first).err().expect("lost"), "keyring-lost-generation");
    }

    let handed_over = keyring.rewrap_with(provider()).await;
    match destroyed {
        Destroyed::AtOnce => handed_over.unwrap(),
        Destroyed::After7Days => check_code(&handed_over.unwrap_err(), "keyring-destruction-open"),
    }
    let reopened = Keyring::open(&path, provider()).await.unwrap();
    assert!(opens(&reopened, 2, &second));
    assert_eq!(tag(&reopened), tag(&keyring));
}

async fn secrets_open_in_their_own_slot_only(provider: &dyn KeyProvider) {
    let is_plain = provider.descriptor().kind.as_str() == "plain";
    let (keyring, another) = (KeyringId::random(), KeyringId::random());
    let slot = |keyring, number| KeySlot { keyring, secret: SecretKind::Generation(number) };
    let (here, there, elsewhere) = (slot(keyring, 1), slot(keyring, 2), slot(another, 1));
    for slot in [here, there, elsewhere, here] {
        provider.create(slot).await.unwrap();
    }
    let secret = b"thirty-two bytes of a secret key";
    let wrapped = provider.wrap(here, secret).await.unwrap();
    provider.create(here).await.unwrap();
    assert_eq!(**provider.unwrap(here, &wrapped).await.unwrap(), *secret, "making it again changes nothing");
    let large = vec![7; 1024];
    assert_eq!(**provider.unwrap(here, &provider.wrap(here, &large).await.unwrap()).await.unwrap(), *large);
    if is_plain {
        return;
    }
    assert!(!wrapped.windows(8).any(|window| secret.windows(8).any(|part| part == window)));
    for wrong in [there, elsewhere] {
        let refused = provider.unwrap(wrong, &wrapped).await;
        assert!(matches!(refused, Err(ProviderError::Refused { .. })), "{refused:?}");
    }
    let last = wrapped.len() - 1;
    for position in [0, last / 2, last] {
        let mut changed = wrapped.clone();
        changed[position] ^= 1;
        provider.unwrap(here, &changed).await.expect_err("a flipped bit");
    }
    for length in [0, 1, last] {
        provider.unwrap(here, &wrapped[..length]).await.expect_err("cut short");
    }
}

/// Destroys the first generation, twice.
pub async fn check_destroyed(keyring: &Keyring, destroyed: Destroyed) {
    let (started, once, again) = (
        Utc::now(),
        keyring.destroy_generation(1).await.unwrap(),
        keyring.destroy_generation(1).await.unwrap(),
    );
    let state = keyring.generations()[0].state;
    match (destroyed, once, again) {
        (Destroyed::AtOnce, Destruction::Done { at }, Destruction::Done { at: told }) => {
            assert!(at <= Utc::now() && told.timestamp() == at.timestamp());
            assert!(matches!(state, GenerationState::Destroyed { .. }));
        }
        (Destroyed::After7Days, Destruction::Pending { until }, Destruction::Pending { until: told }) => {
            let waiting = until - started;
            assert!(TimeDelta::days(6) < waiting && waiting < TimeDelta::days(8), "{waiting}");
            assert_eq!(told, until);
            assert!(matches!(state, GenerationState::Pending { .. }));
        }
        (_, once, again) => panic!("{once:?}, then {again:?}"),
    }
}

/// A page key, wrapped under the newest generation.
pub fn wrap(keyring: &Keyring) -> Vec<u8> {
    let key = PageKey::from_bytes([5; 32]);
    let request = WrapRequest { key: &key, context: CONTEXT };
    keyring.wrap(keyring.current_generation(), &[request]).unwrap().remove(0)
}

fn unwrap(keyring: &Keyring, generation: u32, wrapped: &[u8]) -> Result<Vec<PageKey>, KeyringError> {
    keyring.unwrap(&[WrappedKey { generation, context: CONTEXT, bytes: wrapped }])
}

pub fn opens(keyring: &Keyring, generation: u32, wrapped: &[u8]) -> bool {
    unwrap(keyring, generation, wrapped).is_ok_and(|keys| *keys[0].expose() == [5; 32])
}

/// Two keyrings of one tag have the same roots.
pub fn tag(keyring: &Keyring) -> vermeil_model::Tag {
    SuppressionTags::of(keyring).suppression_tag("email", b"ada@example.org")
}

#[track_caller]
pub fn check_code(error: &dyn Diagnose, code: &str) {
    assert_eq!(error.diagnostic().expect("a diagnostic").code, code, "{error:?}");
}
