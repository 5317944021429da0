//! What `run` would read and change.

use vermeil_engine::PlanReport;

use super::changes;
use super::table::{Grid, count, text};
use crate::language::Catalog;

/// Reads, new columns, and what would become of profiles.
pub fn render(catalog: &Catalog, report: &PlanReport) -> String {
    let columns =
        ["source", "files", "rows", "new", "changed", "unchanged", "duplicates", "quarantined", "suppressed"];
    let mut reads = Grid::new(catalog, &columns);
    for read in &report.reads {
        reads.row(vec![
            text(&read.source),
            count(catalog, read.files),
            count(catalog, read.rows),
            count(catalog, read.new),
            count(catalog, read.changed),
            count(catalog, read.unchanged),
            count(catalog, read.duplicates),
            count(catalog, read.quarantined),
            count(catalog, read.suppressed),
        ]);
    }
    let mut parts = vec![reads.finish()];
    let mut changes = Grid::new(catalog, &["table", "new-column", "type"]);
    for change in &report.schema_changes {
        changes.row(vec![text(&change.table), text(&change.column), text(&change.data_type)]);
    }
    if !changes.is_empty() {
        parts.push(changes.finish());
    }
    let mut profiles = Grid::facts(catalog);
    profiles.fact("profiles-after", count(catalog, report.profiles));
    profiles.fact("merges", count(catalog, report.merges));
    profiles.fact("splits", count(catalog, report.splits));
    parts.push(profiles.finish());
    parts.extend(changes::examples(catalog, &report.merge_examples, &report.split_examples));
    parts.push(catalog.text("plan-nothing-changed"));
    parts.join("\n")
}
