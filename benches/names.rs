//! Names that tell nothing: pseudonyms, and the blind index.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use vermeil_model::{RecordId, Tag};
use vermeil_protect::{BlindIndex, KeyLocation, Keyring, Plain, PseudonymDomain, Pseudonymiser};
use vermeil_state::{IndexEntry, StateDatabase};

use crate::report::{Meaning, Report};

const SECTION: &str = "names";
/// Loads that are added one after the other, so that the figure has its share of merges.
const LOADS: usize = 20;
/// Searches are few, so that the time of one is that of a database that does nothing else.
const SEARCHES: usize = 1000;

/// Makes pseudonyms and entries of the index for `records` invented records, `runs` times, on one thread.
///
/// # Errors
/// The keyring or the state database fail.
pub async fn measure(records: usize, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let keyring = Keyring::create(&folder.path().join("keyring.json"), Arc::new(Plain)).await?;
    let domain = PseudonymDomain { recipient: "analyst".to_owned(), purpose: "none".to_owned() };
    let pseudonymiser = Pseudonymiser::of(&keyring, &domain);
    let secret = BlindIndex::create(&keyring, "bench")?;
    let emails = BlindIndex::open(&keyring, "bench", &secret)?.field("email");
    let ids: Vec<RecordId> = (0..records).map(|_| RecordId::random()).collect();
    let addresses: Vec<String> =
        (0..records).map(|number| format!("client{number}@courrier.example")).collect();
    let each = |started: Instant, count: usize| started.elapsed().as_nanos() as f64 / count as f64;
    let (mut naming, mut tagging) = (Vec::new(), Vec::new());
    let (mut adding, mut finding) = (Vec::new(), Vec::new());
    for run in 0..runs {
        eprintln!("naming {records} records, run {} of {runs}", run + 1);
        let started = Instant::now();
        ids.iter().for_each(|id| drop(black_box(pseudonymiser.pseudonym(&id.to_bytes()))));
        naming.push(each(started, records));

        let started = Instant::now();
        let entries: Vec<IndexEntry> = ids
            .iter()
            .zip(&addresses)
            .enumerate()
            .map(|(place, (record, address))| {
                let key = KeyLocation { page: (place / 256) as i64, slot: (place % 256) as u16 };
                IndexEntry { tag: emails.entry(address), record: *record, key }
            })
            .collect();
        tagging.push(each(started, records));

        let state = StateDatabase::open(&folder.path().join(format!("{run}.db"))).await?;
        state.add_index_entries(1, entries.clone()).await?;
        let loads: Vec<Vec<IndexEntry>> = (0..LOADS).map(|_| invented(records)).collect();
        let started = Instant::now();
        for entries in loads {
            state.add_index_entries(1, entries).await?;
        }
        adding.push(each(started, LOADS * records));

        let started = Instant::now();
        let searched = entries.iter().step_by(records.div_ceil(SEARCHES));
        let mut searches = 0;
        for entry in searched {
            anyhow::ensure!(state.find_index_entries(&[entry.tag]).await?.len() == 1, "not found");
            searches += 1;
        }
        finding.push(each(started, searches) / 1000.0);
    }
    let mut add = |name, unit, measures: &str, runs: &[f64]| {
        report.add(SECTION, Meaning { name, unit, measures }, runs)
    };
    add(
        "pseudonym",
        "ns/id",
        "what a query pays for an id whose pseudonym is not stored; one thread",
        &naming,
    );
    add("index tag", "ns/value", "the keyed tag of a value in its normal form; one thread", &tagging);
    add(
        "index entry",
        "ns/value",
        &format!(
            "adding tags to the blind index in {LOADS} loads of {records}: sorted, durable, runs merged"
        ),
        &adding,
    );
    add("search", "µs/value", "finding the records of one value by its tag", &finding);
    Ok(())
}

/// Entries of values that nobody has.
fn invented(count: usize) -> Vec<IndexEntry> {
    let entry = |place: usize| IndexEntry {
        tag: Tag(RecordId::random().to_bytes()),
        record: RecordId::random(),
        key: KeyLocation { page: (place / 256) as i64, slot: (place % 256) as u16 },
    };
    (0..count).map(entry).collect()
}
