//! One month of the log, followed entry by entry.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};

use crate::entry::{Entry, Event, SegmentStart};
use crate::tree::{CompactRange, leaf_hash};

/// Longer lines are no entries: an entry has at most some thousand ranges.
const MAX_LINE: u64 = 1 << 20;

/// A month of the Gregorian calendar, in UTC: the time of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u16,
    month: u8,
}

/// Not a month such as `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month: write it as 2026-10")]
pub struct NotAMonth;

/// Follows a segment from its first entry on, and the tree with it.
pub(crate) struct Replay {
    reader: BufReader<File>,
    /// The tree of all entries so far; `None` before the first.
    range: Option<CompactRange>,
    /// Where the next line begins.
    length: u64,
    line: u64,
}

/// Why a line is not the entry that must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no entry.
    Unreadable,
    /// It has another number than its place.
    Number {
        /// The number of the place.
        expected: u64,
        /// The number of the line.
        found: u64,
    },
    /// The entries before it have another root than it says.
    Root,
    /// The first entry of a segment in another place, or another entry in its place.
    Start,
}

/// What stands behind the last entry that a checkpoint covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tail {
    pub(crate) bytes: u64,
    /// How many appends wrote it: the entries of one share their moment.
    pub(crate) appends: u64,
    /// The number of the first entry in it, where there is a whole one.
    pub(crate) first: Option<u64>,
}

impl Tail {
    /// Whether a crash can have left it behind `signed` entries: one append, of entries that follow them.
    pub(crate) fn is_append_cut_short(&self, signed: u64) -> bool {
        self.appends <= 1 && self.first.is_none_or(|number| signed <= number)
    }
}

impl Month {
    pub(crate) fn of(at: DateTime<Utc>) -> Self {
        // A clock beyond these years is wrong, and file names must sort.
        let year = at.year().clamp(0, 9999).unsigned_abs();
        Self { year: u16::try_from(year).unwrap_or(9999), month: at.month() as u8 }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let (year, month) = text.split_once('-').ok_or(NotAMonth)?;
        let parsed =
            Self { year: year.parse().map_err(|_| NotAMonth)?, month: month.parse().map_err(|_| NotAMonth)? };
        let is_month = (1..=12).contains(&parsed.month) && parsed.to_string() == text;
        is_month.then_some(parsed).ok_or(NotAMonth)
    }
}

impl Replay {
    pub(crate) fn open(file: &Path) -> io::Result<Self> {
        Ok(Self { reader: BufReader::new(File::open(file)?), range: None, length: 0, line: 0 })
    }

    /// The tree of all entries so far, those of earlier segments included.
    pub(crate) fn range(&self) -> Option<&CompactRange> {
        self.range.as_ref()
    }

    /// How many entries the log has up to here.
    pub(crate) fn size(&self) -> u64 {
        self.range.as_ref().map_or(0, CompactRange::size)
    }

    /// The length of the entries so far, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The number of the last line read in its file, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The next entry; `None` at the end. Nothing is taken in after a fault.
    pub(crate) fn next(&mut self) -> io::Result<Option<Result<Entry, Fault>>> {
        let mut line = Vec::new();
        if read_line(&mut self.reader, &mut line)? == 0 {
            return Ok(None);
        }
        self.line += 1;
        let taken = self.take(&line);
        if taken.is_ok() {
            self.length += line.len() as u64;
        }
        Ok(Some(taken))
    }

    /// What follows the first `length` bytes of a segment.
    pub(crate) fn tail_of(file: &Path, length: u64) -> io::Result<Tail> {
        let mut file = File::open(file)?;
        file.seek(SeekFrom::Start(length))?;
        let mut reader = BufReader::new(file);
        let (mut tail, mut moments, mut line) = (Tail::default(), Vec::new(), Vec::new());
        while read_line(&mut reader, &mut line)? > 0 {
            tail.bytes += line.len() as u64;
            // What is no entry was torn.
            if let Some(entry) = line.strip_suffix(b"\n").and_then(Entry::parse) {
                tail.first.get_or_insert(entry.number);
                moments.push(entry.at);
                moments.dedup();
            }
            line.clear();
        }
        tail.appends = moments.len() as u64;
        Ok(tail)
    }

    fn take(&mut self, line: &[u8]) -> Result<Entry, Fault> {
        let line = line.strip_suffix(b"\n").ok_or(Fault::Unreadable)?;
        let entry = Entry::parse(line).ok_or(Fault::Unreadable)?;
        match (&self.range, &entry.event) {
            (None, Event::Segment(SegmentStart { range, .. })) => {
                let range = CompactRange::from_nodes(entry.number, range.clone());
                self.range = Some(range.ok_or(Fault::Start)?);
            }
            (Some(_), event) if !matches!(event, Event::Segment(_)) => {}
            _ => return Err(Fault::Start),
        }
        let range = self.range.as_mut().expect("set by the first entry");
        if entry.number != range.size() {
            return Err(Fault::Number { expected: range.size(), found: entry.number });
        }
        if entry.root != range.root() {
            return Err(Fault::Root);
        }
        range.push(leaf_hash(line));
        Ok(entry)
    }
}

/// Reads to the end of a line, its newline included, or as far as a line may reach.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    reader.take(MAX_LINE).read_until(b'\n', line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_one_spelling() {
        let month: Month = "2026-09".parse().expect("a month");
        assert_eq!(month.to_string(), "2026-09");
        for text in ["2026-9", "2026-00", "2026-13", "226-01", "+026-01", "2026-09-01", "", "last"] {
            assert_eq!(text.parse::<Month>(), Err(NotAMonth), "{text}");
        }
        assert!("2026-12".parse::<Month>().ok() < "2027-01".parse().ok());
    }
}
