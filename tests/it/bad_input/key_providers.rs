//! Keyrings that someone else holds the keys of, and what can be wrong between the two.

use std::process::Command;

use super::{PIPELINE, check_refused, not_run_yet};
use crate::common::{Ended, Workspace};

const PASSPHRASE: &str = "keyring: { provider: { passphrase: {} } }\n";
const ENVIRONMENT: &str = "keyring: { provider: { environment: { key_variable: SHOP_KEY } } }\n";

/// Ten people who have not landed, and a pipeline that says this of its keyring.
fn held(keyring: &str) -> Workspace {
    let workspace = not_run_yet();
    workspace.write("pipeline.yaml", PIPELINE.to_owned() + keyring);
    workspace
}

/// `run` with these variables, and without those of a developer's own.
fn run(workspace: &Workspace, variables: &[(&str, &str)]) -> Ended {
    started(&mut workspace.command(&["run"]), variables)
}

fn in_french(workspace: &Workspace, variables: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vermeil"));
    started(command.arg("-p").arg(workspace.path()).args(["--lang", "fr", "run"]), variables)
}

fn started(command: &mut Command, variables: &[(&str, &str)]) -> Ended {
    for name in ["VERMEIL_PASSPHRASE", "SHOP_KEY", "BAO_TOKEN", "VERMEIL_PIN"] {
        command.env_remove(name);
    }
    let ended: Ended = command.envs(variables.iter().copied()).output().expect("it starts").into();
    for (_, secret) in variables {
        assert!(!ended.stderr.contains(secret), "a secret is quoted:\n{}", ended.stderr);
    }
    ended
}

#[test]
fn a_keyring_under_a_passphrase_opens_with_that_passphrase_only() {
    let workspace = held(PASSPHRASE);
    let (right, wrong) =
        (("VERMEIL_PASSPHRASE", "ten small horses"), ("VERMEIL_PASSPHRASE", "ten big horses"));
    check_refused(&run(&workspace, &[]), 2, &["environment variable VERMEIL_PASSPHRASE", "is not set"]);
    assert!(!workspace.file("state/keyring.json").exists());

    assert_eq!(run(&workspace, &[right]).code, 0);
    check_refused(&run(&workspace, &[]), 2, &["VERMEIL_PASSPHRASE", "is not set"]);
    check_refused(
        &run(&workspace, &[wrong]),
        1,
        &["the passphrase does not open the keyring", "give the one"],
    );
    let said = ["la phrase secrète n'ouvre pas le trousseau", "donnez celle"];
    check_refused(&in_french(&workspace, &[wrong]), 1, &said);
    assert_eq!(run(&workspace, &[right]).code, 0);

    workspace.write("pipeline.yaml", PIPELINE);
    let said = ["is held by the provider `passphrase`", "names `plain`", "under `keyring.provider`"];
    check_refused(&run(&workspace, &[right]), 1, &said);
}

#[test]
fn a_keyring_under_a_key_of_the_environment_wants_a_whole_key() {
    let workspace = held(ENVIRONMENT);
    check_refused(
        &run(&workspace, &[("SHOP_KEY", "much too short")]),
        2,
        &["SHOP_KEY holds no key", "base 64"],
    );
    let said = ["SHOP_KEY ne contient pas de clé", "openssl rand"];
    check_refused(&in_french(&workspace, &[("SHOP_KEY", "much too short")]), 2, &said);

    let (right, wrong) = ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "H".repeat(42) + "E=");
    assert_eq!(run(&workspace, &[("SHOP_KEY", right)]).code, 0);
    let said = ["the key given for provider `environment` does not open the keyring"];
    check_refused(&run(&workspace, &[("SHOP_KEY", &wrong)]), 1, &said);
    assert_eq!(run(&workspace, &[("SHOP_KEY", right)]).code, 0);
}

#[test]
fn a_key_service_that_cannot_be_used_is_told_and_makes_no_lake() {
    let openbao = |address: &str, more: &str| {
        held(&format!("keyring: {{ provider: {{ openbao: {{ address: \"{address}\"{more} }} }} }}\n"))
    };
    let token = ("BAO_TOKEN", "wallflower");
    for (workspace, code, english, french) in [
        // Nobody listens on the first port.
        (
            openbao("http://127.0.0.1:1", ""),
            1,
            "the key provider http://127.0.0.1:1 cannot be used now",
            "est inutilisable pour l'instant",
        ),
        (
            openbao("http://bao.example.org:8200", ""),
            2,
            "begins with http:// and leads to another machine",
            "commence par http:// et mène à une autre machine",
        ),
        (
            openbao("https://bao.example.org:8200", ", authority: none.pem"),
            2,
            "could not read the authorities in none.pem",
            "impossible de lire les autorités dans none.pem",
        ),
        (
            held(
                "keyring: { provider: { pkcs11: { module: none.so, token: shop, pin_variable: BAO_TOKEN } } }\n",
            ),
            2,
            "the PKCS#11 module cannot be loaded",
            "le module PKCS#11 ne peut pas être chargé",
        ),
    ] {
        check_refused(&run(&workspace, &[token]), code, &[english]);
        check_refused(&in_french(&workspace, &[token]), code, &[french]);
        for made in ["state/keyring.json", "state/vermeil.db", "lake/vermeil.json"] {
            assert!(!workspace.file(made).exists(), "{made}");
        }
    }
}

#[test]
fn a_preview_before_the_first_run_asks_nobody_for_keys() {
    let workspace = held(PASSPHRASE);
    let ended = started(&mut workspace.command(&["plan"]), &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!workspace.file("state").exists());
}
