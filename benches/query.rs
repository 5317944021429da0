//! Queries that open personal columns, through the policy and with the audit trail.

use std::fs;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use vermeil_engine::{Access, Engine, Reader, Silent, Stage};
use vermeil_model::policy::{Purpose, Role};
use vermeil_policy::{AccessPolicy, PolicyFile};

use crate::report::{Meaning, Report};
use crate::{customers, landing};

const SECTION: &str = "query";

/// What is asked for, how many values a row of the answer holds, and what that measures.
const QUESTIONS: [(&str, u64, &str, &str); 3] = [
    (
        "nothing opened",
        0,
        "SELECT record_id, landed_at FROM landing.customers",
        "rows of pseudonyms and plain columns; keys are not touched",
    ),
    (
        "one column",
        1,
        "SELECT email FROM landing.customers",
        "one sealed value opened for each value shown: the dearest way to ask",
    ),
    (
        "ten columns",
        10,
        "SELECT account_number, title, given_name, family_name, birth_date, email, mobile, street, postal_code, city
         FROM landing.customers",
        "three sealed values opened for ten shown",
    ),
];

/// What one answer took.
struct Round {
    seconds: f64,
    processor_seconds: f64,
}

/// Lands `rows` customers and asks each question `runs` times.
///
/// # Errors
/// Landing or a query fails, or does not give every row.
pub async fn measure(rows: u64, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    customers::write(&folder.path().join(landing::FILE), rows).context("could not write the customers")?;
    let mut config = landing::config(folder.path(), 0)?;
    config.policy = policy()?;
    let engine = Engine::open(config, Access::CreateIfMissing).await?;
    engine.run(Stage::Land, &Silent).await?;
    for (name, values, sql, measures) in QUESTIONS {
        let mut rounds = Vec::with_capacity(runs);
        for run in 0..runs {
            eprintln!("querying {rows} rows, {name}, run {} of {runs}", run + 1);
            rounds.push(ask(&engine, sql, rows).await?);
        }
        let counted = (rows * values.max(1)) as f64;
        let unit = if values == 0 { ("rows/s", "rows/s/core") } else { ("values/s", "values/s/core") };
        let on_all: Vec<f64> = rounds.iter().map(|round| counted / round.seconds).collect();
        let on_one: Vec<f64> = rounds.iter().map(|round| counted / round.processor_seconds).collect();
        report.add(SECTION, Meaning { name, unit: unit.0, measures }, &on_all);
        let measures = "the same over processor time: of all threads, those that read the table included";
        report.add(SECTION, Meaning { name: &format!("{name}, a core"), unit: unit.1, measures }, &on_one);
    }
    Ok(())
}

async fn ask(engine: &Engine, sql: &str, rows: u64) -> anyhow::Result<Round> {
    let reader = Reader {
        actor: "bench".to_owned(),
        role: Role("reader".to_owned()),
        purpose: Some(Purpose("bench".to_owned())),
    };
    let (started, before) = (Instant::now(), processor_seconds()?);
    let mut result = engine.query(sql, &reader).await?;
    let mut answered = 0;
    while let Some(batch) = result.next().await {
        answered += batch?.num_rows() as u64;
    }
    ensure!(answered == rows, "{answered} of {rows} rows were answered");
    Ok(Round { seconds: started.elapsed().as_secs_f64(), processor_seconds: processor_seconds()? - before })
}

/// May open everything.
fn policy() -> anyhow::Result<AccessPolicy> {
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), text: text.to_owned() };
    let names = file("names", "entity Role enum [\"reader\"]; entity Purpose enum [\"bench\"];");
    Ok(AccessPolicy::parse(Some(&names), &[file("access", "permit (principal, action, resource);")])?)
}

/// What all threads of this process took of the processor so far.
///
/// Fields 14 and 15 of `/proc/self/stat`, counted after the name, in hundredths of a second (proc(5)).
fn processor_seconds() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("the system does not tell processor time")?;
    let (_, fields) = stat.rsplit_once(')').context("no name in /proc/self/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    Ok(ticks.sum::<Result<u64, _>>()? as f64 / 100.0)
}
