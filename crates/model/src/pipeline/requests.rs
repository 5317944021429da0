//! How requests of data subjects are dealt with.

use std::str::FromStr;

use chrono::{FixedOffset, Offset};
use serde::Deserialize;

/// How requests of data subjects are dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestRules {
    /// Where the controller is: days begin and end there. Terms are counted in days.
    pub utc_offset: UtcOffset,
    /// What is due within so many days is due soon.
    pub soon_days: u32,
}

impl Default for RequestRules {
    fn default() -> Self {
        Self { utc_offset: UtcOffset(chrono::Utc.fix()), soon_days: 7 }
    }
}

/// How far east of Greenwich, such as `+01:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct UtcOffset(pub FixedOffset);

impl TryFrom<String> for UtcOffset {
    type Error = NotAnOffset;

    fn try_from(text: String) -> Result<Self, NotAnOffset> {
        FixedOffset::from_str(&text).map(Self).map_err(|_| NotAnOffset)
    }
}

/// Not an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an offset from UTC is written as `+01:00`")]
pub struct NotAnOffset;
