//! OpenBao or Vault: their `transit` engine over HTTP.
//!
//! Each slot has a key of its own, `<prefix>-<keyring id>-<slot>`, of the type
//! `aes256-gcm96`, not exportable and *derived*: what binds a secret to its slot
//! is the derivation context. Associated data would do the same, but `rewrap`
//! refuses ciphertexts made with it.
//!
//! The token needs `create`, `read`, `update` and `delete` on
//! `<mount>/keys/<prefix>-*`, and `update` on its `encrypt`, `decrypt` and
//! `keys/…/config`. Deletion is allowed on a key only right before it is deleted.
//!
//! Source: OpenBao, "Transit secrets engine (API)".

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::{Zeroize, Zeroizing};

use super::http::{Answer, HttpService};
use super::{
    KeyProvider, KeySlot, Misconfiguration, ProviderDescriptor, ProviderError, ProviderKind, Secret,
};
use crate::keyring::keys::Destruction;

/// Wraps with keys that an OpenBao or Vault server keeps.
///
/// A destroyed generation is gone from the server; backups of the server's own
/// storage need an end of their own.
pub struct OpenBao {
    service: HttpService,
    settings: OpenBaoSettings,
}

/// How to reach a `transit` engine.
pub struct OpenBaoSettings {
    /// Such as `https://bao.example.org:8200`. Unencrypted HTTP is for this machine only.
    pub address: String,
    /// Where the engine is mounted; `transit` by its own default.
    pub mount: String,
    /// The namespace the mount is in.
    pub namespace: Option<String>,
    /// Begins the name of every key.
    pub key_prefix: String,
    /// The only authorities to trust, in PEM; those of the system unless given.
    pub authority: Option<Vec<u8>>,
    /// The token.
    pub token: Secret,
    /// How long to wait for an answer.
    pub timeout: Duration,
}

impl OpenBao {
    /// A server to ask. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ProviderError::Misconfigured`].
    pub fn new(settings: OpenBaoSettings) -> Result<Self, ProviderError> {
        let service = HttpService::new(&settings.address, settings.authority.as_deref(), settings.timeout)?;
        Ok(Self { service, settings })
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Answer, ProviderError> {
        let mut headers = HeaderMap::new();
        self.service.header(&mut headers, "x-vault-token", self.settings.token.expose())?;
        if let Some(namespace) = &self.settings.namespace {
            self.service.header(&mut headers, "x-vault-namespace", namespace)?;
        }
        // Required by agents that forward to the server.
        self.service.header(&mut headers, "x-vault-request", "true")?;
        let url = self.service.url(&format!("/v1/{}/{path}", self.settings.mount.trim_matches('/')))?;
        self.service.ask(method, url, headers, body).await
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, ProviderError> {
        let body = serde_json::to_vec(body).expect("text can be written as JSON");
        self.ask(Method::POST, path, body).await
    }

    /// What the server knows of a key; `None` if it has none of that name.
    async fn look_up(&self, key: &str) -> Result<Option<TransitKey>, ProviderError> {
        let answer = self.ask(Method::GET, &format!("keys/{key}"), Vec::new()).await?;
        match answer.status {
            StatusCode::OK => Ok(Some(self.service.read::<Reply<TransitKey>>(&answer)?.data)),
            // Said without a word of a key, and with some of a mount.
            StatusCode::NOT_FOUND => match self.service.read::<Failure>(&answer)?.errors.as_slice() {
                [] => Ok(None),
                _ => Err(self.service.misconfigured(Misconfiguration::NoMount)),
            },
            _ => Err(self.service.unexpected(&answer)),
        }
    }

    /// Why a key did not do what was asked: it may be gone, or else `otherwise`.
    async fn refusal(&self, key: String, answer: &Answer, otherwise: ProviderError) -> ProviderError {
        if !matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND) {
            return self.service.unexpected(answer);
        }
        match self.service.read::<Failure>(answer) {
            // A refusal comes alone: with data, it is about something else.
            Ok(Failure { data: None, .. }) => {}
            Ok(_) => return self.service.unexpected(answer),
            Err(error) => return error,
        }
        match self.look_up(&key).await {
            Ok(Some(_)) => otherwise,
            Ok(None) => ProviderError::KeyGone { key },
            Err(error) => error,
        }
    }

    fn key_of(&self, slot: KeySlot) -> String {
        slot.key_name(&self.settings.key_prefix)
    }
}

#[async_trait]
impl KeyProvider for OpenBao {
    fn descriptor(&self) -> ProviderDescriptor {
        let OpenBaoSettings { mount, namespace, key_prefix, .. } = &self.settings;
        let namespace = namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let keys = format!("{}/{namespace}{mount}/keys/{key_prefix}-*", self.service.address());
        ProviderDescriptor { kind: ProviderKind::OpenBao, keys: Some(keys) }
    }

