//! What a silo knows of a person: the truth of one day, seen through the silo's errors.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};

use crate::chance::Chance;
use crate::people::{FIRST_DAY, Person, TODAY};
use crate::pools::Gender;
use crate::rates::SiloRates;
use crate::spoil::{
    abbreviated, day_month_swapped, misheard, typo, without_accents, wrong_date_digit, wrong_digit,
};

/// One account's values; an empty text is a missing one.
pub(crate) struct Account {
    pub gender: Gender,
    pub given_name: String,
    pub family_name: String,
    pub birth_date: Option<NaiveDate>,
    pub email: String,
    /// Ten digits.
    pub landline: String,
    /// Ten digits.
    pub mobile: String,
    pub street: String,
    pub postal_code: String,
    pub town: String,
    pub job: &'static str,
    pub created: NaiveDateTime,
    pub changed: NaiveDateTime,
}

impl Account {
    /// An account that a silo with such errors keeps of `person`.
    pub fn of(person: &Person, rates: &SiloRates, chance: &mut Chance) -> Self {
        let (created, changed) = lifetime(person.birth_date, chance);
        let today = changed.date();
        let (given_name, family_name) = names(person, today, rates, chance);
        let address_day = if chance.happens(rates.address_stale) { created.date() } else { today };
        let home = person.home_on(address_day);
        let mut account = Self {
            gender: person.gender,
            given_name,
            family_name,
            birth_date: birth_date(person.birth_date, rates, chance),
            email: email(person, rates, chance),
            landline: person.landline.clone().unwrap_or_default(),
            mobile: in_use(&person.mobiles, rates.phone_other, chance),
            street: home.street.clone(),
            postal_code: home.town.postal_code.to_owned(),
            town: home.town.name.to_owned(),
            job: person.job,
            created,
            changed,
        };
        if let Some(switchboard) = person.switchboard.as_ref().filter(|_| chance.happens(0.6)) {
            account.landline.clone_from(switchboard);
        }
        account.spoil_phones(rates, chance);
        account.spoil_address(rates, chance);
        account.spoil_spelling(rates, chance);
        account
    }

    fn spoil_phones(&mut self, rates: &SiloRates, chance: &mut Chance) {
        if chance.happens(rates.phone_missing) {
            self.landline.clear();
            self.mobile.clear();
        }
        for phone in [&mut self.landline, &mut self.mobile] {
            if chance.happens(rates.phone_digit_wrong) {
                *phone = wrong_digit(phone, chance);
            }
        }
    }

    fn spoil_address(&mut self, rates: &SiloRates, chance: &mut Chance) {
        if chance.happens(rates.address_missing) {
            self.street.clear();
            self.postal_code.clear();
            self.town.clear();
            return;
        }
        if chance.happens(rates.postal_code_wrong) {
            self.postal_code = if chance.happens(0.4) {
                let code = &self.postal_code;
                format!("{}{}{}{}", &code[..2], &code[3..4], &code[2..3], &code[4..])
            } else {
                wrong_digit(&self.postal_code, chance)
            };
        }
        if chance.happens(rates.street_abbreviated) {
            self.street = abbreviated(&self.street);
        }
        if chance.happens(rates.street_typo) {
            self.street = typo(&self.street, chance);
        }
    }

    /// Accents and case, as the keyboard or the import left them.
    fn spoil_spelling(&mut self, rates: &SiloRates, chance: &mut Chance) {
        let words = [&mut self.given_name, &mut self.family_name, &mut self.street, &mut self.town];
        let accents_lost = chance.happens(rates.accents_lost);
        let case = chance.happens(rates.case_lost).then(|| chance.happens(0.7));
        for word in words {
            if accents_lost {
                *word = without_accents(word);
            }
            match case {
                Some(true) => *word = word.to_lowercase(),
                Some(false) => *word = word.to_uppercase(),
                None => {}
            }
        }
    }
}

/// Given and family name as written.
fn names(person: &Person, today: NaiveDate, rates: &SiloRates, chance: &mut Chance) -> (String, String) {
    let mut given_name = person.given_name.name.to_owned();
    if chance.happens(rates.given_name_nickname)
        && let Some(diminutive) = person.given_name.diminutives.first()
    {
        given_name = (*diminutive).to_owned();
    } else if chance.happens(rates.given_name_shortened) {
        given_name = match given_name.split_once('-') {
            Some((first, _)) => first.to_owned(),
            None => given_name.chars().take(1).chain(['.']).collect(),
        };
    } else if chance.happens(rates.given_names_in_full) {
        given_name = format!("{given_name} {}", person.second_given_name);
    }
    if chance.happens(rates.given_name_typo) {
        given_name = typo(&given_name, chance);
    }
    let mut family_name = person.family_name_on(today);
    if let Some(other) = person.other_family_name_on(today)
        && chance.happens(rates.family_name_other)
    {
        family_name = other;
    }
    let mut family_name = family_name.to_owned();
    if chance.happens(rates.family_name_misheard) {
        family_name = misheard(&family_name, chance);
    }
    if chance.happens(rates.family_name_typo) {
        family_name = typo(&family_name, chance);
    }
    if chance.happens(rates.truncated) {
        family_name = family_name.chars().take(8).collect();
        given_name = given_name.chars().take(8).collect();
    }
    if chance.happens(rates.names_swapped) {
        return (family_name, given_name);
    }
    (given_name, family_name)
}

fn birth_date(truth: NaiveDate, rates: &SiloRates, chance: &mut Chance) -> Option<NaiveDate> {
    if chance.happens(rates.birth_date_missing) {
        return None;
    }
    if chance.happens(rates.birth_date_placeholder) {
        return NaiveDate::from_ymd_opt(truth.year(), 1, 1);
    }
    let mut date = truth;
    if chance.happens(rates.day_month_swapped) {
        date = day_month_swapped(date);
    }
    if chance.happens(rates.birth_date_digit_wrong) {
        date = wrong_date_digit(date, chance);
    }
    Some(date)
}

fn email(person: &Person, rates: &SiloRates, chance: &mut Chance) -> String {
    if chance.happens(rates.email_missing) {
        return String::new();
    }
    let mut email = in_use(&person.emails, rates.email_other, chance);
    if chance.happens(rates.email_typo)
        && let Some((local, provider)) = email.split_once('@')
    {
        email = format!("{}@{provider}", typo(local, chance));
    }
    email
}

/// The newest of several, or with the probability `other` an older one.
fn in_use(values: &[String], other: f64, chance: &mut Chance) -> String {
    // Of those who have two, most accounts carry either; so the share of people with two limits it.
    let older = values.len() > 1 && chance.happens((other * 3.0).min(0.5));
    if older { values.first() } else { values.last() }.cloned().unwrap_or_default()
}

/// When an account was made, and when it was last changed.
pub(crate) fn lifetime(birth_date: NaiveDate, chance: &mut Chance) -> (NaiveDateTime, NaiveDateTime) {
    let first = FIRST_DAY.max(birth_date + Days::new(16 * 365)).min(TODAY);
    let days = (TODAY - first).num_days();
    let created = moment(first + Days::new(chance.between(0, days) as u64), chance);
    let since = (TODAY - created.date()).num_days();
    let changed = moment(created.date() + Days::new(chance.between(0, since) as u64), chance);
    (created, changed.max(created))
}

/// A second of opening hours.
pub(crate) fn moment(day: NaiveDate, chance: &mut Chance) -> NaiveDateTime {
    let second = chance.between(8 * 3600, 20 * 3600 - 1);
    day.and_time(chrono::NaiveTime::MIN) + chrono::TimeDelta::seconds(second)
}
