//! Lakes that cannot be written, disks that are full, and two runs at once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{HEADER, check_mended, check_refused, landed, not_run_yet, rows, run_before};
use crate::common::{Ended, Workspace, assert_nothing_lost};

#[test]
fn a_lake_below_a_file_cannot_be_written() {
    let workspace = not_run_yet();
    workspace.edit("pipeline.yaml", "name: guichet", "name: guichet\nlake: data/people.csv/lake");
    let says = ["the lake", "people.csv/lake cannot be written", "check that you may write there"];
    check_refused(&workspace.run(&["run"]), 2, &says);
    workspace.edit("pipeline.yaml", "\nlake: data/people.csv/lake", "");
    check_mended(&workspace, 10);
}

#[test]
fn a_read_only_lake_cannot_be_written() {
    let workspace = run_before();
    let lake = workspace.file("lake");
    // Permissions would not stop root, whom containers run tests as.
    let Some(mounted) = Mounted::new(&["--bind".as_ref(), lake.as_os_str()], &lake) else { return };
    assert!(mounted.remount("remount,ro,bind"));
    let ended = workspace.run(&["run"]);
    check_refused(&ended, 1, &["the lake", "cannot be written", "check that you may write there"]);
    assert_eq!(landed(&workspace).len(), 10, "what landed can be read");
    drop(mounted);
    check_mended(&workspace, 11);
}

#[test]
fn a_lake_of_a_newer_version_is_left_alone() {
    let workspace = run_before();
    workspace.edit("lake/vermeil.json", "\"format\":1", "\"format\":99");
    let says = ["has format 99, this version knows formats up to 1", "use a newer vermeil"];
    for arguments in [&["run"][..], &["plan"], &["status"], &["query", "SELECT 1"], &["optimize"]] {
        check_refused(&workspace.run(arguments), 1, &says);
    }
    workspace.edit("lake/vermeil.json", "\"format\":99", "\"format\":1");
    check_mended(&workspace, 11);
    let marker = fs::read(workspace.file("lake/vermeil.json")).expect("a marker");
    workspace.write("lake/vermeil.json", "{");
    check_refused(&workspace.run(&["run"]), 1, &["vermeil.json is damaged", "restore it from a backup"]);
    workspace.write("lake/vermeil.json", marker);
    check_mended(&workspace, 11);
}

/// A disk with room for the first run's beginnings, not for its rows.
struct SmallDisk {
    workspace: Workspace,
    filler: PathBuf,
    _mounted: Mounted,
}

impl SmallDisk {
    const ROWS: usize = 6000;

    /// `None`, with a message, where nothing can be mounted.
    fn new(pipeline_keys: &str, free_kilobytes: u64) -> Option<Self> {
        let workspace = not_run_yet();
        workspace.write("data/people.csv", HEADER.to_owned() + &rows(0..Self::ROWS));
        workspace.edit("pipeline.yaml", "name: guichet", &format!("name: guichet\n{pipeline_keys}"));
        let disk = workspace.file("disk");
        fs::create_dir(&disk).expect("a folder");
        if pipeline_keys.contains("lake") {
            symlink(disk.join("lake"), workspace.file("lake")).expect("a link");
        }
        let mounted = Mounted::new(&["-t", "tmpfs", "-o", "size=16m", "tmpfs"].map(AsRef::as_ref), &disk)?;
        let filler = disk.join("filler");
        fs::write(&filler, vec![0; (16 * 1024 - free_kilobytes as usize) * 1024])
            .expect("room for the filler");
        Some(Self { workspace, filler, _mounted: mounted })
    }

    /// Runs on the full disk, then makes room and runs again.
    #[track_caller]
    fn check(self, says: &[&str]) {
        let Self { workspace, filler, _mounted } = self;
        for _ in 0..2 {
            check_refused(&workspace.run(&["run", "--until", "land"]), 1, says);
        }
        fs::remove_file(filler).expect("removed");
        let report = workspace.json(&["run", "--until", "land"]);
        assert_nothing_lost(&report);
        assert_eq!(report["records_in"], Self::ROWS);
        assert_eq!(landed(&workspace), Vec::from_iter(0..Self::ROWS));
    }
}

