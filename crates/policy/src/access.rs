//! The policy of one pipeline, and what it answers.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId,
    PolicySet, Request, RestrictedExpression,
};
use vermeil_model::policy::{Denied, Leave, Purpose, Role};
use vermeil_model::{FieldClass, Grant, Policy};

use crate::PolicyFile;
use crate::error::PolicyErrors;
use crate::names::Names;
use crate::place::Place;

mod load;

/// The access policy of one pipeline. The default denies everything to everyone.
#[derive(Debug, Clone, Default)]
pub struct AccessPolicy {
    pub(crate) policies: PolicySet,
    pub(crate) names: Names,
    /// Where each policy begins.
    pub(crate) places: BTreeMap<PolicyId, Place>,
    /// Actors that policies speak of by name.
    pub(crate) actors: BTreeSet<String>,
}

/// What a role may do with a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// See it as it is protected.
    Read,
    /// See the values, for a purpose.
    Open(&'a Purpose),
    /// Read the log of who opened what. It has no classes.
    Audit,
}

/// Whether something is permitted, and the policies that made it so.
pub(crate) struct Answer {
    pub(crate) permitted: bool,
    pub(crate) because: Vec<PolicyId>,
}

impl AccessPolicy {
    /// Reads the files of a policy folder: `names`, which declares roles and purposes, and `policies`.
    ///
    /// Without either, nothing is permitted.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse(names: Option<&PolicyFile>, policies: &[PolicyFile]) -> Result<Self, PolicyErrors> {
        load::load(names, policies).map_err(PolicyErrors)
    }

    /// The declared roles, in the order of the file.
    pub fn roles(&self) -> &[Role] {
        &self.names.roles
    }

    /// The declared purposes, in the order of the file.
    pub fn purposes(&self) -> &[Purpose] {
        &self.names.purposes
    }

    /// The leave of `actor` to read in `role` for `purpose`, class by class.
    ///
    /// Without a purpose nothing personal is opened.
    ///
    /// # Errors
    /// [`Denied`] if the role is not declared or may not read, or may open nothing for the purpose.
    pub fn grant(&self, actor: &str, role: &Role, purpose: Option<&Purpose>) -> Result<Grant, Denied> {
        if !self.names.roles.contains(role) {
            let declared = joined(self.names.roles.iter().map(|role| role.0.as_str()));
            return Err(Denied::UnknownRole { role: role.clone(), declared });
        }
        let read = self.classes(actor, role, Action::Read);
        if !read.contains(&FieldClass::Plain) {
            return Err(Denied::NotAReader { role: role.clone() });
        }
        let open = match purpose {
            None => BTreeSet::new(),
            Some(purpose) => {
                let open = self.openable(actor, role, purpose);
                if open.is_empty() {
                    let granted = self
                        .names
                        .purposes
                        .iter()
                        .filter(|other| !self.openable(actor, role, other).is_empty());
                    return Err(Denied::PurposeNotGranted {
                        role: role.clone(),
                        purpose: purpose.clone(),
                        granted: joined(granted.map(|purpose| purpose.0.as_str())),
                    });
                }
                open
            }
        };
        let audits = self.ask(actor, role, Action::Audit, FieldClass::Plain).permitted;
        Ok(Policy::granting(role.clone(), purpose.cloned(), Leave { read, open, audits }))
    }

    /// The personal classes that may be opened; none for a purpose that is not declared.
    pub(crate) fn openable(&self, actor: &str, role: &Role, purpose: &Purpose) -> BTreeSet<FieldClass> {
        if !self.names.purposes.contains(purpose) {
            return BTreeSet::new();
        }
        let mut open = self.classes(actor, role, Action::Open(purpose));
        open.remove(&FieldClass::Plain);
        open
    }

    fn classes(&self, actor: &str, role: &Role, action: Action<'_>) -> BTreeSet<FieldClass> {
        FieldClass::ALL.into_iter().filter(|class| self.ask(actor, role, action, *class).permitted).collect()
    }

    /// Asks one question. Roles and purposes must be declared ones: a `forbid` that speaks of all
    /// roles but some would else miss.
    pub(crate) fn ask(&self, actor: &str, role: &Role, action: Action<'_>, class: FieldClass) -> Answer {
        let (actor, role) = (uid("Actor", actor), uid("Role", &role.0));
        let class = uid("FieldClass", class.as_str());
        let (action, resource, context) = match action {
            Action::Read => ("read", class, Context::empty()),
            Action::Open(purpose) => ("open", class, context_of(purpose)),
            Action::Audit => ("audit", uid("AuditLog", "openings"), Context::empty()),
        };
        let request = Request::new(actor.clone(), uid("Action", action), resource, context, None)
            .expect("a request is checked against a schema only where one is given");
        let known = [
            Entity::new_no_attrs(actor, HashSet::from([role.clone()])),
            Entity::new_no_attrs(role, HashSet::new()),
        ];
        let entities = Entities::from_entities(known, None).expect("an actor and its role make no circle");
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        // A policy that fails is passed over by Cedar; had it forbidden, more would be permitted.
        let sound = response.diagnostics().errors().next().is_none();
        Answer {
            permitted: sound && response.decision() == Decision::Allow,
            because: response.diagnostics().reason().cloned().collect(),
        }
    }
}

fn context_of(purpose: &Purpose) -> Context {
    let purpose = RestrictedExpression::new_entity_uid(uid("Purpose", &purpose.0));
    Context::from_pairs([("purpose".to_owned(), purpose)]).expect("one pair has no name twice")
}

fn uid(entity_type: &str, id: &str) -> EntityUid {
    let entity_type = EntityTypeName::from_str(entity_type).expect("a name of the shipped schema");
    EntityUid::from_type_name_and_id(entity_type, EntityId::new(id))
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
