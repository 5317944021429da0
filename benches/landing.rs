//! Landing: a delimited file into sealed, durable records.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use vermeil_engine::{Access, Engine, EngineConfig, Silent, Stage};
use vermeil_ingest::SourceSpec;
use vermeil_model::pipeline::StateSettings;
use vermeil_model::{FieldClass, Pipeline, Schema};
use vermeil_policy::AccessPolicy;

use crate::customers;
use crate::disk::bytes_in;
use crate::duckdb::{Copy, DuckDb};
use crate::report::{Meaning, Report};

const SECTION: &str = "landing";
/// The file that is landed, in the folder of the pipeline.
pub const FILE: &str = "customers.csv";
const SCHEMA: &str = "customer.v1";

/// Ten of the twelve columns are personal.
const PIPELINE: &str = "\
name: bench
purposes: { bench: contract, mailing: consent, data_subject_rights: legal_obligation }
lake: lake
state: state/vermeil.db
keyring: state/keyring.json
schema: customer.v1
sources:
  - id: customers
    path: customers.csv
    format: delimited
    key: [account_number]
    updated_at: updated_at
    columns:
      account_number: account_number
      title: title
      given_name: given_name
      family_name: family_name
      birth_date: birth_date
      email: email
      mobile: mobile
      street: street
      postal_code: postal_code
      city: city
      customer_since: customer_since
";

/// What one round took.
struct Round {
    parsing_seconds: f64,
    first_seconds: f64,
    unchanged_seconds: f64,
    plain_seconds: f64,
    lake_bytes: u64,
    state_bytes: u64,
    copy: Option<Copy>,
}

/// Lands `rows` rows into a new lake, `runs` times, each time with DuckDB's copy of the same file after it.
///
/// # Errors
/// Landing fails or does not land every row.
pub async fn measure(rows: u64, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let file = folder.path().join(FILE);
    customers::write(&file, rows).context("could not write the customers")?;
    let duckdb = DuckDb::find();
    let mut rounds = Vec::with_capacity(runs);
    for run in 0..runs {
        eprintln!("landing {rows} rows, run {} of {runs}", run + 1);
        rounds.push(round(folder.path(), run, rows, duckdb.as_ref()).await?);
    }
    report_rounds(&rounds, rows, bytes_in(&file)?, report);
    Ok(())
}

async fn round(folder: &Path, run: usize, rows: u64, duckdb: Option<&DuckDb>) -> anyhow::Result<Round> {
    let config = config(folder, run)?;
    let parsing_seconds = parse(&config, rows).await?;
    let engine = Engine::open(config, Access::CreateIfMissing).await?;
    let started = Instant::now();
    let landed = engine.run(Stage::Land, &Silent).await?;
    let first_seconds = started.elapsed().as_secs_f64();
    ensure!(landed.records_landed == rows, "{} of {rows} rows landed", landed.records_landed);
    let started = Instant::now();
    let again = engine.run(Stage::Land, &Silent).await?;
    let unchanged_seconds = started.elapsed().as_secs_f64();
    ensure!(again.unchanged == rows, "{} of {rows} rows were recognised", again.unchanged);
    let plain_seconds = land_plain(folder, run, rows).await?;
    let place = folder.join(run.to_string());
    let copy = match duckdb {
        Some(duckdb) => {
            let copy = duckdb.copy(&folder.join(FILE), &place.join("copy.parquet"))?;
            ensure!(copy.rows == rows, "DuckDB copied {} of {rows} rows", copy.rows);
            Some(copy)
        }
        None => None,
    };
    Ok(Round {
        parsing_seconds,
        first_seconds,
        unchanged_seconds,
        plain_seconds,
        lake_bytes: bytes_in(&place.join("lake"))?,
        state_bytes: bytes_in(&place.join("state"))?,
        copy,
    })
}

/// Lands the file into a lake of its own as if no field were personal. Returns the seconds it took.
async fn land_plain(folder: &Path, run: usize, rows: u64) -> anyhow::Result<f64> {
    let mut config = config(folder, run)?;
    let state = config.pipeline.state.file().context("a file")?;
    config.pipeline.state = StateSettings::File(format!("plain/{state}"));
    for place in [&mut config.pipeline.lake, &mut config.pipeline.keyring.path] {
        *place = format!("plain/{place}");
    }
    let fields = config.schemas.values_mut().flat_map(|schema| &mut schema.fields);
    fields.for_each(|field| field.class = FieldClass::Plain);
    let engine = Engine::open(config, Access::CreateIfMissing).await?;
    let started = Instant::now();
    let landed = engine.run(Stage::Land, &Silent).await?;
    let seconds = started.elapsed().as_secs_f64();
    ensure!(landed.records_landed == rows, "{} of {rows} plain rows landed", landed.records_landed);
    Ok(seconds)
}

