//! A keyring in a file that only its owner can read.
//!
//! ```json
//! {
//!   "format": 1,
//!   "keyring_id": "3f2b8c9e-…",
//!   "generations": [{ "number": 1, "key": "32 bytes in base 64" }],
//!   "roots": { "change": "…", "pseudonym": "…", "blind_index": "…", "suppression": "…", "audit": "…" }
//! }
//! ```
//!
//! Whoever has the file and the lake can read everything; whoever loses it can
//! read nothing. It belongs in a backup of its own, apart from the lake's.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{
    KeyProvider, KeyProviderError, KeyringError, KeyringId, PageKey, RootKey, RootKind, WrapRequest,
    WrappedKey,
};
use crate::aead::{AssociatedData, Cipher};
use crate::random;

/// The version of the file's layout.
const FORMAT: u32 = 1;

/// A keyring read from its file.
///
/// A generation key wraps with random 96-bit nonces, so it may serve 2³² times
/// (NIST SP 800-38D §8.3): a trillion records in pages of 256.
pub struct FileKeyring {
    id: KeyringId,
    generations: BTreeMap<u32, Cipher>,
    roots: BTreeMap<RootKind, RootKey>,
}

impl FileKeyring {
    /// Makes a new keyring and its file, mode 0600, and folders on the way to it.
    ///
    /// The file appears whole or not at all, and never takes the place of
    /// another: of two who create at once, one is told that it exists. That
    /// rests on hard links; a file system without them has no file modes either.
    ///
    /// # Errors
    /// [`KeyringError::AlreadyExists`], [`KeyringError::Unwritable`].
    pub fn create(path: &Path) -> Result<Self, KeyringError> {
        let stored = StoredKeyring::random();
        // Ample for one generation: growing would leave copies of the keys behind.
        let mut text = Zeroizing::new(Vec::with_capacity(4096));
        serde_json::to_writer_pretty(&mut *text, &stored).expect("text and numbers can be written as JSON");
        text.push(b'\n');
        write_new(path, &text).map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => KeyringError::AlreadyExists { path: path.to_owned() },
            _ => KeyringError::Unwritable { path: path.to_owned(), cause },
        })?;
        stored.decode(path)
    }

    /// Reads a keyring from its file.
    ///
    /// # Errors
    /// [`KeyringError`]: the file is missing, unreadable, readable by others
    /// than its owner, of another format, or malformed.
    pub fn open(path: &Path) -> Result<Self, KeyringError> {
        let unreadable = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => KeyringError::Missing { path: path.to_owned() },
            _ => KeyringError::Unreadable { path: path.to_owned(), cause },
        };
        let mut file = File::open(path).map_err(unreadable)?;
        // Asked of the open file, so that it is the one that is then read.
        let metadata = file.metadata().map_err(unreadable)?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyringError::TooOpen { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(Vec::with_capacity(metadata.len() as usize + 1));
        file.read_to_end(&mut text).map_err(unreadable)?;
        StoredKeyring::parse(path, &text)?.decode(path)
    }

    fn generation(&self, generation: u32) -> Result<&Cipher, KeyProviderError> {
        self.generations
            .get(&generation)
            .ok_or(KeyProviderError::UnknownGeneration { keyring: self.id, generation })
    }

    fn associated(&self, generation: u32, context: &[u8]) -> AssociatedData {
        AssociatedData::new("vermeil/wrap/1")
            .part(self.id.as_bytes())
            .part(&generation.to_be_bytes())
            .part(context)
    }
}

impl fmt::Debug for FileKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileKeyring").field("id", &self.id).finish_non_exhaustive()
    }
}

#[async_trait]
impl KeyProvider for FileKeyring {
    fn id(&self) -> KeyringId {
        self.id
    }

    async fn current_generation(&self) -> Result<u32, KeyProviderError> {
        Ok(*self.generations.last_key_value().expect("a keyring without generation is not opened").0)
    }

