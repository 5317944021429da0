use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use vermeil_model::Diagnose;

use super::providers::{EnvironmentKey, Passphrase, Plain, Secret};
use super::*;
use crate::testing::{keyring, ready};

mod vector;

const CONTEXT: &[u8] = b"page 7";

fn create(path: &Path) -> Result<Keyring, KeyringError> {
    ready(Keyring::create(path, Arc::new(Plain)))
}

fn open(path: &Path) -> Result<Keyring, KeyringError> {
    ready(Keyring::open(path, Arc::new(Plain)))
}

fn wrap(keyring: &Keyring, generation: u32) -> Vec<u8> {
    let key = PageKey::from_bytes([5; 32]);
    let requests = [WrapRequest { key: &key, context: CONTEXT }];
    keyring.wrap(generation, &requests).unwrap().remove(0)
}

fn unwrap(
    keyring: &Keyring,
    generation: u32,
    context: &[u8],
    bytes: &[u8],
) -> Result<[u8; 32], KeyringError> {
    keyring.unwrap(&[WrappedKey { generation, context, bytes }]).map(|keys| *keys[0].expose())
}

/// Changes the text of a keyring file, and opens it.
fn reopened(path: &Path, change: impl FnOnce(String) -> String) -> Result<Keyring, KeyringError> {
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, change(text)).unwrap();
    open(path)
}

#[track_caller]
fn check_code(error: &dyn Diagnose, code: &str) {
    assert_eq!(error.diagnostic().unwrap().code, code);
}

#[test]
fn a_new_keyring_is_for_its_owner_only_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/keyring.json");
    let created = create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let opened = open(&path).unwrap();
    assert_eq!(opened.id(), created.id());
    assert_eq!(unwrap(&opened, 1, CONTEXT, &wrap(&created, 1)).unwrap(), [5; 32]);
    for kind in RootKind::ALL {
        let root = |keyring: &Keyring| *keyring.root(kind).expose();
        assert_eq!(root(&opened), root(&created));
    }
    let mut names: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["keyring.json", "keyring.json.lock"], "nothing unfinished stays behind");
}

#[test]
fn a_keyring_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let first = create(&path).unwrap();
    check_code(&create(&path).unwrap_err(), "keyring-exists");
    assert_eq!(open(&path).unwrap().id(), first.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_create_at_once_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let attempts = (0..8).map(|_| {
        let path = path.clone();
        tokio::spawn(async move { Keyring::create(&path, Arc::new(Plain)).await.ok() })
    });
    let mut created = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        created.extend(attempt.await.unwrap());
    }
    assert_eq!(created.len(), 1);
    assert_eq!(open(&path).unwrap().id(), created[0].id());
}

#[test]
fn a_keyring_that_others_may_use_is_refused() {
    let (folder, _keyring) = keyring();
    let path = folder.path().join("keyring.json");
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        check_code(&open(&path).unwrap_err(), "keyring-too-open");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(open(&path).is_ok());
}

#[test]
fn a_missing_keyring_is_told_apart_from_a_damaged_one() {
    let (folder, _keyring) = keyring();
    let path = folder.path().join("keyring.json");
    check_code(&open(&folder.path().join("none.json")).unwrap_err(), "keyring-missing");
    check_code(&open(folder.path()).unwrap_err(), "keyring-too-open");

    let text = fs::read_to_string(&path).unwrap();
    for damaged in [
        String::new(),
        text[..text.len() / 2].to_owned(),
        text.replace("\"number\": 1", "\"number\": \"1\""),
        text.replace("\"number\": 1", "\"number\": 0"),
        text.replace("\"number\": 1,", "\"number\": 1, \"destroyed_at\": \"2026-11-22T05:00:00Z\","),
        text.replace("\"wrapped_key\"", "\"destroyed_at\""),
        text.replace("\"keyring_id\": \"", "\"keyring_id\": \"x"),
        text.replace("\"wrapped_key\": \"", "\"wrapped_key\": \"?"),
        text.replace("\"kind\": \"plain\"", "\"kind\": \"odd\""),
        text.replace("\"format\"", "\"more\": 1, \"format\""),
    ] {
        assert_ne!(damaged, text);
        check_code(&reopened(&path, |_| damaged).unwrap_err(), "keyring-malformed");
    }
    for shifted in ["\"wrapped_key\": \"", "\"roots\": \""] {
        let damaged = text.replace(shifted, &format!("{shifted}AAAA"));
        check_code(&reopened(&path, |_| damaged).unwrap_err(), "keyring-garbled");
    }
    check_code(
        &reopened(&path, |_| text.replace("\"format\": 2", "\"format\": 3")).unwrap_err(),
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

/// As the first version of this program wrote it; the keys are bytes of one value each.
fn first_format() -> String {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let roots = RootKind::ALL
        .iter()
        .zip(10..)
        .map(|(kind, byte)| format!("\"{}\": \"{}\"", kind.as_str(), key(byte)));
    format!(
        r#"{{
  "format": 1,
  "keyring_id": "3f2b8c9e-0d5a-4f7e-9b1c-2a6d8e4f1b3c",
  "generations": [{{ "number": 1, "key": "{}" }}],
  "roots": {{ {} }}
}}"#,
        key(7),
        roots.collect::<Vec<_>>().join(", ")
    )
}

