//! What a column's values look like.

use std::collections::HashSet;

use super::Meaning;
use crate::nicknames;
use crate::normalise::text::{fold, gender};
use crate::normalise::{date, organisation};

/// From which share of values a shape is the column's.
const MOST: f64 = 0.7;
/// Below which share of values a column's name is not believed.
const FEW: f64 = 0.4;

/// Shares are of the values that are there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Profile {
    pub(super) filled: usize,
    pub(super) distinct: usize,
    pub(super) emails: f64,
    pub(super) dates: f64,
    /// Dates whose first part can only be a month.
    month_first: f64,
    /// Dates whose first part can only be a day.
    day_first: f64,
    phones: f64,
    /// Whole numbers.
    integers: f64,
    /// At least half letters.
    words_mostly: f64,
    digits: f64,
    postal_codes: f64,
    /// A word of the value is a known given name.
    pub(super) given_names: f64,
    /// A word of the value is one that firms have in their names.
    firms: f64,
    /// Words and a number, as a way and its houses have.
    ways: f64,
    /// Words a value, on average.
    pub(super) words: f64,
    characters: f64,
    genders: f64,
    /// Years between the 5th and the 95th of a hundred dates.
    years_spread: u32,
}

impl Profile {
    pub(super) fn of(values: &[&str]) -> Profile {
        let values: Vec<&str> =
            values.iter().map(|value| value.trim()).filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            return Profile::default();
        }
        let count = values.len() as f64;
        let share =
            |is: &dyn Fn(&str) -> bool| values.iter().filter(|value| is(value)).count() as f64 / count;
        let folded: Vec<String> = values.iter().map(|value| fold(value)).collect();
        let share_folded =
            |is: &dyn Fn(&str) -> bool| folded.iter().filter(|value| is(value)).count() as f64 / count;
        let mean =
            |of: &dyn Fn(&str) -> usize| folded.iter().map(|value| of(value)).sum::<usize>() as f64 / count;
        let digits = |value: &str| value.bytes().filter(u8::is_ascii_digit).count();
        let mut years: Vec<u32> =
            values.iter().filter_map(|value| date::iso(value)?[..4].parse().ok()).collect();
        years.sort_unstable();
        let year_at = |hundredth: usize| years.get(years.len() * hundredth / 100).copied().unwrap_or(0);
        let starts = |is: &dyn Fn(u32, u32) -> bool| {
            share(&|value| date::first_two_parts(value).is_some_and(|(first, second)| is(first, second)))
        };
        Profile {
            filled: values.len(),
            distinct: folded.iter().collect::<HashSet<_>>().len(),
            emails: share(&|value| {
                value.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
            }),
            dates: share(&|value| date::as_written(value).is_some()),
            month_first: starts(&|first, second| first <= 12 && second > 12),
            day_first: starts(&|first, second| first > 12 && second <= 12),
            phones: share(&|value| {
                (7..=15).contains(&digits(value))
                    && value.chars().all(|c| c.is_ascii_digit() || " +-.()/".contains(c))
            }),
            integers: share(&|value| value.bytes().all(|byte| byte.is_ascii_digit())),
            words_mostly: share_folded(&|value| {
                2 * value.chars().filter(|c| c.is_alphabetic()).count() >= value.chars().count()
            }),
            digits: mean(&digits),
            postal_codes: share(&is_postal_code),
            firms: share_folded(&|value| value.split(' ').any(organisation::is_of_firms)),
            ways: share_folded(&is_way),
            given_names: share_folded(&|value| value.split(' ').any(nicknames::is_given_name)),
            words: mean(&|value| value.split(' ').count()),
            characters: mean(&|value| value.chars().count()),
            genders: share(&|value| matches!(gender(value).as_str(), "m" | "f" | "")),
            years_spread: year_at(95) - year_at(5),
        }
    }

    /// Whether values speak for months before days.
    pub(super) fn is_month_first(&self) -> bool {
        self.month_first > self.day_first
    }

    /// Whether these are names of firms, given that they are names.
    pub(super) fn are_firms(&self) -> bool {
        // Few persons' names are in no list of given names, have a word of firms in them, or are one
        // word or many.
        let is_known = self.given_names >= 0.2 && self.firms < FEW;
        !is_known && (self.firms >= 0.1 || !(1.7..=3.5).contains(&self.words))
    }

    /// Whether the values do not speak against what the name says.
    pub(super) fn may_be(&self, said: Meaning) -> bool {
        if said != Meaning::Email && self.emails >= MOST {
            return false;
        }
        match said {
            Meaning::Email => self.emails >= FEW,
            Meaning::BirthDate => self.dates >= FEW,
            Meaning::BirthYear | Meaning::BirthMonth | Meaning::BirthDay => {
                self.integers >= MOST || self.dates >= MOST
            }
            Meaning::Phone => self.digits >= 5.0 && self.emails < FEW,
            Meaning::GivenName
            | Meaning::MiddleName
            | Meaning::FamilyName
            | Meaning::BirthName
            | Meaning::FullName => self.words_mostly >= FEW && self.emails < FEW,
            Meaning::PostalCode => self.characters <= 12.0,
            Meaning::City | Meaning::BirthPlace | Meaning::OrganisationName => self.words_mostly >= FEW,
            Meaning::RegistrationNumber
            | Meaning::VatNumber
            | Meaning::NationalId
            | Meaning::LoyaltyNumber => self.digits >= 2.0,
            _ => true,
        }
    }

    /// What the values alone look like.
    pub(super) fn looks_like(&self) -> Meaning {
        let is_unique = self.filled > 10 && self.distinct == self.filled;
        if self.emails >= MOST {
            Meaning::Email
        } else if self.dates >= MOST {
            if self.years_spread >= 20 { Meaning::BirthDate } else { Meaning::Ignored }
        } else if self.phones >= MOST && self.digits >= 8.5 {
            Meaning::Phone
        } else if is_unique && self.digits >= 1.0 && self.words < 1.5 {
            Meaning::RecordKey
        } else if self.genders >= MOST {
            Meaning::Gender
        } else if self.postal_codes >= MOST && self.distinct > 5 {
            Meaning::PostalCode
        } else if self.integers >= MOST || self.words_mostly < FEW {
            // Long numbers that repeat tie records together; short ones count something.
            if self.digits >= 6.0 && !is_unique { Meaning::Text } else { Meaning::Ignored }
        } else if self.ways >= MOST && self.words >= 2.0 {
            Meaning::Street
        } else if self.firms >= FEW {
            Meaning::OrganisationName
        } else if self.given_names >= 0.5 {
            if self.words < 1.5 { Meaning::GivenName } else { Meaning::FullName }
        } else if self.distinct <= 5 {
            Meaning::Ignored
        } else {
            Meaning::Text
        }
    }
}

/// A number and words, of which one is long enough for a name.
fn is_way(folded: &str) -> bool {
    let has_number = folded.split(' ').any(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    has_number && folded.split(' ').any(|word| word.chars().take_while(|c| c.is_alphabetic()).count() >= 4)
}

/// Four or five digits, or a British or Canadian shape.
fn is_postal_code(value: &str) -> bool {
    // `123.45` is an amount.
    if value.contains(['.', ',']) {
        return false;
    }
    let folded = fold(value);
    let plain: String = folded.chars().filter(|character| *character != ' ').collect();
    let is_digits = plain.bytes().all(|byte| byte.is_ascii_digit());
    let letters = plain.chars().filter(|character| character.is_ascii_alphabetic()).count();
    (is_digits && (4..=5).contains(&plain.len()))
        || ((5..=7).contains(&plain.len())
            && (2..=4).contains(&letters)
            && plain.starts_with(|character: char| character.is_ascii_alphabetic())
            && plain.len() - letters >= 2)
}
