//! `vermeil demo` as a process of its own: what a newcomer waits for, and the memory it takes.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use vermeil_engine::RunReport;

use crate::disk::bytes_in;
use crate::machine::entry;
use crate::program::{self, PROGRAM};
use crate::report::{Meaning, Report};

/// Larger demos are measured once: they take minutes on a small machine.
const REPEATED_UP_TO: u32 = 20_000;
/// How often the memory of the process is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// What the demo prints, as far as it is a figure.
#[derive(Deserialize)]
struct Printed {
    #[serde(flatten)]
    run: RunReport,
    pairwise_precision: f64,
    pairwise_recall: f64,
}

/// One demo.
struct Demo {
    printed: Printed,
    peak_mib: Option<f64>,
    disk_bytes: u64,
}

/// Runs the demo on `people` people, `runs` times or once if it is large.
///
/// # Errors
/// The program cannot be built or fails.
pub fn measure(people: u32, runs: usize, report: &mut Report) -> anyhow::Result<()> {
    let program = program::ready()?;
    let runs = if people <= REPEATED_UP_TO { runs } else { 1 };
    let mut demos = Vec::with_capacity(runs);
    for run in 0..runs {
        eprintln!("demo of {people} people, run {} of {runs}", run + 1);
        demos.push(demo(&program, people)?);
    }
    report_demos(&demos, people, report);
    Ok(())
}

fn demo(program: &Path, people: u32) -> anyhow::Result<Demo> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let place = folder.path().join("demo");
    let mut command = Command::new(program);
    command.args(["demo", "--format", "json", "--people", &people.to_string(), "--dir"]).arg(&place);
    let (output, peak_mib) = run_watched(&mut command)?;
    ensure!(
        output.status.success(),
        "`{PROGRAM} demo` ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    let printed =
        serde_json::from_slice(&output.stdout).context("the demo printed something else than its report")?;
    let disk_bytes = bytes_in(&place.join("lake"))? + bytes_in(&place.join("state"))?;
    Ok(Demo { printed, peak_mib, disk_bytes })
}

/// Runs a program to its end and tells the most memory it held, in MiB, where the system tells it.
fn run_watched(command: &mut Command) -> anyhow::Result<(Output, Option<f64>)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().with_context(|| format!("could not start {PROGRAM}"))?;
    let status_file = format!("/proc/{}/status", child.id());
    let (ended, end) = mpsc::channel::<()>();
    let (output, peak) = thread::scope(|scope| {
        let watcher = scope.spawn(move || {
            let mut peak = None;
            // The system keeps the peak itself: a glance misses at most what the last milliseconds added.
            loop {
                peak = peak_mib(&status_file).or(peak);
                if end.recv_timeout(GLANCE) != Err(RecvTimeoutError::Timeout) {
                    return peak;
                }
            }
        });
        let output = child.wait_with_output();
        drop(ended);
        (output, watcher.join().expect("the watcher does not panic"))
    });
    Ok((output.with_context(|| format!("could not wait for {PROGRAM}"))?, peak))
}

fn peak_mib(status_file: &str) -> Option<f64> {
    let kib: f64 = entry(status_file, "VmHWM")?.strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

fn report_demos(demos: &[Demo], people: u32, report: &mut Report) {
    let Some(first) = demos.first() else { return };
    let section = format!("demo {people}");
    let of_each = |figure: &dyn Fn(&Demo) -> f64| demos.iter().map(figure).collect::<Vec<_>>();
    let mut add = |name: &str, unit, measures: &str, runs: &[f64]| {
        report.add(&section, Meaning { name, unit, measures }, runs)
    };
    let run = &first.printed.run;
    add(
        "total",
        "seconds",
        &format!("`{PROGRAM} demo --people {people}`, from writing the silos to measuring the profiles"),
        &of_each(&|demo| demo.printed.run.seconds),
    );
    for (place, stage) in run.stages.iter().enumerate() {
        let seconds =
            of_each(&|demo| demo.printed.run.stages.get(place).map_or(f64::NAN, |stage| stage.seconds));
        add(
            &stage.name,
            "seconds",
            &format!("stage of the total; {} rows, records, pairs or profiles", stage.rows),
            &seconds,
        );
    }
    let peaks: Vec<f64> = demos.iter().filter_map(|demo| demo.peak_mib).collect();
    add("peak memory", "MiB", "the most the process held at once (VmHWM)", &peaks);
    add(
        "on disk",
        "bytes/record",
        "lake and state together, over all records and events landed",
        &of_each(&|demo| demo.disk_bytes as f64 / demo.printed.run.records_landed.max(1) as f64),
    );
    add(
        "precision",
        "share",
        "of the pairs put together, those that belong together",
        &of_each(&|demo| demo.printed.pairwise_precision),
    );
    add(
        "recall",
        "share",
        "of the pairs that belong together, those put together",
        &of_each(&|demo| demo.printed.pairwise_recall),
    );
    if peaks.is_empty() {
        report.note("Peak memory was not measured: this system has no `/proc/<pid>/status`.".to_owned());
    }
}
