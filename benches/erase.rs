//! Erasing people: 1, 100, 10,000 in one rewrite, and the prover.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use vermeil_engine::{
    Access, Engine, EngineConfig, ErasureRunReport, Reader, Silent, Subject, WhichErasures,
};
use vermeil_model::policy::{Purpose, Role};
use vermeil_model::{Pipeline, Schema};
use vermeil_policy::{AccessPolicy, PolicyFile};

use crate::program::{self, PROGRAM};
use crate::report::{Meaning, Report};

const PIPELINE: &str = include_str!("../pipelines/demo/pipeline.yaml");
const NAMES: &str = include_str!("../pipelines/demo/policies/names.cedarschema");
const ACCESS: &str = include_str!("../pipelines/demo/policies/access.cedar");
/// A batch may write so many times the bytes of the files that held someone.
const MOST_AMPLIFICATION: f64 = 1.2;

/// What one batch took.
struct Batch {
    opening_seconds: f64,
    ran: ErasureRunReport,
}

/// Erases each number of `subjects` from a lake of `people` people, one batch after the other.
///
/// # Errors
/// The program or the engine fail, a request is not proven, or a batch writes too much.
pub async fn measure(
    people: u32,
    subjects: &[usize],
    runs: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let program = program::ready()?;
    let mut all: BTreeMap<usize, Vec<Batch>> = BTreeMap::new();
    for run in 0..runs {
        eprintln!("erasing from {people} people, {} of {runs}", run + 1);
        let folder = tempfile::tempdir().context("no temporary folder")?;
        land(&program, folder.path(), people)?;
        let engine = Engine::open(config(folder.path())?, Access::MustExist).await?;
        for count in subjects {
            if let Some(batch) = erase(&engine, *count).await? {
                all.entry(*count).or_default().push(batch);
            }
        }
    }
    for (count, batches) in &all {
        let section = format!("erase {count} of {people}");
        let mut add = |name, unit, measures, figure: &dyn Fn(&Batch) -> f64| {
            report.add(
                &section,
                Meaning { name, unit, measures },
                &batches.iter().map(figure).collect::<Vec<_>>(),
            );
        };
        add("opening", "seconds", "everything that is about them found, opened and sealed", &|batch| {
            batch.opening_seconds
        });
        add("unreadable", "seconds", "from the beginning to their keys destroyed", &|batch| {
            batch.ran.unreadable_after
        });
        add("erasing", "seconds", "from the beginning to the proof", &|batch| batch.ran.seconds);
        add("held", "bytes", "of the files that held them, older versions included", &|batch| {
            batch.ran.bytes_holding as f64
        });
        add("amplification", "times", "bytes written by bytes of the files that held them", &|batch| {
            batch.ran.amplification()
        });
        add("prover", "bytes/s", "searched, decoded ones included", &|batch| {
            batch.ran.bytes_searched as f64 / batch.ran.proof_seconds
        });
    }
    Ok(())
}

/// Erases so many people; `None` where there are not as many.
async fn erase(engine: &Engine, count: usize) -> anyhow::Result<Option<Batch>> {
    let accounts = engine.published_accounts(&officer("ada")).await?;
    let profiles: BTreeSet<u128> = accounts.iter().map(|account| account.profile.0).collect();
    if profiles.len() <= count {
        return Ok(None);
    }
    let subjects: Vec<Subject> = profiles.into_iter().take(count).map(Subject::Id).collect();
    let started = Instant::now();
    let opened = engine.open_erasures(&subjects, &officer("ada")).await?;
    let opening_seconds = started.elapsed().as_secs_f64();
    for request in &opened {
        engine.approve_erasure(request.number, &officer("grace")).await?;
    }
    let ran = engine.run_erasures(&WhichErasures::AllApproved, &officer("ada"), &Silent).await?;
    let traces: Vec<_> = ran.erasures.iter().flat_map(|erasure| &erasure.traces).collect();
    let proven = ran.erasures.iter().filter(|erasure| erasure.status == "complete").count();
    ensure!(proven == count, "{proven} of {count} requests are proven; left is {traces:?}");
    ensure!(ran.amplification() <= MOST_AMPLIFICATION, "the batch writes {} times", ran.amplification());
    Ok(Some(Batch { opening_seconds, ran }))
}

fn land(program: &Path, folder: &Path, people: u32) -> anyhow::Result<()> {
    fs::write(folder.join("pipeline.yaml"), PIPELINE)?;
    fs::create_dir(folder.join("policies"))?;
    fs::write(folder.join("policies/names.cedarschema"), NAMES)?;
    fs::write(folder.join("policies/access.cedar"), ACCESS)?;
    for arguments in [&["synth", "--people", &people.to_string(), "--out", "data"][..], &["run"]] {
        let mut command = Command::new(program);
        let output = command.current_dir(folder).args(arguments).stdin(Stdio::null()).output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`{PROGRAM} {}`: {}", arguments.join(" "), told.trim_end());
    }
    Ok(())
}

fn config(folder: &Path) -> anyhow::Result<EngineConfig> {
    let file = |name: &str, text: &str| PolicyFile { name: name.to_owned(), text: text.to_owned() };
    let schemas = Schema::built_in_names()
        .filter_map(|name| Some((name.to_owned(), Schema::built_in(name)?)))
        .collect();
    Ok(EngineConfig {
        pipeline: Pipeline::parse("bench", PIPELINE)?,
        schemas,
        base: folder.to_owned(),
        storage_options: BTreeMap::new(),
        policy: AccessPolicy::parse(
            Some(&file("names.cedarschema", NAMES)),
            &[file("access.cedar", ACCESS)],
        )?,
        secrets: BTreeMap::new(),
    })
}

fn officer(actor: &str) -> Reader {
    Reader {
        actor: actor.to_owned(),
        role: Role("dpo".to_owned()),
        purpose: Some(Purpose("data_subject_rights".to_owned())),
    }
}
