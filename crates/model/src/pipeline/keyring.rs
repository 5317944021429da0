//! Where the keyring lies, and who holds the keys that open it.
//!
//! ```yaml
//! keyring: state/keyring.json
//! ```
//! ```yaml
//! keyring:
//!   path: state/keyring.json
//!   provider: { openbao: { address: "https://bao.example.org:8200" } }
//! ```
//!
//! Secrets never stand here, only the names of the environment variables that
//! hold them.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Where the keyring lies, and who holds the keys that open it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyringSettings {
    /// The keyring's file, created with mode 0600 on the first run.
    pub path: String,
    /// Who holds its keys.
    pub provider: ProviderSettings,
}

/// Who holds the keys that open a keyring.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderSettings {
    /// Nobody: the file holds them as they are, and its mode protects it.
    #[default]
    Plain,
    /// A passphrase.
    Passphrase(PassphraseSettings),
    /// A key in the environment.
    Environment(EnvironmentSettings),
    /// The transit engine of an OpenBao or Vault server.
    #[serde(rename = "openbao")]
    OpenBao(OpenBaoSettings),
    /// AWS KMS.
    AwsKms(AwsKmsSettings),
    /// A PKCS#11 token.
    Pkcs11(Pkcs11Settings),
}

/// What the names of a keyring's keys begin with at their provider: 1 to 40
/// ASCII letters, digits, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyPrefix(String);

/// The text is no [`KeyPrefix`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key prefix is 1 to 40 ASCII letters, digits, `_` and `-`")]
pub struct NoKeyPrefix;

/// A keyring under a passphrase.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassphraseSettings {
    /// The variable that holds the passphrase.
    #[serde(default = "passphrase_variable")]
    pub passphrase_variable: String,
}

/// A keyring under a key in the environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentSettings {
    /// The variable that holds the key: 32 bytes in base 64.
    #[serde(default = "key_variable")]
    pub key_variable: String,
}

/// A keyring whose keys OpenBao or Vault keep.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenBaoSettings {
    /// Such as `https://bao.example.org:8200`.
    pub address: String,
    /// Where the transit engine is mounted.
    #[serde(default = "mount")]
    pub mount: String,
    /// The namespace the mount is in.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Begins the name of every key.
    #[serde(default = "key_prefix")]
    pub key_prefix: KeyPrefix,
    /// A PEM file with the only authorities to trust; those of the system unless set.
    #[serde(default)]
    pub authority: Option<String>,
    /// The variable that holds the token.
    #[serde(default = "token_variable")]
    pub token_variable: String,
}

/// A keyring whose keys AWS KMS keeps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsKmsSettings {
    /// Such as `eu-west-3`.
    pub region: String,
    /// Another address than the region's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Begins the alias of every key.
    #[serde(default = "key_prefix")]
    pub key_prefix: KeyPrefix,
    /// The variable that holds the access key's id.
    #[serde(default = "access_key_id_variable")]
    pub access_key_id_variable: String,
    /// The variable that holds the secret access key.
    #[serde(default = "secret_access_key_variable")]
    pub secret_access_key_variable: String,
    /// The variable that holds the session token of temporary credentials; it may be unset.
    #[serde(default = "session_token_variable")]
    pub session_token_variable: String,
}

/// A keyring whose keys a PKCS#11 token keeps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11Settings {
    /// The vendor's library, such as `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: String,
    /// The token's label.
    pub token: String,
    /// Begins the label of every key.
    #[serde(default = "key_prefix")]
    pub key_prefix: KeyPrefix,
    /// The variable that holds the PIN.
    #[serde(default = "pin_variable")]
    pub pin_variable: String,
}

fn path() -> String {
    "state/keyring.json".to_owned()
}

fn passphrase_variable() -> String {
    "VERMEIL_PASSPHRASE".to_owned()
}

fn key_variable() -> String {
    "VERMEIL_KEYRING_KEY".to_owned()
}

fn mount() -> String {
    "transit".to_owned()
}

fn key_prefix() -> KeyPrefix {
    KeyPrefix("vermeil".to_owned())
}

fn token_variable() -> String {
    "BAO_TOKEN".to_owned()
}

fn access_key_id_variable() -> String {
    "AWS_ACCESS_KEY_ID".to_owned()
}

fn secret_access_key_variable() -> String {
    "AWS_SECRET_ACCESS_KEY".to_owned()
}

fn session_token_variable() -> String {
    "AWS_SESSION_TOKEN".to_owned()
}

fn pin_variable() -> String {
    "VERMEIL_PIN".to_owned()
}

impl ProviderSettings {
    /// The environment variables whose values the provider needs.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Self::Plain => Vec::new(),
            Self::Passphrase(settings) => vec![&settings.passphrase_variable],
            Self::Environment(settings) => vec![&settings.key_variable],
            Self::OpenBao(settings) => vec![&settings.token_variable],
            Self::AwsKms(settings) => vec![
                &settings.access_key_id_variable,
                &settings.secret_access_key_variable,
                &settings.session_token_variable,
            ],
            Self::Pkcs11(settings) => vec![&settings.pin_variable],
        }
    }
}

impl KeyPrefix {
    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyPrefix {
    type Error = NoKeyPrefix;

    fn try_from(text: String) -> Result<Self, NoKeyPrefix> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let well_formed = (1..=40).contains(&text.len()) && text.bytes().all(fits);
        well_formed.then_some(Self(text)).ok_or(NoKeyPrefix)
    }
}

impl Default for KeyringSettings {
    fn default() -> Self {
        Self { path: path(), provider: ProviderSettings::Plain }
    }
}

/// The form with a provider.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Structured {
    #[serde(default = "path")]
    path: String,
    #[serde(default)]
    provider: ProviderSettings,
}

impl<'de> Deserialize<'de> for KeyringSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand: an untagged enum could not say which key is wrong, nor where.
        deserializer.deserialize_any(PathOrMapping)
    }
}

struct PathOrMapping;

impl<'de> Visitor<'de> for PathOrMapping {
    type Value = KeyringSettings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path of a file, or a mapping with `path` and `provider`")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<KeyringSettings, E> {
        Ok(KeyringSettings { path: path.to_owned(), provider: ProviderSettings::Plain })
    }

    fn visit_map<M: MapAccess<'de>>(self, mapping: M) -> Result<KeyringSettings, M::Error> {
        let Structured { path, provider } = Structured::deserialize(MapAccessDeserializer::new(mapping))?;
        Ok(KeyringSettings { path, provider })
    }
}
