//! What stands in the log.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{FieldClass, Tag};

use crate::pages::PageRanges;
use crate::tree::Hash;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Counts from 0 over all segments: what order goes by.
    pub number: u64,
    /// What the clock said. It may go back.
    #[serde(with = "moment")]
    pub at: DateTime<Utc>,
    /// The root of the tree of all entries before this one.
    pub root: Hash,
    /// What happened.
    pub event: Event,
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A segment begins. Always the first entry of one, and nowhere else.
    Segment(SegmentStart),
    /// Someone is about to do something.
    Intent(Intent),
    /// What came of it.
    Outcome(Outcome),
    /// Lines that no checkpoint covers were found behind the log and put beside it.
    SetAside(SetAside),
    /// Older segments may be deleted from now on.
    Expired(Expired),
}

/// The beginning of a segment: the tree so far, so that this and later segments
/// can be verified without the ones before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentStart {
    /// The name of the log, as in its checkpoints.
    pub origin: String,
    /// The segment before, such as `2026-10`; `None` for the log's first.
    pub former: Option<String>,
    /// The tree of all entries before: the roots of its perfect subtrees, the largest first.
    pub range: Vec<Hash>,
}

/// What someone is about to do. No personal value may stand in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    /// Who: the name of an account.
    pub actor: String,
    /// In which role.
    pub role: Role,
    /// What for.
    pub purpose: Purpose,
    /// What is done, such as `query`.
    pub action: String,
    /// To which table or tables.
    pub table: String,
    /// Classes that will be opened.
    pub classes: Vec<FieldClass>,
}

/// What came of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The number of the intent's entry.
    pub intent: u64,
    /// How it ended.
    pub status: Status,
    /// Rows opened.
    pub rows: u64,
    /// How many pages of keys were read for them.
    pub key_pages: u64,
    /// Which pages.
    pub pages: PageRanges,
    /// Whom it was about, where that was one person or a few: tags derived from
    /// the keys of their records, which nobody can make any more once these are destroyed.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "tags")]
    pub subjects: Vec<Tag>,
}

/// How an audited action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As intended.
    Done,
    /// The policy refused it.
    Refused,
    /// It gave up. Some rows may have been opened.
    Failed,
}

impl Status {
    /// The status as the log writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What a crash left behind the last checkpoint. Nobody acted on it: whoever
/// appended had not been told that it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAside {
    /// The file that keeps it, beside the segments.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Hash,
}

/// Segments that are deleted, because their time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expired {
    /// The first segment that stays, such as `2026-10`.
    pub first_kept: String,
    /// The number of its first entry: all entries below it may be gone.
    pub entries: u64,
}

impl Entry {
    /// The line that stands in the log, without its newline.
    pub(crate) fn to_line(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an entry is plain data")
    }

    /// Reads a line. What this version would have written otherwise is no entry:
    /// each has one spelling.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let entry: Self = serde_json::from_slice(line).ok()?;
        (entry.to_line() == line).then_some(entry)
    }
}

/// RFC 3339 in UTC, to the microsecond.
mod moment {
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    use super::*;

    pub(super) fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        DateTime::parse_from_rfc3339(&text).map(|at| at.to_utc()).map_err(D::Error::custom)
    }
}

/// Tags in hexadecimal.
mod tags {
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    use super::*;

    pub(super) fn serialize<S: Serializer>(tags: &[Tag], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(tags.iter().map(Tag::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Tag>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let tag = |text: &String| u128::from_str_radix(text, 16).map(|number| Tag(number.to_be_bytes()));
        texts.iter().map(tag).collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{intent, outcome};
    use crate::tree::CompactRange;

    fn entry(event: Event) -> Entry {
        let at = DateTime::from_timestamp_micros(1_793_000_000_000_001).expect("a moment");
        Entry { number: 7, at, root: CompactRange::default().root(), event }
    }

    #[test]
    fn an_entry_is_one_line_that_reads_back() {
        let mut about = outcome(7, &[4, 2, 3]);
        about.subjects = vec![Tag([0xab; 16]), Tag([0; 16])];
        for event in [Event::Intent(intent()), Event::Outcome(about)] {
            let entry = entry(event);
            let line = entry.to_line();
            assert!(!line.contains(&b'\n'));
            assert_eq!(Entry::parse(&line), Some(entry));
        }
    }

    #[test]
    fn the_spelling_of_an_entry_is_fixed() {
        let line = String::from_utf8(entry(Event::Outcome(outcome(7, &[4, 2, 3]))).to_line()).expect("UTF-8");
        assert_eq!(
            line,
            "{\"number\":7,\"at\":\"2026-10-26T07:33:20.000001Z\",\
             \"root\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\",\
             \"event\":{\"outcome\":{\"intent\":7,\"status\":\"done\",\"rows\":3,\"key_pages\":3,\"pages\":[[2,4]]}}}"
        );
        for respelt in [
            line.replace(":7,", ": 7,"),
            line.replace("\"rows\"", "\"r\\u006fws\""),
            line.replace("001Z", "001+00:00"),
            line.replace("\"rows\":3,", "\"rows\":3,\"more\":1,"),
            line.replace("[[2,4]]", "[[2,4]],\"subjects\":[]"),
        ] {
            assert_ne!(respelt, line);
            assert_eq!(Entry::parse(respelt.as_bytes()), None, "{respelt}");
        }
    }
}
