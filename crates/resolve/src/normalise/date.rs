//! Calendar days.

/// A day as `YYYY-MM-DD`; `None` where it is not understood or does not exist.
///
/// Read are `YYYY-MM-DD`, `DD/MM/YYYY`, `DD.MM.YYYY`, `DD-MM-YYYY` (one-digit days and
/// months too), `YYYYMMDD`, and any of them followed by a time. The day comes
/// before the month where the year is last: a guess by value would read one
/// source in two ways.
pub fn iso(raw: &str) -> Option<String> {
    let day = raw.trim().split(['T', ' ']).next()?;
    let (year, month, day) = if day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()) {
        (number(&day[..4])?, number(&day[4..6])?, number(&day[6..])?)
    } else {
        let mut parts = day.split(['-', '/', '.']);
        let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || month.len() > 2 {
            return None;
        }
        match (first.len(), last.len()) {
            (4, 1..=2) => (number(first)?, number(month)?, number(last)?),
            (1..=2, 4) => (number(last)?, number(month)?, number(first)?),
            _ => return None,
        }
    };
    (year > 0 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day))
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
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