    async fn wrap(
        &self,
        generation: u32,
        keys: &[WrapRequest<'_>],
    ) -> Result<Vec<Vec<u8>>, KeyProviderError> {
        let cipher = self.generation(generation)?;
        Ok(keys
            .iter()
            .map(|key| cipher.lock(self.associated(generation, key.context).as_slice(), key.key.expose()))
            .collect())
    }

    async fn unwrap(&self, keys: &[WrappedKey<'_>]) -> Result<Vec<PageKey>, KeyProviderError> {
        keys.iter()
            .map(|key| {
                let refused = KeyProviderError::Refused { keyring: self.id, generation: key.generation };
                let associated = self.associated(key.generation, key.context);
                let opened = self.generation(key.generation)?.unlock(associated.as_slice(), key.bytes);
                match opened.map(|bytes| <[u8; 32]>::try_from(bytes.as_slice())) {
                    Ok(Ok(bytes)) => Ok(PageKey::from_bytes(bytes)),
                    _ => Err(refused),
                }
            })
            .collect()
    }

    async fn root(&self, kind: RootKind) -> Result<RootKey, KeyProviderError> {
        Ok(self.roots.get(&kind).expect("a keyring without all its roots is not opened").clone())
    }
}

/// Writes a file that did not exist, durably, readable by its owner only.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = folder.join(format!(".{}.unfinished", KeyringId::random()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(text)?;
        file.sync_all()?;
        // Not `rename`: that would silently replace a keyring made meanwhile.
        fs::hard_link(&unfinished, path)
    })();
    // What it was there for is done or has failed already.
    let _ = fs::remove_file(&unfinished);
    written?;
    File::open(folder)?.sync_all()
}

/// The file's layout.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKeyring {
    format: u32,
    keyring_id: String,
    generations: Vec<StoredGeneration>,
    roots: BTreeMap<String, SecretText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredGeneration {
    number: u32,
    key: SecretText,
}

/// Read first and alone: a file of another format may look like anything else.
#[derive(Deserialize)]
struct StoredFormat {
    format: u32,
}

/// A key in base 64; cleared when dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SecretText(String);

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl SecretText {
    fn random() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        random::fill(&mut *key);
        Self(STANDARD.encode(*key))
    }

    fn decode(&self) -> Option<Zeroizing<[u8; 32]>> {
        let bytes = Zeroizing::new(STANDARD.decode(&self.0).ok()?);
        Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
    }
}

impl StoredKeyring {
    fn random() -> Self {
        Self {
            format: FORMAT,
            keyring_id: KeyringId::random().to_string(),
            generations: vec![StoredGeneration { number: 1, key: SecretText::random() }],
            roots: RootKind::ALL.map(|kind| (kind.as_str().to_owned(), SecretText::random())).into(),
        }
    }

    fn parse(path: &Path, text: &[u8]) -> Result<Self, KeyringError> {
        // The place only: the parser's own message may quote the text, and so a key.
        let malformed = |error: serde_json::Error| {
            let what = format!("line {}, column {}", error.line(), error.column());
            KeyringError::Malformed { path: path.to_owned(), what }
        };
        let StoredFormat { format } = serde_json::from_slice(text).map_err(malformed)?;
        if format != FORMAT {
            return Err(KeyringError::UnknownFormat { path: path.to_owned(), found: format, known: FORMAT });
        }
        serde_json::from_slice(text).map_err(malformed)
    }

    fn decode(&self, path: &Path) -> Result<FileKeyring, KeyringError> {
        let malformed = |what: String| KeyringError::Malformed { path: path.to_owned(), what };
        let id = self.keyring_id.parse().map_err(|_| malformed("keyring_id".to_owned()))?;
        let mut generations = BTreeMap::new();
        for StoredGeneration { number, key } in &self.generations {
            let key = key.decode().ok_or_else(|| malformed(format!("key of generation {number}")))?;
            if generations.insert(*number, Cipher::new(&key)).is_some() {
                return Err(malformed(format!("generation {number} is there twice")));
            }
        }
        if generations.is_empty() {
            return Err(malformed("generations".to_owned()));
        }
        let roots = RootKind::ALL.into_iter().map(|kind| {
            let key = self.roots.get(kind.as_str()).and_then(SecretText::decode);
            let key = key.ok_or_else(|| malformed(format!("roots.{}", kind.as_str())))?;
            Ok((kind, RootKey(key)))
        });
        Ok(FileKeyring { id, generations, roots: roots.collect::<Result<_, KeyringError>>()? })
    }
}
