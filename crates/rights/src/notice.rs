//! What recipients are told of an erasure or a rectification (GDPR Art. 19), how often it is tried, and what
//! counts as their receipt.
//!
//! ```text
//! pending ─▶ answered     the recipient said that it knows, or somebody entered that it did
//!    │  ▲
//!    │  └── tried again, each time after twice as long
//!    ├────▶ unanswered    its last day is over: the certificate names the recipient
//!    └────▶ superseded    whoever was to be rectified is erased
//! ```

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What recipients are told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// To erase someone (Art. 17).
    Erase,
    /// To set right what they hold (Art. 16).
    Rectify,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [NoticeKind; 2] = [Self::Erase, Self::Rectify];

    /// The kind as databases and commands write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Erase => "erase",
            Self::Rectify => "rectify",
        }
    }

    /// The kind as messages name it.
    pub fn event(self) -> &'static str {
        match self {
            Self::Erase => "person.erase",
            Self::Rectify => "person.rectify",
        }
    }
}

/// How telling one recipient stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It has not answered yet.
    Pending,
    /// There is a receipt.
    Answered,
    /// It never answered in time.
    Unanswered,
    /// There is nothing to be told any more.
    Superseded,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [DeliveryState; 4] = [Self::Pending, Self::Answered, Self::Unanswered, Self::Superseded];

    /// The state as databases and commands write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Answered => "answered",
            Self::Unanswered => "unanswered",
            Self::Superseded => "superseded",
        }
    }
}

/// How a receipt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptWay {
    /// The recipient's server answered with success.
    Webhook,
    /// The recipient laid a receipt into the folder.
    Folder,
    /// Somebody entered what the recipient answered by other means.
    Manual,
}

/// That a recipient knows. What it answered is kept as a digest only: it may name the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// How it came.
    pub way: ReceiptWay,
    /// When.
    #[serde(with = "crate::text")]
    pub at: DateTime<Utc>,
    /// The status of HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// SHA-256 of the answer, in hexadecimal digits.
    pub digest: String,
    /// The answer's length in bytes.
    pub bytes: u64,
    /// Who entered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<String>,
    /// What they entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How often a recipient is told before it counts as one that does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Between the first try and the second.
    pub first: TimeDelta,
    /// Between two tries at most.
    pub longest: TimeDelta,
}

/// What follows a try without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another, not sooner than this.
    Try(DateTime<Utc>),
    /// None: the recipient did not answer.
    GiveUp,
}

impl Patience {
    /// How long to wait after a number of tries: twice as long after each.
    pub fn pause_after(&self, tries: u32) -> TimeDelta {
        let doublings = tries.saturating_sub(1).min(30);
        self.first.checked_mul(1 << doublings).unwrap_or(self.longest).min(self.longest)
    }

    /// What follows a try at `now`, the one of that number, where the recipient has until `due`. The last try
    /// is never before `due`: nobody is given up early.
    pub fn next(&self, tries: u32, now: DateTime<Utc>, due: DateTime<Utc>) -> Next {
        match now >= due {
            true => Next::GiveUp,
            false => Next::Try(now.checked_add_signed(self.pause_after(tries)).unwrap_or(due).min(due)),
        }
    }
}

/// What a recipient is told. Personal: no `Debug`.
#[derive(Serialize)]
pub struct Message<'a> {
    /// What happened.
    #[serde(rename = "type")]
    pub event: &'static str,
    /// When the notice was made, RFC 3339: the same in every try.
    pub timestamp: String,
    /// About whom, and until when.
    pub data: MessageData<'a>,
}

/// The part of a message that is about someone. Personal: no `Debug`.
#[derive(Serialize)]
pub struct MessageData<'a> {
    /// The number of the notice.
    pub notice: i64,
    /// Who is told.
    pub recipient: &'a str,
    /// Until when an answer is awaited.
    pub due: String,
    /// What the recipient knows the person by: `profile_id` of what it received.
    pub handles: &'a BTreeSet<String>,
    /// Fields that were set right, with the values of those that the recipient may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<&'a BTreeMap<String, Option<String>>>,
}

impl<'a> Message<'a> {
    /// The message of a notice that was made at a moment.
    pub fn new(kind: NoticeKind, made: DateTime<Utc>, due: DateTime<Utc>, mut data: MessageData<'a>) -> Self {
        data.due = rfc3339(due);
        Self { event: kind.event(), timestamp: rfc3339(made), data }
    }

    /// The bytes that are sent and signed: the same whenever they are made.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data")
    }
}

fn rfc3339(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests;
