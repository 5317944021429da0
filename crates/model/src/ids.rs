//! Identifiers. Each kind is a type of its own, so that a profile's id can
//! never be passed where a record's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An id was not written as a UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id (expected a UUID such as 3f2b8c9e-…)")]
pub struct NotAnId(pub String);

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 128 random bits, written as a UUID. It says nothing about whom it names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u128);

        impl $name {
            /// A new random id (UUID version 4).
            pub fn random() -> Self {
                Self(uuid::Uuid::new_v4().as_u128())
            }

            /// The 16 bytes of the id, most significant first.
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                uuid::Uuid::from_u128(self.0).hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                uuid::Uuid::parse_str(text)
                    .map(|id| Self(id.as_u128()))
                    .map_err(|_| NotAnId(text.to_owned()))
            }
        }
    };
}

random_id! {
    /// Names one account as one source delivered it: the unit that owns a key.
    RecordId
}
random_id! {
    /// Names a golden profile. It lasts: see `engine::golden` for who keeps it on a merge.
    ProfileId
}

/// A keyed tag: the first 16 bytes of an HMAC-SHA-256. Equal inputs give equal
/// tags under one key; without the key a tag can be neither made nor reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag(pub [u8; 16]);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The name of a configured silo: lower-case letters, digits and underscores,
/// starting with a letter, at most 40 characters. It becomes a table name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceId(String);

/// A source id holds something other than lower-case letters, digits and underscores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a source: use lower-case letters, digits and `_`, starting with a letter, at most 40 characters, and not `quarantine`"
)]
pub struct NotASourceId(pub String);

impl SourceId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SourceId {
    type Error = NotASourceId;

    fn try_from(text: String) -> Result<Self, NotASourceId> {
        let fits = text.len() <= 40
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            // `landing.quarantine` is a table of its own.
            && text != "quarantine";
        if fits { Ok(Self(text)) } else { Err(NotASourceId(text)) }
    }
}

impl FromStr for SourceId {
    type Err = NotASourceId;

    fn from_str(text: &str) -> Result<Self, NotASourceId> {
        text.to_owned().try_into()
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> String {
        id.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
