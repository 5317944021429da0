//! AWS KMS: its JSON API over HTTPS, signed with version 4 signatures.
//!
//! Each slot has a symmetric KMS key of its own behind the alias
//! `alias/<prefix>-<keyring id>-<slot>`, which is also the value of the tag
//! `vermeil-key`: a creation that was interrupted between key and alias is found
//! by its tag and completed. What binds a secret to its slot is the encryption
//! context. Keys are not set to rotate: KMS would keep the old material.
//!
//! A KMS key is destroyed after a waiting time, here the shortest that KMS
//! allows. Until then its owner can cancel, so the destruction is pending.
//!
//! The credentials need `kms:CreateKey`, `kms:TagResource`, `kms:CreateAlias`,
//! `kms:ListKeys`, `kms:ListResourceTags`, `kms:DescribeKey`, `kms:Encrypt`,
//! `kms:Decrypt` and `kms:ScheduleKeyDeletion`.
//!
//! Source: AWS, "Key Management Service API Reference".

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::http::{Answer, HttpService};
use super::{
    KeyProvider, KeySlot, Misconfiguration, ProviderDescriptor, ProviderError, ProviderKind, Secret,
};
use crate::hashing::sha256_hex;
use crate::keyring::keys::Destruction;

mod api;

use api::{
    Decrypted, Described, EncryptRequest, Encrypted, Exception, Failure, KeyList, Listed, Metadata,
    SYMMETRIC, Scheduled, TagList,
};

/// Wraps with keys that AWS KMS keeps.
pub struct AwsKms {
    service: HttpService,
    settings: AwsKmsSettings,
    credentials: Credentials,
}

/// How to reach AWS KMS.
pub struct AwsKmsSettings {
    /// Such as `eu-west-3`.
    pub region: String,
    /// Another address than the region's own: a private endpoint, another partition.
    pub endpoint: Option<String>,
    /// Begins the alias of every key.
    pub key_prefix: String,
    /// The access key's id.
    pub access_key_id: Secret,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// Of temporary credentials.
    pub session_token: Option<Secret>,
    /// How long to wait for an answer.
    pub timeout: Duration,
}

/// The shortest waiting time that KMS allows, in days.
const WAITING_DAYS: u32 = 7;

/// Marks a key of ours that has no alias yet.
const TAG: &str = "vermeil-key";

impl AwsKms {
    /// A service to ask. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ProviderError::Misconfigured`].
    pub fn new(settings: AwsKmsSettings) -> Result<Self, ProviderError> {
        let of_region = || format!("https://kms.{}.amazonaws.com", settings.region);
        let address = settings.endpoint.clone().unwrap_or_else(of_region);
        let service = HttpService::new(&address, None, settings.timeout)?;
        let credentials = Credentials::from_keys(
            settings.access_key_id.expose(),
            settings.secret_access_key.expose(),
            settings.session_token.as_ref().map(|token| token.expose().to_owned()),
        );
        Ok(Self { service, settings, credentials })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        action: &'static str,
        request: &impl Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(request).expect("text and numbers can be written as JSON");
        let url = self.service.url("/")?;
        let headers = self.signed(action, url.as_str(), &body)?;
        let answer = self.service.ask(Method::POST, url, headers, body).await?;
        match answer.status {
            // Some actions answer with nothing at all.
            StatusCode::OK if answer.body.is_empty() => {
                let nothing = Answer { status: answer.status, body: Zeroizing::new(b"null".to_vec()) };
                Ok(self.service.read(&nothing)?)
            }
            StatusCode::OK => Ok(self.service.read(&answer)?),
            StatusCode::BAD_REQUEST => Err(self.failure(&answer)?),
            _ => Err(self.service.unexpected(&answer).into()),
        }
    }

