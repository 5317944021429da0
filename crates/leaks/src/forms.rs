//! The ways to write a value.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chrono::{Datelike, NaiveDate};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longer values are recognised by this many characters.
const LONGEST: usize = 100;

/// The value itself, and what else people write for it: phones in their
/// national and international form, days in the order of a country.
pub(crate) fn writings(text: &str) -> BTreeSet<String> {
    let text = itself(text);
    let mut writings = BTreeSet::new();
    if let Some(day) = day(&text) {
        writings.extend(["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y"].map(|format| day.format(format).to_string()));
    }
    writings.extend(phone_writings(&text));
    writings.insert(text);
    writings
}

/// The value as one of its own writings: composed, and cut where that suffices.
pub(crate) fn itself(text: &str) -> String {
    text.nfc().take(LONGEST).collect()
}

/// A day as ISO 8601 writes it.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// Whether digits alone are a day of the last centuries or the next, in whatever order.
pub(crate) fn may_be_day(digits: &str) -> bool {
    let days = ["%Y%m%d", "%d%m%Y", "%m%d%Y"].map(|order| NaiveDate::parse_from_str(digits, order));
    days.into_iter().flatten().any(|day| (1800..2200).contains(&day.year()))
}

/// A day as counts since 1970: seconds and parts of a second.
pub(crate) fn counts_of_seconds(day: NaiveDate) -> [i64; 4] {
    let seconds = count_of_days(day) * 86_400;
    [seconds, seconds * 1_000, seconds * 1_000_000, seconds * 1_000_000_000]
}

/// A day as a count of days since 1970.
pub(crate) fn count_of_days(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days()
}

/// The digits of a text that holds nothing but digits and what separates them.
pub(crate) fn digits(text: &str) -> Option<String> {
    let is_number =
        text.chars().all(|letter| letter.is_ascii_digit() || " .-/()+\u{a0}\u{202f}".contains(letter));
    is_number.then(|| text.chars().filter(char::is_ascii_digit).collect())
}

/// Country codes that a national number may be read with: France, its
/// overseas departments and territories, its neighbours.
const COUNTRY_CODES: [&str; 14] =
    ["33", "262", "590", "594", "596", "687", "689", "32", "352", "41", "49", "39", "34", "44"];

/// What may stand before a national number without its `0`: all of ITU-T E.123
/// and the `(0)` that people put between.
fn phone_writings(text: &str) -> Vec<String> {
    let Some(digits) = digits(text) else { return Vec::new() };
    if !(9..=15).contains(&digits.len()) || day(text).is_some() {
        return Vec::new();
    }
    let international = match (text.trim_start().starts_with('+'), digits.strip_prefix("00")) {
        (true, _) => Some(digits.as_str()),
        (false, international) => international,
    };
    let with_code = |code: &str, rest: &str| {
        [format!("+{code}{rest}"), format!("00{code}{rest}"), format!("+{code}0{rest}")]
    };
    let mut writings = vec![digits.clone()];
    match international {
        Some(digits) => {
            writings.extend([format!("+{digits}"), format!("00{digits}")]);
            // Codes have one to three digits; where ours is unknown, each is tried.
            let known =
                COUNTRY_CODES.iter().find_map(|code| digits.strip_prefix(code).map(|rest| (*code, rest)));
            let splits =
                known.map_or_else(|| (1..=3).map(|at| digits.split_at(at)).collect(), |split| vec![split]);
            for (code, rest) in splits {
                let rest = rest.trim_start_matches('0');
                writings.push(format!("0{rest}"));
                writings.extend(with_code(code, rest));
            }
        }
        None => {
            let national = digits.strip_prefix('0').or((digits.len() == 9).then_some(&digits));
            for rest in national.into_iter().filter(|rest| (8..=10).contains(&rest.len())) {
                writings.push(format!("0{rest}"));
                writings.extend(COUNTRY_CODES.iter().flat_map(|code| with_code(code, rest)));
            }
        }
    }
    writings.retain(|writing| writing.trim_start_matches('+').len() >= 8);
    writings
}

/// A writing in other cases, with and without accents.
pub(crate) fn cases(text: &str) -> BTreeSet<String> {
    let bare = without_accents(text);
    [
        text.to_owned(),
        text.to_lowercase(),
        text.to_uppercase(),
        bare.to_lowercase(),
        bare.to_uppercase(),
        bare,
    ]
    .into()
}

/// A text without accents, its case kept.
pub(crate) fn without_accents(text: &str) -> String {
    text.nfd().filter(|letter| !is_combining_mark(*letter)).collect()
}

/// A text in Latin-1, if it can be written so and differs from ASCII.
pub(crate) fn latin_1(text: &str) -> Option<Vec<u8>> {
    let narrow: Option<Vec<u8>> = text.chars().map(|letter| u8::try_from(letter).ok()).collect();
    narrow.filter(|_| !text.is_ascii())
}

/// A text in UTF-16 of both byte orders.
pub(crate) fn utf_16(text: &str) -> [Vec<u8>; 2] {
    [u16::to_le_bytes, u16::to_be_bytes]
        .map(|bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect())
}

/// Lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

/// What base64 makes of bytes, of either alphabet and for each way they may lie
/// across its groups of three, without the characters at the edges that depend
/// on what stands around. With each, how many bytes stand before in its first group.
pub(crate) fn base64(bytes: &[u8]) -> BTreeSet<(usize, Vec<u8>)> {
    let mut written = BTreeSet::new();
    for before in 0..3 {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        for alphabet in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let mut encoded = alphabet.encode(&padded).into_bytes();
            if !padded.len().is_multiple_of(3) {
                encoded.pop();
            }
            encoded.drain(..[0, 2, 3][before]);
            written.insert((before, encoded));
        }
    }
    written
}

#[cfg(test)]
mod tests;
