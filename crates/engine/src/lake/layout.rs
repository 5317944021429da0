//! Which tables a lake holds, and where.

use std::fmt;

use vermeil_model::SourceId;

/// Columns that Delta may keep minima and maxima of: numbers that say nothing
/// about a person.
pub const STATISTICS_COLUMNS: &str = "load,version,publication";

/// A table of the lake.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableName {
    /// Records or events as one source delivered them.
    Landing(SourceId),
    /// Rows that broke their contract.
    Quarantine,
    /// Scored pairs above the threshold.
    Links,
    /// What each record was linked by, as tags.
    Matched,
    /// Which record is in which profile.
    Members,
    /// One row a customer.
    Profiles,
    /// Where each golden value comes from.
    Provenance,
    /// Merges and splits.
    History,
    /// What people set right. No publication writes it: it is what publications are made of.
    Rectifications,
}

impl TableName {
    /// The tables that a publication writes.
    pub const PUBLISHED: [TableName; 6] =
        [Self::Links, Self::Matched, Self::Members, Self::Profiles, Self::Provenance, Self::History];

    /// Schema and table as SQL names them.
    pub fn qualified(&self) -> (&str, &str) {
        match self {
            Self::Landing(source) => ("landing", source.as_str()),
            Self::Quarantine => ("landing", "quarantine"),
            Self::Links => ("resolved", "links"),
            Self::Matched => ("resolved", "matched"),
            Self::Members => ("golden", "members"),
            Self::Profiles => ("golden", "profiles"),
            Self::Provenance => ("golden", "provenance"),
            Self::History => ("golden", "history"),
            Self::Rectifications => ("golden", "rectifications"),
        }
    }

    pub(super) fn path(&self) -> String {
        let (schema, table) = self.qualified();
        format!("{schema}/{table}")
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (schema, table) = self.qualified();
        write!(f, "{schema}.{table}")
    }
}