    fn signed(&self, action: &str, url: &str, body: &[u8]) -> Result<HeaderMap, ProviderError> {
        let wrong = || self.service.misconfigured(Misconfiguration::NoCredentials);
        let target = format!("TrentService.{action}");
        let named = [("content-type", JSON), ("x-amz-target", target.as_str())];
        // Only the hash: what is to be signed is also what a trace would show.
        let body = SignableBody::Precomputed(sha256_hex(body));
        let request = SignableRequest::new("POST", url, named.into_iter(), body).map_err(|_| wrong())?;
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.settings.region)
            .name("kms")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .expect("every required parameter is set");
        let (instructions, _) = sign(request, &parameters.into()).map_err(|_| wrong())?.into_parts();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        self.service.header(&mut headers, "x-amz-target", &target)?;
        for (name, value) in instructions.headers() {
            let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?, value);
        }
        Ok(headers)
    }

    fn failure(&self, answer: &Answer) -> Result<Failure, ProviderError> {
        let Exception { kind } = self.service.read(answer)?;
        // Some answer with a namespace before the name.
        Ok(match kind.rsplit('#').next().unwrap_or_default() {
            "NotFoundException" => Failure::NotFound,
            "AlreadyExistsException" => Failure::Exists,
            "DisabledException" | "KMSInvalidStateException" => Failure::Unusable,
            "InvalidCiphertextException" | "IncorrectKeyException" => Failure::NotOurs,
            "AccessDeniedException"
            | "ExpiredTokenException"
            | "IncompleteSignature"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "MissingAuthenticationToken"
            | "NotAuthorized"
            | "OptInRequired"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException" => self.service.denied().into(),
            "ThrottlingException" | "LimitExceededException" => {
                self.service.unavailable("it has too much to do").into()
            }
            "DependencyTimeoutException" | "KMSInternalException" | "KeyUnavailableException" => {
                self.service.unavailable("it has a fault of its own").into()
            }
            _ => self.service.garbled("it refuses for a reason that is not known here").into(),
        })
    }

    /// What KMS knows of a key, by its id or alias; `None` if there is none.
    async fn look_up(&self, key: &str) -> Result<Option<Metadata>, ProviderError> {
        match self.ask::<Described>("DescribeKey", &json!({ "KeyId": key })).await {
            Ok(described) => Ok(Some(described.metadata)),
            Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(self.told(failure, key)),
        }
    }

    /// A key that was made for this alias and did not get it.
    async fn find_by_tag(&self, name: &str) -> Result<Option<String>, ProviderError> {
        let mut marker = None;
        loop {
            let request = match &marker {
                None => json!({ "Limit": 1000 }),
                Some(marker) => json!({ "Limit": 1000, "Marker": marker }),
            };
            let page: KeyList =
                self.ask("ListKeys", &request).await.map_err(|failure| self.told(failure, name))?;
            for Listed { id } in page.keys {
                let tags: TagList = match self.ask("ListResourceTags", &json!({ "KeyId": id })).await {
                    Ok(tags) => tags,
                    // Somebody else's, or gone meanwhile.
                    Err(Failure::NotFound | Failure::Other(ProviderError::Denied { .. })) => continue,
                    Err(failure) => return Err(self.told(failure, &id)),
                };
                let ours = tags.tags.iter().any(|tag| tag.key == TAG && tag.value == name);
                if ours && self.look_up(&id).await?.is_some_and(|metadata| metadata.is_suitable()) {
                    return Ok(Some(id));
                }
            }
            match page.next {
                None => return Ok(None),
                next => marker = next,
            }
        }
    }

    /// A failure that this slot's key does not explain any further.
    fn told(&self, failure: Failure, key: &str) -> ProviderError {
        match failure {
            Failure::NotFound | Failure::Unusable => ProviderError::KeyGone { key: key.to_owned() },
            Failure::NotOurs => ProviderError::Refused { provider: ProviderKind::AwsKms },
            Failure::Exists => self.service.garbled("something is there already that was not asked for"),
            Failure::Other(error) => error,
        }
    }

    fn alias_of(&self, slot: KeySlot) -> String {
        format!("alias/{}", slot.key_name(&self.settings.key_prefix))
    }
}

