//! In which domains ids have pseudonyms.

use vermeil_model::{FieldClass, Grant};
use vermeil_protect::{PseudonymDomain, Pseudonymiser};

use crate::engine::Engine;

impl Engine {
    /// The pseudonyms that a reader with `grant` sees.
    pub(crate) fn pseudonymiser(&self, grant: &Grant) -> Pseudonymiser {
        let domain =
            PseudonymDomain { recipient: grant.role().to_string(), purpose: grant.purpose().to_string() };
        Pseudonymiser::of(&self.keyring, &domain)
    }

    /// The pseudonyms of every domain that the policy knows, as a publication keeps
    /// them. Those who may see identifiers see ids, and need none.
    pub(crate) fn declared_pseudonymisers(&self) -> Vec<Pseudonymiser> {
        let grants = self.config.policy.grants();
        let pseudonymous = grants
            .filter(|grant| grant.reads(FieldClass::Identifier) && !grant.covers(FieldClass::Identifier));
        pseudonymous.map(|grant| self.pseudonymiser(&grant)).collect()
    }
}
