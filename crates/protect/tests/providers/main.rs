//! Every key provider, against the real thing.
//!
//! `suite` is what each must do; `faults` is what those behind a network must
//! survive. Where a server cannot be had, its tests say so and pass: `cargo xtask
//! test` gets the servers and tells at the end what it could not get.

#![expect(clippy::unwrap_used, reason = "the whole program is a test")]

mod faults;
mod proxy;
#[path = "../../../../tests/it/python.rs"]
#[expect(dead_code, reason = "shared with tests that run scripts to their end")]
mod python;
mod servers;
mod suite;

use std::sync::Arc;
use std::time::Duration;

use vermeil_model::Diagnose;
use vermeil_protect::keyring::providers::{ProviderKind, Secret};
use vermeil_protect::{EnvironmentKey, KeyProvider, Keyring, Passphrase, Plain};

use self::faults::{Operation, Trial};
use self::proxy::{Fault, Proxy};
use self::servers::{Aws, OpenBaoServer, Token};
use self::suite::{Backups, Destroyed, check_code};

/// Longer than any server takes on a busy machine.
const PATIENT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn plain_keeps_its_promises() {
    suite::run(&|| Arc::new(Plain), Destroyed::AtOnce, Backups::StayReadable).await;
}

#[tokio::test]
async fn a_passphrase_keeps_its_promises() {
    // One that has derived its key already: each derivation takes 64 MiB and a while.
    let provider: Arc<dyn KeyProvider> = Arc::new(Passphrase::new(secret("ten small horses")));
    suite::run(&|| Arc::clone(&provider), Destroyed::AtOnce, Backups::StayReadable).await;
}