#[async_trait]
impl KeyProvider for AwsKms {
    fn descriptor(&self) -> ProviderDescriptor {
        let AwsKmsSettings { region, key_prefix, .. } = &self.settings;
        let keys = format!("{}, {region}, alias/{key_prefix}-*", self.service.address());
        ProviderDescriptor { kind: ProviderKind::AwsKms, keys: Some(keys) }
    }

    async fn create(&self, slot: KeySlot) -> Result<(), ProviderError> {
        let (alias, name) = (self.alias_of(slot), slot.key_name(&self.settings.key_prefix));
        match self.look_up(&alias).await? {
            Some(found) if found.is_suitable() => return Ok(()),
            Some(_) => return Err(self.service.misconfigured(Misconfiguration::UnsuitableKey)),
            None => {}
        }
        let id = match self.find_by_tag(&name).await? {
            Some(id) => id,
            None => {
                let request = json!({
                    "Description": name,
                    "KeySpec": SYMMETRIC,
                    "KeyUsage": "ENCRYPT_DECRYPT",
                    "Tags": [{ "TagKey": TAG, "TagValue": name }],
                });
                let made: Described =
                    self.ask("CreateKey", &request).await.map_err(|failure| self.told(failure, &alias))?;
                made.metadata.id
            }
        };
        let request = json!({ "AliasName": alias, "TargetKeyId": id });
        match self.ask::<Value>("CreateAlias", &request).await {
            Ok(_) | Err(Failure::Exists) => Ok(()),
            Err(failure) => Err(self.told(failure, &alias)),
        }
    }

    async fn wrap(&self, slot: KeySlot, secret: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let alias = self.alias_of(slot);
        let request = EncryptRequest {
            key_id: &alias,
            plaintext: Zeroizing::new(STANDARD.encode(secret)),
            encryption_context: context(slot),
        };
        let encrypted: Encrypted =
            self.ask("Encrypt", &request).await.map_err(|failure| self.told(failure, &alias))?;
        let wrapped = STANDARD.decode(encrypted.ciphertext);
        wrapped.map_err(|_| self.service.garbled("its ciphertext is not in base 64"))
    }

    async fn unwrap(&self, slot: KeySlot, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let alias = self.alias_of(slot);
        let request = json!({
            "KeyId": alias,
            "CiphertextBlob": STANDARD.encode(wrapped),
            "EncryptionContext": context(slot),
        });
        let decrypted: Decrypted =
            self.ask("Decrypt", &request).await.map_err(|failure| self.told(failure, &alias))?;
        let secret = STANDARD.decode(&decrypted.plaintext).map(Zeroizing::new);
        secret.map_err(|_| self.service.garbled("its secret is not in base 64"))
    }

    async fn destroy(&self, slot: KeySlot) -> Result<Destruction, ProviderError> {
        let alias = self.alias_of(slot);
        // KMS deletes the alias together with the key.
        let Some(found) = self.look_up(&alias).await? else {
            return Ok(Destruction::Done { at: Utc::now() });
        };
        let scheduled = match found.deletion {
            Some(deletion) => Ok(deletion),
            None => {
                let request = json!({ "KeyId": found.id, "PendingWindowInDays": WAITING_DAYS });
                self.ask::<Scheduled>("ScheduleKeyDeletion", &request)
                    .await
                    .map(|scheduled| scheduled.deletion)
            }
        };
        let moment = scheduled.map_err(|failure| self.told(failure, &alias))?;
        let until = DateTime::<Utc>::from_timestamp(moment.ceil() as i64, 0);
        let until = until.ok_or_else(|| self.service.garbled("its day of deletion is none"))?;
        Ok(Destruction::Pending { until })
    }
}

const JSON: &str = "application/x-amz-json-1.1";

fn context(slot: KeySlot) -> Value {
    json!({ "vermeil:keyring": slot.keyring.to_string(), "vermeil:secret": slot.secret.to_string() })
}
