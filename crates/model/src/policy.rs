//! Who may open what, and for which purpose. Deny by default.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::schema::FieldClass;

/// The name of a role, as the pipeline file declares it.
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

/// What each role may open for each purpose: role → purpose → field classes.
pub type RoleGrants = BTreeMap<Role, BTreeMap<Purpose, BTreeSet<FieldClass>>>;

/// Leave to read personal values of some classes for one purpose.
///
/// Only a [`Policy`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    role: Role,
    purpose: Purpose,
    classes: BTreeSet<FieldClass>,
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

    /// Whether fields of `class` may be opened. Plain fields need no grant.
    pub fn covers(&self, class: FieldClass) -> bool {
        !class.is_personal() || self.classes.contains(&class)
    }

    /// The personal classes that may be opened; empty where none.
    pub fn classes(&self) -> &BTreeSet<FieldClass> {
        &self.classes
    }
}

/// The role or its purpose is not declared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No such role in the pipeline file.
    #[error("there is no role `{role}` (declared: {declared})")]
    UnknownRole {
        /// The role asked for.
        role: Role,
        /// The declared ones.
        declared: String,
    },
    /// The role exists, but not for this purpose.
    #[error("role `{role}` may not read for purpose `{purpose}`")]
    PurposeNotGranted {
        /// The role asked for.
        role: Role,
        /// The purpose asked for.
        purpose: Purpose,
    },
}

/// The access policy of one pipeline.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    roles: RoleGrants,
}

impl Policy {
    /// The policy that a pipeline file declares.
    pub fn new(roles: RoleGrants) -> Self {
        Self { roles }
    }

    /// The leave of `role` to read for `purpose`.
    ///
    /// Without a purpose a declared role reads plain fields and pseudonyms only.
    ///
    /// # Errors
    /// [`Denied`] if the role is not declared, or the purpose is not granted to it.
    pub fn grant(&self, role: &Role, purpose: Option<&Purpose>) -> Result<Grant, Denied> {
        let purposes = self.roles.get(role).ok_or_else(|| Denied::UnknownRole {
            role: role.clone(),
            declared: self.roles.keys().map(|role| role.0.as_str()).collect::<Vec<_>>().join(", "),
        })?;
        let (purpose, classes) = match purpose {
            None => (Purpose("none".to_owned()), BTreeSet::new()),
            Some(purpose) => {
                let classes = purposes.get(purpose).ok_or_else(|| Denied::PurposeNotGranted {
                    role: role.clone(),
                    purpose: purpose.clone(),
                })?;
                (purpose.clone(), classes.clone())
            }
        };
        Ok(Grant { role: role.clone(), purpose, classes })
    }

    /// The system's own leave to read what a source delivers, so as to seal it.
    pub fn sealing() -> Grant {
        Self::system("sealing")
    }

    /// The system's own leave to open records in memory, so as to compare them.
    pub fn matching() -> Grant {
        Self::system("matching")
    }

    /// The system's own leave to open records in memory, so as to build golden profiles.
    pub fn publishing() -> Grant {
        Self::system("publishing")
    }

    fn system(purpose: &str) -> Grant {
        Grant {
            role: Role("system".to_owned()),
            purpose: Purpose(purpose.to_owned()),
            classes: FieldClass::PERSONAL.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
