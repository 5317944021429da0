use std::os::unix::fs::{MetadataExt, chown};
use std::sync::Arc;

use super::*;
use crate::entry::Status;
use crate::read::{OpeningFilter, openings};
use crate::testing::{fill, intent, key_of, log, moment, outcome};
use crate::verify::{Verification, verify};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Verifies a log that must be sound.
#[track_caller]
fn check(folder: &tempfile::TempDir, entries: u64) -> Verification {
    let found = verify(folder.path(), log(folder.path()).verifier(), None).expect("readable");
    assert_eq!(found.faults, []);
    assert_eq!(found.entries, entries);
    found
}

fn note_codes(found: &Verification) -> Vec<&str> {
    found.notes.iter().map(|note| note.code.as_str()).collect()
}

#[test]
fn an_announced_opening_and_its_outcome_can_be_read() {
    let folder = folder();
    let log = log(folder.path());
    let numbers = log.begin(&[intent(), intent()]).expect("announced");
    assert_eq!(numbers, [1, 2]);
    log.end(&[outcome(2, &[5, 6, 9])]).expect("ended");
    let read = openings(folder.path(), &OpeningFilter::default()).expect("read");
    assert_eq!(read[0].outcome, None);
    let (_, ended) = read[1].outcome.as_ref().expect("ended");
    assert_eq!((ended.status, ended.rows, ended.pages.ranges()), (Status::Done, 3, &[(5, 6), (9, 9)][..]));
    check(&folder, 4);
}

#[test]
fn a_new_month_begins_a_segment_that_carries_the_tree_before_it() {
    let folder = folder();
    let log = log(folder.path());
    fill(&log, 0, 3);
    fill(&log, 1, 2);
    fill(&log, 3, 1);
    let names: Vec<String> =
        Folder::new(folder.path()).months().expect("read").iter().map(Month::to_string).collect();
    assert_eq!(names, ["2026-10", "2026-11", "2027-01"]);
    check(&folder, 7 + 5 + 3);
}

#[test]
fn a_clock_that_goes_back_changes_neither_order_nor_segment() {
    let folder = folder();
    let log = log(folder.path());
    fill(&log, 2, 1);
    fill(&log, 0, 1);
    assert_eq!(Folder::new(folder.path()).months().expect("read").len(), 1);
    assert_eq!(note_codes(&check(&folder, 5)), ["audit-clock-went-back"]);
}

#[test]
fn the_files_are_their_owners_alone_and_the_public_key_lies_beside_them() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let audit = folder.path().join("state/audit");
    let log = log(&audit);
    fill(&log, 0, 1);
    for entry in fs::read_dir(&audit).expect("made") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    let key = fs::read_to_string(audit.join(KEY_FILE)).expect("the key");
    assert_eq!(key.parse::<VerifierKey>().as_ref(), Ok(log.verifier()));
}

#[test]
fn several_threads_and_logs_append_to_one_folder() {
    const EACH: u64 = 20;
    let folder = folder();
    let shared = Arc::new(log(folder.path()));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let own = Arc::new(log(folder.path()));
            let log = if thread % 2 == 0 { Arc::clone(&shared) } else { own };
            scope.spawn(move || {
                for _ in 0..EACH {
                    let number = log.begin(&[intent()]).expect("announced")[0];
                    log.end(&[outcome(number, &[1])]).expect("ended");
                }
            });
        }
    });
    check(&folder, 1 + 4 * EACH * 2);
}

#[test]
fn an_append_reads_no_more_than_the_end_of_the_log() {
    let folder = folder();
    fill(&log(folder.path()), 0, 20);
    // An append that read the segment would notice this.
    let file = folder.path().join("2026-10.log");
    let text = fs::read_to_string(&file).expect("a segment");
    fs::write(&file, text.replacen("ann", "bob", 1)).expect("written");
    log(folder.path()).append_at(&[Event::Intent(intent())], moment(0, 90)).expect("appended");
}

#[test]
fn without_its_cache_an_append_reads_the_segment() {
    let folder = folder();
    fill(&log(folder.path()), 0, 4);
    for cache in ["", "{}", "{\"segment\":\"2026-10\",\"length\":1,\"size\":0,\"range\":[]}"] {
        fs::write(folder.path().join(HEAD_FILE), cache).expect("written");
        log(folder.path()).append_at(&[Event::Intent(intent())], moment(0, 90)).expect("appended");
    }
    check(&folder, 9 + 3);
}

#[test]
fn older_segments_expire_and_the_rest_is_verified_as_before() {
    let folder = folder();
    let log = log(folder.path());
    (0..4).for_each(|month| fill(&log, month, 2));
    let before = check(&folder, 20);
    let expired = log.expire_at("2026-12".parse().expect("a month"), moment(3, 50)).expect("expired");
    let names: Vec<String> = expired.segments.iter().map(Month::to_string).collect();
    assert_eq!(
        (names, expired.first_kept),
        (vec!["2026-10".to_owned(), "2026-11".to_owned()], "2026-12".parse().ok())
    );
    let after = check(&folder, 11);
    assert_eq!((after.first, after.signed), (10, before.signed + 1));
    // The newest stays, whatever is asked for.
    let expired = log.expire_at("2030-01".parse().expect("a month"), moment(3, 51)).expect("expired");
    assert_eq!(expired.first_kept, "2027-01".parse().ok());
    check(&folder, 7);
    let again = log.expire_at("2030-01".parse().expect("a month"), moment(3, 52)).expect("nothing");
    assert_eq!(again.segments, []);
    check(&folder, 7);
    fill(&log, 3, 1);
    check(&folder, 9);
}

