//! Making values coarse enough to be shown: an age band for a birth date, a
//! department for a postal code.
//!
//! What comes out is a column that anyone with a role may read, so where a value
//! is not understood, or so rare that its coarse form would still point at
//! someone, nothing comes out.

use vermeil_model::schema::{Generalisation, Normaliser};

use crate::normalise::{Country, date, normalise, text};

/// A calendar day: what ages are counted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// In the Gregorian calendar.
    pub year: u32,
    /// From 1 to 12.
    pub month: u32,
    /// From 1 to 31.
    pub day: u32,
}

/// The upper ends of all age bands but the last, in years.
const BAND_ENDS: [u32; 6] = [17, 24, 34, 44, 54, 64];
/// Nobody has been older; a birth date that says so is mistaken.
const OLDEST: u32 = 130;
/// A shorter phone number would hardly be masked.
const SHORTEST_PHONE: usize = 9;

/// What `to` leaves of a raw value of someone in `country`, on the day `today`;
/// `None` where the value is not understood.
pub fn generalise(to: Generalisation, raw: &str, country: Country, today: Day) -> Option<String> {
    match to {
        Generalisation::AgeBand => age_band(raw, today),
        Generalisation::Department => department(raw, country),
        Generalisation::MaskedPhone => masked_phone(raw, country),
        Generalisation::Year => date::iso(raw).map(|date| date[..4].to_owned()),
        Generalisation::Initial => initial(raw),
    }
}

/// `0-17`, `18-24`, then bands of ten years, then `65+`.
fn age_band(raw: &str, today: Day) -> Option<String> {
    let born = date::iso(raw)?;
    let part = |range: std::ops::Range<usize>| born[range].parse::<u32>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let had_birthday = (today.month, today.day) >= (month, day);
    let age = today.year.checked_sub(year)?.checked_sub(u32::from(!had_birthday))?;
    if age > OLDEST {
        return None;
    }
    let mut from = 0;
    for end in BAND_ENDS {
        if age <= end {
            return Some(format!("{from}-{end}"));
        }
        from = end + 1;
    }
    Some(format!("{from}+"))
}

/// The department that La Poste's codes name: two digits, three overseas, and Corsica's
/// two by the hundred (INSEE, "Code officiel géographique"). A few communes have the
/// code of a neighbouring department's post office; they are counted there.
fn department(raw: &str, country: Country) -> Option<String> {
    if !matches!(country, Country::France | Country::Unknown) {
        return None;
    }
    let code = normalise(Normaliser::PostalCode, country, raw)?;
    if code.len() != 5 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    match code.as_bytes() {
        // 99 is abroad; 00 is where armies are reached.
        [b'0', b'0', ..] | [b'9', b'6' | b'9', ..] => None,
        [b'9', b'7' | b'8', ..] => Some(code[..3].to_owned()),
        [b'2', b'0', hundred, ..] => Some(if *hundred <= b'1' { "2A" } else { "2B" }.to_owned()),
        _ => Some(code[..2].to_owned()),
    }
}

/// `+336******12`: country and kind of number, and what tells its owner which it is.
fn masked_phone(raw: &str, country: Country) -> Option<String> {
    let number = normalise(Normaliser::Phone, country, raw)?;
    if number.len() < SHORTEST_PHONE || !number.starts_with('+') {
        return None;
    }
    let (shown, hidden) = number.split_at(4);
    let (hidden, last) = hidden.split_at(hidden.len() - 2);
    Some(format!("{shown}{}{last}", "*".repeat(hidden.len())))
}

fn initial(raw: &str) -> Option<String> {
    let first = text::fold(raw).chars().find(|character| character.is_alphabetic())?;
    Some(first.to_uppercase().collect())
}

#[cfg(test)]
mod tests;
