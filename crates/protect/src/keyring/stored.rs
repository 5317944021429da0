//! The layouts of a keyring's file: format 2, and format 1 for reading.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::KeyringError;
use super::keys::{GenerationState, KeyringId, RootKey, RootKind};
use super::providers::{ProviderDescriptor, ProviderKind};
use crate::aead::append_part;

/// The version of the layout that is written.
const FORMAT: u32 = 2;

/// Room for everything in a file that is no wrapped secret, and per generation.
const ROOM: usize = 512;

/// What a keyring's file says.
#[derive(Clone)]
pub(super) struct StoredKeyring {
    pub(super) id: KeyringId,
    pub(super) provider: ProviderDescriptor,
    pub(super) generations: BTreeMap<u32, StoredGeneration>,
    /// [`encode_roots`], wrapped.
    pub(super) roots: Zeroizing<Vec<u8>>,
}

/// One generation, as the file keeps it.
#[derive(Clone)]
pub(super) enum StoredGeneration {
    /// Its key, wrapped.
    Active(Zeroizing<Vec<u8>>),
    /// To be destroyed; see [`GenerationState`].
    Destroying { since: DateTime<Utc> },
    /// Promised to be destroyed.
    Pending { until: DateTime<Utc> },
    /// A tombstone.
    Destroyed { at: DateTime<Utc> },
}

impl StoredGeneration {
    pub(super) fn state(&self) -> GenerationState {
        match self {
            Self::Active(_) => GenerationState::Active,
            Self::Destroying { since } => GenerationState::Destroying { since: *since },
            Self::Pending { until } => GenerationState::Pending { until: *until },
            Self::Destroyed { at } => GenerationState::Destroyed { at: *at },
        }
    }
}

impl StoredKeyring {
    /// The newest generation that is active.
    pub(super) fn current_generation(&self) -> Option<u32> {
        let mut newest_first = self.generations.iter().rev();
        newest_first
            .find(|(_, stored)| matches!(stored, StoredGeneration::Active(_)))
            .map(|(number, _)| *number)
    }

    /// Reads a keyring that is complete.
    pub(super) fn parse(path: &Path, text: &[u8]) -> Result<Self, KeyringError> {
        // The place only: the parser's own message may quote the text, and so a key.
        let malformed = |error: serde_json::Error| {
            let what = format!("line {}, column {}", error.line(), error.column());
            KeyringError::Malformed { path: path.to_owned(), what }
        };
        let Format { format } = serde_json::from_slice(text).map_err(malformed)?;
        let decoded = match format {
            1 => serde_json::from_slice::<Layout1>(text).map_err(malformed)?.decode(),
            FORMAT => serde_json::from_slice::<Layout2>(text).map_err(malformed)?.decode(),
            found => {
                return Err(KeyringError::UnknownFormat { path: path.to_owned(), found, known: FORMAT });
            }
        };
        let malformed = |what: String| KeyringError::Malformed { path: path.to_owned(), what };
        let stored = decoded.map_err(malformed)?;
        if stored.current_generation().is_none() {
            return Err(malformed("generations".to_owned()));
        }
        Ok(stored)
    }

    /// The id of a keyring whose creation was interrupted.
    pub(super) fn parse_unfinished(text: &[u8]) -> Option<KeyringId> {
        serde_json::from_slice::<Layout2>(text).ok()?.keyring_id.parse().ok()
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let generations =
            self.generations.iter().map(|(number, stored)| Layout2Generation::of(*number, stored));
        let layout = Layout2 {
            format: FORMAT,
            keyring_id: self.id.to_string(),
            provider: self.provider.clone(),
            generations: generations.collect(),
            roots: SecretText::of(&self.roots),
        };
        let secrets =
            |generation: &Layout2Generation| generation.wrapped_key.as_ref().map_or(0, |key| key.0.len());
        let room = layout.generations.iter().map(|generation| ROOM + secrets(generation)).sum::<usize>();
        // All of it at once: growing would leave copies of keys behind.
        let mut text = Zeroizing::new(Vec::with_capacity(ROOM + layout.roots.0.len() + room));
        serde_json::to_writer_pretty(&mut *text, &layout).expect("text and numbers can be written as JSON");
        text.push(b'\n');
        text
    }
}

/// The root keys as a provider wraps them: for each its kind and its 32 bytes,
/// every part after its length (u32, big-endian).
pub(super) fn encode_roots(roots: &BTreeMap<RootKind, RootKey>) -> Zeroizing<Vec<u8>> {
    let mut bundle = Zeroizing::new(Vec::with_capacity(roots.len() * 64));
    for (kind, key) in roots {
        append_part(&mut bundle, kind.as_str().as_bytes());
        append_part(&mut bundle, key.expose());
    }
    bundle
}

