//! By which handles recipients know someone.

use std::collections::{BTreeMap, BTreeSet};

use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{RecordId, Tag};
use vermeil_protect::{HandleTags, PseudonymDomain, Pseudonymiser};

use crate::engine::Engine;
use crate::error::EngineError;

/// What recipients know of someone. Personal: no `Debug`.
#[derive(Default)]
pub(crate) struct Received {
    /// Name → handles, and as what the recipient received them.
    pub(crate) recipients: BTreeMap<String, Known>,
    /// The tags of every handle that they may have anywhere.
    pub(crate) tags: Vec<Tag>,
}

/// How one recipient knows someone. Personal: no `Debug`.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) handles: BTreeSet<String>,
    /// Account, role and purpose that profiles were exported under.
    pub(crate) received_as: BTreeSet<(String, Role, Purpose)>,
}

impl Engine {
    /// Who received one of these profiles, and by which handles they know them.
    pub(crate) async fn received(&self, profiles: &[[u8; 16]]) -> Result<Received, EngineError> {
        let tags = HandleTags::of(&self.keyring);
        // Recipient, role, purpose → the accounts, and whether it is kept of every export who was in it.
        let mut circles: BTreeMap<(String, Role, Purpose), (BTreeSet<String>, bool)> = BTreeMap::new();
        for export in self.state.exports().await? {
            let circle = circles.entry((export.recipient, export.role, export.purpose));
            let (actors, is_kept) = circle.or_insert((BTreeSet::new(), true));
            actors.insert(export.actor);
            *is_kept &= export.has_handles;
        }
        let mut received = Received::default();
        for ((recipient, role, purpose), (actors, is_kept)) in circles {
            let domain = PseudonymDomain { recipient: role.to_string(), purpose: purpose.to_string() };
            let pseudonyms = Pseudonymiser::of(&self.keyring, &domain);
            for profile in profiles {
                // The policy may have changed since: either may have stood there.
                let id = RecordId(u128::from_be_bytes(*profile)).to_string();
                for handle in [id, pseudonyms.pseudonym(profile)] {
                    let tag = tags.handle_tag(&recipient, &handle);
                    received.tags.push(tag);
                    if !is_kept || !self.state.known_handles(&[tag]).await?.is_empty() {
                        let known = received.recipients.entry(recipient.clone()).or_default();
                        known.handles.insert(handle);
                        let of = |actor: &String| (actor.clone(), role.clone(), purpose.clone());
                        known.received_as.extend(actors.iter().map(of));
                    }
                }
            }
        }
        Ok(received)
    }

    /// The tags of handles as one recipient will know them.
    pub(crate) fn handle_tags<'h>(
        &self,
        recipient: &str,
        handles: impl Iterator<Item = &'h str>,
    ) -> Vec<Tag> {
        let tags = HandleTags::of(&self.keyring);
        handles.map(|handle| tags.handle_tag(recipient, handle)).collect()
    }
}
