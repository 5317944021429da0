//! Registration, account and other numbers; postal codes.

use super::Country;
use super::text::{fold, in_order};

/// Letters and digits only, upper case; empty where there are only zeros.
pub fn number(raw: &str) -> String {
    let number: String = if raw.is_ascii() {
        let letters = raw.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_uppercase()).collect()
    } else {
        in_order(fold(raw).chars().filter(|c| *c != ' ').flat_map(char::to_uppercase).collect())
    };
    if number.bytes().all(|byte| byte == b'0') { String::new() } else { number }
}

/// Letters and digits only, upper case, without the country's `F-`; a French code
/// of four digits gets back the zero that a spreadsheet took.
pub fn postal_code(raw: &str, country: Country) -> String {
    let code = number(raw);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match code.strip_prefix("FR").or_else(|| code.strip_prefix('F')) {
        Some(digits) if digits.len() == 5 && is_digits(digits) => digits.to_owned(),
        _ if country == Country::France && code.len() == 4 && is_digits(&code) => format!("0{code}"),
        _ => code,
    }
}