/// `None` unless every root key is there, and nothing else.
pub(super) fn decode_roots(mut bundle: &[u8]) -> Option<BTreeMap<RootKind, RootKey>> {
    let mut roots = BTreeMap::new();
    while !bundle.is_empty() {
        let (name, rest) = split_part(bundle)?;
        let (key, rest) = split_part(rest)?;
        let kind = RootKind::ALL.into_iter().find(|kind| kind.as_str().as_bytes() == name)?;
        roots.insert(kind, RootKey::from_bytes(key.try_into().ok()?));
        bundle = rest;
    }
    (roots.len() == RootKind::ALL.len()).then_some(roots)
}

fn split_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

/// Read first and alone: a file of another format may look like anything else.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout2 {
    format: u32,
    keyring_id: String,
    provider: ProviderDescriptor,
    generations: Vec<Layout2Generation>,
    roots: SecretText,
}

/// Exactly one of the fields after the number is there.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout2Generation {
    number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrapped_key: Option<SecretText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destroying_since: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending_until: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    destroyed_at: Option<Moment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout1 {
    #[serde(rename = "format")]
    _format: u32,
    keyring_id: String,
    generations: Vec<Layout1Generation>,
    roots: BTreeMap<String, SecretText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout1Generation {
    number: u32,
    key: SecretText,
}

/// Bytes in base 64 (RFC 4648 §4) that may be a key; cleared when dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SecretText(String);

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl SecretText {
    fn of(bytes: &[u8]) -> Self {
        Self(STANDARD.encode(bytes))
    }

    fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        STANDARD.decode(&self.0).ok().map(Zeroizing::new)
    }
}

/// A moment as RFC 3339 writes it, in UTC.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Moment(DateTime<Utc>);

impl TryFrom<String> for Moment {
    type Error = chrono::ParseError;

    fn try_from(text: String) -> Result<Self, chrono::ParseError> {
        DateTime::parse_from_rfc3339(&text).map(|moment| Self(moment.to_utc()))
    }
}

impl From<Moment> for String {
    fn from(Moment(moment): Moment) -> Self {
        moment.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

impl Layout2 {
    fn decode(self) -> Result<StoredKeyring, String> {
        let mut generations = BTreeMap::new();
        for generation in &self.generations {
            let number = generation.number;
            let stored = generation.decode().ok_or_else(|| format!("generation {number}"))?;
            if number == 0 || generations.insert(number, stored).is_some() {
                return Err(format!("number {number} of a generation"));
            }
        }
        let id = self.keyring_id.parse().map_err(|_| "keyring_id".to_owned())?;
        let roots = self.roots.decode().ok_or("roots")?;
        Ok(StoredKeyring { id, provider: self.provider, generations, roots })
    }
}

impl Layout2Generation {
    fn of(number: u32, stored: &StoredGeneration) -> Self {
        let mut layout = Self {
            number,
            wrapped_key: None,
            destroying_since: None,
            pending_until: None,
            destroyed_at: None,
        };
        match stored {
            StoredGeneration::Active(wrapped) => layout.wrapped_key = Some(SecretText::of(wrapped)),
            StoredGeneration::Destroying { since } => layout.destroying_since = Some(Moment(*since)),
            StoredGeneration::Pending { until } => layout.pending_until = Some(Moment(*until)),
            StoredGeneration::Destroyed { at } => layout.destroyed_at = Some(Moment(*at)),
        }
        layout
    }

    fn decode(&self) -> Option<StoredGeneration> {
        match (&self.wrapped_key, self.destroying_since, self.pending_until, self.destroyed_at) {
            (Some(key), None, None, None) => Some(StoredGeneration::Active(key.decode()?)),
            (None, Some(Moment(since)), None, None) => Some(StoredGeneration::Destroying { since }),
            (None, None, Some(Moment(until)), None) => Some(StoredGeneration::Pending { until }),
            (None, None, None, Some(Moment(at))) => Some(StoredGeneration::Destroyed { at }),
            _ => None,
        }
    }
}

impl Layout1 {
    fn decode(self) -> Result<StoredKeyring, String> {
        let mut generations = BTreeMap::new();
        for Layout1Generation { number, key } in &self.generations {
            let key = key.decode().filter(|key| key.len() == 32);
            let key = key.ok_or_else(|| format!("key of generation {number}"))?;
            if generations.insert(*number, StoredGeneration::Active(key)).is_some() {
                return Err(format!("generation {number} is there twice"));
            }
        }
        let roots = RootKind::ALL.into_iter().map(|kind| {
            let key = self.roots.get(kind.as_str()).and_then(SecretText::decode);
            let key = key.and_then(|key| key.as_slice().try_into().ok());
            let key = key.ok_or_else(|| format!("roots.{}", kind.as_str()))?;
            Ok((kind, RootKey::from_bytes(key)))
        });
        Ok(StoredKeyring {
            id: self.keyring_id.parse().map_err(|_| "keyring_id".to_owned())?,
            provider: ProviderDescriptor { kind: ProviderKind::Plain, keys: None },
            generations,
            roots: encode_roots(&roots.collect::<Result<_, String>>()?),
        })
    }
}
