//! The figures of the README, measured where this runs: `cargo xtask bench`.
//!
//! Each section builds its own invented data in a temporary folder, which `TMPDIR` moves to another disk.
//! What each figure means stands beside it in the table, and at more length in `README.md` here.

mod consent;
mod customers;
mod demo;
mod disk;
mod duckdb;
mod erase;
mod incremental;
mod landing;
mod leaks;
mod machine;
mod names;
mod program;
mod query;
mod records;
mod report;
mod resolve;
mod rotate;
mod score;
mod seal;

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use clap::{Parser, ValueEnum};

use crate::machine::Machine;
use crate::report::Report;

/// What `--help` says of the bench that is a program of its own.
const BESIDE_SPLINK: &str = "\
Deduping beside Splink, which is fetched from PyPI, is a program of its own:
benches/splink/run.py --people 100000 --u-pairs 1e6";

/// Measures landing, scoring, resolving, sealing, naming, the leak scan, runs and the demo, and prints one table
#[derive(Parser)]
#[command(name = "vermeil-bench", after_help = BESIDE_SPLINK)]
struct Arguments {
    /// Measure this section only
    #[arg(long, value_enum)]
    only: Option<Section>,
    /// Rows of the file that is landed, and of the files that are scanned for leaks
    #[arg(long, default_value = "300000")]
    rows: NonZeroU64,
    /// People in the silos whose pairs are scored
    #[arg(long, default_value = "20000")]
    people: NonZeroU32,
    /// People of each demo
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    demo_people: Vec<NonZeroU32>,
    /// People of the silos over which runs are measured
    #[arg(long, default_value = "50000")]
    run_people: NonZeroU32,
    /// People of the silos whose records are indexed, to be asked for
    #[arg(long, default_value = "100000")]
    resolve_people: NonZeroU32,
    /// People of each batch that is erased, from the silos of `--run-people`
    #[arg(long, value_delimiter = ',', default_value = "1,100,10000")]
    subjects: Vec<NonZeroUsize>,
    /// Records that are sealed
    #[arg(long, default_value = "50000")]
    records: NonZeroUsize,
    /// Keys that are rotated
    #[arg(long, default_value = "2000000")]
    keys: NonZeroUsize,
    /// Times that each figure is measured; large demos are measured once
    #[arg(long, default_value = "3")]
    runs: NonZeroUsize,
    /// How to print
    #[arg(long, value_enum, default_value = "table")]
    format: OutputFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    /// A delimited file into the lake, and DuckDB's copy of it to Parquet
    Landing,
    /// Normalising, blocking, scoring
    Score,
    /// Answering who somebody is, from an index
    Resolve,
    /// Keys, sealing, opening
    Seal,
    /// Moving keys to a new generation
    Rotate,
    /// The leak scan, by kind of file
    Leaks,
    /// Queries that open personal columns
    Query,
    /// Pseudonyms, the blind index
    Names,
    /// Runs after a change and over everything, as processes of their own
    Incremental,
    /// What people allow: asked while others withdraw, and followed by queries
    Consent,
    /// Erasing one, a hundred, ten thousand people, and the prover
    Erase,
    /// `vermeil demo` as a process of its own
    Demo,
}

#[derive(Clone, Copy, ValueEnum)]
enum OutputFormat {
    /// A Markdown table, to be read or pasted
    Table,
    /// One JSON object
    Json,
}

fn main() -> anyhow::Result<()> {
    // What the engine complains of would otherwise be lost, and a figure be wrong for no visible reason.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let report = tokio::runtime::Builder::new_multi_thread()
        // As many as the command line has.
        .worker_threads(machine::cores().max(2))
        .enable_all()
        .build()?
        .block_on(measure(&arguments))?;
    match arguments.format {
        OutputFormat::Table => println!("{}", report.as_table()),
        OutputFormat::Json => println!("{}", report.as_json()?),
    }
    Ok(())
}

async fn measure(arguments: &Arguments) -> anyhow::Result<Report> {
    let wanted = |section| arguments.only.is_none_or(|only| only == section);
    let runs = arguments.runs.get();
    let mut report = Report::new(Machine::here());
    if wanted(Section::Landing) {
        landing::measure(arguments.rows.get(), runs, &mut report).await?;
    }
    if wanted(Section::Consent) {
        consent::measure(arguments.rows.get(), runs, &mut report).await?;
    }
    if wanted(Section::Score) {
        score::measure(arguments.people.get(), runs, &mut report).await?;
    }
    if wanted(Section::Resolve) {
        resolve::measure(arguments.resolve_people.get(), runs, &mut report).await?;
    }
    if wanted(Section::Seal) {
        seal::measure(arguments.records.get(), runs, &mut report).await?;
    }
    if wanted(Section::Rotate) {
        rotate::measure(arguments.keys.get(), runs, &mut report).await?;
    }
    if wanted(Section::Leaks) {
        leaks::measure(usize::try_from(arguments.rows.get())?, runs, &mut report)?;
    }
    if wanted(Section::Query) {
        query::measure(arguments.rows.get(), runs, &mut report).await?;
    }
    if wanted(Section::Names) {
        names::measure(arguments.records.get(), runs, &mut report).await?;
    }
    if wanted(Section::Incremental) {
        incremental::measure(arguments.run_people.get(), runs, &mut report)?;
    }
    if wanted(Section::Erase) {
        let subjects: Vec<usize> = arguments.subjects.iter().map(|count| count.get()).collect();
        erase::measure(arguments.run_people.get(), &subjects, runs, &mut report).await?;
    }
    if wanted(Section::Demo) {
        for people in &arguments.demo_people {
            demo::measure(people.get(), runs, &mut report)?;
        }
    }
    Ok(report)
}
