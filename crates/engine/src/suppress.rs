//! Barring records from landing again, without keeping who they are.

use std::collections::{BTreeSet, HashSet};

use vermeil_model::consent::{ConsentKey, ConsentScope};
use vermeil_model::schema::Normaliser;
use vermeil_model::{Schema, SourceId, Tag};
use vermeil_protect::{ConsentTags, SuppressionTags};
use vermeil_resolve::normalise::{Country, normalise};

use crate::columns::COUNTRY;
use crate::consent::points;
use crate::engine::Engine;
use crate::error::EngineError;

/// How the contact points of a record stand to those of erased people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contacts {
    /// None is one of theirs.
    Clear,
    /// One is, which a household may share.
    Shared,
    /// An e-mail address and a phone number are, of one person.
    Erased,
}

/// E-mail addresses and phone numbers in every normal form that they may have.
#[derive(Default)]
pub(crate) struct ContactPoints {
    emails: BTreeSet<String>,
    phones: BTreeSet<String>,
    /// Of one record each.
    pairs: BTreeSet<(String, String)>,
}

/// Every address is paired with every number where these are so many pairs at most; beyond, a profile
/// is no person's, and each is paired with those of its own record.
const MOST_PAIRS: usize = 10_000;

impl ContactPoints {
    /// Adds those of one record, given as (field, value). A number is read as of the record's own
    /// country and as of every other: another source may not say it, or say another.
    pub(crate) fn add(&mut self, schema: &Schema, fields: &[(&str, &str)]) {
        let (mut emails, mut phones) = (BTreeSet::new(), BTreeSet::new());
        for (name, value) in fields {
            let Some(field) = schema.field(name).filter(|field| field.class.is_personal()) else { continue };
            match field.normaliser {
                Normaliser::Email => emails.extend(normalise(Normaliser::Email, Country::Unknown, value)),
                Normaliser::Phone => {
                    let countries =
                        [Country::Unknown, Country::France, Country::UnitedKingdom, Country::Other];
                    let read = |country| normalise(Normaliser::Phone, country, value);
                    phones.extend(countries.into_iter().filter_map(read));
                }
                _ => {}
            }
        }
        self.pairs.extend(pairs(&emails, &phones).map(|(email, phone)| (email.clone(), phone.clone())));
        self.emails.append(&mut emails);
        self.phones.append(&mut phones);
    }

    /// What is kept of them by what was allowed and refused.
    pub(crate) fn consent_keys(&self, tags: &ConsentTags) -> Vec<ConsentKey> {
        let key = |scope: ConsentScope, normal: &String| points::key(tags, scope, normal);
        let emails = self.emails.iter().map(|email| key(ConsentScope::Email, email));
        emails.chain(self.phones.iter().map(|phone| key(ConsentScope::Phone, phone))).collect()
    }

    /// The tags of each alone, and of every two together.
    pub(crate) fn tags(&self, tags: &SuppressionTags) -> Vec<Tag> {
        let alone = self.emails.iter().map(|email| email_tag(tags, email));
        let alone = alone.chain(self.phones.iter().map(|phone| phone_tag(tags, phone)));
        let together: Vec<Tag> = match self.emails.len() * self.phones.len() <= MOST_PAIRS {
            true => {
                pairs(&self.emails, &self.phones).map(|(email, phone)| pair_tag(tags, email, phone)).collect()
            }
            false => self.pairs.iter().map(|(email, phone)| pair_tag(tags, email, phone)).collect(),
        };
        alone.chain(together).collect()
    }
}

fn pairs<'p>(
    emails: &'p BTreeSet<String>,
    phones: &'p BTreeSet<String>,
) -> impl Iterator<Item = (&'p String, &'p String)> {
    emails.iter().flat_map(|email| phones.iter().map(move |phone| (email, phone)))
}

/// How a record that is not known stands to those who were erased.
pub(crate) fn judge(
    tags: &SuppressionTags,
    suppressed: &HashSet<Tag>,
    schema: &Schema,
    fields: &[(&str, &str)],
) -> Contacts {
    let country = fields.iter().find(|(name, _)| *name == COUNTRY).map(|(_, value)| *value);
    let country = country.map(Country::from_hint).unwrap_or_default();
    let of = |normaliser: Normaliser| {
        fields.iter().filter_map(move |(name, value)| {
            let field = schema.field(name)?;
            let is_asked = field.normaliser == normaliser && field.class.is_personal();
            is_asked.then(|| normalise(normaliser, country, value)).flatten()
        })
    };
    let emails: Vec<String> = of(Normaliser::Email).collect();
    let phones: Vec<String> = of(Normaliser::Phone).collect();
    let is_erased =
        |email: &String| phones.iter().any(|phone| suppressed.contains(&pair_tag(tags, email, phone)));
    if emails.iter().any(is_erased) {
        return Contacts::Erased;
    }
    let is_shared = emails.iter().any(|email| suppressed.contains(&email_tag(tags, email)))
        || phones.iter().any(|phone| suppressed.contains(&phone_tag(tags, phone)));
    if is_shared { Contacts::Shared } else { Contacts::Clear }
}

fn email_tag(tags: &SuppressionTags, email: &str) -> Tag {
    tags.suppression_tag("contact/email", email.as_bytes())
}

fn phone_tag(tags: &SuppressionTags, phone: &str) -> Tag {
    tags.suppression_tag("contact/phone", phone.as_bytes())
}

fn pair_tag(tags: &SuppressionTags, email: &str, phone: &str) -> Tag {
    // No address in its normal form has a line end.
    tags.suppression_tag("contact/email+phone", format!("{email}\n{phone}").as_bytes())
}

impl Engine {
    /// Bars the record that `source` knows under `key` (its parts in the order of
    /// the source's `key`) from landing. Only a keyed tag is kept.
    ///
    /// # Errors
    /// The state database cannot be written.
    pub async fn suppress_record(&self, source: &SourceId, key: &[&str]) -> Result<(), EngineError> {
        let tag = self.suppression_tag_of_record(source, key.iter().copied());
        Ok(self.state.suppress(&[tag]).await?)
    }

    pub(crate) fn suppression_tag_of_record<'k>(
        &self,
        source: &SourceId,
        key: impl Iterator<Item = &'k str>,
    ) -> Tag {
        let mut canonical = Vec::new();
        for part in key {
            // Lengths first: ("ab", "c") and ("a", "bc") are different records.
            canonical.extend_from_slice(&(part.len() as u64).to_be_bytes());
            canonical.extend_from_slice(part.as_bytes());
        }
        self.suppression_tags.suppression_tag(&format!("record/{source}"), &canonical)
    }
}

#[cfg(test)]
mod tests;
