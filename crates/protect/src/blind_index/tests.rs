use super::*;
use crate::testing::{keyring, ready};

fn index(keyring: &Keyring, tenant: &str, wrapped: &WrappedIndexSecret) -> BlindIndex {
    BlindIndex::open(keyring, tenant, wrapped).unwrap()
}

#[test]
fn a_value_has_the_same_entry_whenever_the_index_is_opened() {
    let (_folder, keyring) = keyring();
    let wrapped = BlindIndex::create(&keyring, "demo").unwrap();
    let entry = || index(&keyring, "demo", &wrapped).field("email").entry("ada@example.org");
    assert_eq!(entry(), entry());
    assert_eq!(index(&keyring, "demo", &wrapped).generation(), wrapped.generation);
}

#[test]
fn another_field_value_or_secret_gives_another_entry() {
    let (_folder, keyring) = keyring();
    let secrets = [(); 2].map(|()| BlindIndex::create(&keyring, "demo").unwrap());
    let one = index(&keyring, "demo", &secrets[0]);
    let entries = [
        one.field("email").entry("ada@example.org"),
        one.field("email").entry("eve@example.org"),
        one.field("emai").entry("lada@example.org"),
        one.field("phone").entry("ada@example.org"),
        index(&keyring, "demo", &secrets[1]).field("email").entry("ada@example.org"),
    ];
    for (position, entry) in entries.iter().enumerate() {
        assert!(!entries[..position].contains(entry), "entry {position} is that of another");
    }
}

#[test]
fn a_secret_opens_for_its_tenant_and_keyring_only() {
    let (_folder, one) = keyring();
    let (_other_folder, other) = keyring();
    let wrapped = BlindIndex::create(&one, "demo").unwrap();
    for refused in [BlindIndex::open(&one, "other", &wrapped), BlindIndex::open(&other, "demo", &wrapped)] {
        assert!(matches!(refused, Err(KeyringError::Refused { .. })));
    }
}

#[test]
fn an_index_ends_with_its_generation() {
    let (_folder, keyring) = keyring();
    let wrapped = BlindIndex::create(&keyring, "demo").unwrap();
    ready(keyring.create_generation(wrapped.generation + 1)).unwrap();
    assert!(BlindIndex::open(&keyring, "demo", &wrapped).is_ok());
    ready(keyring.destroy_generation(wrapped.generation)).unwrap();
    let refused = BlindIndex::open(&keyring, "demo", &wrapped);
    assert!(matches!(refused, Err(KeyringError::DestroyedGeneration { .. })));
}
