use std::fs;
use std::path::PathBuf;

use super::*;
use crate::testing::{fill, intent, key, key_of, log, moment};

/// A log of three months; the newest segment has seven entries of six appends.
struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self::with(3)
    }

    fn with(openings: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = log(folder.path());
        (0..3).for_each(|month| fill(&log, month, openings));
        let fixture = Self { folder };
        assert_eq!(fixture.faults(), Vec::<String>::new());
        fixture
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).expect("a file")
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.file(name), content).expect("written");
    }

    fn verify(&self, remembered: Option<&Checkpoint>) -> Verification {
        verify(self.folder.path(), key().verifier(), remembered).expect("readable")
    }

    /// The codes of what is wrong, and where.
    fn faults(&self) -> Vec<String> {
        told(&self.verify(None).faults)
    }

    fn checkpoint(&self, month: &str) -> Checkpoint {
        let note = String::from_utf8(self.read(&format!("{month}.checkpoint"))).expect("UTF-8");
        Checkpoint::open(&note, key().verifier()).expect("signed")
    }

    /// Puts other lines in the place of a segment's, and back afterwards.
    #[track_caller]
    fn check_lines(&self, segment: &str, change: impl FnOnce(&mut Vec<Vec<u8>>), what: &str) -> Vec<String> {
        let before = self.read(segment);
        let mut lines: Vec<Vec<u8>> =
            before.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        change(&mut lines);
        let after = lines.concat();
        assert_ne!(after, before, "{what} changes nothing");
        self.write(segment, after);
        let faults = self.faults();
        assert_ne!(faults, Vec::<String>::new(), "{what} is not found");
        self.write(segment, before);
        faults
    }
}

fn told(diagnostics: &[Diagnostic]) -> Vec<String> {
    let place = |diagnostic: &Diagnostic| {
        let argument = |name| diagnostic.args.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let file = argument("file").and_then(|file| file.rsplit('/').next()).unwrap_or_default();
        format!("{} {file}:{}", diagnostic.code, argument("line").map_or("", String::as_str))
    };
    diagnostics.iter().map(place).collect()
}

const SEGMENTS: [&str; 3] = ["2026-10.log", "2026-11.log", "2026-12.log"];

#[test]
fn every_flipped_bit_is_found() {
    let fixture = Fixture::with(1);
    for file in SEGMENTS.into_iter().chain(["2026-10.checkpoint", "2026-11.checkpoint", "2026-12.checkpoint"])
    {
        let before = fixture.read(file);
        for bit in 0..before.len() * 8 {
            let mut flipped = before.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fixture.write(file, flipped);
            assert!(!fixture.verify(None).is_sound(), "bit {bit} of {file}");
        }
        fixture.write(file, before);
    }
    assert_eq!(fixture.faults(), Vec::<String>::new());
}

#[test]
fn every_removed_repeated_or_swapped_line_is_found() {
    let fixture = Fixture::new();
    for segment in SEGMENTS {
        let lines = fixture.read(segment).iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines, 7);
        for line in 0..lines {
            fixture.check_lines(segment, |lines| drop(lines.remove(line)), &format!("line {line} removed"));
            let repeat = |lines: &mut Vec<Vec<u8>>| lines.insert(line, lines[line].clone());
            fixture.check_lines(segment, repeat, &format!("line {line} repeated"));
            for other in 0..line {
                let what = format!("lines {other} and {line} swapped");
                fixture.check_lines(segment, |lines| lines.swap(other, line), &what);
            }
        }
    }
}

#[test]
fn every_truncation_is_found() {
    let fixture = Fixture::new();
    for segment in SEGMENTS {
        let before = fixture.read(segment);
        for length in 0..before.len() {
            fixture.write(segment, &before[..length]);
            assert!(!fixture.verify(None).is_sound(), "{segment} cut to {length} bytes");
        }
        fixture.write(segment, before);
    }
}

#[test]
fn a_foreign_line_is_found_wherever_it_is_put() {
    let fixture = Fixture::new();
    let lines =
        |segment| fixture.read(segment).split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let foreign: Vec<Vec<u8>> = lines(SEGMENTS[1]);
    for place in 0..7 {
        for line in [&foreign[3], &b"\n".to_vec(), &b"{}\n".to_vec()] {
            let what = format!("a line before line {place}");
            fixture.check_lines(SEGMENTS[2], |lines| lines.insert(place, line.clone()), &what);
        }
    }
    // Behind an older segment there is nothing an append could have left.
    for line in [&foreign[3], &b"\n".to_vec()] {
        let faults = fixture.check_lines(SEGMENTS[0], |lines| lines.push(line.clone()), "a line behind");
        assert_eq!(faults, ["audit-entries-unsigned 2026-10.log:8"]);
    }
}

