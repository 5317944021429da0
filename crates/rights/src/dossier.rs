//! What is kept about a person, in the forms that they get it in: JSON, CSV, and a letter.
//!
//! A dossier is personal: none of its parts has `Debug`, and what they become is written where the person
//! alone gets it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::request::RequestKind;

mod csv;
mod labels;
mod letter;

pub use labels::{field as field_label, purpose as purpose_label};
pub use letter::LetterLanguage;

/// Everything that is kept about one person, or of it what they provided.
#[derive(Clone, Serialize)]
pub struct Dossier {
    /// Who keeps it: the name of the pipeline.
    pub controller: String,
    /// The number of the request that it answers.
    pub request: i64,
    /// What was asked for.
    pub kind: RequestKind,
    /// When.
    #[serde(with = "crate::text")]
    pub received: NaiveDate,
    /// The day on which this was put together.
    #[serde(with = "crate::text")]
    pub made: NaiveDate,
    /// What is believed of the person, and where each value is from.
    pub profile: Vec<ProfileValue>,
    /// Accounts, in every version.
    pub records: Vec<DossierRow>,
    /// What happened to them, in every version.
    pub events: Vec<DossierRow>,
    /// Rows that could not be read, as they were delivered.
    pub unread: Vec<UnreadRow>,
    /// What they allowed and refused.
    pub consents: Vec<DossierConsent>,
    /// Who was given some of it.
    pub recipients: Vec<DossierRecipient>,
    /// Where it is from.
    pub sources: Vec<DossierSource>,
    /// What each field of it is, what for, and for how long.
    pub fields: Vec<DossierField>,
}

/// A value of the golden profile.
#[derive(Clone, Serialize)]
pub struct ProfileValue {
    /// The field.
    pub field: String,
    /// The value.
    pub value: String,
    /// The source whose value it is.
    pub source: String,
    /// The record whose value it is.
    pub record: String,
    /// Why this one: the survivor rule.
    pub rule: String,
    /// When it was seen last: RFC 3339, UTC.
    pub observed_at: Option<String>,
}

/// One version of an account or of an event.
#[derive(Clone, Serialize)]
pub struct DossierRow {
    /// The source.
    pub source: String,
    /// The record or event.
    pub id: String,
    /// Counts up whenever it changed.
    pub version: i64,
    /// By the source's clock, or when it landed: RFC 3339, UTC.
    pub observed_at: String,
    /// Field → value.
    pub values: BTreeMap<String, String>,
}

/// A row that could not be read, and so may hold anything.
#[derive(Clone, Serialize)]
pub struct UnreadRow {
    /// The source.
    pub source: String,
    /// Since when it is kept: RFC 3339, UTC.
    pub since: String,
    /// As it was delivered.
    pub row: String,
}

/// What was said of a purpose.
#[derive(Clone, Serialize)]
pub struct DossierConsent {
    /// Of what: `email`, `phone` or `record`.
    pub scope: String,
    /// What for; none: for everything.
    pub purpose: Option<String>,
    /// What was said, such as `given`.
    pub status: String,
    /// When: RFC 3339, UTC.
    pub occurred_at: String,
    /// When it was recorded.
    pub recorded_at: String,
    /// When it ends by itself.
    pub expires_at: Option<String>,
    /// How it came about.
    pub detail: serde_json::Value,
}

/// Someone who was given something.
#[derive(Clone, Serialize)]
pub struct DossierRecipient {
    /// Who.
    pub name: String,
    /// What for.
    pub purpose: String,
    /// When: RFC 3339, UTC.
    pub at: String,
}

/// A source that something is from.
#[derive(Clone, Serialize)]
pub struct DossierSource {
    /// Its name.
    pub source: String,
    /// How many accounts and events of the person are from it.
    pub rows: u64,
    /// Whether people enter their data there themselves.
    pub self_declared: bool,
}

/// What a field is.
#[derive(Clone, Serialize)]
pub struct DossierField {
    /// Its name.
    pub field: String,
    /// What it means.
    pub description: String,
    /// How it is protected: `identifier`, `contact`, `demographic`, `sensitive` or `plain`.
    pub class: String,
    /// What it may be used for.
    pub purposes: Vec<DossierPurpose>,
    /// How long it is kept after the relation ends: an ISO 8601 duration.
    pub retention: Option<String>,
}

/// What something is used for, and why that may be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DossierPurpose {
    /// The purpose.
    pub purpose: String,
    /// Its legal basis, where one is declared.
    pub basis: Option<String>,
}

impl Dossier {
    /// Whether nothing at all is kept.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.events.is_empty() && self.unread.is_empty() && self.profile.is_empty()
    }

    /// All of it, for machines.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data")
    }

    /// A line for each value, for spreadsheets: `part,source,id,version,observed_at,field,value` (RFC 4180).
    /// What a spreadsheet would take for a formula stands after an apostrophe.
    pub fn to_csv(&self) -> String {
        csv::table(self)
    }

    /// What is kept, for people: HTML that stands in a page of others, with headings of the second rank.
    pub fn to_fragment(&self, language: LetterLanguage) -> String {
        letter::fragment(self, language)
    }

    /// All of it, for people: one HTML page that needs nothing else.
    pub fn to_letter(&self, language: LetterLanguage) -> String {
        letter::page(self, language)
    }
}

#[cfg(test)]
mod tests;
