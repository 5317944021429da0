use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::testing::{keyring, ready};

const CONTEXT: &[u8] = b"page 7";

fn wrap(keyring: &FileKeyring, generation: u32) -> Vec<u8> {
    let key = PageKey::from_bytes([5; 32]);
    let requests = [WrapRequest { key: &key, context: CONTEXT }];
    ready(keyring.wrap(generation, &requests)).unwrap().remove(0)
}

fn unwrap(
    keyring: &FileKeyring,
    generation: u32,
    context: &[u8],
    bytes: &[u8],
) -> Result<[u8; 32], KeyProviderError> {
    ready(keyring.unwrap(&[WrappedKey { generation, context, bytes }])).map(|keys| *keys[0].expose())
}

/// Changes the text of a keyring file, and opens it.
fn reopened(path: &Path, change: impl FnOnce(String) -> String) -> Result<FileKeyring, KeyringError> {
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, change(text)).unwrap();
    FileKeyring::open(path)
}

#[track_caller]
fn check_code(error: &dyn Diagnose, code: &str) {
    assert_eq!(error.diagnostic().unwrap().code, code);
}

#[test]
fn a_new_keyring_is_for_its_owner_only_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/keyring.json");
    let created = FileKeyring::create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let opened = FileKeyring::open(&path).unwrap();
    assert_eq!(opened.id(), created.id());
    assert_eq!(unwrap(&opened, 1, CONTEXT, &wrap(&created, 1)).unwrap(), [5; 32]);
    for kind in RootKind::ALL {
        let root = |keyring| *ready(KeyProvider::root(keyring, kind)).unwrap().expose();
        assert_eq!(root(&opened), root(&created));
    }
    let names: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["keyring.json"], "nothing unfinished stays behind");
}

#[test]
fn a_keyring_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let first = FileKeyring::create(&path).unwrap();
    check_code(&FileKeyring::create(&path).unwrap_err(), "keyring-exists");
    assert_eq!(FileKeyring::open(&path).unwrap().id(), first.id());
}

#[test]
fn of_many_who_create_at_once_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let created = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| FileKeyring::create(&path).ok())).collect();
        all.into_iter().filter_map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(created.len(), 1);
    assert_eq!(FileKeyring::open(&path).unwrap().id(), created[0].id());
}

#[test]
fn a_keyring_that_others_may_use_is_refused() {
    let (folder, _keyring) = keyring();
    let path = folder.path().join("keyring.json");
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        check_code(&FileKeyring::open(&path).unwrap_err(), "keyring-too-open");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(FileKeyring::open(&path).is_ok());
}

#[test]
fn a_missing_keyring_is_told_apart_from_a_damaged_one() {
    let (folder, _keyring) = keyring();
    let path = folder.path().join("keyring.json");
    check_code(&FileKeyring::open(&folder.path().join("none.json")).unwrap_err(), "keyring-missing");
    check_code(&FileKeyring::open(folder.path()).unwrap_err(), "keyring-too-open");

    let text = fs::read_to_string(&path).unwrap();
    for damaged in [
        String::new(),
        text[..text.len() / 2].to_owned(),
        text.replace("\"audit\"", "\"odd\""),
        text.replace("\"number\": 1", "\"number\": \"1\""),
        text.replace("\"keyring_id\": \"", "\"keyring_id\": \"x"),
        text.replace("\"key\": \"", "\"key\": \"AAAA"),
        text.replace("\"format\"", "\"more\": 1, \"format\""),
    ] {
        assert_ne!(damaged, text);
        check_code(&reopened(&path, |_| damaged).unwrap_err(), "keyring-malformed");
    }
    check_code(
        &reopened(&path, |_| text.replace("\"format\": 1", "\"format\": 2")).unwrap_err(),
        "keyring-unknown-format",
    );
}

#[test]
fn an_error_never_quotes_a_key() {
    let (folder, _keyring) = keyring();
    let path = folder.path().join("keyring.json");
    let canary = "c2VjcmV0IGtleSBpbiB0aGUgd3JvbmcgcGxhY2UhISE=";
    let error = reopened(&path, |text| text.replace("\"number\": 1", &format!("\"number\": \"{canary}\"")))
        .unwrap_err();
    let told = format!("{error} {error:?} {:?} {:?}", error.diagnostic(), std::error::Error::source(&error));
    assert!(!told.contains(canary));
}

#[test]
fn a_wrapped_key_opens_only_in_its_own_place() {
    let (folder, keyring) = keyring();
    let (_other_folder, other) = crate::testing::keyring();
    let wrapped = wrap(&keyring, 1);

    check_code(&unwrap(&keyring, 1, b"page 8", &wrapped).unwrap_err(), "keyring-refused");
    check_code(&unwrap(&other, 1, CONTEXT, &wrapped).unwrap_err(), "keyring-refused");
    check_code(&unwrap(&keyring, 2, CONTEXT, &wrapped).unwrap_err(), "keyring-unknown-generation");
    for position in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[position] ^= 1;
        check_code(&unwrap(&keyring, 1, CONTEXT, &changed).unwrap_err(), "keyring-refused");
    }

    // The same keys under another id are another keyring.
    let renamed = reopened(&folder.path().join("keyring.json"), |text| {
        text.replace(&keyring.id().to_string(), &KeyringId::random().to_string())
    });
    check_code(&unwrap(&renamed.unwrap(), 1, CONTEXT, &wrapped).unwrap_err(), "keyring-refused");
}

#[test]
fn the_newest_generation_wraps_and_older_ones_still_open() {
    let (folder, keyring) = keyring();
    let wrapped = wrap(&keyring, 1);
    let second = format!("{{\"number\": 2, \"key\": \"{}=\"}}, {{", "B".repeat(42) + "A");
    let newer = reopened(&folder.path().join("keyring.json"), |text| {
        text.replacen('{', "\u{0}", 1).replacen('{', &second, 1).replacen('\u{0}', "{", 1)
    })
    .unwrap();
    assert_eq!(ready(newer.current_generation()).unwrap(), 2);
    assert_eq!(unwrap(&newer, 1, CONTEXT, &wrapped).unwrap(), [5; 32]);
    assert_eq!(unwrap(&newer, 2, CONTEXT, &wrap(&newer, 2)).unwrap(), [5; 32]);
    check_code(&unwrap(&newer, 2, CONTEXT, &wrapped).unwrap_err(), "keyring-refused");
}

#[test]
fn debug_shows_no_key() {
    let (folder, keyring) = keyring();
    let text = fs::read_to_string(folder.path().join("keyring.json")).unwrap();
    let shown = format!("{keyring:?}");
    assert!(text.split('"').filter(|word| word.len() == 44).all(|key| !shown.contains(key)));
    assert!(shown.contains(&keyring.id().to_string()));
}
