//! Memory for keys that the system does not write to its swap space.

use std::fmt;
use std::ops::{Deref, DerefMut};

use region::LockGuard;
use zeroize::Zeroize;

/// Bytes that stay in main memory where the system allows it (`mlock`), and
/// are cleared when dropped.
///
/// The system locks whole pages of its own and does not count how often, so
/// two that shared a page would unlock each other. These bytes therefore begin
/// and end at such pages: use it for pages of keys, not for each key.
///
/// Where the limit (`RLIMIT_MEMLOCK`) is used up or locking is forbidden, the
/// bytes are as good as any others; [`LockedBytes::is_locked`] tells, and
/// [`crate::process`] sums it up for people.
pub struct LockedBytes {
    /// With room for `start` to lie at the beginning of a page.
    memory: Vec<u8>,
    start: usize,
    len: usize,
    lock: Option<LockGuard>,
}

impl LockedBytes {
    /// `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        let page = region::page::size();
        let whole_pages = len.next_multiple_of(page);
        let memory = vec![0; whole_pages + page - 1];
        let start = memory.as_ptr().align_offset(page);
        let place = &memory[start..];
        // `lock` refuses nothing at all.
        let lock = (len > 0).then(|| region::lock(place.as_ptr(), whole_pages).ok()).flatten();
        Self { memory, start, len, lock }
    }

    /// A copy of `bytes`, which the caller must clear.
    pub fn copy_of(bytes: &[u8]) -> Self {
        let mut copy = Self::zeroed(bytes.len());
        copy.copy_from_slice(bytes);
        copy
    }

    /// Whether the system keeps these bytes in main memory.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }
}

impl Deref for LockedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..][..self.len]
    }
}

impl DerefMut for LockedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..][..self.len]
    }
}

impl fmt::Debug for LockedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockedBytes").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Drop for LockedBytes {
    fn drop(&mut self) {
        // In this order: cleared while locked, unlocked while still ours.
        self.memory.as_mut_slice().zeroize();
        self.lock = None;
    }
}

#[cfg(test)]
mod tests;