#[test]
fn expiry_that_was_cut_short_is_completed_by_the_next() {
    let folder = folder();
    let log = log(folder.path());
    (0..3).for_each(|month| fill(&log, month, 1));
    let kept = fs::read(folder.path().join("2026-11.log")).expect("a segment");
    let checkpoint = fs::read(folder.path().join("2026-11.checkpoint")).expect("a checkpoint");
    let december: Month = "2026-12".parse().expect("a month");
    log.expire_at(december, moment(2, 9)).expect("expired");
    fs::write(folder.path().join("2026-11.log"), kept).expect("as if never deleted");
    fs::write(folder.path().join("2026-11.checkpoint"), checkpoint).expect("as if never deleted");
    check(&folder, 3 + 4);
    assert_eq!(log.expire_at(december, moment(2, 10)).expect("expired").segments.len(), 1);
    check(&folder, 5);
}

/// What a crash may leave behind the last checkpoint of a log, and what the next append makes of it.
#[track_caller]
fn check_crash(tail: &[u8], aside: u64) {
    let folder = folder();
    fill(&log(folder.path()), 0, 2);
    let file = folder.path().join("2026-10.log");
    let mut text = fs::read(&file).expect("a segment");
    text.extend(tail);
    fs::write(&file, text).expect("written");
    assert_eq!(note_codes(&check(&folder, 5)), ["audit-append-cut-short"]);
    let opened = openings(folder.path(), &OpeningFilter::default()).expect("read");
    assert_eq!(opened.len(), 2, "what is not signed has not happened");
    fill(&log(folder.path()), 0, 1);
    assert_eq!(note_codes(&check(&folder, 8)), ["audit-tails-set-aside", "audit-clock-went-back"]);
    let kept = fs::read(folder.path().join("tail-5")).expect("set aside");
    assert_eq!((kept.len() as u64, kept.as_slice()), (aside, tail));
    assert!(!folder.path().join("tail").exists());
}

/// The lines of an append that follows two openings, without its checkpoint.
fn unsigned_lines() -> Vec<u8> {
    let folder = folder();
    let log = log(folder.path());
    fill(&log, 0, 2);
    let file = folder.path().join("2026-10.log");
    let before = fs::read(&file).expect("a segment").len();
    log.append_at(&[Event::Intent(intent()), Event::Intent(intent())], moment(0, 4)).expect("appended");
    fs::read(&file).expect("a segment")[before..].to_vec()
}

#[test]
fn lines_without_a_checkpoint_are_set_aside_and_told_of() {
    let lines = unsigned_lines();
    check_crash(&lines, lines.len() as u64);
}

#[test]
fn a_torn_line_is_set_aside_and_told_of_wherever_it_is_torn() {
    let lines = unsigned_lines();
    for length in [1, 2, lines.len() / 2, lines.len() / 2 + 1, lines.len() - 1] {
        check_crash(&lines[..length], length as u64);
    }
    check_crash(&[0; 4096], 4096);
    check_crash(b"\n", 1);
}

