//! What AWS KMS is asked and answers, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use crate::keyring::providers::ProviderError;

/// The kind of key that is made.
pub(super) const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

/// What KMS refuses with, as far as it matters here.
pub(super) enum Failure {
    NotFound,
    Exists,
    /// Disabled, or waiting for its deletion.
    Unusable,
    /// Made by another key, with another context, or changed.
    NotOurs,
    Other(ProviderError),
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        Self::Other(error)
    }
}

#[derive(Deserialize)]
pub(super) struct Exception {
    #[serde(rename = "__type")]
    pub(super) kind: String,
}

#[derive(Deserialize)]
pub(super) struct Described {
    #[serde(rename = "KeyMetadata")]
    pub(super) metadata: Metadata,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(rename = "KeyId")]
    pub(super) id: String,
    #[serde(rename = "KeyState")]
    pub(super) state: String,
    #[serde(rename = "KeySpec")]
    pub(super) spec: String,
    /// Seconds since 1970.
    #[serde(rename = "DeletionDate", default)]
    pub(super) deletion: Option<f64>,
}

impl Metadata {
    pub(super) fn is_suitable(&self) -> bool {
        self.state == "Enabled" && self.spec == SYMMETRIC
    }
}

#[derive(Deserialize)]
pub(super) struct KeyList {
    #[serde(rename = "Keys")]
    pub(super) keys: Vec<Listed>,
    #[serde(rename = "NextMarker", default)]
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Listed {
    #[serde(rename = "KeyId")]
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct TagList {
    #[serde(rename = "Tags")]
    pub(super) tags: Vec<Tag>,
}

#[derive(Deserialize)]
pub(super) struct Tag {
    #[serde(rename = "TagKey")]
    pub(super) key: String,
    #[serde(rename = "TagValue")]
    pub(super) value: String,
}

#[derive(Deserialize)]
pub(super) struct Scheduled {
    /// Seconds since 1970.
    #[serde(rename = "DeletionDate")]
    pub(super) deletion: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EncryptRequest<'a> {
    pub(super) key_id: &'a str,
    #[serde(serialize_with = "as_text")]
    pub(super) plaintext: Zeroizing<String>,
    pub(super) encryption_context: Value,
}

fn as_text<S: serde::Serializer>(text: &Zeroizing<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

#[derive(Deserialize)]
pub(super) struct Encrypted {
    #[serde(rename = "CiphertextBlob")]
    pub(super) ciphertext: String,
}

/// Cleared when dropped.
#[derive(Deserialize)]
pub(super) struct Decrypted {
    #[serde(rename = "Plaintext")]
    pub(super) plaintext: String,
}

impl Drop for Decrypted {
    fn drop(&mut self) {
        self.plaintext.zeroize();
    }
}