#[test]
fn a_disk_that_fills_while_the_lake_is_written_loses_nothing() {
    let Some(disk) = SmallDisk::new("lake: disk/lake", 400) else { return };
    disk.check(&["the storage of landing.people is full", "make room and run again: nothing was lost"]);
}

#[test]
fn a_disk_without_room_for_a_lake_says_so() {
    let Some(disk) = SmallDisk::new("lake: disk/lake", 0) else { return };
    disk.check(&["the lake", "cannot be written", "that the disk is not full"]);
}

#[test]
fn a_disk_that_fills_while_keys_are_kept_loses_nothing() {
    let Some(disk) = SmallDisk::new("state: disk/vermeil.db", 300) else { return };
    disk.workspace.edit(
        "pipeline.yaml",
        "state: disk/vermeil.db",
        "state: disk/vermeil.db\nkeyring: keyring.json",
    );
    disk.check(&["the disk of the state database", "is full", "make room and run again: nothing was lost"]);
}

#[test]
fn a_disk_that_fills_while_keys_rotate_loses_nothing() {
    let Some(disk) = SmallDisk::new("state: disk/vermeil.db\nkeyring: keyring.json\naudit: audit", 8 * 1024)
    else {
        return;
    };
    let SmallDisk { workspace, filler, _mounted } = disk;
    workspace.land_and_publish();
    let filled = fs::metadata(&filler).expect("a filler").len();
    fs::remove_file(&filler).expect("removed");
    let free = free_kilobytes(&workspace.file("disk"));
    // What is overwritten goes through the write-ahead log first, which finds no room.
    let full = free.saturating_sub(64) * 1024;
    assert!(full > filled);
    fs::write(&filler, vec![0; full as usize]).expect("room for the filler");
    let says = ["the disk of the state database", "is full", "make room and run again: nothing was lost"];
    check_refused(&workspace.run(&["keys", "rotate"]), 1, &says);
    assert_eq!(landed(&workspace).len(), SmallDisk::ROWS);
    fs::remove_file(&filler).expect("removed");
    let rotated = workspace.json(&["keys", "rotate"]);
    assert_eq!((rotated["generation"].as_u64(), rotated["destroyable"][0].as_u64()), (Some(2), Some(1)));
    workspace.json(&["keys", "destroy-generation", "1", "--yes"]);
    assert_eq!(landed(&workspace).len(), SmallDisk::ROWS);
}

/// As `df` counts them.
fn free_kilobytes(folder: &Path) -> u64 {
    let ended = Command::new("df").args(["--output=avail", "-k"]).arg(folder).output().expect("df runs");
    let text = String::from_utf8(ended.stdout).expect("UTF-8");
    text.lines().nth(1).and_then(|line| line.trim().parse().ok()).expect("a number")
}

#[test]
fn a_disk_without_room_for_a_keyring_says_so() {
    let Some(disk) = SmallDisk::new("keyring: disk/keyring.json", 0) else { return };
    disk.check(&["could not write the keyring", "that the disk is not full"]);
}

/// The same query, which opens contacts, is refused, and one that opens nothing is not.
#[track_caller]
fn check_nothing_opened(workspace: &Workspace, says: &str) {
    let opening =
        ["query", "SELECT email FROM landing.people", "--role", "dpo", "--purpose", "data_subject_rights"];
    let signed = || workspace.json(&["audit", "verify"])["signed"].clone();
    let before = signed();
    check_refused(&workspace.run(&opening), 1, &["the audit log in", says, "so nothing was opened"]);
    check_refused(&workspace.run(&["run"]), 1, &["the audit log in", says, "so nothing was opened"]);
    workspace.json_lines(&["query", "SELECT record_id FROM landing.people"]);
    assert_eq!(signed(), before);
}

