//! In which domains ids have pseudonyms.

use vermeil_model::{FieldClass, Grant, RecordId};
use vermeil_protect::{PseudonymDomain, Pseudonymiser};

use crate::engine::Engine;

/// Ids of records and profiles as one reader sees them.
pub(crate) struct Named(Option<Pseudonymiser>);

impl Named {
    /// The id, or its pseudonym.
    pub(crate) fn id(&self, id: u128) -> String {
        // Records and profiles are both named by UUIDs.
        let id = RecordId(id);
        match &self.0 {
            None => id.to_string(),
            Some(pseudonymiser) => pseudonymiser.pseudonym(&id.to_bytes()),
        }
    }
}

impl Engine {
    /// Ids as a reader with `grant` sees them.
    pub(crate) fn named(&self, grant: &Grant) -> Named {
        Named((!grant.covers(FieldClass::Identifier)).then(|| self.pseudonymiser(grant)))
    }

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
