//! What of a person's values distinguishes them: what the prover looks for.
//!
//! Looked for is what nobody else would write by chance: phone numbers from [`LEAST_PHONE`] digits
//! on; e-mail addresses, identifiers and the keys of sources from [`LEAST_CHARACTERS`] letters and
//! digits on, [`LEAST_DIGITS`] where there are digits only; streets, names of organisations and free
//! texts from [`LEAST_TEXT`] on; given and family name together, from [`LEAST_NAME`] on. "Martin",
//! "Paris" or a day of birth alone are not: others have them too, and what stands in the clear of
//! others would be taken for theirs. Nor are short numbers: they are days, counts and moments
//! elsewhere, and a few letters stand somewhere in gigabytes of what is sealed.

use std::collections::BTreeSet;

use vermeil_model::schema::{FieldType, Normaliser};
use vermeil_model::{Field, Schema};
use vermeil_resolve::normalise::{Country, normalise};

use crate::columns::SOURCE_KEY_PREFIX;

/// Of addresses and identifiers, in letters and digits.
const LEAST_CHARACTERS: usize = 8;
/// Of those that are digits only: eight of them may be a day, ten a moment.
const LEAST_DIGITS: usize = 12;
/// Of phone numbers, in digits.
const LEAST_PHONE: usize = 9;
/// Of streets and free texts, in letters and digits.
const LEAST_TEXT: usize = 14;
/// Of given and family name together, in letters.
const LEAST_NAME: usize = 10;

/// Adds what distinguishes someone in one record, as (name of the field, value).
pub(super) fn distinguishing(
    schema: &Schema,
    fields: &[(&str, &str)],
    found: &mut BTreeSet<(String, String)>,
) {
    let value = |name: &str| fields.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
    let mut add = |name: &str, value: &str| found.extend([(name.to_owned(), value.trim().to_owned())]);
    for (name, value) in fields {
        if name.starts_with(SOURCE_KEY_PREFIX) {
            if is_distinct(value) {
                add("key", value);
            }
            continue;
        }
        let Some(field) = schema.field(name).filter(|field| field.class.is_personal()) else { continue };
        match field.normaliser {
            Normaliser::Email | Normaliser::Identifier if is_distinct(value) => {
                add(name, value);
                if let Some(normal) = normalise(field.normaliser, Country::Unknown, value) {
                    add(name, &normal);
                }
            }
            Normaliser::Phone if characters(value) >= LEAST_PHONE => {
                add(name, value);
                if let Some(normal) = normalise(field.normaliser, Country::Unknown, value) {
                    add(name, &normal);
                }
            }
            Normaliser::Street | Normaliser::OrganisationName if characters(value) >= LEAST_TEXT => {
                add(name, value);
            }
            Normaliser::Text if is_free_text(field) && characters(value) >= LEAST_TEXT => add(name, value),
            _ => {}
        }
    }
    if let (Some(given), Some(family)) = (value("given_name"), value("family_name"))
        && characters(given) + characters(family) >= LEAST_NAME
    {
        add("name", &format!("{given} {family}"));
        add("name", &format!("{family} {given}"));
    }
}

/// What may say anything; what names a city, say, is written alike by many.
fn is_free_text(field: &Field) -> bool {
    field.data_type == FieldType::Text
        && field.comparison.is_none()
        && !["city", "country", "region", "occupation", "title"].contains(&field.name.as_str())
}

fn is_distinct(value: &str) -> bool {
    let least = match value.chars().any(char::is_alphabetic) {
        true => LEAST_CHARACTERS,
        false => LEAST_DIGITS,
    };
    characters(value) >= least
}

fn characters(value: &str) -> usize {
    value.chars().filter(|c| c.is_alphanumeric()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: &[(&str, &str)], expected: &[(&str, &str)]) {
        let schema = Schema::built_in("customer.v1").expect("built in");
        let mut found = BTreeSet::new();
        distinguishing(&schema, fields, &mut found);
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        assert_eq!(found, expected.iter().map(owned).collect());
    }

    #[test]
    fn what_reaches_or_numbers_someone_is_looked_for_as_written_and_in_its_normal_form() {
        let email = [("email", "Zoe.Abriquel@courrier.example"), ("email", "zoe.abriquel@courrier.example")];
        check(&email[..1], &email);
        check(&[("mobile", "06 12 34 56 78")], &[("mobile", "06 12 34 56 78"), ("mobile", "+33612345678")]);
        check(&[("_key_0", "kontakt-7731")], &[("key", "kontakt-7731")]);
    }

    #[test]
    fn what_many_have_is_not() {
        let fields = [("family_name", "Martin"), ("given_name", "Léa"), ("city", "Châlons-en-Champagne")];
        check(&fields, &[]);
        check(
            &[("birth_date", "1972-03-14"), ("_key_0", "4711"), ("_key_0", "20150304"), ("title", "Madame")],
            &[],
        );
    }

    #[test]
    fn a_whole_name_is_in_either_order() {
        let fields = [("family_name", "Abriquel"), ("given_name", "Zoé")];
        check(&fields, &[("name", "Zoé Abriquel"), ("name", "Abriquel Zoé")]);
    }
}
