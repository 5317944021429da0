//! Verifying a log from its files and the public key.
//!
//! Faults are what cannot have come from appending and expiring: an entry that
//! was changed, removed, added or moved, a segment that is gone. Notes are what
//! may be as it should, and is worth knowing.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use vermeil_model::Diagnostic;

use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, Event};
use crate::error::AuditError;
use crate::folder::Folder;
use crate::segment::{Fault, Month, Replay};
use crate::tree::CompactRange;

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verification {
    /// How many entries were read and belong to the signed tree.
    pub entries: u64,
    /// The number of the first of them: what came before has expired.
    pub first: u64,
    /// Segments there are.
    pub segments: u64,
    /// How many entries the last checkpoint signs, expired ones included.
    pub signed: u64,
    /// What is wrong. Empty: the log is as it was signed.
    pub faults: Vec<Diagnostic>,
    /// What may be as it should.
    pub notes: Vec<Diagnostic>,
}

impl Verification {
    /// Whether the log is as it was signed.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Verifies the log in a folder, and that it goes on from a `remembered` checkpoint.
///
/// Files and public key are enough to find whatever was changed, removed, added
/// or moved below the last checkpoint. That log and checkpoint were put back to an
/// older state together, only a checkpoint shows that was kept elsewhere.
///
/// # Errors
/// [`AuditError::NoLog`] or [`AuditError::Unreadable`]. Faults of the log are no
/// errors: they stand in what is returned.
pub fn verify(
    folder: &Path,
    key: &crate::VerifierKey,
    remembered: Option<&Checkpoint>,
) -> Result<Verification, AuditError> {
    let folder = Folder::new(folder);
    let months = folder.months()?;
    let Some(newest) = months.last().copied() else {
        return Err(AuditError::NoLog { folder: folder.path().to_owned() });
    };
    let mut verifier = Verifier {
        folder: &folder,
        key,
        remembered,
        is_compared: false,
        found: Verification { segments: months.len() as u64, ..Verification::default() },
        former: Former::Beginning,
        expired: 0,
        set_aside: 0,
        last_at: None,
        went_back: 0,
    };
    for month in months {
        verifier.segment(month, month == newest)?;
    }
    Ok(verifier.finish())
}

struct Verifier<'a> {
    folder: &'a Folder,
    key: &'a crate::VerifierKey,
    remembered: Option<&'a Checkpoint>,
    /// Whether the log passed the size of the remembered checkpoint.
    is_compared: bool,
    found: Verification,
    former: Former,
    /// Up to which entry the log says that it has expired.
    expired: u64,
    set_aside: u64,
    last_at: Option<DateTime<Utc>>,
    went_back: u64,
}

/// What stands before a segment.
enum Former {
    /// It is the first there is.
    Beginning,
    /// A segment that ends with this checkpoint.
    Signed(Month, Checkpoint),
    /// A segment without a checkpoint to go by, which is told as a fault already.
    Unknown,
}

