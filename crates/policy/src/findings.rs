//! What is valid in a policy and yet may not be meant.

use std::collections::BTreeSet;

use cedar_policy::PolicyId;
use vermeil_model::policy::Purpose;
use vermeil_model::{Diagnostic, FieldClass};

use crate::access::AccessPolicy;

impl AccessPolicy {
    /// What someone who keeps the policy should know: roles that open or read nothing, purposes
    /// and classes that are opened to no one, policies that never make a difference.
    pub fn findings(&self) -> Vec<Diagnostic> {
        if self.roles().is_empty() {
            return vec![Diagnostic::new("policy-nobody-reads")];
        }
        let mut findings = self.roles_without_leave();
        findings.extend(self.purposes_of_nobody());
        findings.extend(self.classes_of_nobody());
        findings.extend(self.policies_without_effect());
        findings
    }

    fn roles_without_leave(&self) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for role in self.roles() {
            let any = |can: &dyn Fn(&str) -> bool| self.different_actors().any(can);
            let opens = |actor: &str| {
                self.purposes().iter().any(|purpose| !self.openable(actor, role, purpose).is_empty())
            };
            if !any(&|actor| self.grant(actor, role, None).is_ok()) {
                findings.push(Diagnostic::new("policy-role-reads-nothing").with("role", role));
            } else if !any(&opens) {
                findings.push(Diagnostic::new("policy-role-opens-nothing").with("role", role));
            }
        }
        findings
    }

    fn purposes_of_nobody(&self) -> Vec<Diagnostic> {
        let is_granted = |purpose: &Purpose| {
            self.different_actors()
                .any(|actor| self.roles().iter().any(|role| !self.openable(actor, role, purpose).is_empty()))
        };
        let unused = self.purposes().iter().filter(|purpose| !is_granted(purpose));
        unused.map(|purpose| Diagnostic::new("policy-purpose-of-nobody").with("purpose", purpose)).collect()
    }

    fn classes_of_nobody(&self) -> Vec<Diagnostic> {
        let mut opened = BTreeSet::new();
        for actor in self.different_actors() {
            for role in self.roles() {
                for purpose in self.purposes() {
                    opened.extend(self.openable(actor, role, purpose));
                }
            }
        }
        let closed = FieldClass::PERSONAL.into_iter().filter(|class| !opened.contains(class));
        closed.map(|class| Diagnostic::new("policy-class-of-nobody").with("class", class)).collect()
    }

    /// Policies that decide no question: a `permit` may be forbidden throughout, too.
    fn policies_without_effect(&self) -> Vec<Diagnostic> {
        let deciding: BTreeSet<PolicyId> = self
            .questions()
            .flat_map(|(actor, role, action, class)| self.ask(actor, role, action, class).because)
            .collect();
        let mut idle: Vec<_> = self.places.iter().filter(|(id, _)| !deciding.contains(id)).collect();
        idle.sort_by_key(|(_, at)| (&at.file, at.line));
        idle.into_iter()
            .map(|(id, at)| {
                let id = if id.to_string().starts_with(&at.file) { String::new() } else { id.to_string() };
                Diagnostic::new("policy-without-effect")
                    .with("file", &at.file)
                    .with("line", at.line)
                    .with("column", at.column)
                    .with("id", id)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
