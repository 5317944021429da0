//! What the tests of this crate share.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::keyring::Keyring;
use crate::keyring::providers::Plain;

/// Runs a future that never waits: files and the in-memory store are ready at once.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a future of this crate's tests waits for something"),
    }
}

/// A new keyring in a folder of its own.
pub(crate) fn keyring() -> (tempfile::TempDir, Keyring) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keyring =
        ready(Keyring::create(&folder.path().join("keyring.json"), Arc::new(Plain))).expect("a new keyring");
    (folder, keyring)
}

/// Bytes from hexadecimal digits; blanks are skipped.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits
        .chunks(2)
        .map(|pair| {
            u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal digits")
        })
        .collect()
}
