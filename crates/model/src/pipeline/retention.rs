//! How long people are kept.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, de};

use crate::ids::SourceId;

/// How long people are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionRules {
    /// Prospects, from their last contact on: an ISO 8601 duration of one unit.
    pub prospects: String,
    /// Customers, from their last contact on.
    pub customers: String,
    /// Kinds of events that are contacts by the person themselves.
    pub contacts: Vec<String>,
    /// Source → the last day on which its records may be kept, such as the end of a rented list.
    pub until: BTreeMap<SourceId, Day>,
}

impl Default for RetentionRules {
    fn default() -> Self {
        Self {
            prospects: "P3Y".to_owned(),
            customers: "P10Y".to_owned(),
            contacts: ["order", "visit", "ticket", "call", "survey"].map(str::to_owned).into(),
            until: BTreeMap::new(),
        }
    }
}

/// A day, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| de::Error::custom("a day is written as `2026-12-31`"))
    }
}
