//! Appending to the log.
//!
//! An append writes its lines, makes them durable, signs a checkpoint of them
//! beside the last one, makes that durable, and puts it in the last one's place.
//! Only then has it happened. Whatever a crash leaves behind the last checkpoint
//! nobody was told to be done, so nobody acted on it: if the checkpoint of it was
//! signed already, the next append puts it in its place, and otherwise sets the
//! lines aside, in a file of their own, and tells of it in an entry. Lines that
//! this program may not have written are never signed.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use vermeil_model::Tag;

use crate::certificate::{Certificate, SignedCertificate};
use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, Event, Expired, Intent, Outcome, SegmentStart, SetAside};
use crate::error::AuditError;
use crate::folder::{Folder, options, pending};
use crate::head::Head;
use crate::ledger::{self, LedgerEntry};
use crate::note::{LogKey, VerifierKey};
use crate::package::{Manifest, SignedManifest};
use crate::segment::{Month, Replay, Tail};
use crate::tree::{CompactRange, Hash, leaf_hash};

const KEY_FILE: &str = "key.pub";
const HEAD_FILE: &str = "head.json";
const LOCK_FILE: &str = "lock";

/// A log that can be appended to, by several threads and processes. Its calls
/// wait for the disk and for each other.
pub struct AuditLog {
    folder: Folder,
    key: LogKey,
    /// The end of the log as this process last wrote it.
    head: Mutex<Option<Head>>,
}

/// What [`AuditLog::expire`] deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiredSegments {
    /// The deleted segments, rising.
    pub segments: Vec<Month>,
    /// The first that stays.
    pub first_kept: Option<Month>,
}