#[test]
fn a_fault_names_the_place() {
    let fixture = Fixture::new();
    let edit = |line: usize, from: &'static str, to: &'static str| {
        move |lines: &mut Vec<Vec<u8>>| {
            let text = String::from_utf8(lines[line].clone()).expect("UTF-8");
            lines[line] = text.replacen(from, to, 1).into_bytes();
        }
    };
    let segment = SEGMENTS[1];
    let faults = fixture.check_lines(segment, edit(1, "\"ann\"", "\"bob\""), "an actor");
    // The entry after it tells that something before it has another hash.
    assert_eq!(faults, ["audit-entry-changed 2026-11.log:3"]);
    let faults = fixture.check_lines(segment, edit(6, "\"done\"", "\"failed\""), "the last outcome");
    assert_eq!(faults, ["audit-root-differs 2026-11.log:7"]);
    let faults = fixture.check_lines(segment, |lines| drop(lines.remove(4)), "an entry less");
    assert_eq!(faults, ["audit-entry-misplaced 2026-11.log:5"]);
    let faults = fixture.check_lines(segment, |lines| drop(lines.pop()), "the last entry less");
    assert_eq!(faults, ["audit-entries-missing 2026-11.log:7"]);
    let faults = fixture.check_lines(segment, edit(3, "{", "["), "no entry");
    assert_eq!(faults, ["audit-entry-unreadable 2026-11.log:4"]);
    let faults = fixture.check_lines(segment, |lines| drop(lines.remove(0)), "no start");
    assert_eq!(faults, ["audit-segment-start 2026-11.log:1"]);
}

#[track_caller]
fn check_removed(files: &[&str], expected: &[&str]) {
    let fixture = Fixture::new();
    files.iter().for_each(|file| fs::remove_file(fixture.file(file)).expect("removed"));
    assert_eq!(fixture.faults(), expected, "{files:?}");
}

#[test]
fn missing_segments_and_checkpoints_are_found() {
    check_removed(&["2026-11.log", "2026-11.checkpoint"], &["audit-segments-missing 2026-12.log:1"]);
    check_removed(&["2026-11.log"], &["audit-segments-missing 2026-12.log:1"]);
    check_removed(&["2026-10.log", "2026-10.checkpoint"], &["audit-beginning-missing :"]);
    check_removed(&["2026-10.checkpoint"], &["audit-checkpoint-missing 2026-10.checkpoint:"]);
    check_removed(&["2026-12.checkpoint"], &["audit-checkpoint-missing 2026-12.checkpoint:"]);
}

#[test]
fn an_entry_rewritten_with_all_that_follows_needs_the_key() {
    let fixture = Fixture::new();
    // Whoever has the files but not the key can make a log of their own.
    let forged = tempfile::tempdir().expect("a folder");
    let forger = crate::AuditLog::new(forged.path(), key_of(2));
    (0..3).for_each(|month| fill(&forger, month, 2));
    for name in
        SEGMENTS.iter().map(|name| name.replace("log", "checkpoint")).chain(SEGMENTS.map(str::to_owned))
    {
        fs::copy(forged.path().join(&name), fixture.file(&name)).expect("copied");
    }
    let faults = fixture.faults();
    assert!(faults.contains(&"audit-checkpoint-invalid 2026-12.checkpoint:".to_owned()), "{faults:?}");
}

#[test]
fn a_state_that_was_put_back_is_told_by_a_remembered_checkpoint_only() {
    let fixture = Fixture::new();
    let files = ["2026-12.log", "2026-12.checkpoint"];
    let older = files.map(|file| fixture.read(file));
    fill(&log(fixture.folder.path()), 2, 1);
    let remembered = fixture.checkpoint("2026-12");
    assert!(fixture.verify(Some(&remembered)).is_sound());
    files.iter().zip(older).for_each(|(file, text)| fixture.write(file, text));
    assert_eq!(fixture.faults(), Vec::<String>::new());
    assert_eq!(told(&fixture.verify(Some(&remembered)).faults), ["audit-put-back :"]);
    // Written on from there, it has as many entries again, and others.
    let log = log(fixture.folder.path());
    for second in 40..42 {
        log.append_at(&[Event::Intent(intent())], moment(2, second)).expect("appended");
    }
    assert_eq!(told(&fixture.verify(Some(&remembered)).faults), ["audit-history-rewritten :"]);
}

#[test]
fn a_remembered_checkpoint_of_any_size_is_compared() {
    let fixture = Fixture::new();
    for month in ["2026-10", "2026-11", "2026-12"] {
        let remembered = fixture.checkpoint(month);
        assert_eq!(fixture.verify(Some(&remembered)).faults, []);
        let another = Checkpoint { root: crate::leaf_hash(b"another"), ..remembered };
        let faults = told(&fixture.verify(Some(&another)).faults);
        assert!(faults.contains(&"audit-history-rewritten :".to_owned()), "{month}: {faults:?}");
    }
    let october = fixture.checkpoint("2026-10");
    let november = fixture.checkpoint("2026-11");
    log(fixture.folder.path())
        .expire_at("2026-12".parse().expect("a month"), moment(2, 99))
        .expect("expired");
    // The end of what expired is the beginning of what is kept.
    assert_eq!(fixture.verify(Some(&november)).notes, []);
    let notes = told(&fixture.verify(Some(&october)).notes);
    assert_eq!(notes, ["audit-remembered-expired :"]);
}

#[test]
fn an_empty_folder_is_no_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = verify(folder.path(), key().verifier(), None);
    assert!(matches!(found, Err(AuditError::NoLog { .. })));
}
