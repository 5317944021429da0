//! What the operating system does for the keys in this process's memory.
//!
//! [`harden`] asks for all that it can, at the start; [`ProcessProtection::now`]
//! tells what was granted. Nothing here fails: a system that grants nothing is
//! told of, not given up on.
//!
//! What it does not reach: a debugger of the same user or of root, hibernation,
//! and snapshots of a virtual machine, which hold main memory as it is.

use std::{fs, io};

use rlimit::{Resource, getrlimit, setrlimit};

use crate::locked::LockedBytes;

/// The most memory that opened keys take, in bytes: pages that the vault
/// remembers, and the keyring.
pub const KEY_MEMORY: u64 = 8 << 20;

/// Turns core dumps off, and raises what may be locked to the most that the
/// system grants. Call it before the first key is read.
pub fn harden() {
    // What was not granted, `ProcessProtection::now` finds.
    let _ = turn_core_dumps_off();
    let _ = raise_memory_lock();
}

/// What the system does for keys in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessProtection {
    /// Whether a crash writes memory to a file.
    pub core_dumps: CoreDumps,
    /// Whether keys can reach the swap space.
    pub memory_lock: MemoryLock,
}

impl ProcessProtection {
    /// How it stands now. Tries to lock [`KEY_MEMORY`], which takes milliseconds.
    pub fn now() -> Self {
        Self { core_dumps: CoreDumps::now(), memory_lock: MemoryLock::now() }
    }
}

/// What becomes of this process's memory when it crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreDumps {
    /// Nothing is written.
    Off,
    /// The system gives it to a program or socket (`kernel.core_pattern`)
    /// whatever the limit says; that program decides.
    LeftToProgram,
    /// It may be written to a file.
    On,
}

impl CoreDumps {
    /// How it stands now.
    pub fn now() -> Self {
        let Ok((limit, _)) = getrlimit(Resource::CORE) else { return Self::On };
        // Only Linux gives dumps to programs, and there this file can be read.
        let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
        Self::of(limit, &pattern)
    }

    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::LeftToProgram => "left-to-program",
            Self::On => "on",
        }
    }

    fn of(limit: u64, pattern: &str) -> Self {
        match (limit, pattern.as_bytes().first()) {
            // A pipe is not opened at 1 only, a socket at any limit.
            (0 | 1, Some(b'@')) | (0, Some(b'|')) => Self::LeftToProgram,
            (0 | 1, _) => Self::Off,
            _ => Self::On,
        }
    }
}

/// How much of the keys the system keeps out of its swap space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryLock {
    /// All of [`KEY_MEMORY`].
    Whole,
    /// The limit (`RLIMIT_MEMLOCK`) is lower: what is opened first is locked, the rest is not.
    UpTo {
        /// The limit.
        bytes: u64,
    },
    /// Nothing.
    Refused,
}

impl MemoryLock {
    /// How it stands now, by trying.
    pub fn now() -> Self {
        let grants =
            |bytes: u64| usize::try_from(bytes).is_ok_and(|len| LockedBytes::zeroed(len).is_locked());
        match getrlimit(Resource::MEMLOCK) {
            _ if grants(KEY_MEMORY) => Self::Whole,
            Ok((bytes, _)) if grants(1) => Self::UpTo { bytes },
            _ => Self::Refused,
        }
    }

    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::UpTo { .. } => "partial",
            Self::Refused => "refused",
        }
    }
}

fn turn_core_dumps_off() -> io::Result<()> {
    let (_, hard) = getrlimit(Resource::CORE)?;
    // Not 0: at 0 Linux writes no file, yet still gives the dump to a program
    // that `kernel.core_pattern` names (core(5)). At 1 it does neither: no file
    // is that short, and for programs `fs/coredump.c` takes 1 to mean that the
    // dump itself has crashed.
    let limit = hard.min(1);
    setrlimit(Resource::CORE, limit, limit)
}

fn raise_memory_lock() -> io::Result<()> {
    let (soft, hard) = getrlimit(Resource::MEMLOCK)?;
    if soft < hard { setrlimit(Resource::MEMLOCK, hard, hard) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
