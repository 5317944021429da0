//! `vermeil dedupe`: which rows of one file belong together, without a pipeline.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use vermeil_engine::{ClusteredRows, DedupeReport, DedupeRequest, StageReport, read_model, write_model};
use vermeil_model::Schema;
use vermeil_model::pipeline::QuarantineLimit;

use crate::args::DedupeArguments;
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::replacement::{Replacement, is_same_file, tell_written};
use crate::session::Session;

/// The schema whose fields columns are understood as.
const SCHEMA: &str = "customer.v1";
/// The column of the rows' numbers, where no column names them.
const ROW_COLUMN: &str = "row";
/// The column of the rows' clusters.
const CLUSTER_COLUMN: &str = "cluster";
/// The column of the risk that the row's cluster joins two who are not one, where it is asked for.
pub const RISK_COLUMN: &str = "risk";

/// What was done, for people and programs.
#[derive(Debug, Serialize)]
pub struct Deduplicated {
    /// The file that was read.
    pub file: String,
    /// The file that was written.
    pub out: String,
    /// What was found; `seconds` and `stages` cover the writing too.
    #[serde(flatten)]
    pub report: DedupeReport,
    /// The most memory this process held at once; `None` where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

/// Dedupes a file and writes its clusters.
pub async fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &DedupeArguments,
) -> Result<Outcome, Failure> {
    let started = Instant::now();
    refuse_to_overwrite(arguments)?;
    let model = arguments.model.as_deref().map(read_text).transpose()?;
    let request = DedupeRequest {
        file: arguments.file.clone(),
        base: PathBuf::new(),
        storage_options: session.environment.storage_options.clone(),
        schema: Schema::built_in(SCHEMA).expect("the schema ships with the program"),
        id: arguments.id.clone(),
        fields: arguments.map.iter().map(|told| (told.column.clone(), told.field.clone())).collect(),
        blocking: arguments.block.clone(),
        exclusive: arguments.exclusive.clone(),
        model: model.as_deref().map(read_model).transpose()?,
        threshold: arguments.threshold,
    };
    // Before the work: that the place cannot be written shows at once.
    let out = Replacement::begin(&arguments.out)?;
    let kept = arguments.save_model.as_deref().map(Replacement::begin).transpose()?;
    let page = arguments.report.as_deref().map(Replacement::begin).transpose()?;
    let found = vermeil_engine::dedupe(&request, &*session.progress).await?;

    let writing = Instant::now();
    let risks = arguments.risk.then(|| found.risks());
    out.commit(|file| write_clusters(file, request.id.as_deref(), &found.rows, risks.as_deref()))?;
    if let Some(kept) = kept {
        kept.commit_text(&write_model(&found.model))?;
    }
    if let Some(page) = page {
        page.commit_text(&render::matching::page(&session.catalog, &found.matching()))?;
    }
    let mut report = found.report;
    let seconds = writing.elapsed().as_secs_f64();
    report.stages.push(StageReport { name: "write".to_owned(), seconds, rows: report.records });
    report.seconds = started.elapsed().as_secs_f64();
    let outcome = outcome(&report);
    let done = Deduplicated {
        file: arguments.file.clone(),
        out: arguments.out.display().to_string(),
        report,
        peak_memory_bytes: peak_memory(),
    };
    output.report(&done, |done| render::dedupe::render(&session.catalog, done))?;
    tell_written(session, arguments.report.as_deref());
    Ok(outcome)
}

/// What was asked to be read must not be written over.
fn refuse_to_overwrite(arguments: &DedupeArguments) -> Result<(), CliError> {
    let read = [Some(Path::new(&arguments.file)), arguments.model.as_deref()];
    let written =
        [Some(arguments.out.as_path()), arguments.save_model.as_deref(), arguments.report.as_deref()];
    let reads = |file: &Path| read.iter().flatten().any(|read| is_same_file(read, file));
    match written.into_iter().flatten().find(|file| reads(file)) {
        Some(file) => Err(CliError::WouldOverwrite(file.to_owned())),
        None => Ok(()),
    }
}

fn read_text(file: &Path) -> Result<String, CliError> {
    fs::read_to_string(file).map_err(|cause| CliError::Unreadable { file: file.to_owned(), cause })
}

fn write_clusters(
    file: &mut dyn Write,
    id: Option<&str>,
    rows: &ClusteredRows,
    risks: Option<&[f64]>,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(file);
    let columns = [id.unwrap_or(ROW_COLUMN), CLUSTER_COLUMN];
    writer.write_record(columns.into_iter().chain(risks.map(|_| RISK_COLUMN)))?;
    for (row, (key, cluster)) in rows.iter().enumerate() {
        let risk = risks.map(|risks| format!("{:.6}", risks[row]));
        writer.write_record([key, cluster.to_string()].into_iter().chain(risk))?;
    }
    writer.flush()
}

/// More rows were left out than a pipeline tolerates unless it says otherwise.
fn outcome(report: &DedupeReport) -> Outcome {
    let rejected: u64 = report.rejected.values().map(|rejected| rejected.rows).sum();
    let tolerated = QuarantineLimit::default().limit * (rejected + report.records) as f64;
    if rejected as f64 > tolerated { Outcome::QuarantinedBeyondLimit } else { Outcome::Done }
}

/// As the system counts it: `None` but on Linux.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
