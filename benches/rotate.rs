//! Rotating keys: every page to a new generation, and what the pages weigh.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use vermeil_protect::vault::PAGE_SLOTS;
use vermeil_protect::{KeyOwner, KeyVault, Keyring, Plain};
use vermeil_state::StateDatabase;

use crate::report::{Meaning, Report};

const SECTION: &str = "rotate";
/// Keys that the issue of protection must have room for.
const MANY_KEYS: f64 = 100e6;
/// As many as landing asks for at once.
const BATCH: usize = vermeil_ingest::BATCH_ROWS;

/// Gives out `keys` keys and moves them to a new generation, `runs` times.
///
/// # Errors
/// The keyring or the state database fail, or a key was lost on the way.
pub async fn measure(keys: usize, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    // Whole pages only: each of them weighs the same, however many keys it holds.
    let keys = keys.next_multiple_of(PAGE_SLOTS);
    let (mut rates, mut sizes, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        eprintln!("rotating {keys} keys, run {} of {runs}", run + 1);
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let state = StateDatabase::open(&folder.path().join("vermeil.db")).await?;
        let keyring = Keyring::create(&folder.path().join("keyring.json"), Arc::new(Plain)).await?;
        let vault = KeyVault::new(Arc::new(keyring), Arc::new(state.clone()));
        let owner = KeyOwner::new("landing/customers/1");
        let mut given = 0;
        while given < keys {
            given += vault.allocate(&owner, BATCH.min(keys - given)).await?.len();
        }

        let started = Instant::now();
        let rotated = vault.rotate(&|_| {}).await?;
        rates.push(keys as f64 / started.elapsed().as_secs_f64());
        ensure!(rotated.keys == keys as u64, "{} of {keys} keys were rotated", rotated.keys);

        // With the write-ahead log, which holds the latest pages a second time.
        peaks.push(weight(folder.path())? / keys as f64);
        drop(vault);
        state.close().await;
        sizes.push(weight(folder.path())? / keys as f64);
    }
    let mut add =
        |name, unit, measures, runs: &[f64]| report.add(SECTION, Meaning { name, unit, measures }, runs);
    add(
        "rotation",
        "keys/s",
        "every page opened, sealed under a new page key and a new generation, and durable; one process",
        &rates,
    );
    add("keys at rest", "bytes/key", "keyring and state database after the rotation", &sizes);
    add("keys at the end of a rotation", "bytes/key", "the same with the write-ahead log", &peaks);
    let gigabytes = |sizes: &[f64]| sizes.iter().copied().fold(0.0, f64::max) * MANY_KEYS / 1e9;
    report.note(format!(
        "rotate: extrapolated from {keys} keys, not measured: {} million keys weigh {:.2} GB at rest, and at most \
         {:.2} GB at the end of a rotation; pages of 256 all weigh the same, and the log grows less than they do.",
        MANY_KEYS / 1e6,
        gigabytes(&sizes),
        gigabytes(&peaks),
    ));
    Ok(())
}

/// The bytes of a folder's files.
fn weight(folder: &Path) -> anyhow::Result<f64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes as f64)
}
