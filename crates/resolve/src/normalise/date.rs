//! Calendar days.

/// A day as `YYYY-MM-DD`; `None` where it is not understood or does not exist.
///
/// Read are `YYYY-MM-DD`, `DD/MM/YYYY`, `DD.MM.YYYY`, `DD-MM-YYYY` (one-digit days and
/// months too), `YYYYMMDD`, and any of them followed by a time. The day comes
/// before the month where the year is last: a guess by value would read one
/// source in two ways.
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
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn written(raw: &str) -> Option<Written> {
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
    let (year, is_short) = match (year.len(), number(year)?) {
        (4, year) => (year, false),
        (2, year @ ..=20) => (2000 + year, true),
        (2, year) => (1900 + year, true),
        _ => return None,
    };
    Some(Written { year, month: number(month)?, day: number(day)?, is_short })
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
