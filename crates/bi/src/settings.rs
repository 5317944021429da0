//! What a client may set for its session, and what it is told that stands there.
//!
//! Few settings do something: the purpose, the statement's time, the schema of names without one and how
//! values are written. Others are kept and told again, because clients set them without asking why.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use pgwire::types::format::FormatOptions;

/// The purpose that the reader declares; empty for none.
pub(crate) const PURPOSE: &str = "vermeil.purpose";
pub(crate) const SEARCH_PATH: &str = "search_path";
const STATEMENT_TIMEOUT: &str = "statement_timeout";
const CLIENT_ENCODING: &str = "client_encoding";
/// The version of PostgreSQL whose dialect and catalogue clients may expect.
pub(crate) const SERVER_VERSION: &str = "16.6";

/// Every setting there is, with the value of a new session. Sorted, for `SHOW ALL`.
const DEFAULTS: &[(&str, &str)] = &[
    ("application_name", ""),
    ("bytea_output", "hex"),
    (CLIENT_ENCODING, "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, YMD"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "on"),
    ("extra_float_digits", "1"),
    ("geqo", "on"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("integer_datetimes", "on"),
    ("intervalstyle", "postgres"),
    ("jit", "off"),
    ("lc_collate", "C"),
    ("lc_ctype", "C.UTF-8"),
    ("lc_messages", "C"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("lock_timeout", "0"),
    ("max_identifier_length", "63"),
    ("max_index_keys", "32"),
    ("row_security", "on"),
    (SEARCH_PATH, "golden"),
    ("server_encoding", "UTF8"),
    ("server_version", SERVER_VERSION),
    ("server_version_num", "160006"),
    ("session_authorization", ""),
    ("standard_conforming_strings", "on"),
    (STATEMENT_TIMEOUT, "0"),
    ("timezone", "UTC"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "on"),
    (PURPOSE, ""),
    ("work_mem", "4MB"),
    ("xmloption", "content"),
];

/// What says something of the server, and is not the client's to change.
const FIXED: &[&str] = &[
    "integer_datetimes",
    "lc_collate",
    "lc_ctype",
    "max_identifier_length",
    "max_index_keys",
    "server_encoding",
    "server_version",
    "server_version_num",
    "session_authorization",
];

/// The settings of one session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// What the client said when it came: a reset goes back to this.
    begun_with: BTreeMap<String, String>,
    set: BTreeMap<String, String>,
}

/// Why something cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no such setting.
    Unknown,
    /// It is not the client's to change.
    Fixed,
    /// It cannot have this value.
    Value,
}

impl Settings {
    /// From what a client sends when it comes: names of settings, and `options` as PostgreSQL's server
    /// program takes them (`-c name=value`, `--name=value`). What is no setting is passed over.
    pub(crate) fn begin(user: &str, startup: &HashMap<String, String>) -> Self {
        let mut settings = Self::default();
        let options = startup.get("options").map(|options| options_of(options)).unwrap_or_default();
        let named = startup.iter().map(|(name, value)| (name.clone(), value.clone()));
        for (name, value) in named.chain(options) {
            // What cannot be had is left as it is, as clients expect of what they merely prefer.
            let _ = settings.set(&name, Some(value));
        }
        settings.set.insert("session_authorization".to_owned(), user.to_owned());
        settings.begun_with = settings.set.clone();
        settings
    }

    /// The value of a setting, by its name in any case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let name = name.to_ascii_lowercase();
        let default = DEFAULTS.iter().find(|(known, _)| *known == name)?.1;
        Some(self.set.get(&name).map_or(default, String::as_str))
    }

    /// Every setting and its value.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        DEFAULTS.iter().map(|(name, default)| (*name, self.set.get(*name).map_or(*default, String::as_str)))
    }

    /// Sets, or with `None` resets.
    ///
    /// # Errors
    /// There is no such setting, or it cannot have this value.
    pub(crate) fn set(&mut self, name: &str, value: Option<String>) -> Result<(), Refused> {
        let name = name.to_ascii_lowercase();
        if !DEFAULTS.iter().any(|(known, _)| *known == name) {
            return Err(Refused::Unknown);
        }
        if FIXED.contains(&name.as_str()) {
            return Err(Refused::Fixed);
        }
        let Some(value) = value.or_else(|| self.begun_with.get(&name).cloned()) else {
            self.set.remove(&name);
            return Ok(());
        };
        let fits = match name.as_str() {
            STATEMENT_TIMEOUT => duration_of(&value).is_some(),
            CLIENT_ENCODING => {
                matches!(value.to_ascii_lowercase().as_str(), "utf8" | "utf-8" | "unicode")
            }
            "standard_conforming_strings" => is_on(&value),
            // Nothing can be written either way.
            _ => true,
        };
        if !fits {
            return Err(Refused::Value);
        }
        let value = match name.as_str() {
            CLIENT_ENCODING => "UTF8".to_owned(),
            _ => value,
        };
        self.set.insert(name, value);
        Ok(())
    }

    /// Back to what the client came with.
    pub(crate) fn reset_all(&mut self) {
        self.set = self.begun_with.clone();
    }

    /// The declared purpose.
    pub(crate) fn purpose(&self) -> Option<&str> {
        self.get(PURPOSE).filter(|purpose| !purpose.is_empty())
    }

    /// How long a statement may take; `None` where the client sets no limit of its own.
    pub(crate) fn statement_timeout(&self) -> Option<Duration> {
        duration_of(self.get(STATEMENT_TIMEOUT)?).filter(|time| !time.is_zero())
    }

    /// The schemas of names without one, in their order.
    pub(crate) fn search_path(&self) -> Vec<String> {
        let path = self.get(SEARCH_PATH).unwrap_or_default();
        path.split(',').map(|schema| schema.trim().trim_matches('"').to_owned()).collect()
    }

    /// How values are written.
    pub(crate) fn formats(&self) -> FormatOptions {
        let named = ["datestyle", "intervalstyle", "bytea_output", "extra_float_digits"];
        let set = named.iter().filter_map(|name| Some(((*name).to_owned(), self.get(name)?.to_owned())));
        FormatOptions::from_client_metadata(&set.collect())
    }
}

fn is_on(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1" | "t")
}

/// PostgreSQL's notation of a time: milliseconds, or a number with a unit.
fn duration_of(value: &str) -> Option<Duration> {
    let value = value.trim();
    let digits = value.len() - value.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, unit) = value.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(milliseconds)?))
}

/// `-c name=value`, `-cname=value` and `--name=value`; a backslash stands before a space that separates nothing.
fn options_of(options: &str) -> Vec<(String, String)> {
    let mut words = vec![String::new()];
    let mut letters = options.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => words.last_mut().expect("never empty").extend(letters.next()),
            letter if letter.is_whitespace() => words.push(String::new()),
            letter => words.last_mut().expect("never empty").push(letter),
        }
    }
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    let mut set = Vec::new();
    while let Some(word) = words.next() {
        let assignment = match (word.strip_prefix("--"), word.strip_prefix("-c")) {
            (Some(assignment), _) => assignment.to_owned(),
            (None, Some("")) => words.next().unwrap_or_default(),
            (None, Some(assignment)) => assignment.to_owned(),
            (None, None) => continue,
        };
        if let Some((name, value)) = assignment.split_once('=') {
            set.push((name.replace('-', "_"), value.to_owned()));
        }
    }
    set
}

#[cfg(test)]
mod tests;
