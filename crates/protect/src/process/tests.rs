use std::path::Path;
use std::process::{Command, abort};

use super::*;

#[track_caller]
fn check(limit: u64, pattern: &str, expected: CoreDumps) {
    assert_eq!(CoreDumps::of(limit, pattern), expected, "limit {limit}, pattern {pattern:?}");
}

#[test]
fn a_limit_counts_only_where_the_system_heeds_it() {
    check(0, "core\n", CoreDumps::Off);
    check(1, "core\n", CoreDumps::Off);
    check(0, "", CoreDumps::Off);
    check(0, "|/usr/lib/systemd/systemd-coredump %P\n", CoreDumps::LeftToProgram);
    check(1, "|/usr/lib/systemd/systemd-coredump %P\n", CoreDumps::Off);
    check(1, "@/run/coredump.socket\n", CoreDumps::LeftToProgram);
    check(4096, "core\n", CoreDumps::On);
    check(rlimit::INFINITY, "|/bin/false\n", CoreDumps::On);
}

/// Not in a test of its own: it would harden the process of the other tests for good.
fn check_hardening() {
    // Twice, since once more must change nothing and do no harm.
    for _ in 0..2 {
        harden();
        assert_ne!(CoreDumps::now(), CoreDumps::On);
        let (soft, hard) = getrlimit(Resource::MEMLOCK).unwrap();
        assert_eq!(soft, hard);
        let one_page = LockedBytes::zeroed(1).is_locked();
        match MemoryLock::now() {
            MemoryLock::Whole => assert!(one_page),
            MemoryLock::UpTo { bytes } => assert!(one_page && bytes == hard),
            MemoryLock::Refused => assert!(!one_page),
        }
    }
}

/// Set in the child of the next test: whether it is to be hardened before it crashes.
const HARDENED: &str = "VERMEIL_TEST_CRASHES_HARDENED";

/// Runs the next test once more, in a process that crashes in `folder`.
fn crash(folder: &Path, hardened: &str) {
    let test = "process::tests::a_hardened_process_that_crashes_leaves_no_core";
    let mut child = Command::new(std::env::current_exe().unwrap());
    let ended = child.args([test, "--exact"]).env(HARDENED, hardened).current_dir(folder).output().unwrap();
    assert_eq!(ended.status.code(), None, "it ends by a signal");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test tells the process it starts what to do")]
fn a_hardened_process_that_crashes_leaves_no_core() {
    if let Ok(hardened) = std::env::var(HARDENED) {
        let (_, hard) = getrlimit(Resource::CORE).unwrap();
        setrlimit(Resource::CORE, hard.min(1 << 16), hard).unwrap();
        if hardened == "yes" {
            check_hardening();
        }
        abort();
    }
    let folder = tempfile::tempdir().unwrap();
    crash(folder.path(), "yes");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    // Where this machine writes cores into the current folder, the same without hardening does.
    let (_, hard) = getrlimit(Resource::CORE).unwrap();
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    if hard >= 1 << 16 && !pattern.starts_with(['|', '@', '/']) {
        crash(folder.path(), "no");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