impl Verifier<'_> {
    fn segment(&mut self, month: Month, is_newest: bool) -> Result<(), AuditError> {
        let note = self.folder.text(&self.folder.checkpoint(month))?;
        let checkpoint = note.as_deref().map(|note| Checkpoint::open(note, self.key));
        let file = self.folder.segment(month);
        let unreadable = |cause| AuditError::read(&file, cause);
        let checkpoint = match checkpoint {
            Some(Some(checkpoint)) => checkpoint,
            Some(None) => {
                self.unsigned(Diagnostic::new("audit-checkpoint-invalid"), month);
                return Ok(());
            }
            None => {
                let tail = Replay::tail_of(&file, 0).map_err(unreadable)?;
                // The first append of a month, cut short.
                if is_newest && tail.is_append_cut_short(self.found.signed) {
                    self.tail(month, tail.bytes);
                    return Ok(());
                }
                self.unsigned(Diagnostic::new("audit-checkpoint-missing"), month);
                return Ok(());
            }
        };
        let mut replay = Replay::open(&file).map_err(unreadable)?;
        let is_whole = self.follow(month, &mut replay, &checkpoint).map_err(unreadable)?;
        if is_whole {
            let tail = Replay::tail_of(&file, replay.length()).map_err(unreadable)?;
            match tail.bytes {
                0 => {}
                bytes if is_newest && tail.is_append_cut_short(checkpoint.size) => self.tail(month, bytes),
                _ => self.fault(Diagnostic::new("audit-entries-unsigned"), month, replay.line() + 1),
            }
        }
        self.found.signed = checkpoint.size;
        self.former = Former::Signed(month, checkpoint);
        Ok(())
    }

    /// Whether a segment's entries are those that its checkpoint signs.
    fn follow(
        &mut self,
        month: Month,
        replay: &mut Replay,
        checkpoint: &Checkpoint,
    ) -> std::io::Result<bool> {
        while replay.size() < checkpoint.size {
            let entry = match replay.next()? {
                Some(Ok(entry)) => entry,
                Some(Err(fault)) => {
                    self.fault(told(fault), month, replay.line());
                    return Ok(false);
                }
                None => {
                    let missing = Diagnostic::new("audit-entries-missing")
                        .with("missing", checkpoint.size - replay.size());
                    self.fault(missing, month, replay.line() + 1);
                    return Ok(false);
                }
            };
            if let Event::Segment(_) = entry.event {
                self.joint(month, &entry);
            }
            self.entry(&entry);
            self.compare(replay.range());
        }
        if replay.range().is_none_or(|range| !checkpoint.is_of(range)) {
            self.fault(Diagnostic::new("audit-root-differs"), month, replay.line());
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether a segment goes on where the one before it ends.
    fn joint(&mut self, month: Month, first: &Entry) {
        let Event::Segment(start) = &first.event else { return };
        match &self.former {
            Former::Beginning => self.found.first = first.number,
            Former::Unknown => {}
            Former::Signed(former, checkpoint) => {
                let follows = start.former.as_ref() == Some(&former.to_string())
                    && first.number == checkpoint.size
                    && first.root == checkpoint.root;
                if !follows {
                    let gap = Diagnostic::new("audit-segments-missing").with("former", former);
                    self.fault(gap, month, 1);
                }
            }
        }
        if let Some(remembered) = self.remembered
            && remembered.size == first.number
        {
            self.is_compared = true;
            self.differs(remembered.root != first.root);
        }
        if start.origin != self.key.name() {
            self.fault(Diagnostic::new("audit-origin-differs").with("origin", &start.origin), month, 1);
        }
    }

    fn entry(&mut self, entry: &Entry) {
        self.found.entries += 1;
        if self.last_at.replace(entry.at).is_some_and(|last| entry.at < last) {
            self.went_back += 1;
        }
        match &entry.event {
            Event::Expired(expired) => self.expired = self.expired.max(expired.entries),
            Event::SetAside(_) => self.set_aside += 1,
            Event::Segment(_) | Event::Intent(_) | Event::Outcome(_) => {}
        }
    }

    fn compare(&mut self, range: Option<&CompactRange>) {
        if let (Some(remembered), Some(range)) = (self.remembered, range)
            && remembered.size == range.size()
        {
            self.is_compared = true;
            self.differs(remembered.root != range.root());
        }
    }

    fn differs(&mut self, differs: bool) {
        if differs {
            self.found.faults.push(Diagnostic::new("audit-history-rewritten"));
        }
    }

    fn unsigned(&mut self, fault: Diagnostic, month: Month) {
        let file = self.folder.checkpoint(month);
        self.found.faults.push(fault.with("file", file.display()));
        self.former = Former::Unknown;
    }

    fn tail(&mut self, month: Month, bytes: u64) {
        let file = self.folder.segment(month);
        let note = Diagnostic::new("audit-append-cut-short").with("file", file.display());
        self.found.notes.push(note.with("bytes", bytes));
    }

    fn fault(&mut self, fault: Diagnostic, month: Month, line: u64) {
        let file = self.folder.segment(month);
        self.found.faults.push(fault.with("file", file.display()).with("line", line));
    }

    fn finish(self) -> Verification {
        let mut found = self.found;
        if found.first > self.expired && found.is_sound() {
            let gone = Diagnostic::new("audit-beginning-missing");
            found.faults.push(gone.with("first", found.first));
        }
        if let Some(remembered) = self.remembered.filter(|_| !self.is_compared) {
            if remembered.size > found.signed {
                let back = Diagnostic::new("audit-put-back").with("signed", found.signed);
                found.faults.push(back.with("remembered", remembered.size));
            } else if remembered.size < found.first {
                found.notes.push(Diagnostic::new("audit-remembered-expired").with("first", found.first));
            }
        }
        if self.set_aside > 0 {
            found.notes.push(Diagnostic::new("audit-tails-set-aside").with("count", self.set_aside));
        }
        if self.went_back > 0 {
            found.notes.push(Diagnostic::new("audit-clock-went-back").with("count", self.went_back));
        }
        found
    }
}

fn told(fault: Fault) -> Diagnostic {
    match fault {
        Fault::Unreadable => Diagnostic::new("audit-entry-unreadable"),
        Fault::Number { expected, found } => {
            Diagnostic::new("audit-entry-misplaced").with("expected", expected).with("found", found)
        }
        Fault::Root => Diagnostic::new("audit-entry-changed"),
        Fault::Start => Diagnostic::new("audit-segment-start"),
    }
}

#[cfg(test)]
mod tests;