#[test]
fn a_read_only_audit_log_lets_nothing_be_opened() {
    let workspace = run_before();
    let log = workspace.file("state/audit");
    let Some(mounted) = Mounted::new(&["--bind".as_ref(), log.as_os_str()], &log) else { return };
    assert!(mounted.remount("remount,ro,bind"));
    check_nothing_opened(&workspace, "cannot be written");
    drop(mounted);
    check_mended(&workspace, 11);
}

#[test]
fn a_full_disk_of_the_audit_log_lets_nothing_be_opened() {
    let workspace = not_run_yet();
    workspace.edit("pipeline.yaml", "name: guichet", "name: guichet\naudit: disk/audit");
    let disk = workspace.file("disk");
    fs::create_dir(&disk).expect("a folder");
    let Some(mounted) = Mounted::new(&["-t", "tmpfs", "-o", "size=256k", "tmpfs"].map(AsRef::as_ref), &disk)
    else {
        return;
    };
    workspace.land_and_publish();
    workspace.append("data/people.csv", super::row(10));
    let filler = workspace.file("disk/filler");
    let full = fs::write(&filler, vec![0; 1024 * 1024]).expect_err("the disk is small");
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    check_nothing_opened(&workspace, "is full");
    fs::remove_file(filler).expect("removed");
    check_mended(&workspace, 11);
    drop(mounted);
}

#[test]
fn the_second_of_two_runs_waits_and_says_so() {
    const ROWS: usize = 20_000;
    let workspace = run_before();
    workspace.write("data/people.csv", HEADER.to_owned() + &rows(0..ROWS));
    let commits = workspace.file("lake/landing/people");
    let files = || fs::read_dir(&commits).expect("landed").count();
    let (before, loads) = (files(), "SELECT count(*) FROM loads");
    let known = workspace.state(loads);
    let first = start(&workspace);
    // From its first load on it certainly holds the lake.
    while workspace.state(loads) == known {
        std::thread::yield_now();
    }
    let second = finish(start(&workspace));
    let first = finish(first);
    assert!(files() > before);
    assert!(second.stderr.contains("another run holds the lake: waiting"), "{}", second.stderr);
    assert!(!first.stderr.contains("waiting"), "{}", first.stderr);
    assert_eq!(
        (report(&first)["records_landed"].as_u64(), report(&second)["records_landed"].as_u64()),
        (Some(19_990), Some(0))
    );
    assert_eq!(landed(&workspace), Vec::from_iter(0..ROWS));
}

#[test]
fn two_first_runs_at_once_make_one_lake() {
    for _ in 0..4 {
        let workspace = not_run_yet();
        let runs = [start(&workspace), start(&workspace), start(&workspace)].map(finish);
        let landed_by: Vec<Option<u64>> =
            runs.iter().map(|ended| report(ended)["records_landed"].as_u64()).collect();
        assert_eq!(landed_by.iter().flatten().sum::<u64>(), 10, "{landed_by:?}");
        check_mended(&workspace, 10);
    }
}

fn start(workspace: &Workspace) -> Child {
    let mut command = workspace.command(&["run", "--until", "land", "--format", "json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

fn finish(run: Child) -> Ended {
    run.wait_with_output().expect("a child").into()
}

#[track_caller]
fn report(ended: &Ended) -> Value {
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report = serde_json::from_str(&ended.stdout).expect("a report");
    assert_nothing_lost(&report);
    report
}

/// A file system over a folder, until dropped.
struct Mounted(PathBuf);

impl Mounted {
    /// `None`, with a message, where this user may not mount.
    fn new(arguments: &[&std::ffi::OsStr], folder: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(arguments).arg(folder).output();
        if mounted.is_ok_and(|ended| ended.status.success()) {
            return Some(Self(folder.to_owned()));
        }
        eprintln!("skipped: this test mounts a file system, which takes root and a kernel that lets it");
        None
    }

    fn remount(&self, options: &str) -> bool {
        Command::new("mount").args(["-o", options]).arg(&self.0).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: a process that was killed may still be on its way out.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
