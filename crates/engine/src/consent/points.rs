//! Contact points by their keyed tags.

use std::collections::BTreeSet;

use vermeil_model::consent::{ConsentKey, ConsentScope};
use vermeil_model::schema::Normaliser;
use vermeil_model::{Field, Tag};
use vermeil_protect::ConsentTags;
use vermeil_resolve::normalise::{Country, normalise};

use crate::error::EngineError;

/// Bytes of one contact point in a profile's row: its kind, its tag.
const ENTRY_BYTES: usize = 17;

/// Digits of a phone number, at least.
const LEAST_DIGITS: usize = 6;

/// What kind of contact point a field holds.
pub(crate) fn scope_of(field: &Field) -> Option<ConsentScope> {
    match field.normaliser {
        Normaliser::Email if field.class.is_personal() => Some(ConsentScope::Email),
        Normaliser::Phone if field.class.is_personal() => Some(ConsentScope::Phone),
        _ => None,
    }
}

/// One contact point, if the value is one.
pub(crate) fn point(
    tags: &ConsentTags,
    scope: ConsentScope,
    country: Country,
    value: &str,
) -> Option<ConsentKey> {
    let normaliser = match scope {
        ConsentScope::Email => Normaliser::Email,
        ConsentScope::Phone => Normaliser::Phone,
        ConsentScope::Record => return None,
    };
    let normal = normalise(normaliser, country, value)?;
    is_contact_point(scope, &normal).then(|| key(tags, scope, &normal))
}

/// Whether anyone could be reached by it: fields hold other things too.
fn is_contact_point(scope: ConsentScope, normal: &str) -> bool {
    match scope {
        ConsentScope::Email => {
            normal.split_once('@').is_some_and(|(box_name, host)| !box_name.is_empty() && host.contains('.'))
        }
        ConsentScope::Phone => normal.chars().filter(char::is_ascii_digit).count() >= LEAST_DIGITS,
        ConsentScope::Record => false,
    }
}

/// One contact point in its normal form.
pub(crate) fn key(tags: &ConsentTags, scope: ConsentScope, normal: &str) -> ConsentKey {
    ConsentKey { scope, id: tags.consent_tag(scope.as_str(), normal) }
}

/// A contact point in every reading: a number without a country is one in each.
pub(crate) fn readings(tags: &ConsentTags, scope: ConsentScope, value: &str) -> BTreeSet<ConsentKey> {
    let countries = [Country::Unknown, Country::France, Country::UnitedKingdom, Country::Other];
    countries.into_iter().filter_map(|country| point(tags, scope, country, value)).collect()
}

/// As a profile's row keeps them.
pub(crate) fn encode(points: &BTreeSet<ConsentKey>) -> Vec<u8> {
    let entry = |point: &ConsentKey| [&[point.scope as u8][..], &point.id.0].concat();
    points.iter().flat_map(entry).collect()
}

/// What [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<impl Iterator<Item = ConsentKey>, EngineError> {
    let damaged = || EngineError::DamagedValue { table: "golden.profiles".to_owned() };
    if !bytes.len().is_multiple_of(ENTRY_BYTES) || bytes.chunks(ENTRY_BYTES).any(|entry| entry[0] > 1) {
        return Err(damaged());
    }
    Ok(bytes.chunks_exact(ENTRY_BYTES).map(|entry| ConsentKey {
        scope: ConsentScope::ALL[usize::from(entry[0])],
        id: Tag(entry[1..].try_into().expect("an entry has 17 bytes")),
    }))
}