#[test]
fn what_an_administrator_appends_belongs_to_the_owner_of_the_log() {
    let folder = folder();
    // Only an administrator may give a folder away.
    if chown(folder.path(), Some(65_534), Some(65_534)).is_err() {
        return;
    }
    fill(&log(folder.path()), 0, 2);
    let files = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry"));
    let foreign: Vec<_> = files
        .filter(|file| file.metadata().expect("a file").uid() != 65_534)
        .map(|file| file.file_name())
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn a_signed_checkpoint_that_was_not_yet_in_its_place_is_put_there() {
    let folder = folder();
    fill(&log(folder.path()), 0, 2);
    let checkpoint = folder.path().join("2026-10.checkpoint");
    let older = fs::read(&checkpoint).expect("a checkpoint");
    log(folder.path()).append_at(&[Event::Intent(intent())], moment(0, 9)).expect("appended");
    fs::rename(&checkpoint, pending(&checkpoint)).expect("as before the last step");
    fs::write(&checkpoint, older).expect("as before the last step");
    assert_eq!(note_codes(&check(&folder, 5)), ["audit-append-cut-short"]);
    log(folder.path()).append_at(&[Event::Intent(intent())], moment(0, 10)).expect("appended");
    assert_eq!(check(&folder, 7).notes, [], "nothing was set aside");
}

#[test]
fn the_first_append_of_a_month_may_be_cut_short_too() {
    for with_log in [true, false] {
        let folder = folder();
        let months = if with_log { vec![0, 1] } else { vec![1] };
        months.iter().for_each(|month| fill(&log(folder.path()), *month, 1));
        let file = folder.path().join("2026-11.log");
        let text = fs::read_to_string(&file).expect("a segment");
        // One append: the segment's start and an intent.
        let lines: Vec<&str> = text.lines().take(2).collect();
        fs::write(&file, lines.join("\n")).expect("written");
        fs::remove_file(folder.path().join("2026-11.checkpoint")).expect("removed");
        fs::remove_file(folder.path().join(HEAD_FILE)).expect("removed");
        let before = if with_log { 3 } else { 0 };
        assert_eq!(note_codes(&check(&folder, before)), ["audit-append-cut-short"]);
        fill(&log(folder.path()), 1, 1);
        assert_eq!(note_codes(&check(&folder, before + 4)), ["audit-tails-set-aside"]);
    }
}

#[test]
fn a_crash_while_setting_aside_loses_nothing_of_it() {
    let folder = folder();
    fill(&log(folder.path()), 0, 1);
    fs::write(folder.path().join("tail"), "moved, and not told of").expect("written");
    fill(&log(folder.path()), 0, 1);
    assert_eq!(note_codes(&check(&folder, 6)), ["audit-tails-set-aside", "audit-clock-went-back"]);
    assert_eq!(fs::read(folder.path().join("tail-3")).expect("kept"), b"moved, and not told of");
}

/// Changes a log, and says what an append by a process that starts then makes of it.
#[track_caller]
fn check_refused(change: impl FnOnce(&Path), says: &str) {
    let folder = folder();
    fill(&log(folder.path()), 0, 3);
    change(folder.path());
    let refused = log(folder.path()).begin(&[intent()]).expect_err(says);
    assert!(refused.to_string().contains(says), "{refused}");
}

#[test]
fn nothing_is_added_to_a_log_that_was_tampered_with() {
    let segment = |folder: &Path| folder.join("2026-10.log");
    let lines = move |folder: &Path| fs::read_to_string(segment(folder)).expect("a segment");
    check_refused(
        |folder| {
            fs::write(segment(folder), lines(folder).split_inclusive('\n').take(5).collect::<String>())
                .expect("written")
        },
        "entries of the newest segment are missing",
    );
    check_refused(
        |folder| {
            fs::write(segment(folder), lines(folder).replacen("\"ann\"", "\"anna\"", 1)).expect("written")
        },
        "an entry of the newest segment was changed",
    );
    check_refused(
        |folder| fs::remove_file(folder.join("2026-10.checkpoint")).expect("removed"),
        "its last checkpoint is older than its newest segment",
    );
    check_refused(
        |folder| fs::write(folder.join("2026-10.checkpoint"), "").expect("written"),
        "is not signed with the key",
    );
}

#[test]
fn a_log_of_another_key_is_left_alone() {
    let folder = folder();
    fill(&log(folder.path()), 0, 1);
    let other = AuditLog::new(folder.path(), key_of(2));
    assert!(matches!(other.begin(&[intent()]), Err(AuditError::ForeignKey { .. })));
    check(&folder, 3);
}

#[test]
fn a_log_that_is_put_back_while_it_is_written_is_noticed() {
    let folder = folder();
    let log = log(folder.path());
    fill(&log, 0, 1);
    let files = ["2026-10.log", "2026-10.checkpoint", HEAD_FILE].map(|name| folder.path().join(name));
    let older = files.clone().map(|file| fs::read(file).expect("a file"));
    fill(&log, 0, 1);
    files.iter().zip(older).for_each(|(file, text)| fs::write(file, text).expect("written"));
    assert!(matches!(log.begin(&[intent()]), Err(AuditError::Damaged { .. })));
    let gone = crate::testing::log(folder.path());
    gone.append_at(&[Event::Intent(intent())], moment(0, 9)).expect("another process cannot know");
    files.iter().for_each(|file| fs::remove_file(file).expect("removed"));
    assert!(matches!(gone.begin(&[intent()]), Err(AuditError::Damaged { .. })));
}

#[test]
fn where_nothing_can_be_written_the_append_fails() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").expect("written");
    let below = log(&folder.path().join("file/audit"));
    assert!(matches!(below.begin(&[intent()]), Err(AuditError::Unwritable { .. })));
}

#[test]
fn where_no_checkpoint_can_be_written_the_lines_are_taken_back() {
    let folder = folder();
    let log = log(folder.path());
    fill(&log, 0, 1);
    for month in [0, 1] {
        let checkpoint = folder.path().join(["2026-10.checkpoint", "2026-11.checkpoint"][month as usize]);
        fs::create_dir(pending(&checkpoint)).expect("in its way");
        let refused = log.append_at(&[Event::Intent(intent())], moment(month, 8)).expect_err("no checkpoint");
        assert!(matches!(refused, AuditError::Unwritable { .. }), "{refused}");
        fs::remove_dir(pending(&checkpoint)).expect("out of its way");
        assert_eq!(check(&folder, 3).entries, 3);
        assert_eq!(openings(folder.path(), &OpeningFilter::default()).expect("read").len(), 1);
    }
    fill(&log, 1, 1);
    assert_eq!(check(&folder, 6).notes, [], "nothing was left to set aside");
}
