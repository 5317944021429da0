//! Calendar days.

use super::text::fold;

/// A day as `YYYY-MM-DD`; `None` where it is not understood or does not exist.
///
/// Read are `YYYY-MM-DD`, `DD/MM/YYYY`, `DD.MM.YYYY`, `DD-MM-YYYY` (one-digit days and
/// months too), `YYYYMMDD`, and any of them followed by a time. The day comes
/// before the month where the year is last: a guess by value would read one
/// source in two ways.
///
/// Read too are days whose month is in letters, where the year comes last.
pub fn iso(raw: &str) -> Option<String> {
    let written = written(raw)?;
    let exists = written.year > 0
        && (1..=12).contains(&written.month)
        && (1..=days_in(written.year, written.month)).contains(&written.day);
    (exists && !written.is_short).then(|| written.iso())
}

/// As [`iso`], but a day that does not exist is kept as it was written: `1662-01-81` is a slip
/// of a date that exists, and still evidence. A year of two digits is taken for one of
/// 1921 to 2020. For comparison only.
pub fn as_written(raw: &str) -> Option<String> {
    written(raw).filter(|written| written.year > 0).map(|written| written.iso())
}

/// A day whose year comes last, with its first two numbers exchanged: `12/31/1978`.
pub fn with_day_second(raw: &str) -> Option<String> {
    let (first, second, last) = parts(day_of(raw)?)?;
    (first.len() <= 2).then(|| format!("{second}/{first}/{last}"))
}

/// The first two numbers of a day whose year comes last, as they are written.
pub fn first_two_parts(raw: &str) -> Option<(u32, u32)> {
    let (first, second, last) = parts(day_of(raw)?)?;
    (first.len() <= 2 && matches!(last.len(), 2 | 4)).then_some((number(first)?, number(second)?))
}

/// The numbers of a day, which may not exist.
struct Written {
    year: u32,
    month: u32,
    day: u32,
    /// The year has two digits.
    is_short: bool,
}

impl Written {
    fn iso(&self) -> String {
        let mut iso = String::with_capacity("YYYY-MM-DD".len());
        let digit = |number: u32, place: u32| char::from(b'0' + (number / place % 10) as u8);
        [1000, 100, 10, 1].into_iter().for_each(|place| iso.push(digit(self.year, place)));
        for number in [self.month, self.day] {
            iso.push('-');
            [10, 1].into_iter().for_each(|place| iso.push(digit(number, place)));
        }
        iso
    }
}

fn written(raw: &str) -> Option<Written> {
    if let Some(written) = with_month_in_letters(raw) {
        return Some(written);
    }
    let text = day_of(raw)?;
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let (year, month, day) = (number(&text[..4])?, number(&text[4..6])?, number(&text[6..])?);
        return Some(Written { year, month, day, is_short: false });
    }
    let (first, month, last) = parts(text)?;
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if day.len() > 2 || day.is_empty() || month.is_empty() {
        return None;
    }
    let (year, is_short) = year_of(year)?;
    Some(Written { year, month: number(month)?, day: number(day)?, is_short })
}

/// `5 May 1990`, `May 5, 1990`, `05-MAY-90`, `5. Mai 1990`, `5 de mayo de 1990`: letters say which
/// number is the month, and the year comes last.
fn with_month_in_letters(raw: &str) -> Option<Written> {
    if !raw.contains(char::is_alphabetic) {
        return None;
    }
    let folded = fold(raw);
    let mut words = folded.split(' ').filter(|word| !matches!(*word, "de" | "del" | "of"));
    let (first, second, year) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let (month, day) = match month_in_letters(first) {
        Some(month) => (month, second),
        None => (month_in_letters(second)?, first),
    };
    let digits = day.trim_end_matches(char::is_alphabetic);
    let is_day = (1..=2).contains(&digits.len())
        && matches!(&day[digits.len()..], "" | "st" | "nd" | "rd" | "th" | "er");
    let (year, is_short) = year_of(year)?;
    is_day.then_some(Written { year, month, day: number(digits)?, is_short })
}

/// The month that a folded word of seven languages, or its first letters, names.
fn month_in_letters(word: &str) -> Option<u32> {
    const STARTS: [(&str, u32); 34] = [
        ("jan", 1),
        ("ene", 1),
        ("gen", 1),
        ("fe", 2),
        ("mar", 3),
        ("mrz", 3),
        ("maa", 3),
        ("mrt", 3),
        ("apr", 4),
        ("avr", 4),
        ("abr", 4),
        ("mai", 5),
        ("may", 5),
        ("mei", 5),
        ("mag", 5),
        ("juin", 6),
        ("jun", 6),
        ("giu", 6),
        ("juil", 7),
        ("jul", 7),
        ("lug", 7),
        ("au", 8),
        ("ao", 8),
        ("ago", 8),
        ("sep", 9),
        ("set", 9),
        ("ok", 10),
        ("oct", 10),
        ("out", 10),
        ("ott", 10),
        ("nov", 11),
        ("dec", 12),
        ("dez", 12),
        ("dic", 12),
    ];
    let is_word = word.len() >= 3 && word.chars().all(char::is_alphabetic);
    STARTS.into_iter().find(|(start, _)| is_word && word.starts_with(start)).map(|(_, month)| month)
}

/// A year of four digits, or of two; and whether it is of two.
fn year_of(digits: &str) -> Option<(u32, bool)> {
    match (digits.len(), number(digits)?) {
        (4, year) => Some((year, false)),
        (2, year @ ..=20) => Some((2000 + year, true)),
        (2, year) => Some((1900 + year, true)),
        _ => None,
    }
}

fn day_of(raw: &str) -> Option<&str> {
    raw.trim().split(['T', ' ']).next()
}

fn parts(day: &str) -> Option<(&str, &str, &str)> {
    let mut parts = day.split(['-', '/', '.']);
    let (first, second, last) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && second.len() <= 2).then_some((first, second, last))
}

fn number(digits: &str) -> Option<u32> {
    // `parse` alone would take a sign.
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Days of a month of the Gregorian calendar.
fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}
