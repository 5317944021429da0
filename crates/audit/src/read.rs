//! Reading the log: intents together with their outcomes.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::entry::{Entry, Event, Intent, Outcome};
use crate::error::AuditError;
use crate::folder::Folder;
use crate::segment::{Month, Replay};

/// An intent and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The number of the intent's entry.
    pub number: u64,
    /// When it was announced, by the clock of whoever did.
    pub at: DateTime<Utc>,
    /// What was about to be done.
    pub intent: Intent,
    /// When it ended and what came of it; `None`: under way, or cut short. Anything may have been opened.
    pub outcome: Option<(DateTime<Utc>, Outcome)>,
}

/// Which openings are asked for; all where nothing is set.
#[derive(Debug, Clone, Default)]
pub struct OpeningFilter {
    /// Of this table.
    pub table: Option<String>,
    /// Announced at this moment or later.
    pub since: Option<DateTime<Utc>>,
    /// That read this page of keys, or may have: those cut short are among them.
    pub page: Option<i64>,
}

/// The openings that a filter lets through, the oldest first.
///
/// Only what a checkpoint covers is read, but the signature is not checked: that
/// is [`verify`](crate::verify())'s task.
///
/// # Errors
/// [`AuditError::Unreadable`], or [`AuditError::Damaged`] where an entry was changed.
pub fn openings(folder: &Path, filter: &OpeningFilter) -> Result<Vec<Opening>, AuditError> {
    let folder = Folder::new(folder);
    let mut found = Found::default();
    for month in folder.months()? {
        visit(&folder, month, &mut |entry| found.take(entry, filter))?;
    }
    let mut openings = found.openings;
    if let Some(page) = filter.page {
        openings.retain(|opening| match &opening.outcome {
            Some((_, outcome)) => outcome.pages.contains(page),
            None => true,
        });
    }
    Ok(openings)
}

/// The last `limit` openings, the newest first.
///
/// # Errors
/// As for [`openings`].
pub fn latest_openings(folder: &Path, limit: usize) -> Result<Vec<Opening>, AuditError> {
    let folder = Folder::new(folder);
    let mut latest: Vec<Opening> = Vec::new();
    // Outcomes in a later month than their intents.
    let mut late = Found::default();
    for month in folder.months()?.into_iter().rev() {
        if latest.len() >= limit {
            break;
        }
        let mut found = Found::default();
        visit(&folder, month, &mut |entry| found.take(entry, &OpeningFilter::default()))?;
        for (at, outcome) in late.strays.drain(..) {
            found.end(at, outcome);
        }
        late.strays = found.strays;
        latest.extend(found.openings.into_iter().rev());
    }
    latest.truncate(limit);
    Ok(latest)
}

#[derive(Default)]
struct Found {
    openings: Vec<Opening>,
    /// Where an intent without an outcome stands in `openings`.
    open: HashMap<u64, usize>,
    /// Outcomes of intents that were not found.
    strays: Vec<(DateTime<Utc>, Outcome)>,
}

impl Found {
    fn take(&mut self, entry: Entry, filter: &OpeningFilter) {
        let Entry { number, at, event, .. } = entry;
        match event {
            Event::Intent(intent) => {
                let is_wanted = filter.table.as_ref().is_none_or(|table| *table == intent.table)
                    && filter.since.is_none_or(|since| since <= at);
                if is_wanted {
                    self.open.insert(number, self.openings.len());
                    self.openings.push(Opening { number, at, intent, outcome: None });
                }
            }
            Event::Outcome(outcome) => self.end(at, outcome),
            Event::Segment(_) | Event::SetAside(_) | Event::Expired(_) => {}
        }
    }

    fn end(&mut self, at: DateTime<Utc>, outcome: Outcome) {
        match self.open.remove(&outcome.intent) {
            Some(position) => self.openings[position].outcome = Some((at, outcome)),
            None => self.strays.push((at, outcome)),
        }
    }
}

/// Hands over the entries of a segment that its checkpoint covers.
fn visit(folder: &Folder, month: Month, each: &mut dyn FnMut(Entry)) -> Result<(), AuditError> {
    let file = folder.segment(month);
    let size = match folder.text(&folder.checkpoint(month))? {
        // Its first append was cut short: nothing in it has happened.
        None => return Ok(()),
        Some(note) => note.lines().nth(1).and_then(|size| size.parse::<u64>().ok()).unwrap_or_default(),
    };
    let unreadable = |cause| AuditError::read(&file, cause);
    let mut replay = Replay::open(&file).map_err(unreadable)?;
    while replay.size() < size {
        match replay.next().map_err(unreadable)? {
            Some(Ok(entry)) => each(entry),
            Some(Err(_)) | None => {
                let what = format!("{month}.log is damaged at line {}", replay.line());
                return Err(AuditError::Damaged { folder: folder.path().to_owned(), what });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fill, intent, log, moment, outcome};

    fn numbers(openings: &[Opening]) -> Vec<(u64, bool)> {
        openings.iter().map(|opening| (opening.number, opening.outcome.is_some())).collect()
    }

    #[test]
    fn openings_are_found_by_table_moment_and_page() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = log(folder.path());
        fill(&log, 0, 3);
        let mut orders = intent();
        orders.table = "landing.orders".to_owned();
        log.append_at(&[Event::Intent(orders)], moment(1, 0)).expect("appended");
        let find = |filter: OpeningFilter| numbers(&openings(folder.path(), &filter).expect("read"));
        let all = OpeningFilter::default();
        assert_eq!(find(all.clone()), [(1, true), (3, true), (5, true), (8, false)]);
        let of_orders = Some("landing.orders".to_owned());
        assert_eq!(find(OpeningFilter { table: of_orders, ..all.clone() }), [(8, false)]);
        assert_eq!(find(OpeningFilter { since: Some(moment(0, 4)), ..all.clone() }), [(5, true), (8, false)]);
        // The one cut short may have read any page.
        assert_eq!(find(OpeningFilter { page: Some(1), ..all.clone() }), [(3, true), (8, false)]);
        assert_eq!(find(OpeningFilter { page: Some(9), ..all }), [(8, false)]);
    }

    #[test]
    fn the_latest_come_first_and_find_outcomes_of_later_months() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = log(folder.path());
        fill(&log, 0, 2);
        let number = log.append_at(&[Event::Intent(intent())], moment(0, 9)).expect("appended");
        log.append_at(&[Event::Outcome(outcome(number, &[7]))], moment(1, 0)).expect("appended");
        let latest = |limit| numbers(&latest_openings(folder.path(), limit).expect("read"));
        assert_eq!(latest(2), [(5, true), (3, true)]);
        assert_eq!(latest(10), [(5, true), (3, true), (1, true)]);
        assert_eq!(openings(folder.path(), &OpeningFilter::default()).expect("read").len(), 3);
    }

    #[test]
    fn where_there_is_no_log_nothing_was_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(latest_openings(&folder.path().join("none"), 10).expect("read"), []);
    }
}
