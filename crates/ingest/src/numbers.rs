//! Numbers and booleans from text, as people and programs write them.

/// Reads a signed integer; groups of three digits may be set apart.
pub(crate) fn integer(text: &str) -> Option<i64> {
    // The fast way for what programs write.
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    plain_digits(text, None)?.parse().ok()
}

/// Reads a decimal number with `mark` between whole and fraction; groups of
/// three whole digits may be set apart. Neither NaN nor infinite.
pub(crate) fn decimal(text: &str, mark: char) -> Option<f64> {
    let number: f64 = plain_digits(text, Some(mark))?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Reads a boolean in English, French and what spreadsheets and databases write.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    const TRUE: [&str; 9] = ["1", "true", "t", "yes", "y", "oui", "o", "vrai", "x"];
    const FALSE: [&str; 7] = ["0", "false", "f", "no", "n", "non", "faux"];
    let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match (is_one_of(&TRUE), is_one_of(&FALSE)) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// The number without group separators and with a point; `None` unless it is
/// one. A separator that does not part groups of three is a typing error, not a
/// separator: `1 23` is no number.
fn plain_digits(text: &str, mark: Option<char>) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let unsigned = match text.strip_prefix(['+', '-']) {
        Some(unsigned) => {
            plain.push_str(if text.starts_with('-') { "-" } else { "" });
            unsigned
        }
        None => text,
    };
    let (number, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((number, exponent)) if mark.is_some() => (number, Some(exponent)),
        Some(_) => return None,
        None => (unsigned, None),
    };
    let (whole, fraction) = match mark.and_then(|mark| number.split_once(mark)) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    push_groups(whole, &mut plain)?;
    if let Some(fraction) = fraction {
        if whole.is_empty() && fraction.is_empty() || !all_digits(fraction) {
            return None;
        }
        plain.push('.');
        plain.push_str(fraction);
    } else if whole.is_empty() {
        return None;
    }
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !all_digits(digits) {
            return None;
        }
        plain.push('e');
        plain.push_str(exponent);
    }
    Some(plain)
}

fn push_groups(whole: &str, plain: &mut String) -> Option<()> {
    for (position, group) in whole.split(is_group_separator).enumerate() {
        let separated = whole.len() != group.len();
        let fits = match (separated, position) {
            (false, _) => true,
            (true, 0) => (1..=3).contains(&group.len()),
            (true, _) => group.len() == 3,
        };
        if !fits || !all_digits(group) {
            return None;
        }
        plain.push_str(group);
    }
    Some(())
}

/// Space, no-break space, narrow no-break space, thin space, apostrophes.
fn is_group_separator(character: char) -> bool {
    matches!(character, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}')
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
