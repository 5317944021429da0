//! `vermeil leak-scan`: where given values are readable below a folder.

use std::path::Path;

use serde::Serialize;
use vermeil_leaks::{Limits, Matcher, Values, corpus};

use crate::args::LeakScanArguments;
use crate::error::CliError;
use crate::exit::{Failure, Outcome};
use crate::output::Output;
use crate::render;
use crate::session::Session;

/// Scans a folder, or writes one to try scanners on.
pub fn execute(
    session: &Session,
    output: &mut Output,
    arguments: &LeakScanArguments,
) -> Result<Outcome, Failure> {
    match (&arguments.write_corpus, &arguments.dir, &arguments.values) {
        (Some(folder), _, _) => write_corpus(session, output, folder),
        (None, Some(folder), Some(values)) => scan(session, output, folder, values),
        _ => unreachable!("the command line asks for a folder and values where it writes no corpus"),
    }
}

fn scan(session: &Session, output: &mut Output, folder: &Path, values: &Path) -> Result<Outcome, Failure> {
    let matcher = Matcher::new(&Values::read(values)?);
    // A library that gives up on a damaged file may quote it; the scan reports the file.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let scanned = vermeil_leaks::scan(folder, &[], &matcher, Limits::default());
    std::panic::set_hook(told);
    let report = scanned.map_err(|cause| CliError::FolderUnreadable { folder: folder.to_owned(), cause })?;
    output.report(&report, |report| render::leak_scan::render(&session.catalog, report))?;
    Ok(if !report.findings.is_empty() {
        Outcome::ValuesFound
    } else if !report.is_complete() {
        Outcome::SearchIncomplete
    } else {
        Outcome::Done
    })
}

fn write_corpus(session: &Session, output: &mut Output, folder: &Path) -> Result<Outcome, Failure> {
    let planted =
        corpus::write(folder).map_err(|cause| CliError::Unwritable { file: folder.to_owned(), cause })?;
    let report = CorpusReport {
        planted: planted.len(),
        values: corpus::VALUES_FILE,
        list: corpus::LIST_FILE,
        folder: corpus::PLANTED_FOLDER,
    };
    output.report(&report, |report| {
        session.catalog.message(
            "leak-scan-corpus",
            &[
                ("planted", report.planted.into()),
                ("folder", folder.join(report.folder).display().to_string().into()),
                ("values", folder.join(report.values).display().to_string().into()),
                ("list", folder.join(report.list).display().to_string().into()),
            ],
        )
    })?;
    Ok(Outcome::Done)
}

/// What was written.
#[derive(Debug, Serialize)]
struct CorpusReport {
    /// Values, each in a folder of its own.
    planted: usize,
    /// The values file, relative to the corpus.
    values: &'static str,
    /// What is planted where, relative to the corpus.
    list: &'static str,
    /// What to scan, relative to the corpus.
    folder: &'static str,
}
