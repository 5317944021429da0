//! What tests of this crate share.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use vermeil_model::FieldClass;
use vermeil_model::policy::{Purpose, Role};
use zeroize::Zeroizing;

use crate::entry::{Event, Intent, Outcome, Status};
use crate::log::AuditLog;
use crate::note::LogKey;

pub(crate) const KEY_NAME: &str = "vermeil/test/audit";

pub(crate) fn key() -> LogKey {
    key_of(1)
}

pub(crate) fn key_of(seed: u8) -> LogKey {
    LogKey::new(KEY_NAME, &Zeroizing::new([seed; 32])).expect("a name")
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digits).collect()
}

pub(crate) fn intent() -> Intent {
    Intent {
        actor: "ann".to_owned(),
        role: Role("officer".to_owned()),
        purpose: Purpose("audit".to_owned()),
        action: "query".to_owned(),
        table: "golden.profiles".to_owned(),
        classes: vec![FieldClass::Contact, FieldClass::Identifier],
    }
}

pub(crate) fn outcome(intent: u64, pages: &[i64]) -> Outcome {
    Outcome {
        intent,
        status: Status::Done,
        rows: pages.len() as u64,
        key_pages: pages.len() as u64,
        pages: pages.iter().copied().collect(),
        subjects: Vec::new(),
    }
}

pub(crate) fn log(folder: &Path) -> AuditLog {
    AuditLog::new(folder, key())
}

/// A moment in one of the months from October 2026 on, in seconds after the first of it.
pub(crate) fn moment(month: u32, second: i64) -> DateTime<Utc> {
    let text = format!("{}-{:02}-01T00:00:00Z", 2026 + (9 + month) / 12, 1 + (9 + month) % 12);
    let first = DateTime::parse_from_rfc3339(&text).expect("a moment").to_utc();
    first + TimeDelta::seconds(second)
}

/// Announces and ends `openings` openings in a month, one append each; opening `n` reads page `n`.
pub(crate) fn fill(log: &AuditLog, month: u32, openings: i64) {
    for opening in 0..openings {
        let number = log.append_at(&[Event::Intent(intent())], moment(month, 2 * opening)).expect("appended");
        let outcome = Event::Outcome(outcome(number, &[opening]));
        log.append_at(&[outcome], moment(month, 2 * opening + 1)).expect("appended");
    }
}