    async fn create(&self, slot: KeySlot) -> Result<(), ProviderError> {
        let key = self.key_of(slot);
        let wanted = json!({
            "type": TYPE, "derived": true, "exportable": false, "allow_plaintext_backup": false
        });
        // Making one that is there changes nothing.
        let answer = self.post(&format!("keys/{key}"), &wanted).await?;
        match answer.status {
            StatusCode::OK | StatusCode::NO_CONTENT => {}
            StatusCode::NOT_FOUND => return Err(self.service.misconfigured(Misconfiguration::NoMount)),
            _ => return Err(self.service.unexpected(&answer)),
        }
        match self.look_up(&key).await? {
            Some(found) if found.is_suitable() => Ok(()),
            Some(_) => Err(self.service.misconfigured(Misconfiguration::UnsuitableKey)),
            None => Err(self.service.garbled("a key that was just made is not there")),
        }
    }

    async fn wrap(&self, slot: KeySlot, secret: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let key = self.key_of(slot);
        let request = Plaintext { plaintext: STANDARD.encode(secret), context: Some(context(slot)) };
        let answer = self.post(&format!("encrypt/{key}"), &request).await?;
        if answer.status != StatusCode::OK {
            return Err(self.refusal(key, &answer, self.service.unexpected(&answer)).await);
        }
        Ok(self.service.read::<Reply<Ciphertext>>(&answer)?.data.ciphertext.into_bytes())
    }

    async fn unwrap(&self, slot: KeySlot, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let key = self.key_of(slot);
        let refused = ProviderError::Refused { provider: ProviderKind::OpenBao };
        let Ok(ciphertext) = std::str::from_utf8(wrapped) else { return Err(refused) };
        let request = json!({ "ciphertext": ciphertext, "context": context(slot) });
        let answer = self.post(&format!("decrypt/{key}"), &request).await?;
        if answer.status != StatusCode::OK {
            return Err(self.refusal(key, &answer, refused).await);
        }
        let opened = self.service.read::<Reply<Plaintext>>(&answer)?.data;
        let secret = STANDARD.decode(&opened.plaintext).map(Zeroizing::new);
        secret.map_err(|_| self.service.garbled("its secret is not in base 64"))
    }

    async fn destroy(&self, slot: KeySlot) -> Result<Destruction, ProviderError> {
        let key = self.key_of(slot);
        if self.look_up(&key).await?.is_some() {
            let answer =
                self.post(&format!("keys/{key}/config"), &json!({ "deletion_allowed": true })).await?;
            if !answer.status.is_success() {
                return Err(self.service.unexpected(&answer));
            }
            let answer = self.ask(Method::DELETE, &format!("keys/{key}"), Vec::new()).await?;
            if !answer.status.is_success() || self.look_up(&key).await?.is_some() {
                return Err(self.service.unexpected(&answer));
            }
        }
        Ok(Destruction::Done { at: Utc::now() })
    }
}

/// The type of every key.
const TYPE: &str = "aes256-gcm96";

/// The derivation context of a slot, in base 64.
fn context(slot: KeySlot) -> String {
    STANDARD.encode(slot.associated().as_slice())
}

#[derive(Deserialize)]
struct Reply<T> {
    data: T,
}

#[derive(Deserialize)]
struct Failure {
    errors: Vec<IgnoredAny>,
    #[serde(default)]
    data: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct TransitKey {
    r#type: String,
    derived: bool,
    exportable: bool,
}

impl TransitKey {
    fn is_suitable(&self) -> bool {
        self.r#type == TYPE && self.derived && !self.exportable
    }
}

#[derive(Deserialize)]
struct Ciphertext {
    ciphertext: String,
}

/// Cleared when dropped.
#[derive(Serialize, Deserialize)]
struct Plaintext {
    plaintext: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    context: Option<String>,
}

impl Drop for Plaintext {
    fn drop(&mut self) {
        self.plaintext.zeroize();
    }
}
