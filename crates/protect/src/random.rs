//! Random bytes from the operating system.

use std::cell::RefCell;

/// Nonces taken from the operating system in one go. A call costs more than the
/// sealing of a short value, so it is shared.
const POOL: usize = 256 * 12;

thread_local! {
    /// Unused random bytes at the end. Nonces are no secret, so keeping some
    /// ready costs nothing; what must never happen is giving one out twice.
    static NONCES: RefCell<(usize, [u8; POOL])> = const { RefCell::new((POOL, [0; POOL])) };
}

/// Fills `bytes`, straight from the operating system: for keys.
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes once it has started");
}

/// A random 96-bit nonce.
pub(crate) fn nonce() -> [u8; 12] {
    NONCES.with_borrow_mut(|(next, pool)| {
        if *next == POOL {
            fill(pool);
            *next = 0;
        }
        let nonce = pool[*next..][..12].try_into().expect("the pool holds whole nonces");
        *next += 12;
        nonce
    })
}