impl AuditLog {
    /// The log in a folder. Nothing is read or written before the first append, which makes what is missing.
    pub fn new(folder: &Path, key: LogKey) -> Self {
        Self { folder: Folder::new(folder), key, head: Mutex::new(None) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The key that verifies the log.
    pub fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// Announces acts, and returns the numbers that their outcomes refer to, in order.
    /// On disk, signed, when it returns.
    ///
    /// # Errors
    /// [`AuditError`]. Then nobody may act.
    pub fn begin(&self, intents: &[Intent]) -> Result<Vec<u64>, AuditError> {
        let events: Vec<Event> = intents.iter().cloned().map(Event::Intent).collect();
        let first = self.append_at(&events, Utc::now())?;
        Ok((first..).take(intents.len()).collect())
    }

    /// Tells what came of announced acts. On disk, signed, when it returns.
    ///
    /// # Errors
    /// [`AuditError`]. Then the intents stand alone, which reads as cut short.
    pub fn end(&self, outcomes: &[Outcome]) -> Result<(), AuditError> {
        let events: Vec<Event> = outcomes.iter().cloned().map(Event::Outcome).collect();
        self.append_at(&events, Utc::now()).map(drop)
    }

    /// Deletes the segments of months before `month`, but never the newest. An entry
    /// tells of it first, so that [`verify`](crate::verify()) knows expiry from loss.
    ///
    /// # Errors
    /// [`AuditError`]. What was not deleted goes with the next call.
    pub fn expire(&self, month: Month) -> Result<ExpiredSegments, AuditError> {
        self.expire_at(month, Utc::now())
    }

    /// Signs the certificate of an erasure with the key of the log.
    pub fn certify(&self, certificate: Certificate) -> SignedCertificate {
        SignedCertificate::sign(certificate, &self.key)
    }

    /// Notes in the ledger of erasures, durably, that `tags` bar someone from coming back.
    ///
    /// # Errors
    /// [`AuditError::Unwritable`], [`AuditError::Full`].
    pub fn note_erased(&self, tags: &[Tag]) -> Result<(), AuditError> {
        ledger::append(&self.folder, &self.key, tags)
    }

    /// The ledger of erasures. Before a line is acted upon, [`AuditLog::has_signed`] tells whether it may be.
    ///
    /// # Errors
    /// [`AuditError::Unreadable`].
    pub fn ledger(&self) -> Result<Vec<LedgerEntry>, AuditError> {
        ledger::entries(&self.folder)
    }

    /// Whether a line of the ledger is as it was written.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] where it is not.
    pub fn has_signed(&self, entry: &LedgerEntry) -> Result<(), AuditError> {
        if ledger::is_signed(entry, &self.key) && entry.tags().is_some() {
            return Ok(());
        }
        let what = format!("a line of {}", ledger::LEDGER);
        Err(AuditError::Damaged { folder: self.folder.path().to_owned(), what })
    }

    /// Signs the manifest of a package with the key of the log.
    pub fn seal(&self, manifest: Manifest) -> SignedManifest {
        SignedManifest::sign(manifest, &self.key)
    }

    /// The last checkpoint, as it is signed; `None` before the first append.
    ///
    /// # Errors
    /// [`AuditError::Unreadable`].
    pub fn checkpoint(&self) -> Result<Option<String>, AuditError> {
        match self.folder.months()?.pop() {
            Some(newest) => self.folder.text(&self.folder.checkpoint(newest)),
            None => Ok(None),
        }
    }

    pub(crate) fn expire_at(&self, month: Month, now: DateTime<Utc>) -> Result<ExpiredSegments, AuditError> {
        let mut known = self.known();
        let _turn = Turn::take(&self.folder)?;
        let months = self.folder.months()?;
        let kept = months.iter().position(|stays| *stays >= month).unwrap_or(months.len());
        let kept = kept.min(months.len().saturating_sub(1));
        let (expired, kept) = months.split_at(kept);
        let first_kept = kept.first().copied();
        if let (false, Some(first)) = (expired.is_empty(), first_kept) {
            let event = Expired { first_kept: first.to_string(), entries: self.first_number(first)? };
            self.append_in_turn(&mut known, &[Event::Expired(event)], now)?;
            // The oldest first: cut short, it leaves months without a gap.
            for month in expired {
                for file in [self.folder.segment(*month), self.folder.checkpoint(*month)] {
                    remove(&file).map_err(|cause| self.write_error(cause))?;
                }
            }
            self.folder.sync().map_err(|cause| self.write_error(cause))?;
        }
        Ok(ExpiredSegments { segments: expired.to_vec(), first_kept })
    }

    pub(crate) fn append_at(&self, events: &[Event], now: DateTime<Utc>) -> Result<u64, AuditError> {
        let mut known = self.known();
        let _turn = Turn::take(&self.folder)?;
        self.append_in_turn(&mut known, events, now)
    }

    /// Appends events as one; returns the number of the first.
    fn append_in_turn(
        &self,
        known: &mut Option<Head>,
        events: &[Event],
        now: DateTime<Utc>,
    ) -> Result<u64, AuditError> {
        let now = now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now);
        // Taken out: after an error the files tell more than memory.
        let former = self.catch_up(known.take())?;
        let month = former.as_ref().map_or(Month::of(now), |head| head.segment.max(Month::of(now)));
        let starts = former.as_ref().is_none_or(|head| head.segment != month);
        let range = former.as_ref().map(|head| head.range.clone()).unwrap_or_default();
        let mut before = Vec::new();
        if starts {
            before.push(Event::Segment(SegmentStart {
                origin: self.verifier().name().to_owned(),
                former: former.as_ref().map(|head| head.segment.to_string()),
                range: range.nodes().to_vec(),
            }));
        }
        let aside = self.awaiting_mention(range.size())?;
        before.extend(aside.iter().cloned().map(Event::SetAside));
        let first = range.size() + before.len() as u64;
        let written = Written::new(range, before.iter().chain(events), now);
        let length = if starts { 0 } else { former.as_ref().map_or(0, |head| head.length) };
        let head = self.write(month, length, &written)?;
        // A cache: without it the next process reads the segment instead.
        let _ = self.folder.cache(&self.folder.file(HEAD_FILE), &head.to_cache());
        *known = Some(head);
        if let Some(aside) = aside {
            let kept = self.folder.file(&aside.file);
            fs::rename(self.folder.tail(), kept).map_err(|cause| self.write_error(cause))?;
        }
        Ok(first)
    }

    /// Puts lines and their checkpoint on disk.
    fn write(&self, month: Month, length: u64, written: &Written) -> Result<Head, AuditError> {
        let (file, checkpoint) = (self.folder.segment(month), self.folder.checkpoint(month));
        let note = Checkpoint::sign(&written.range, &self.key);
        let prepared = append_durably(&file, length, &written.lines)
            .and_then(|()| self.folder.give_to_owner(&file))
            .and_then(|()| self.folder.prepare(&checkpoint, note.as_bytes()));
        if let Err(cause) = prepared {
            // Nothing was published. What cannot be taken back now is set aside by the next append.
            let _ = fs::remove_file(pending(&checkpoint));
            let _ = options().open(&file).and_then(|file| file.set_len(length));
            return Err(self.write_error(cause));
        }
        self.folder.publish(&checkpoint).map_err(|cause| self.write_error(cause))?;
        let length = length + written.lines.len() as u64;
        Ok(Head { segment: month, length, range: written.range.clone(), note })
    }

    /// The end of the log as it is signed now. What stands behind it is put right first.
    fn catch_up(&self, known: Option<Head>) -> Result<Option<Head>, AuditError> {
        let Some(newest) = self.folder.months()?.pop() else {
            if known.is_some() {
                return Err(self.damaged("its segments are gone"));
            }
            self.begin_folder()?;
            return Ok(None);
        };
        let note = self.folder.text(&self.folder.checkpoint(newest))?;
        let length = self.length_of(newest)?;
        if let (Some(head), Some(note)) = (&known, &note)
            && (head.segment, head.length, &head.note) == (newest, length, note)
        {
            return Ok(known);
        }
        let head = match self.cached(newest, length, note.as_deref())? {
            Some(head) => Some(head),
            None => self.recover(newest, note.as_deref())?,
        };
        let size = head.as_ref().map_or(0, |head| head.range.size());
        match known {
            Some(known) if size < known.range.size() => {
                Err(self.damaged("it was put back to an older state while this program ran"))
            }
            _ => Ok(head),
        }
    }

    fn cached(&self, month: Month, length: u64, note: Option<&str>) -> Result<Option<Head>, AuditError> {
        let (Some(note), Some(cache)) = (note, self.folder.text(&self.folder.file(HEAD_FILE))?) else {
            return Ok(None);
        };
        let checkpoint = self.opened(note)?;
        Ok(Head::from_cache(&cache, month, length, &checkpoint, note))
    }

    /// Reads the newest segment, and puts right what follows its checkpoint.
    fn recover(&self, month: Month, note: Option<&str>) -> Result<Option<Head>, AuditError> {
        let checkpoint = note.map(|note| self.opened(note)).transpose()?;
        let mut replay = self.replay(month)?;
        if let Some(checkpoint) = &checkpoint {
            self.follow(&mut replay, checkpoint.size)?;
            if replay.range().is_none_or(|range| !checkpoint.is_of(range)) {
                return Err(self.damaged("the newest segment has another root than its checkpoint"));
            }
        }
        let (range, length) = (replay.range().cloned(), replay.length());
        if let Some(head) = self.adopt(month, replay)? {
            return Ok(Some(head));
        }
        let tail = self.skipped(month, length)?;
        if !tail.is_append_cut_short(checkpoint.map_or(0, |checkpoint| checkpoint.size)) {
            return Err(self.damaged("its last checkpoint is older than its newest segment"));
        }
        self.set_aside(month, length, tail.bytes)?;
        match (range, note) {
            (Some(range), Some(note)) => {
                Ok(Some(Head { segment: month, length, range, note: note.to_owned() }))
            }
            // The month's first append was cut short: the log ends with the month before.
            _ => {
                remove(&self.folder.segment(month)).map_err(|cause| self.write_error(cause))?;
                self.folder.sync().map_err(|cause| self.write_error(cause))?;
                self.catch_up(None)
            }
        }
    }

    /// Publishes a checkpoint that was signed, where the crash came between signing and publishing.
    fn adopt(&self, month: Month, mut replay: Replay) -> Result<Option<Head>, AuditError> {
        let file = self.folder.checkpoint(month);
        let Some(note) = self.folder.text(&pending(&file))? else { return Ok(None) };
        let Some(checkpoint) = Checkpoint::open(&note, self.verifier()) else { return Ok(None) };
        while let Ok(Some(Ok(_))) = replay.next() {}
        let length = self.length_of(month)?;
        let Some(range) = replay.range().filter(|range| checkpoint.is_of(range)) else { return Ok(None) };
        if replay.length() != length {
            return Ok(None);
        }
        self.folder.publish(&file).map_err(|cause| self.write_error(cause))?;
        Ok(Some(Head { segment: month, length, range: range.clone(), note }))
    }

    /// Moves what follows the first `length` bytes of a segment to a file of its own, behind what waits there.
    fn set_aside(&self, month: Month, length: u64, bytes: u64) -> Result<(), AuditError> {
        if bytes == 0 {
            return Ok(());
        }
        let moved = || -> io::Result<()> {
            let mut segment = options().read(true).open(self.folder.segment(month))?;
            segment.seek(SeekFrom::Start(length))?;
            let mut tail = options().append(true).create(true).open(self.folder.tail())?;
            io::copy(&mut segment, &mut tail)?;
            tail.sync_all()?;
            self.folder.sync()?;
            segment.set_len(length)?;
            segment.sync_all()
        };
        moved().map_err(|cause| self.write_error(cause))
    }

    /// What was set aside and no entry tells of yet.
    fn awaiting_mention(&self, size: u64) -> Result<Option<SetAside>, AuditError> {
        let bytes = match fs::read(self.folder.tail()) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|cause| AuditError::read(&self.folder.tail(), cause))?,
        };
        let sha256 = Hash(Sha256::digest(&bytes).into());
        Ok(Some(SetAside { file: format!("tail-{size}"), bytes: bytes.len() as u64, sha256 }))
    }

    /// Makes the folder and writes the public key beside the log.
    fn begin_folder(&self) -> Result<(), AuditError> {
        let file = self.folder.file(KEY_FILE);
        let key = format!("{}\n", self.verifier());
        self.folder
            .prepare(&file, key.as_bytes())
            .and_then(|()| self.folder.publish(&file))
            .map_err(|cause| self.write_error(cause))
    }

    /// Follows a segment up to where the log has `size` entries.
    fn follow(&self, replay: &mut Replay, size: u64) -> Result<(), AuditError> {
        while replay.size() < size {
            match replay.next().map_err(|cause| AuditError::read(self.folder.path(), cause))? {
                Some(Ok(_)) => {}
                Some(Err(_)) => return Err(self.damaged("an entry of the newest segment was changed")),
                None => return Err(self.damaged("entries of the newest segment are missing")),
            }
        }
        Ok(())
    }

    fn skipped(&self, month: Month, length: u64) -> Result<Tail, AuditError> {
        let file = self.folder.segment(month);
        Replay::tail_of(&file, length).map_err(|cause| AuditError::read(&file, cause))
    }

    fn first_number(&self, month: Month) -> Result<u64, AuditError> {
        let mut replay = self.replay(month)?;
        match replay.next().map_err(|cause| AuditError::read(self.folder.path(), cause))? {
            Some(Ok(entry)) => Ok(entry.number),
            _ => Err(self.damaged("a segment does not begin as one")),
        }
    }

    fn replay(&self, month: Month) -> Result<Replay, AuditError> {
        let file = self.folder.segment(month);
        Replay::open(&file).map_err(|cause| AuditError::read(&file, cause))
    }

    fn length_of(&self, month: Month) -> Result<u64, AuditError> {
        let file = self.folder.segment(month);
        fs::metadata(&file).map(|metadata| metadata.len()).map_err(|cause| AuditError::read(&file, cause))
    }

    fn opened(&self, note: &str) -> Result<Checkpoint, AuditError> {
        Checkpoint::open(note, self.verifier()).ok_or_else(|| AuditError::ForeignKey {
            folder: self.folder.path().to_owned(),
            key: self.verifier().name().to_owned(),
        })
    }

    fn known(&self) -> MutexGuard<'_, Option<Head>> {
        // What is known is checked against the files each time.
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn damaged(&self, what: &str) -> AuditError {
        AuditError::Damaged { folder: self.folder.path().to_owned(), what: what.to_owned() }
    }

    fn write_error(&self, cause: io::Error) -> AuditError {
        AuditError::write(self.folder.path(), cause)
    }
}