#[tokio::test]
async fn a_key_of_the_environment_keeps_its_promises() {
    let key = || EnvironmentKey::parse(&secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")).unwrap();
    suite::run(&|| Arc::new(key()), Destroyed::AtOnce, Backups::StayReadable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openbao_keeps_its_promises() {
    let Some(server) = OpenBaoServer::start() else { return };
    suite::run(&|| server.provider(PATIENT), Destroyed::AtOnce, Backups::Die).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_kms_keeps_its_promises() {
    let Some(server) = Aws::start() else { return };
    // The stand-in for KMS still decrypts while a deletion is pending, so backups prove nothing here.
    suite::run(&|| server.provider(PATIENT), Destroyed::After7Days, Backups::StayReadable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pkcs11_token_keeps_its_promises() {
    let Some(token) = Token::make("a_pkcs11_token_keeps_its_promises") else { return };
    suite::run(&|| token.provider(), Destroyed::AtOnce, Backups::Die).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openbao_survives_every_fault_at_every_step() {
    let Some(server) = OpenBaoServer::start() else { return };
    let proxy = Proxy::before(server.port);
    let provider = |timeout| server.provider_at(proxy.port, timeout);
    let trial = Trial {
        faults: &Fault::ALL,
        operations: &Operation::ALL,
        proxy: &proxy,
        provider: &provider,
        forget: &|| {},
        destroyed: Destroyed::AtOnce,
    };
    trial.survived().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_kms_survives_every_fault_at_every_step() {
    let Some(server) = Aws::start() else { return };
    let proxy = Proxy::before(server.port);
    let provider = |timeout| server.provider_at(proxy.port, timeout);
    // The stand-in is slow, so only what differs from OpenBao: what is left after a call that was
    // answered wrongly or not at all. Handing a keyring over asks what creating one does.
    let trial = Trial {
        faults: &[Fault::AnswerLost, Fault::Hollow],
        operations: &[Operation::Create, Operation::Open, Operation::Rotate, Operation::Destroy],
        proxy: &proxy,
        provider: &provider,
        forget: &|| server.forget_everything(),
        destroyed: Destroyed::After7Days,
    };
    trial.survived().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_openbao_is_sealed_nothing_changes_and_afterwards_all_goes_on() {
    let Some(server) = OpenBaoServer::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let keyring = Keyring::create(&path, server.provider(PATIENT)).await.unwrap();
    let wrapped = suite::wrap(&keyring);
    let before = std::fs::read(&path).unwrap();

    server.seal().await;
    let opened = Keyring::open(&path, server.provider(PATIENT)).await;
    check_code(&opened.unwrap_err(), "key-provider-unavailable");
    let rotated = keyring.create_generation(2).await;
    check_code(&rotated.unwrap_err(), "key-provider-unavailable");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(suite::opens(&keyring, 1, &wrapped), "what is open stays open");

    server.unseal().await;
    keyring.create_generation(2).await.unwrap();
    server.seal().await;
    let destroyed = keyring.destroy_generation(1).await;
    check_code(&destroyed.unwrap_err(), "key-provider-unavailable");
    server.unseal().await;
    let keyring = Keyring::open(&path, server.provider(PATIENT)).await.unwrap();
    assert!(!suite::opens(&keyring, 1, &wrapped), "its destruction has begun");
    suite::check_destroyed(&keyring, Destroyed::AtOnce).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_openbao_rotates_meanwhile_still_opens() {
    let Some(server) = OpenBaoServer::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let keyring = Keyring::create(&path, server.provider(PATIENT)).await.unwrap();
    let wrapped = suite::wrap(&keyring);
    let names = [format!("vermeil-{}-generation-1", keyring.id()), format!("vermeil-{}-roots", keyring.id())];
    for name in &names {
        server.post(&format!("transit/keys/{name}/rotate"), "{}").await;
    }
    let reopened = Keyring::open(&path, server.provider(PATIENT)).await.unwrap();
    assert!(suite::opens(&reopened, 1, &wrapped));

    // Handing it over to the same provider wraps it under the newest version.
    reopened.rewrap_with(server.provider(PATIENT)).await.unwrap();
    for name in &names {
        let newest = r#"{ "min_decryption_version": 2, "min_encryption_version": 2 }"#;
        server.post(&format!("transit/keys/{name}/config"), newest).await;
    }
    let reopened = Keyring::open(&path, server.provider(PATIENT)).await.unwrap();
    assert!(suite::opens(&reopened, 1, &wrapped));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_kind_is_not_taken_for_ours() {
    let Some(server) = OpenBaoServer::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::create(&folder.path().join("k.json"), server.provider(PATIENT)).await.unwrap();
    // Not derived: it would not bind a secret to its slot.
    let name = format!("vermeil-{}-generation-2", keyring.id());
    server.post(&format!("transit/keys/{name}"), r#"{ "type": "aes256-gcm96" }"#).await;
    let refused = keyring.create_generation(2).await.unwrap_err();
    check_code(&refused, "key-provider-misconfigured");
    assert_eq!(keyring.current_generation(), 1);
}

async fn check_wrong(provider: Arc<dyn KeyProvider>, code: &str, never_told: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let error = Keyring::create(&path, provider).await.unwrap_err();
    check_code(&error, code);
    let told = format!("{error} {error:?} {:?}", error.diagnostic());
    assert!(!never_told.iter().any(|secret| told.contains(secret)), "{told}");
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_of_openbao_are_told_apart_and_quote_no_secret() {
    let Some(server) = OpenBaoServer::start() else { return };
    for (change, code) in [
        ("token", "key-provider-denied"),
        ("mount", "key-provider-misconfigured"),
        ("port", "key-provider-unavailable"),
    ] {
        check_wrong(server.wrong_provider(change), code, &[&server.token, servers::WRONG]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_of_aws_kms_are_told_apart_and_quote_no_secret() {
    let Some(server) = Aws::start() else { return };
    for (change, code) in [("secret", "key-provider-denied"), ("port", "key-provider-unavailable")] {
        let secrets = [server.secret_access_key.as_str(), servers::WRONG];
        check_wrong(server.wrong_provider(change), code, &secrets).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_of_a_token_are_told_apart_and_quote_no_secret() {
    let Some(token) = Token::make("wrong_settings_of_a_token_are_told_apart_and_quote_no_secret") else {
        return;
    };
    for (change, code) in [
        ("pin", "key-provider-denied"),
        ("token", "key-provider-misconfigured"),
        ("module", "key-provider-misconfigured"),
    ] {
        check_wrong(token.wrong_provider(change), code, &[servers::PIN, servers::WRONG]).await;
    }
}

#[test]
fn keys_never_cross_a_network_in_the_clear() {
    for (address, accepted) in [
        ("http://127.0.0.1:8200", true),
        ("http://localhost:8200", true),
        ("https://bao.example.org", true),
        ("http://bao.example.org:8200", false),
        ("http://localhost.example.org:8200", false),
        ("ftp://127.0.0.1", false),
        ("bao.example.org:8200", false),
        ("", false),
    ] {
        let provider = servers::openbao_at(address, "t", "transit", PATIENT);
        assert_eq!(provider.is_ok(), accepted, "{address}");
    }
}

#[tokio::test]
async fn a_keyring_says_which_provider_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    Keyring::create(&path, Arc::new(Plain)).await.unwrap();
    let given: Arc<dyn KeyProvider> = Arc::new(Passphrase::new(secret("ten small horses")));
    assert_eq!(given.descriptor().kind, ProviderKind::Passphrase);
    let error = Keyring::open(&path, given).await.unwrap_err();
    check_code(&error, "keyring-other-provider");
    assert!(error.to_string().contains("`plain`"), "{error}");
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
