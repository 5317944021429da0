//! What a controller has to be able to show.

use std::collections::BTreeSet;

use serde::Serialize;

/// The record of processing activities (GDPR Art. 30).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessingReport {
    /// The name of the pipeline.
    pub controller: String,
    /// When this was made: RFC 3339, UTC.
    pub made_at: String,
    /// How many people are kept.
    pub persons: u64,
    /// How long prospects are kept from their last contact on.
    pub prospects_kept: String,
    /// How long customers are.
    pub customers_kept: String,
    /// What for.
    pub purposes: Vec<ProcessingPurpose>,
    /// Where from.
    pub sources: Vec<ProcessingSource>,
    /// How it is protected.
    pub measures: Vec<String>,
}

/// A purpose of processing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProcessingPurpose {
    /// The purpose.
    pub purpose: String,
    /// Its legal basis; none is declared where there is none: nobody reads anything under it.
    pub basis: Option<String>,
    /// Classes of the fields that serve it.
    pub classes: BTreeSet<String>,
    /// These fields, as far as a source delivers them.
    pub fields: BTreeSet<String>,
    /// The sources that do.
    pub sources: BTreeSet<String>,
    /// Roles that may open some of it.
    pub roles: BTreeSet<String>,
    /// How long these fields are kept after the relation ends.
    pub retention: BTreeSet<String>,
}

/// A source of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessingSource {
    /// Its name.
    pub source: String,
    /// Its schema.
    pub schema: String,
    /// Whether people enter their data there themselves.
    pub self_declared: bool,
    /// Its last day, where it has one.
    pub until: Option<String>,
}

/// Whom a breach concerns (GDPR Art. 33, 34).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BreachReport {
    /// Openings in the log that it may have been.
    pub openings: u64,
    /// Of these, how many did not end: they may have read more than is known.
    pub cut_short: u64,
    /// The accounts that opened.
    pub accounts: BTreeSet<String>,
    /// The tables.
    pub tables: BTreeSet<String>,
    /// The classes of fields.
    pub classes: BTreeSet<String>,
    /// Rows whose keys lie in the pages concerned.
    pub records: u64,
    /// People whom they are about.
    pub persons: u64,
    /// Their profiles, or records where these are in none.
    pub ids: Vec<String>,
}
