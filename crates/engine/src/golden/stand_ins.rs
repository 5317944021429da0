//! What profiles carry for readers who may not see ids or personal values:
//! pseudonyms of each domain, and generalised values.
//!
//! Both are made while the profile is open under the engine's own leave, so that
//! no query pays for them. Both are still data about a person: they stand in the
//! row of the profile, and are written anew with every publication.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use chrono::{DateTime, Datelike, Utc};
use vermeil_model::{ProfileId, Schema};
use vermeil_protect::Pseudonymiser;
use vermeil_resolve::generalise::{Day, generalise};
use vermeil_resolve::normalise::Country;

use crate::columns::COUNTRY;

/// One column for each domain, in their order: the pseudonyms of `profiles`.
pub(super) fn pseudonym_columns(domains: &[Pseudonymiser], profiles: &[ProfileId]) -> Vec<ArrayRef> {
    domains
        .iter()
        .map(|domain| {
            // Rows of one profile follow each other.
            let mut last: Option<(ProfileId, String)> = None;
            let column: StringArray = profiles
                .iter()
                .map(|profile| match &last {
                    Some((same, pseudonym)) if same == profile => Some(pseudonym.clone()),
                    _ => {
                        let pseudonym = domain.pseudonym(&profile.to_bytes());
                        last = Some((*profile, pseudonym.clone()));
                        Some(pseudonym)
                    }
                })
                .collect();
            Arc::new(column) as ArrayRef
        })
        .collect()
}

/// One column for each field of `schema` that is generalised, in their order.
/// `value` gives what survived of a row's field, both by position; `now` is in
/// microseconds since 1970, UTC.
pub(super) fn generalised_columns<'v>(
    schema: &Schema,
    rows: usize,
    now: i64,
    value: impl Fn(usize, usize) -> Option<&'v str>,
) -> Vec<ArrayRef> {
    let today = day_of(now);
    let country = schema.fields.iter().position(|field| field.name == COUNTRY);
    let country_of =
        |row| country.and_then(|field| value(row, field)).map(Country::from_hint).unwrap_or_default();
    let generalised = schema
        .fields
        .iter()
        .enumerate()
        .filter_map(|(field, described)| Some((field, described.generalise?)));
    generalised
        .map(|(field, to)| {
            let column: StringArray = (0..rows)
                .map(|row| value(row, field).and_then(|raw| generalise(to, raw, country_of(row), today)))
                .collect();
            Arc::new(column) as ArrayRef
        })
        .collect()
}

fn day_of(micros: i64) -> Day {
    let date = DateTime::<Utc>::from_timestamp_micros(micros).unwrap_or_default().date_naive();
    Day { year: date.year().unsigned_abs(), month: date.month(), day: date.day() }
}
