//! Phone numbers.

use super::Country;

/// A phone number in E.164 (`+33612345678`) where French or English numbering tells
/// how; else its digits, with `+` where it was written as international.
///
/// Empty where there is no digit but zeros: that stands for no number.
///
/// Sources: ITU-T E.164; the French numbering plan (Arcep); the UK National
/// Telephone Numbering Plan (Ofcom).
pub fn to_e164(raw: &str, country: Country) -> String {
    let written = without_extension(raw);
    let mut digits = String::with_capacity(written.len());
    digits.extend(written.chars().filter(char::is_ascii_digit));
    if digits.bytes().all(|digit| digit == b'0') {
        return String::new();
    }
    let is_international =
        written.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '+').starts_with('+');
    if is_international {
        return international(&digits);
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return international(rest);
    }
    let national = match country {
        Country::UnitedKingdom => british(&digits),
        Country::France | Country::Unknown => french(&digits),
        Country::Other => None,
    };
    national.unwrap_or(digits)
}

/// Cuts what follows a complete number: `ext. 12`, `poste 12`, `x12`.
fn without_extension(raw: &str) -> &str {
    let mut digits = 0;
    for (position, character) in raw.char_indices() {
        if character.is_ascii_digit() {
            digits += 1;
        } else if digits >= 8 && (character.is_alphabetic() || character == '#') {
            return &raw[..position];
        }
    }
    raw
}

fn international(digits: &str) -> String {
    if let Some(number) = digits.strip_prefix("33") {
        // `+33 (0)6 …`: the zero is dialled at home only.
        let number = number.strip_prefix('0').unwrap_or(number);
        if number.len() == 9 {
            return french_subscriber(number);
        }
    }
    if let Some(number) = digits.strip_prefix("44") {
        return ["+44", number.trim_start_matches('0')].concat();
    }
    ["+", digits].concat()
}

fn french(digits: &str) -> Option<String> {
    let number = match (digits.len(), digits.as_bytes()) {
        (10, [b'0', ..]) => &digits[1..],
        // A spreadsheet took it for a number and lost the zero.
        (9, [b'1'..=b'9', ..]) => digits,
        (11, [b'3', b'3', ..]) => &digits[2..],
        (12, [b'3', b'3', b'0', ..]) => &digits[3..],
        _ => return None,
    };
    (!number.starts_with('0')).then(|| french_subscriber(number))
}

/// Nine digits to E.164: overseas departments have country codes of their own.
fn french_subscriber(number: &str) -> String {
    let code = match &number[..3] {
        "262" | "263" | "269" | "639" | "692" | "693" => "262",
        "590" | "690" | "691" => "590",
        "594" | "694" => "594",
        "596" | "696" | "697" => "596",
        _ => "33",
    };
    ["+", code, number].concat()
}

fn british(digits: &str) -> Option<String> {
    let number = match (digits.len(), digits.as_bytes()) {
        (10 | 11, [b'0', b'1'..=b'9', ..]) => &digits[1..],
        (10, [b'7', ..]) => digits,
        (11 | 12, [b'4', b'4', b'1'..=b'9', ..]) => &digits[2..],
        (13, [b'4', b'4', b'0', ..]) => &digits[3..],
        _ => return None,
    };
    Some(["+44", number].concat())
}
