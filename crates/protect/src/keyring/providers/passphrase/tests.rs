use super::*;
use crate::keyring::KeyringId;
use crate::keyring::providers::SecretKind;
use crate::testing::hex;

/// The reference implementation's own test (`test.c`, Argon2id 0x13, t=2, m=16, p=1):
/// the vector of RFC 9106 §5.3 has a secret and associated data, of which there are none here.
#[test]
fn the_published_vector_for_argon2id_holds() {
    let mut key = [0; 32];
    let params = Params::new(1 << 16, 2, 1, Some(32)).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"password", b"somesalt", &mut key)
        .unwrap();
    assert_eq!(key.as_slice(), hex("09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"));
}

fn slot(secret: SecretKind) -> KeySlot {
    KeySlot { keyring: "3f2b8c9e-0d5a-4f7e-9b1c-2a6d8e4f1b3c".parse::<KeyringId>().unwrap(), secret }
}

#[tokio::test]
async fn the_secrets_of_a_keyring_share_one_derivation_and_open_in_their_slot_only() {
    let provider = Passphrase::new(Secret::new("ten small horses".to_owned()));
    let first = provider.wrap(slot(SecretKind::Generation(1)), b"one").await.unwrap();
    let second = provider.wrap(slot(SecretKind::Roots), b"two").await.unwrap();
    assert_eq!(first[..HEADER], second[..HEADER]);
    assert_eq!(**provider.unwrap(slot(SecretKind::Roots), &second).await.unwrap(), *b"two");
    let elsewhere = provider.unwrap(slot(SecretKind::Generation(1)), &second).await;
    assert!(matches!(elsewhere, Err(ProviderError::Refused { .. })));
}

#[tokio::test]
async fn a_changed_header_is_refused_and_costs_no_more_than_is_allowed() {
    let provider = Passphrase::new(Secret::new("ten small horses".to_owned()));
    let wrapped = provider.wrap(slot(SecretKind::Roots), b"two").await.unwrap();
    let most = Cost { memory_kib: u32::MAX, passes: 1, lanes: 1 }.encode();
    let weaker = Cost { memory_kib: 64, passes: 1, lanes: 1 }.encode();
    let newer = [[VERSION + 1].as_slice(), &RECOMMENDED.encode()[1..]].concat();
    for header in [most.as_slice(), &weaker, &newer] {
        let mut changed = wrapped.clone();
        changed[..header.len()].copy_from_slice(header);
        let refused = provider.unwrap(slot(SecretKind::Roots), &changed).await;
        assert!(matches!(refused, Err(ProviderError::Refused { .. })));
    }
    for shorter in [0, 1, HEADER - 1, HEADER, wrapped.len() - 1] {
        let refused = provider.unwrap(slot(SecretKind::Roots), &wrapped[..shorter]).await;
        assert!(matches!(refused, Err(ProviderError::Refused { .. })));
    }
}
