//! What a policy comes to: every role, purpose and class.

use std::collections::BTreeMap;

use serde::Serialize;
use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{FieldClass, Grant};

use crate::access::{AccessPolicy, Action};

/// Who sees what: one row for each role and each purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// Roles in the order of their declaration; of each first the row without a purpose.
    pub rows: Vec<MatrixRow>,
}

/// What a role sees for a purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatrixRow {
    /// The one actor this is true of, where it differs from what is true of those whom no
    /// policy names; `None`: all of them.
    pub actor: Option<String>,
    /// The role.
    pub role: Role,
    /// The purpose; `None`: none was given.
    pub purpose: Option<Purpose>,
    /// Whether a query in this role for this purpose is answered at all.
    pub granted: bool,
    /// How each class is shown.
    pub classes: BTreeMap<FieldClass, Shown>,
    /// Whether the audit log may be read.
    pub audits: bool,
}

/// How a class is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Not at all.
    Absent,
    /// As pseudonyms, or generalised where the schema says how.
    Protected,
    /// The values themselves.
    Clear,
}

/// Stands for all whom no policy names: an account name is never empty.
const ANYONE: &str = "";

impl AccessPolicy {
    /// Every role and purpose, and how each class is shown for it.
    pub fn matrix(&self) -> Matrix {
        let mut rows = Vec::new();
        for role in self.roles() {
            for purpose in std::iter::once(None).chain(self.purposes().iter().map(Some)) {
                let common = self.row(ANYONE, role, purpose);
                let named = self.actors.iter().map(|actor| self.row(actor, role, purpose));
                let differing: Vec<MatrixRow> =
                    named.filter(|row| MatrixRow { actor: None, ..row.clone() } != common).collect();
                rows.push(common);
                rows.extend(differing);
            }
        }
        Matrix { rows }
    }

    /// Every leave of those whom no policy names: of each role without a purpose, and for each.
    pub fn grants(&self) -> impl Iterator<Item = Grant> {
        let purposes = || std::iter::once(None).chain(self.purposes().iter().map(Some));
        let asked = self.roles().iter().flat_map(move |role| purposes().map(move |purpose| (role, purpose)));
        asked.filter_map(|(role, purpose)| self.grant(ANYONE, role, purpose).ok())
    }

    /// Every actor that may make a difference.
    pub(crate) fn different_actors(&self) -> impl Iterator<Item = &str> {
        std::iter::once(ANYONE).chain(self.actors.iter().map(String::as_str))
    }

    fn row(&self, actor: &str, role: &Role, purpose: Option<&Purpose>) -> MatrixRow {
        let grant = self.grant(actor, role, purpose);
        let shown = |class: FieldClass| match &grant {
            Err(_) => Shown::Absent,
            Ok(_) if class == FieldClass::Plain => Shown::Clear,
            Ok(grant) if grant.covers(class) => Shown::Clear,
            Ok(grant) if grant.reads(class) => Shown::Protected,
            Ok(_) => Shown::Absent,
        };
        MatrixRow {
            actor: (actor != ANYONE).then(|| actor.to_owned()),
            role: role.clone(),
            purpose: purpose.cloned(),
            granted: grant.is_ok(),
            audits: grant.as_ref().is_ok_and(Grant::audits),
            classes: FieldClass::ALL.into_iter().map(|class| (class, shown(class))).collect(),
        }
    }

    /// Every question that can be asked, with who asks.
    pub(crate) fn questions(&self) -> impl Iterator<Item = (&str, &Role, Action<'_>, FieldClass)> {
        self.different_actors().flat_map(move |actor| {
            self.roles().iter().flat_map(move |role| {
                let reads = FieldClass::ALL.map(|class| (Action::Read, class));
                let opens = self
                    .purposes()
                    .iter()
                    .flat_map(|purpose| FieldClass::PERSONAL.map(|class| (Action::Open(purpose), class)));
                let audit = [(Action::Audit, FieldClass::Plain)];
                reads
                    .into_iter()
                    .chain(opens)
                    .chain(audit)
                    .map(move |(action, class)| (actor, role, action, class))
            })
        })
    }
}

#[cfg(test)]
mod tests;
