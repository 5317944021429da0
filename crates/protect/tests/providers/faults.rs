//! After any fault at any request of any operation, asking again completes it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vermeil_model::Diagnose;
use vermeil_protect::{EnvironmentKey, KeyProvider, Keyring, KeyringError};

use crate::proxy::{Fault, IMPATIENT, Proxy};
use crate::suite::{Destroyed, check_destroyed, opens, tag, wrap};
use crate::{PATIENT, secret};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Create,
    Open,
    Rotate,
    Destroy,
    HandOver,
}

impl Operation {
    pub const ALL: [Self; 5] = [Self::Create, Self::Open, Self::Rotate, Self::Destroy, Self::HandOver];
}

/// What a fault may be told as. Never that the passphrase or the key is wrong, and never that
/// a key is gone: believing that would be giving up what is there.
const TOLD: [&str; 3] = ["key-provider-unavailable", "key-provider-garbled", "keyring-garbled"];

/// What is tried, and on what.
pub struct Trial<'a> {
    pub faults: &'a [Fault],
    pub operations: &'a [Operation],
    pub proxy: &'a Proxy,
    /// Reaches the server through the proxy.
    pub provider: &'a dyn Fn(Duration) -> Arc<dyn KeyProvider>,
    /// May empty the server between two tries.
    pub forget: &'a dyn Fn(),
    pub destroyed: Destroyed,
}

impl Trial<'_> {
    pub async fn survived(&self) {
        for &fault in self.faults {
            for &operation in self.operations {
                for number in 0.. {
                    (self.forget)();
                    let case = format!("{fault:?} at request {number} of {operation:?}");
                    if !survives(self, operation, number, fault, &case).await {
                        assert!(number > 0, "{case}: no request was spoilt");
                        break;
                    }
                }
            }
        }
    }
}

/// Whether there was a request of the number, and so something to survive.
async fn survives(trial: &Trial<'_>, operation: Operation, number: usize, fault: Fault, case: &str) -> bool {
    let Trial { proxy, provider, destroyed, .. } = trial;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    let before = match operation {
        Operation::Create => None,
        _ => Some(prepare(&path, &provider(PATIENT), operation).await),
    };
    // Of the others none should take its time for a fault.
    let timeout = if fault == Fault::TooLate { IMPATIENT } else { PATIENT };
    let spoilt = provider(timeout);
    let keyring = match operation {
        Operation::Create | Operation::Open => None,
        _ => Some(Keyring::open(&path, starting_with(operation, &spoilt)).await.expect(case)),
    };
    proxy.spoil(number, fault);
    let first = attempt(operation, &path, keyring.as_ref(), &spoilt).await;
    let was_spoilt = proxy.stop();
    if let Err(error) = first {
        let code = error.diagnostic().expect("a diagnostic").code;
        assert!(TOLD.contains(&code.as_str()), "{case}: {error:?}");
        // Now the same process asks again, now another that found everything as it was left.
        let again = provider(PATIENT);
        let keyring = keyring.filter(|_| number.is_multiple_of(2) && fault != Fault::TooLate);
        attempt(operation, &path, keyring.as_ref(), &again).await.expect(case);
    }
    check(&path, &provider(PATIENT), operation, *destroyed, before, case).await;
    was_spoilt
}

/// What must survive: a wrapped page key, and the roots.
type Before = (Vec<u8>, vermeil_model::Tag);

async fn prepare(path: &Path, provider: &Arc<dyn KeyProvider>, operation: Operation) -> Before {
    let keyring = Keyring::create(path, starting_with(operation, provider)).await.unwrap();
    if operation == Operation::Destroy {
        keyring.create_generation(2).await.unwrap();
    }
    (wrap(&keyring), tag(&keyring))
}

/// A keyring is handed over from a provider without a network to the one that is tested.
fn starting_with(operation: Operation, provider: &Arc<dyn KeyProvider>) -> Arc<dyn KeyProvider> {
    match operation {
        Operation::HandOver => {
            let key = secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
            Arc::new(EnvironmentKey::parse(&key).unwrap())
        }
        _ => Arc::clone(provider),
    }
}

async fn attempt(
    operation: Operation,
    path: &Path,
    open: Option<&Keyring>,
    provider: &Arc<dyn KeyProvider>,
) -> Result<(), KeyringError> {
    let reopened;
    let keyring = match (open, operation) {
        (_, Operation::Create) => return Keyring::create(path, Arc::clone(provider)).await.map(drop),
        (_, Operation::Open) => return Keyring::open(path, Arc::clone(provider)).await.map(drop),
        (Some(open), _) => open,
        (None, _) => {
            reopened = match Keyring::open(path, starting_with(operation, provider)).await {
                // It was handed over, and only the answer to that was lost.
                Err(KeyringError::OtherProvider { .. }) => return Ok(()),
                opened => opened?,
            };
            &reopened
        }
    };
    match operation {
        Operation::Create | Operation::Open => Ok(()),
        Operation::Rotate => keyring.create_generation(2).await,
        Operation::Destroy => keyring.destroy_generation(1).await.map(drop),
        Operation::HandOver => keyring.rewrap_with(Arc::clone(provider)).await,
    }
}

async fn check(
    path: &Path,
    provider: &Arc<dyn KeyProvider>,
    operation: Operation,
    destroyed: Destroyed,
    before: Option<Before>,
    case: &str,
) {
    let keyring = Keyring::open(path, Arc::clone(provider)).await.expect(case);
    let current = keyring.current_generation();
    let rotated = matches!(operation, Operation::Rotate | Operation::Destroy);
    assert_eq!(current, if rotated { 2 } else { 1 }, "{case}");
    if let Some((wrapped, roots)) = before {
        let generation = if operation == Operation::Destroy { 2 } else { 1 };
        assert!(opens(&keyring, generation, &wrapped), "{case}");
        assert_eq!(tag(&keyring), roots, "{case}");
    }
    assert!(opens(&keyring, current, &wrap(&keyring)), "{case}");
    if operation == Operation::Destroy {
        check_destroyed(&keyring, destroyed).await;
    }
}
