//! Days and moments from text: ISO 8601, or a pattern of the source's own.

use std::fmt::Write;

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

/// Years that a day may lie in. Outside stand placeholders (`0001-01-01`) and
/// misread two-digit years, and `YYYY-MM-DD` would no longer be ten characters.
const YEARS: std::ops::RangeInclusive<i32> = 1000..=9999;

/// How a source writes days and moments.
#[derive(Debug, Clone)]
pub(crate) enum DatePattern {
    /// `YYYY-MM-DD` or `YYYYMMDD`, with or without a time and an offset.
    Iso,
    /// A chrono pattern.
    Own(OwnPattern),
}

/// A chrono pattern that is known to tell a day.
#[derive(Debug, Clone)]
pub(crate) struct OwnPattern {
    text: String,
    items: Vec<Item<'static>>,
}

/// A moment as written: local clock, and seconds east of UTC.
struct Written {
    local: NaiveDateTime,
    offset_secs: i64,
}

impl DatePattern {
    /// Compiles a chrono pattern; `None` if it cannot tell a day, or names an
    /// hour it cannot tell (`%I` without `%p`).
    pub(crate) fn own(pattern: &str) -> Option<Self> {
        let items = StrftimeItems::new(pattern).parse_to_owned().ok()?;
        let afternoon = NaiveDate::from_ymd_opt(2001, 2, 3)?.and_hms_opt(14, 5, 6)?;
        let print = |moment: NaiveDateTime| {
            let mut text = String::new();
            write!(text, "{}", moment.and_utc().format_with_items(items.iter())).ok()?;
            Some(text)
        };
        let printed = print(afternoon)?;
        let read = read_own(&items, &printed)?;
        let tells_hour = printed != print(afternoon + TimeDelta::hours(1))?;
        let fits = read.local.date() == afternoon.date() && (!tells_hour || read.local.hour() == 14);
        fits.then(|| Self::Own(OwnPattern { text: pattern.to_owned(), items }))
    }

    /// The pattern as messages name it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Iso => "YYYY-MM-DD",
            Self::Own(own) => &own.text,
        }
    }

    /// The day as written, in days since 1970-01-01.
    pub(crate) fn day(&self, text: &str) -> Option<i32> {
        Some(days_since_epoch(self.read(text)?.local.date()))
    }

    /// The moment in microseconds since 1970-01-01T00:00:00Z. A moment without
    /// an offset is taken as UTC, a day without a time as its first moment.
    pub(crate) fn moment(&self, text: &str) -> Option<i64> {
        let written = self.read(text)?;
        let utc = written.local.checked_sub_signed(TimeDelta::seconds(written.offset_secs))?;
        Some(utc.and_utc().timestamp_micros())
    }

    fn read(&self, text: &str) -> Option<Written> {
        match self {
            Self::Iso => read_iso(text.as_bytes()),
            Self::Own(own) => read_own(&own.items, text),
        }
        .filter(|written| YEARS.contains(&written.local.year()))
    }
}

/// `YYYY-MM-DD` for days since 1970-01-01.
pub(crate) fn day_text(days: i32) -> String {
    let epoch = NaiveDate::default();
    let magnitude = Days::new(u64::from(days.unsigned_abs()));
    let day = if days < 0 { epoch - magnitude } else { epoch + magnitude };
    day.to_string()
}

/// RFC 3339 with microseconds for a moment in microseconds since 1970.
pub(crate) fn moment_text(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

fn days_since_epoch(day: NaiveDate) -> i32 {
    // `NaiveDate::default()` is 1970-01-01.
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days())
        .expect("chrono's years span fewer than 2^31 days")
}

fn read_own(items: &[Item<'_>], text: &str) -> Option<Written> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
    let offset = parsed.offset().unwrap_or(0);
    let local = match parsed.to_naive_datetime_with_offset(offset) {
        Ok(local) => local,
        Err(_) => parsed.to_naive_date().ok()?.and_time(NaiveTime::MIN),
    };
    Some(Written { local, offset_secs: i64::from(offset) })
}

fn read_iso(text: &[u8]) -> Option<Written> {
    let (day, rest) = if text.get(4) == Some(&b'-') {
        if text.get(7) != Some(&b'-') {
            return None;
        }
        ((digits(text, 0..4)?, digits(text, 5..7)?, digits(text, 8..10)?), &text[10..])
    } else {
        ((digits(text, 0..4)?, digits(text, 4..6)?, digits(text, 6..8)?), &text[8..])
    };
    let day = NaiveDate::from_ymd_opt(i32::try_from(day.0).ok()?, day.1, day.2)?;
    let (time, offset_secs) = match rest.split_first() {
        None => (NaiveTime::MIN, 0),
        Some((b'T' | b't' | b' ', rest)) => read_iso_time(rest)?,
        Some(_) => return None,
    };
    Some(Written { local: day.and_time(time), offset_secs })
}

/// `HH:MM[:SS[.fraction]]` and an offset; without one, UTC.
fn read_iso_time(text: &[u8]) -> Option<(NaiveTime, i64)> {
    if text.get(2) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (digits(text, 0..2)?, digits(text, 3..5)?);
    let mut rest = &text[5..];
    let (mut second, mut micros) = (0, 0);
    if rest.first() == Some(&b':') {
        second = digits(rest, 1..3)?;
        rest = &rest[3..];
        if let Some(b'.' | b',') = rest.first() {
            let length = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            // Digits beyond microseconds are cut, not rounded: a moment never moves forward.
            let kept = length.min(6);
            let unit = 10u32.pow(u32::try_from(6 - kept).ok()?);
            micros = digits(rest, 1..1 + kept)? * unit;
            rest = &rest[1 + length..];
        }
    }
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?;
    Some((time, read_iso_offset(rest.strip_prefix(b" ").unwrap_or(rest))?))
}

/// Nothing, `Z`, `±HH`, `±HHMM` or `±HH:MM`, in seconds east of UTC.
fn read_iso_offset(text: &[u8]) -> Option<i64> {
    let sign = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let minutes = match text.len() {
        3 => 0,
        5 => digits(text, 3..5)?,
        6 if text[3] == b':' => digits(text, 4..6)?,
        _ => return None,
    };
    let hours = digits(text, 1..3)?;
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

fn digits(text: &[u8], range: std::ops::Range<usize>) -> Option<u32> {
    let digits = text.get(range).filter(|digits| !digits.is_empty())?;
    digits
        .iter()
        .try_fold(0u32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
mod tests;
