//! Protection alone: giving out keys, sealing, opening, without any table.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use vermeil_model::{FieldClass, RecordId, Schema};
use vermeil_protect::payload::PayloadWriter;
use vermeil_protect::{Binding, DataKey, KeyLocation, KeyOwner, KeyVault, Keyring, Plain, RecordCipher};
use vermeil_state::StateDatabase;

use crate::customers::{COLUMNS, Customer, Customers};
use crate::report::{Meaning, Report};

const SECTION: &str = "seal";
const TENANT: &str = "bench";
/// As many as landing asks for at once.
const BATCH: usize = vermeil_ingest::BATCH_ROWS;

/// Gives out keys for invented customers, seals and opens them, `runs` times, on one thread.
///
/// # Errors
/// The keyring or the state database fail, or a value does not open.
pub async fn measure(records: usize, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let vault = vault(folder.path()).await?;
    let customers: Vec<Customer> = Customers::new().take(records).collect();
    let classes = Classes::of_columns()?;
    let per_record = |started: Instant| started.elapsed().as_nanos() as f64 / records as f64;
    let (mut giving, mut sealing, mut opening, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        eprintln!("sealing {records} records, run {} of {runs}", run + 1);
        let started = Instant::now();
        let keys = give(&vault, records).await?;
        giving.push(per_record(started));

        let started = Instant::now();
        let sealed = classes.seal(&keys, &customers);
        sealing.push(per_record(started));
        sizes.push(sealed.iter().flatten().map(Vec::len).sum::<usize>() as f64 / records as f64);

        let started = Instant::now();
        classes.open(&keys, &sealed)?;
        opening.push(per_record(started));
    }
    let mut add =
        |name, unit, measures, runs: &[f64]| report.add(SECTION, Meaning { name, unit, measures }, runs);
    add(
        "keys",
        "ns/record",
        "a random key for each record, in sealed pages that are durable in the state database",
        &giving,
    );
    add(
        "sealing",
        "ns/record",
        "packing and AES-256-GCM of the personal fields by class, key expansion included; one thread",
        &sealing,
    );
    add("opening", "ns/record", "the same backwards, without unpacking; one thread", &opening);
    add(
        "sealed size",
        "bytes/record",
        "all sealed values of a record, padding included, before Parquet",
        &sizes,
    );
    Ok(())
}

async fn vault(folder: &Path) -> anyhow::Result<KeyVault> {
    let state = StateDatabase::open(&folder.join("vermeil.db")).await?;
    let keyring = Keyring::create(&folder.join("keyring.json"), Arc::new(Plain)).await?;
    state.bind(keyring.id(), TENANT).await?;
    Ok(KeyVault::new(Arc::new(keyring), Arc::new(state)))
}

async fn give(vault: &KeyVault, records: usize) -> anyhow::Result<Vec<(KeyLocation, DataKey)>> {
    let owner = KeyOwner::new("landing/customers/1");
    let mut keys = Vec::with_capacity(records);
    while keys.len() < records {
        keys.extend(vault.allocate(&owner, BATCH.min(records - keys.len())).await?);
    }
    Ok(keys)
}

/// The personal columns of each class: what is sealed together.
struct Classes(Vec<(FieldClass, Vec<usize>)>);

impl Classes {
    fn of_columns() -> anyhow::Result<Self> {
        let schema = Schema::built_in("customer.v1").context("the schema is shipped")?;
        let columns_of = |class| {
            let of_class = |name: &str| schema.field(name).is_some_and(|field| field.class == class);
            (0..COLUMNS.len()).filter(|column| of_class(COLUMNS[*column])).collect::<Vec<_>>()
        };
        let classes = FieldClass::PERSONAL.into_iter().map(|class| (class, columns_of(class)));
        Ok(Self(classes.filter(|(_, columns)| !columns.is_empty()).collect()))
    }

    fn seal(&self, keys: &[(KeyLocation, DataKey)], customers: &[Customer]) -> Vec<Vec<Vec<u8>>> {
        let mut payload = PayloadWriter::new();
        let rows = keys.iter().zip(customers).enumerate();
        let seal_record = |(record, ((_, key), customer)): (usize, (&(_, DataKey), &Customer))| {
            let cipher = RecordCipher::new(key);
            let seal_class = |(class, columns): &(FieldClass, Vec<usize>)| {
                payload.clear();
                for &column in columns {
                    payload.field(COLUMNS[column], &customer[column]);
                }
                let mut sealed = Vec::new();
                cipher.seal_into(&binding(*class, record), payload.as_bytes(), &mut sealed);
                sealed
            };
            self.0.iter().map(seal_class).collect()
        };
        rows.map(seal_record).collect()
    }

    fn open(&self, keys: &[(KeyLocation, DataKey)], sealed: &[Vec<Vec<u8>>]) -> anyhow::Result<()> {
        for (record, ((_, key), values)) in keys.iter().zip(sealed).enumerate() {
            let cipher = RecordCipher::new(key);
            for ((class, _), value) in self.0.iter().zip(values) {
                black_box(cipher.open(&binding(*class, record), value)?);
            }
        }
        Ok(())
    }
}

fn binding(class: FieldClass, record: usize) -> Binding<'static> {
    let record = RecordId(record as u128).to_bytes();
    Binding { tenant: TENANT, table: "landing.customers", class, record, version: 1, key_epoch: 1 }
}
