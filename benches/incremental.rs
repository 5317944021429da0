//! A run after little has changed, beside one over everything with the same model.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use vermeil_engine::RunReport;

use crate::program::{self, PROGRAM};
use crate::report::{Meaning, Report};

const PIPELINE: &str = include_str!("../pipelines/demo/pipeline.yaml");
const WEB: &str = "data/web.ndjson";
/// Of so many accounts of the web shop one gets another address.
const ONE_IN: usize = 30;
/// Says what holds without it, so that a run takes up nothing of what the one before knew, but its model.
const SETTING: &str = "  threshold: 0.5\n";
const ANOTHER_SETTING: &str = "  threshold: 0.5\n  max_block_pairs: 1000000\n";

/// Runs over silos of `people` people, in processes of their own: first, after a change, and over
/// everything.
///
/// # Errors
/// The program cannot be built or fails.
pub fn measure(people: u32, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let program = program::ready()?;
    let mut all = Vec::with_capacity(runs);
    for run in 0..runs {
        eprintln!("runs over {people} people, {} of {runs}", run + 1);
        all.push(three_runs(&program, people)?);
    }
    let section = format!("incremental {people}");
    let mut add = |name: &str, unit, measures: &str, figure: &dyn Fn(&[RunReport; 3]) -> f64| {
        report.add(&section, Meaning { name, unit, measures }, &all.iter().map(figure).collect::<Vec<_>>());
    };
    add("records", "records", "in all sources", &|[first, ..]| rows(first, "prepare"));
    add("touched", "records", "that changed, or whose surroundings did", &|[_, second, _]| {
        second.touched_records.unwrap_or_default() as f64
    });
    add("whole", "seconds", "a run over everything, with the model in force", &|[.., whole]| whole.seconds);
    add("after a change", "seconds", "a run that compares and builds what changed", &|[_, second, _]| {
        second.seconds
    });
    add("ratio", "times", "whole by after a change", &|[_, second, whole]| whole.seconds / second.seconds);
    for stage in ["land", "prepare", "estimate", "score", "cluster", "publish"] {
        add(stage, "seconds", "stage of the run after a change", &|[_, second, _]| seconds(second, stage));
    }
    add("linking", "times", "estimating, scoring and clustering: whole by after a change", &|[
        _,
        second,
        whole,
    ]| {
        let linking =
            |run| ["estimate", "score", "cluster"].iter().map(|stage| seconds(run, stage)).sum::<f64>();
        linking(whole) / linking(second)
    });
    add("publishing", "times", "the stage publish: whole by after a change", &|[_, second, whole]| {
        seconds(whole, "publish") / seconds(second, "publish")
    });
    Ok(())
}

fn three_runs(program: &Path, people: u32) -> anyhow::Result<[RunReport; 3]> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let place = folder.path();
    let call = |arguments: &[&str]| -> anyhow::Result<Vec<u8>> {
        let mut command = Command::new(program);
        let output = command.current_dir(place).args(arguments).stdin(Stdio::null()).output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`{PROGRAM} {}`: {}", arguments.join(" "), told.trim_end());
        Ok(output.stdout)
    };
    let run =
        || -> anyhow::Result<RunReport> { Ok(serde_json::from_slice(&call(&["run", "--format", "json"])?)?) };
    call(&["synth", "--people", &people.to_string(), "--out", "data"])?;
    fs::write(place.join("pipeline.yaml"), PIPELINE)?;
    let first = run()?;
    let web = fs::read_to_string(place.join(WEB))?;
    let mut changed = String::with_capacity(web.len() + web.len() / 100);
    for (number, row) in web.lines().enumerate() {
        changed += &if number % ONE_IN == 0 { row.replacen('@', ".x@", 1) } else { row.to_owned() };
        changed.push('\n');
    }
    fs::write(place.join(WEB), changed)?;
    let second = run()?;
    ensure!(second.touched_records.is_some(), "the second run compared everything");
    fs::write(place.join("pipeline.yaml"), PIPELINE.replacen(SETTING, ANOTHER_SETTING, 1))?;
    let whole = run()?;
    ensure!(
        whole.touched_records.is_none() && !whole.model_estimated,
        "the third run did not compare everything by the same model"
    );
    // Both had the same records and the same model.
    ensure!(
        (whole.links, whole.profiles) == (second.links, second.profiles),
        "the two runs found something else"
    );
    Ok([first, second, whole])
}

fn seconds(run: &RunReport, stage: &str) -> f64 {
    run.stages.iter().find(|one| one.name == stage).map_or(f64::NAN, |stage| stage.seconds)
}

fn rows(run: &RunReport, stage: &str) -> f64 {
    run.stages.iter().find(|one| one.name == stage).map_or(f64::NAN, |stage| stage.rows as f64)
}
