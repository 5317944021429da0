//! What people allowed and refused: the types. The rules are in `vermeil-rights`.

use serde::{Deserialize, Serialize};

use crate::ids::{RecordId, Tag};

/// Why a purpose may be pursued at all: one of the six of Art. 6(1) GDPR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// Point (a): whoever gave it, and did not take it back.
    Consent,
    /// Point (b).
    Contract,
    /// Point (c).
    LegalObligation,
    /// Point (d).
    VitalInterests,
    /// Point (e): whoever did not object.
    PublicTask,
    /// Point (f): whoever did not object.
    LegitimateInterests,
}

impl LegalBasis {
    /// As pipeline files and receipts write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::LegalObligation => "legal_obligation",
            Self::VitalInterests => "vital_interests",
            Self::PublicTask => "public_task",
            Self::LegitimateInterests => "legitimate_interests",
        }
    }
}

/// What a statement of consent is about: one way to reach someone, or one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentScope {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A record, however its person is reached.
    Record,
}

impl ConsentScope {
    /// All.
    pub const ALL: [Self; 3] = [Self::Email, Self::Phone, Self::Record];

    /// As it is stored and told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Record => "record",
        }
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A contact point, named by a keyed tag, or a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConsentKey {
    /// What it is.
    pub scope: ConsentScope,
    /// The contact point's tag, or the record's id.
    pub id: Tag,
}

impl ConsentKey {
    /// Of a record.
    pub fn of_record(record: RecordId) -> Self {
        Self { scope: ConsentScope::Record, id: Tag(record.to_bytes()) }
    }
}

/// What someone said, or what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentStatus {
    /// Allowed.
    Given,
    /// Asked, and not allowed.
    Refused,
    /// Allowed once, and taken back (Art. 7(3)).
    Withdrawn,
    /// Allowed for a time that is over.
    Expired,
    /// Objected to the purpose (Art. 21), whatever its basis.
    Objected,
    /// The processing is restricted (Art. 18), for every purpose.
    Restricted,
    /// The restriction was lifted.
    Released,
}

impl ConsentStatus {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Given,
        Self::Refused,
        Self::Withdrawn,
        Self::Expired,
        Self::Objected,
        Self::Restricted,
        Self::Released,
    ];

    /// As it is stored and told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Objected => "objected",
            Self::Restricted => "restricted",
            Self::Released => "released",
        }
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether it is said of all purposes at once, and of none alone.
    pub fn is_of_every_purpose(self) -> bool {
        matches!(self, Self::Restricted | Self::Released)
    }
}

/// Which word counts where different ones were said of the records of one profile. Of its contact points a no
/// counts always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contradiction {
    /// A no counts, whenever it was said.
    #[default]
    MostRestrictive,
    /// What was said last counts.
    MostRecent,
}
