//! Random bytes from the operating system.

use std::cell::RefCell;

/// Bytes of a nonce.
const NONCE: usize = 12;
/// Nonces taken from the operating system in one go.
const POOL: usize = 256 * NONCE;

thread_local! {
    /// Unused random bytes at the end. Nonces are no secret, so keeping some
    /// ready costs nothing; what must never happen is giving one out twice.
    static NONCES: RefCell<(usize, [u8; POOL])> = const { RefCell::new((POOL, [0; POOL])) };
}

/// Fills `bytes`, straight from the operating system: for keys.
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes once it has started");
}

/// A random 96-bit nonce straight from the operating system, for keys that
/// last and that several processes share.
pub(crate) fn nonce() -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    fill(&mut nonce);
    nonce
}

/// A random 96-bit nonce from a pool of this thread's, for keys of one record.
///
/// A virtual machine that is copied while it runs has its pools twice, and
/// both copies then give out the same nonces. Under a record's key that does
/// harm only if both seal that record, and with different values; under a key
/// that everyone uses it would, so [`nonce`] is for those.
pub(crate) fn pooled_nonce() -> [u8; NONCE] {
    NONCES.with_borrow_mut(|(next, pool)| {
        if *next == POOL {
            fill(pool);
            *next = 0;
        }
        let nonce = pool[*next..][..NONCE].try_into().expect("the pool holds whole nonces");
        *next += NONCE;
        nonce
    })
}
