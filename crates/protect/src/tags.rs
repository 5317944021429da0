//! Keyed tags: names of records, contents and people that tell equality to those
//! who hold the key, and nothing to anyone else.
//!
//! HMAC-SHA-256 cut to 16 bytes (RFC 2104 §5 allows half). Every input starts
//! with its domain, and every part stands after its length, so a tag of one
//! kind is never one of another. Never a bare hash: e-mail addresses and phone
//! numbers are few enough to be tried one by one.

use vermeil_model::{RecordId, SourceId, Tag};

use crate::hashing::KeyedHash;
use crate::keyring::{Keyring, RootKey, RootKind};

/// Tags by which a run tells new, changed and unchanged rows apart.
#[derive(Clone)]
pub struct ChangeTags {
    record: KeyedHash,
    content: KeyedHash,
}

impl ChangeTags {
    /// The tags of a keyring.
    pub fn of(keyring: &Keyring) -> Self {
        Self::new(&keyring.root(RootKind::Change))
    }

    fn new(root: &RootKey) -> Self {
        Self {
            record: KeyedHash::for_domain(root.expose(), "vermeil/record-tag/1"),
            content: KeyedHash::for_domain(root.expose(), "vermeil/content-tag/1"),
        }
    }

    /// Names the record that `source` knows under `key`, whose parts are in the
    /// order of the contract.
    pub fn record_tag<P: AsRef<[u8]>>(&self, source: &SourceId, key: impl IntoIterator<Item = P>) -> Tag {
        tag_of(self.record.clone().part(source.as_str().as_bytes()), key)
    }

    /// Names what a row of `table` says. `parts` is the row in a form that does
    /// not depend on when it was read or by which version: for each field that
    /// has a value its name and then its value, in one order.
    pub fn content_tag<P: AsRef<[u8]>>(&self, table: &str, parts: impl IntoIterator<Item = P>) -> Tag {
        tag_of(self.content.clone().part(table.as_bytes()), parts)
    }
}

/// Tags by which linking remembers values and records without keeping them.
#[derive(Clone)]
pub struct MatchTags {
    value: KeyedHash,
    record: KeyedHash,
}

impl MatchTags {
    /// The tags of a keyring.
    pub fn of(keyring: &Keyring) -> Self {
        let root = keyring.root(RootKind::Change);
        Self {
            value: KeyedHash::for_domain(root.expose(), "vermeil/match-value-tag/1"),
            record: KeyedHash::for_domain(root.expose(), "vermeil/match-record-tag/1"),
        }
    }

    /// Names a normalised value of a field. Of a million values two share a name about once in 37 million
    /// lakes; both are then taken for more common than they are.
    pub fn value_tag(&self, field: &str, normalised: &str) -> u64 {
        first_half(self.value.clone().part(field.as_bytes()).part(normalised.as_bytes()))
    }

    /// Names what a record says, given as digests.
    pub fn record_tag(&self, record: &[u8], digests: [u64; 2]) -> u64 {
        let parts = digests.map(u64::to_le_bytes);
        first_half(self.record.clone().part(record).part(parts.as_flattened()))
    }
}

/// Tags of people who must not come back after erasure.
#[derive(Clone)]
pub struct SuppressionTags(KeyedHash);

impl SuppressionTags {
    /// The tags of a keyring.
    pub fn of(keyring: &Keyring) -> Self {
        Self::new(&keyring.root(RootKind::Suppression))
    }

    fn new(root: &RootKey) -> Self {
        Self(KeyedHash::for_domain(root.expose(), "vermeil/suppression-tag/1"))
    }

    /// Names a normalised value of a field, such as an e-mail address.
    pub fn suppression_tag(&self, field: &str, normalised: &[u8]) -> Tag {
        self.0.clone().part(field.as_bytes()).part(normalised).tag()
    }
}

/// Tags of contact points that someone allowed or refused to be reached by.
#[derive(Clone)]
pub struct ConsentTags(KeyedHash);

impl ConsentTags {
    /// The tags of a keyring.
    pub fn of(keyring: &Keyring) -> Self {
        Self::new(&keyring.root(RootKind::BlindIndex))
    }

    fn new(root: &RootKey) -> Self {
        Self(KeyedHash::for_domain(root.expose(), "vermeil/consent-tag/1"))
    }

    /// Names a normalised contact point of a kind, such as an e-mail address.
    pub fn consent_tag(&self, kind: &str, normalised: &str) -> Tag {
        self.0.clone().part(kind.as_bytes()).part(normalised.as_bytes()).tag()
    }
}

/// Tags of records that a request of a data subject is about.
#[derive(Clone)]
pub struct RequestTags(KeyedHash);

impl RequestTags {
    /// The tags of a keyring.
    pub fn of(keyring: &Keyring) -> Self {
        Self::new(&keyring.root(RootKind::BlindIndex))
    }

    fn new(root: &RootKey) -> Self {
        Self(KeyedHash::for_domain(root.expose(), "vermeil/request-tag/1"))
    }

    /// Names a record, as no table but that of requests does.
    pub fn request_tag(&self, record: RecordId) -> Tag {
        self.0.clone().part(&record.to_bytes()).tag()
    }
}

/// Tags of the ids by which recipients know people.
#[derive(Clone)]
pub struct HandleTags(KeyedHash);

impl HandleTags {
    /// The tags of a keyring.
    pub fn of(keyring: &Keyring) -> Self {
        Self::new(&keyring.root(RootKind::BlindIndex))
    }

    fn new(root: &RootKey) -> Self {
        Self(KeyedHash::for_domain(root.expose(), "vermeil/handle-tag/1"))
    }

    /// Names what one recipient knows someone by.
    pub fn handle_tag(&self, recipient: &str, handle: &str) -> Tag {
        self.0.clone().part(recipient.as_bytes()).part(handle.as_bytes()).tag()
    }
}

fn first_half(hash: KeyedHash) -> u64 {
    u64::from_le_bytes(*hash.tag().0.first_chunk().expect("a tag has 16 bytes"))
}

fn tag_of<P: AsRef<[u8]>>(mut hash: KeyedHash, parts: impl IntoIterator<Item = P>) -> Tag {
    parts.into_iter().for_each(|part| hash.take_in(part.as_ref()));
    hash.tag()
}

#[cfg(test)]
mod tests;
