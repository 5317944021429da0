//! How long people are kept, against how long they may be.

use serde::Serialize;

/// Who is kept past their time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RetentionReport {
    /// How many people are kept.
    pub persons: u64,
    /// Those whose time is over.
    pub due: Vec<RetentionDue>,
    /// Each source of records.
    pub sources: Vec<RetentionSource>,
}

/// Someone whose time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetentionDue {
    /// Their profile, or their record where it is in none.
    pub id: String,
    /// `prospect` or `customer`.
    pub relation: String,
    /// The day of their last contact by themselves.
    pub last_contact: Option<String>,
    /// The day on which their data was collected first.
    pub collected: String,
    /// The last day on which they might have been kept.
    pub kept_until: String,
}

/// A source, and whom it is kept of for too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetentionSource {
    /// Its name.
    pub source: String,
    /// Its last day, where it has one.
    pub until: Option<String>,
    /// People that are in it.
    pub persons: u64,
    /// Of these, whoever should not be in it any more.
    pub overdue: u64,
}

impl RetentionReport {
    /// Whether anything is kept longer than declared.
    pub fn is_exceeded(&self) -> bool {
        !self.due.is_empty() || self.sources.iter().any(|source| source.overdue > 0)
    }
}