#[test]
fn a_file_of_the_first_format_opens_and_becomes_one_of_the_second() {
    let (folder, _keyring) = keyring();
    let path = folder.path().join("keyring.json");
    let keyring = reopened(&path, |_| first_format()).unwrap();
    let wrapped = wrap(&keyring, 1);
    ready(keyring.create_generation(2)).unwrap();
    assert!(fs::read_to_string(&path).unwrap().contains("\"format\": 2"));

    let reopened = open(&path).unwrap();
    assert_eq!(unwrap(&reopened, 1, CONTEXT, &wrapped).unwrap(), [5; 32]);
    for (kind, byte) in RootKind::ALL.into_iter().zip(10..) {
        assert_eq!(*reopened.root(kind).expose(), [byte; 32]);
    }
}

#[test]
fn the_newest_generation_wraps_and_older_ones_still_open() {
    let (folder, keyring) = keyring();
    let wrapped = wrap(&keyring, 1);
    ready(keyring.create_generation(2)).unwrap();
    ready(keyring.create_generation(2)).unwrap();
    for keyring in [&keyring, &open(&folder.path().join("keyring.json")).unwrap()] {
        assert_eq!(keyring.current_generation(), 2);
        assert_eq!(unwrap(keyring, 1, CONTEXT, &wrapped).unwrap(), [5; 32]);
        assert_eq!(unwrap(keyring, 2, CONTEXT, &wrap(keyring, 2)).unwrap(), [5; 32]);
        check_code(&unwrap(keyring, 2, CONTEXT, &wrapped).unwrap_err(), "keyring-refused");
    }
    check_code(&ready(keyring.create_generation(4)).unwrap_err(), "keyring-unknown-generation");
    check_code(&ready(keyring.create_generation(0)).unwrap_err(), "keyring-unknown-generation");
}

#[test]
fn a_destroyed_generation_opens_nothing_and_says_when() {
    let (folder, keyring) = keyring();
    let path = folder.path().join("keyring.json");
    let wrapped = wrap(&keyring, 1);
    check_code(&ready(keyring.destroy_generation(1)).unwrap_err(), "keyring-current-generation");
    check_code(&ready(keyring.destroy_generation(2)).unwrap_err(), "keyring-unknown-generation");
    ready(keyring.create_generation(2)).unwrap();
    let key_before = STANDARD.encode(wrapped_key(&path, 1));

    let Destruction::Done { at } = ready(keyring.destroy_generation(1)).unwrap() else { panic!("at once") };
    assert!(!fs::read_to_string(&path).unwrap().contains(&key_before));
    let reopened = open(&path).unwrap();
    for keyring in [&keyring, &reopened] {
        let error = unwrap(keyring, 1, CONTEXT, &wrapped).unwrap_err();
        check_code(&error, "keyring-destroyed-generation");
        assert!(error.to_string().contains(&at.format("%Y-%m-%dT%H:%M:%SZ").to_string()), "{error}");
        check_code(&ready(keyring.create_generation(1)).unwrap_err(), "keyring-destroyed-generation");
    }
    let again = ready(reopened.destroy_generation(1)).unwrap();
    assert!(matches!(again, Destruction::Done { at: told } if told.timestamp() == at.timestamp()));
    let states: Vec<_> = reopened.generations().iter().map(|generation| generation.state).collect();
    assert!(matches!(states[..], [GenerationState::Destroyed { .. }, GenerationState::Active]));
}

fn wrapped_key(path: &Path, generation: u32) -> Vec<u8> {
    let stored = StoredKeyring::parse(path, &fs::read(path).unwrap()).unwrap();
    let StoredGeneration::Active(wrapped) = &stored.generations[&generation] else { panic!("closed") };
    wrapped.to_vec()
}

