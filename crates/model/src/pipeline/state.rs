//! Where the state database is.
//!
//! ```yaml
//! state: state/vermeil.db
//! ```
//! ```yaml
//! state: postgresql://vermeil@db.example.org/vermeil?sslmode=verify-full
//! ```
//! ```yaml
//! state: { url_variable: VERMEIL_STATE_URL }
//! ```
//!
//! A password never stands here: it comes from the variable, or from where PostgreSQL's own
//! programs take it.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Where the state database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateSettings {
    /// A file of SQLite's, made on the first run.
    File(String),
    /// A database of a PostgreSQL server, by its URL without a password.
    Url(String),
    /// The same, by the variable that holds its URL.
    UrlVariable(String),
}

impl StateSettings {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::File(path) => Some(path),
            Self::Url(_) | Self::UrlVariable(_) => None,
        }
    }

    /// The environment variable whose value is needed.
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::UrlVariable(name) => Some(name),
            Self::File(_) | Self::Url(_) => None,
        }
    }
}

impl Default for StateSettings {
    fn default() -> Self {
        Self::File("state/vermeil.db".to_owned())
    }
}

/// The form with a variable.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Structured {
    #[serde(default = "url_variable")]
    url_variable: String,
}

fn url_variable() -> String {
    "VERMEIL_STATE_URL".to_owned()
}

impl<'de> Deserialize<'de> for StateSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand: an untagged enum could not say which key is wrong, nor where.
        deserializer.deserialize_any(PlaceOrMapping)
    }
}

struct PlaceOrMapping;

impl<'de> Visitor<'de> for PlaceOrMapping {
    type Value = StateSettings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path of a file, the URL of a PostgreSQL database, or a mapping with `url_variable`")
    }

    fn visit_str<E: Error>(self, place: &str) -> Result<StateSettings, E> {
        let after = place.strip_prefix("postgresql://").or_else(|| place.strip_prefix("postgres://"));
        match after {
            None => Ok(StateSettings::File(place.to_owned())),
            Some(after) if has_password(after) => Err(E::custom(
                "a password stands in the URL of the state database: name a variable that holds it, by `url_variable`",
            )),
            Some(_) => Ok(StateSettings::Url(place.to_owned())),
        }
    }

    fn visit_map<M: MapAccess<'de>>(self, mapping: M) -> Result<StateSettings, M::Error> {
        let Structured { url_variable } = Structured::deserialize(MapAccessDeserializer::new(mapping))?;
        Ok(StateSettings::UrlVariable(url_variable))
    }
}

/// Whether a URL has a password, given without its scheme; one that is badly written counts as having one.
fn has_password(url: &str) -> bool {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let by_name = query.split('&').any(|parameter| parameter.starts_with("password"));
    let by_user = place.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    by_name || by_user || query.contains('@')
}
