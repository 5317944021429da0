//! Where values are readable, and what could not be searched.

use vermeil_leaks::{Report, ValueName};

use super::table::{Grid, count, text};
use crate::language::Catalog;

/// Findings, what was left out, and what that means.
pub fn render(catalog: &Catalog, report: &Report) -> String {
    let mut parts = Vec::new();
    if !report.findings.is_empty() {
        let columns = [
            "file",
            "leak-channel",
            "leak-place",
            "leak-offset",
            "leak-encoding",
            "leak-value",
            "leak-count",
        ];
        let mut grid = Grid::new(catalog, &columns);
        for finding in &report.findings {
            grid.row(vec![
                text(&finding.file),
                text(finding.channel.as_str()),
                text(&finding.place),
                count(catalog, finding.offset),
                text(finding.encoding.as_str()),
                text(name(catalog, &finding.value)),
                count(catalog, finding.count),
            ]);
        }
        parts.push(grid.finish());
    }
    if !report.unreadable.is_empty() {
        let mut grid = Grid::new(catalog, &["file", "leak-place", "leak-kind", "leak-reason"]);
        for unreadable in &report.unreadable {
            let reason = match unreadable.reason {
                vermeil_leaks::Reason::Unreadable => "leak-reason-unreadable",
                vermeil_leaks::Reason::Damaged => "leak-reason-damaged",
                vermeil_leaks::Reason::Encrypted => "leak-reason-encrypted",
                vermeil_leaks::Reason::NotDecoded => "leak-reason-not-decoded",
                vermeil_leaks::Reason::TooLarge => "leak-reason-too-large",
                vermeil_leaks::Reason::TooDeep => "leak-reason-too-deep",
            };
            grid.row(vec![
                text(&unreadable.file),
                text(&unreadable.place),
                text(&unreadable.kind),
                text(catalog.text(reason)),
            ]);
        }
        parts.push(grid.finish());
    }
    for refused in &report.refused {
        parts.push(catalog.message("leak-scan-refused", &[("value", name(catalog, refused).into())]));
    }
    let conclusion = if !report.findings.is_empty() {
        "leak-scan-found"
    } else if report.is_complete() {
        "leak-scan-clean"
    } else {
        "leak-scan-incomplete"
    };
    parts.push(catalog.message(
        conclusion,
        &[
            ("findings", report.findings.len().into()),
            ("files", report.files.into()),
            ("values", report.values.into()),
        ],
    ));
    parts.join("\n")
}

fn name(catalog: &Catalog, value: &ValueName) -> String {
    let line = catalog.message("leak-scan-line", &[("line", value.line.into())]);
    match &value.label {
        Some(label) => format!("{label} ({line})"),
        None => line,
    }
}