#[test]
fn what_another_process_changed_is_taken_over() {
    let (folder, first) = keyring();
    let second = open(&folder.path().join("keyring.json")).unwrap();
    assert!(!ready(first.reload_if_changed()).unwrap());
    ready(second.create_generation(2)).unwrap();
    let wrapped = wrap(&second, 2);
    check_code(&unwrap(&first, 2, CONTEXT, &wrapped).unwrap_err(), "keyring-unknown-generation");
    assert!(ready(first.reload_if_changed()).unwrap());
    assert!(!ready(first.reload_if_changed()).unwrap());
    assert_eq!(unwrap(&first, 2, CONTEXT, &wrapped).unwrap(), [5; 32]);

    ready(first.destroy_generation(1)).unwrap();
    assert!(ready(second.reload_if_changed()).unwrap());
    check_code(&unwrap(&second, 1, CONTEXT, &[0; 60]).unwrap_err(), "keyring-destroyed-generation");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_rotate_at_once_all_go_on_with_one_generation() {
    let (folder, keyring) = keyring();
    let rotations = (0..8).map(|_| {
        let path = folder.path().join("keyring.json");
        tokio::spawn(async move {
            let keyring = Keyring::open(&path, Arc::new(Plain)).await?;
            keyring.create_generation(2).await?;
            Ok::<_, KeyringError>(wrap(&keyring, 2))
        })
    });
    let rotations: Vec<_> = rotations.collect();
    let mut wrapped = Vec::new();
    for rotation in rotations {
        wrapped.push(rotation.await.unwrap().unwrap());
    }
    assert!(keyring.reload_if_changed().await.unwrap());
    for wrapped in wrapped {
        assert_eq!(unwrap(&keyring, 2, CONTEXT, &wrapped).unwrap(), [5; 32]);
    }
}

#[test]
fn the_file_of_another_keyring_is_not_taken_over() {
    let (folder, keyring) = keyring();
    let (other_folder, _other) = crate::testing::keyring();
    fs::copy(other_folder.path().join("keyring.json"), folder.path().join("keyring.json")).unwrap();
    for refused in [
        ready(keyring.reload_if_changed()).unwrap_err(),
        ready(keyring.create_generation(2)).unwrap_err(),
        ready(keyring.destroy_generation(1)).unwrap_err(),
    ] {
        check_code(&refused, "keyring-exchanged");
    }
}

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_keyring_can_be_handed_over_to_another_provider() {
    let (folder, keyring) = keyring();
    let path = folder.path().join("keyring.json");
    let (wrapped, root) = (wrap(&keyring, 1), *keyring.root(RootKind::Pseudonym).expose());
    let plain = STANDARD.encode(wrapped_key(&path, 1));
    let key = || Arc::new(EnvironmentKey::parse(&Secret::new(KEY.to_owned())).unwrap());
    ready(keyring.rewrap_with(key())).unwrap();
    ready(keyring.rewrap_with(key())).unwrap();
    assert!(!fs::read_to_string(&path).unwrap().contains(&plain));

    check_code(&open(&path).unwrap_err(), "keyring-other-provider");
    let other = EnvironmentKey::parse(&Secret::new(STANDARD.encode([9; 32]))).unwrap();
    check_code(&ready(Keyring::open(&path, Arc::new(other))).unwrap_err(), "key-provider-refused");
    let opened = ready(Keyring::open(&path, key())).unwrap();
    assert_eq!(unwrap(&opened, 1, CONTEXT, &wrapped).unwrap(), [5; 32]);
    assert_eq!(*opened.root(RootKind::Pseudonym).expose(), root);
    ready(keyring.create_generation(2)).unwrap();
    assert!(ready(opened.reload_if_changed()).unwrap());
}

#[test]
fn a_key_for_the_environment_is_32_bytes_in_base_64() {
    assert!(EnvironmentKey::parse(&Secret::new(format!(" {KEY}\n"))).is_ok());
    for malformed in ["", "AAEC", &KEY[1..], "not base 64", &format!("{KEY}{KEY}")] {
        assert!(EnvironmentKey::parse(&Secret::new(malformed.to_owned())).is_err(), "{malformed}");
    }
}

#[tokio::test]
async fn a_passphrase_opens_what_it_wrapped_and_no_other_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let passphrase = |text: &str| Arc::new(Passphrase::new(Secret::new(text.to_owned())));
    let created = Keyring::create(&path, passphrase("ten small horses")).await.unwrap();
    let wrapped = wrap(&created, 1);

    let opened = Keyring::open(&path, passphrase("ten small horses")).await.unwrap();
    assert_eq!(unwrap(&opened, 1, CONTEXT, &wrapped).unwrap(), [5; 32]);
    let error = Keyring::open(&path, passphrase("ten small houses")).await.unwrap_err();
    check_code(&error, "key-provider-refused");
}

#[test]
fn debug_shows_no_key() {
    let (folder, keyring) = keyring();
    let text = fs::read_to_string(folder.path().join("keyring.json")).unwrap();
    let shown = format!("{keyring:?}");
    assert!(text.split('"').filter(|word| word.len() == 44).all(|key| !shown.contains(key)));
    assert!(shown.contains(&keyring.id().to_string()));
}
