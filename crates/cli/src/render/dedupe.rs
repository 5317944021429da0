//! What deduping a file found.

use serde::Serialize;
use vermeil_engine::{DedupeReport, OversizedBlockReport};

use super::decisions::kept_apart;
use super::run::{stages, told};
use super::table::{Grid, count, number, optional, text};
use crate::commands::dedupe::Deduplicated;
use crate::language::Catalog;

const MIB: f64 = 1024.0 * 1024.0;

/// What columns were taken for, what was found, how long it took, and what speaks against trusting it.
pub fn render(catalog: &Catalog, done: &Deduplicated) -> String {
    let report = &done.report;
    let mut parts = vec![columns(catalog, report), counts(catalog, done)];
    if !report.oversized_blocks.is_empty() {
        parts.push(oversized(catalog, &report.oversized_blocks));
    }
    parts.extend(kept_apart(catalog, &report.kept_apart));
    parts.push(stages(catalog, &report.stages, report.seconds));
    for (code, rejected) in &report.rejected {
        let arguments = [
            ("rows", rejected.rows.into()),
            ("code", code.as_str().into()),
            ("line", rejected.first_line.into()),
        ];
        parts.push(catalog.message("dedupe-rejected", &arguments));
    }
    parts.extend(told(catalog, &report.warnings));
    parts.push(catalog.message("dedupe-written", &[("file", done.out.as_str().into())]));
    parts.join("\n")
}

fn columns(catalog: &Catalog, report: &DedupeReport) -> String {
    let mut grid = Grid::new(catalog, &["column", "meaning", "field", "because"]);
    for column in &report.columns {
        grid.row(vec![
            text(&column.column),
            text(catalog.text(&format!("meaning-{}", name_of(column.meaning)))),
            optional(column.field.as_ref()),
            text(catalog.text(&format!("because-{}", name_of(column.because)))),
        ]);
    }
    grid.finish()
}

/// A variant as JSON has it, in the manner of message ids.
fn name_of(variant: impl Serialize) -> String {
    let name = serde_json::to_value(variant).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().replace('_', "-")
}

fn counts(catalog: &Catalog, done: &Deduplicated) -> String {
    let report = &done.report;
    let mut grid = Grid::facts(catalog);
    grid.fact("records", count(catalog, report.records));
    grid.fact("candidate-pairs", count(catalog, report.candidate_pairs));
    grid.fact("pairs-per-record", number(catalog, report.pairs_per_record, 1));
    grid.fact("links", count(catalog, report.links));
    grid.fact("clusters", count(catalog, report.clusters));
    grid.fact("largest-cluster", count(catalog, report.largest_cluster));
    if let Some(bytes) = done.peak_memory_bytes {
        grid.fact("peak-memory", number(catalog, bytes as f64 / MIB, 0));
    }
    grid.finish()
}

/// Blocks of which only those pairs are compared that agree on one more field, one row a rule.
pub(super) fn oversized(catalog: &Catalog, blocks: &[OversizedBlockReport]) -> String {
    let mut grid = Grid::new(catalog, &["oversized-rule", "blocks", "largest-block", "pairs-in-them"]);
    for block in blocks {
        grid.row(vec![
            text(&block.rule),
            count(catalog, block.blocks),
            count(catalog, block.records),
            count(catalog, block.pairs),
        ]);
    }
    grid.finish()
}
