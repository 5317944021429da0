//! Who may see what, and for which purpose: the types. What a role may see is written in policy
//! files, which `vermeil-policy` evaluates. Deny by default.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::schema::FieldClass;

/// The name of a role, as the policy files declare it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Role(pub String);

/// Why data is read, such as `marketing` or `customer_care`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Purpose(pub String);

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What one role may see for one purpose, class by class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leave {
    /// Classes that may be seen as they are protected: plain fields as they are, pseudonyms
    /// in place of ids, generalised forms where the schema has them.
    pub read: BTreeSet<FieldClass>,
    /// Personal classes whose values may be opened.
    pub open: BTreeSet<FieldClass>,
    /// Whether the log of who opened what may be read.
    pub audits: bool,
}

/// Leave to read values of some classes for one purpose.
///
/// Only a [`Policy`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    role: Role,
    purpose: Purpose,
    leave: Leave,
}

impl Grant {
    /// Whose leave it is.
    pub fn role(&self) -> &Role {
        &self.role
    }

    /// What for.
    pub fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// What for, if the reader named anything.
    pub fn declared_purpose(&self) -> Option<&Purpose> {
        (self.purpose.0 != NO_PURPOSE).then_some(&self.purpose)
    }

    /// Whether fields of `class` may be opened. Plain fields need no opening.
    pub fn covers(&self, class: FieldClass) -> bool {
        !class.is_personal() || self.leave.open.contains(&class)
    }

    /// Whether `class` may be seen as it is protected: as pseudonyms or generalised.
    pub fn reads(&self, class: FieldClass) -> bool {
        self.leave.read.contains(&class)
    }

    /// Whether the log of who opened what may be read.
    pub fn audits(&self) -> bool {
        self.leave.audits
    }

    /// The personal classes that may be opened; empty where none.
    pub fn classes(&self) -> &BTreeSet<FieldClass> {
        &self.leave.open
    }
}

/// The policy gives no leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No policy file declares the role.
    #[error("there is no role `{role}` (declared: {declared})")]
    UnknownRole {
        /// The role asked for.
        role: Role,
        /// The declared ones.
        declared: String,
    },
    /// The role exists, but may not even read plain fields.
    #[error("role `{role}` may not read")]
    NotAReader {
        /// The role asked for.
        role: Role,
    },
    /// The role exists, but may open nothing for this purpose.
    #[error("role `{role}` may not read for purpose `{purpose}`")]
    PurposeNotGranted {
        /// The role asked for.
        role: Role,
        /// The purpose asked for.
        purpose: Purpose,
        /// The purposes that it may open something for; empty where there is none.
        granted: String,
    },
}

/// The one maker of grants.
///
/// It decides nothing by itself: [`Policy::granting`] is for whoever has evaluated the policy
/// files (`vermeil-policy`), the others are the leaves that the system needs to do its work.
#[derive(Debug)]
pub enum Policy {}

/// The purpose of a reader who names none.
pub const NO_PURPOSE: &str = "none";

/// The role of the system itself.
pub const SYSTEM_ROLE: &str = "system";

/// The purposes of the system itself.
pub const SYSTEM_PURPOSES: [&str; 5] = ["sealing", "matching", "publishing", "indexing", "erasing"];

impl Policy {
    /// What the policy files give `role` for `purpose`; without a purpose nothing is opened,
    /// whatever `leave` says.
    pub fn granting(role: Role, purpose: Option<Purpose>, leave: Leave) -> Grant {
        match purpose {
            Some(purpose) => Grant { role, purpose, leave },
            None => Grant {
                role,
                purpose: Purpose(NO_PURPOSE.to_owned()),
                leave: Leave { open: BTreeSet::new(), ..leave },
            },
        }
    }

    /// The system's own leave to read what a source delivers, so as to seal it.
    pub fn sealing() -> Grant {
        Self::system(SYSTEM_PURPOSES[0])
    }

    /// The system's own leave to open records in memory, so as to compare them.
    pub fn matching() -> Grant {
        Self::system(SYSTEM_PURPOSES[1])
    }

    /// The system's own leave to open records in memory, so as to build golden profiles.
    pub fn publishing() -> Grant {
        Self::system(SYSTEM_PURPOSES[2])
    }

    /// The system's own leave to open records in memory, so as to find them by their values later.
    pub fn indexing() -> Grant {
        Self::system(SYSTEM_PURPOSES[3])
    }

    /// The system's own leave to open what says who is erased, so as to erase and to prove it.
    pub fn erasing() -> Grant {
        Self::system(SYSTEM_PURPOSES[4])
    }

    fn system(purpose: &str) -> Grant {
        Grant {
            role: Role(SYSTEM_ROLE.to_owned()),
            purpose: Purpose(purpose.to_owned()),
            leave: Leave { read: FieldClass::ALL.into(), open: FieldClass::PERSONAL.into(), audits: false },
        }
    }
}

#[cfg(test)]
mod tests;