/// The lock file, held: one process appends at a time. Let go when dropped.
struct Turn(#[expect(dead_code, reason = "closing the file lets go of its lock")] File);

impl Turn {
    fn take(folder: &Folder) -> Result<Self, AuditError> {
        let take = || -> io::Result<File> {
            folder.create()?;
            let file = options().create(true).truncate(false).open(folder.file(LOCK_FILE))?;
            folder.give_to_owner(&folder.file(LOCK_FILE))?;
            file.lock()?;
            Ok(file)
        };
        take().map(Self).map_err(|cause| AuditError::write(folder.path(), cause))
    }
}

/// Lines to be written, and the tree with them.
struct Written {
    lines: Vec<u8>,
    range: CompactRange,
}

impl Written {
    fn new<'a>(mut range: CompactRange, events: impl Iterator<Item = &'a Event>, at: DateTime<Utc>) -> Self {
        let mut lines = Vec::new();
        for event in events {
            let entry = Entry { number: range.size(), at, root: range.root(), event: event.clone() };
            let line = entry.to_line();
            range.push(leaf_hash(&line));
            lines.extend(line);
            lines.push(b'\n');
        }
        Self { lines, range }
    }
}

fn append_durably(file: &Path, length: u64, lines: &[u8]) -> io::Result<()> {
    let mut file = options().create(true).truncate(false).open(file)?;
    file.seek(SeekFrom::Start(length))?;
    file.write_all(lines)?;
    file.sync_data()
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests;