/// The pipeline over the file, with a lake of its own for each run.
pub fn config(folder: &Path, run: usize) -> anyhow::Result<EngineConfig> {
    let mut pipeline = Pipeline::parse("bench", PIPELINE)?;
    let state = pipeline.state.file().context("a file")?;
    pipeline.state = StateSettings::File(format!("{run}/{state}"));
    for place in [&mut pipeline.lake, &mut pipeline.keyring.path] {
        *place = format!("{run}/{place}");
    }
    let schema = Schema::built_in(SCHEMA).context("the schema is shipped")?;
    Ok(EngineConfig {
        pipeline,
        schemas: BTreeMap::from([(SCHEMA.to_owned(), schema)]),
        base: folder.to_owned(),
        storage_options: BTreeMap::new(),
        policy: AccessPolicy::default(),
        secrets: BTreeMap::new(),
    })
}

/// Reads the file as landing does and lets go of what it reads. Returns the seconds it took.
async fn parse(config: &EngineConfig, rows: u64) -> anyhow::Result<f64> {
    let started = Instant::now();
    let source = &config.pipeline.sources[0];
    let spec = SourceSpec {
        source,
        schema: config.schema_of(source),
        base: &config.base,
        options: &config.storage_options,
    };
    let mut stream = vermeil_ingest::open(spec).await?;
    let mut read = 0;
    while let Some(batch) = stream.next_batch().await {
        read += batch?.rows_in;
    }
    ensure!(read == rows, "{read} of {rows} rows were parsed");
    Ok(started.elapsed().as_secs_f64())
}

fn report_rounds(rounds: &[Round], rows: u64, file_bytes: u64, report: &mut Report) {
    let rows = rows as f64;
    let per_second =
        |seconds: fn(&Round) -> f64| rounds.iter().map(|round| rows / seconds(round)).collect::<Vec<_>>();
    let copies: Vec<(&Round, &Copy)> =
        rounds.iter().filter_map(|round| Some((round, round.copy.as_ref()?))).collect();
    let copied = |figure: &dyn Fn(&Round, &Copy) -> f64| {
        copies.iter().map(|(round, copy)| figure(round, copy)).collect::<Vec<_>>()
    };
    let mut add = |name, unit, measures: &str, runs: &[f64]| {
        report.add(SECTION, Meaning { name, unit, measures }, runs);
    };
    add(
        "first run",
        "rows/s",
        &format!("{rows} rows of 12 columns (10 personal): parse, canonicalise, seal, write, commit"),
        &per_second(|round| round.first_seconds),
    );
    add(
        "unchanged run",
        "rows/s",
        "the same file again: parse, recognise every row, land nothing",
        &per_second(|round| round.unchanged_seconds),
    );
    add(
        "parsing alone",
        "rows/s",
        "the share of parse and canonicalise in the two above, one thread",
        &per_second(|round| round.parsing_seconds),
    );
    add(
        "plain run",
        "rows/s",
        "a first run with every field plain: nothing is indexed, and only the source's key is sealed",
        &per_second(|round| round.plain_seconds),
    );
    add(
        "sealed / plain",
        "times",
        "seconds of the first run over seconds of the plain one after it; at most 3 are asked for",
        &rounds.iter().map(|round| round.first_seconds / round.plain_seconds).collect::<Vec<_>>(),
    );
    add(
        "DuckDB copy",
        "rows/s",
        "COPY (SELECT * FROM read_csv(…)) TO … (FORMAT parquet) of the same file; nothing is sealed",
        &copied(&|_, copy| rows / copy.seconds),
    );
    add(
        "first run / DuckDB",
        "times",
        "seconds of the first run over seconds of the copy that followed it",
        &copied(&|round, copy| round.first_seconds / copy.seconds),
    );
    add("file", "bytes/row", "the delimited file", &[file_bytes as f64 / rows]);
    let on_disk =
        |bytes: fn(&Round) -> u64| rounds.iter().map(|round| bytes(round) as f64 / rows).collect::<Vec<_>>();
    add("lake", "bytes/row", "Delta tables on disk after both runs", &on_disk(|round| round.lake_bytes));
    add(
        "state",
        "bytes/row",
        "keys, cursors and keyring on disk after both runs",
        &on_disk(|round| round.state_bytes),
    );
    add(
        "DuckDB file",
        "bytes/row",
        "its Parquet file, in the clear",
        &copied(&|_, copy| copy.bytes as f64 / rows),
    );
    report.note(match copies.first() {
        Some((_, copy)) => format!("DuckDB {} with {} threads.", copy.version, copy.threads),
        None => "DuckDB was not measured: `python3 -c 'import duckdb'` fails (`pip install duckdb` helps)."
            .to_owned(),
    });
}
