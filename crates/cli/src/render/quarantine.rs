//! Rows that broke their contract.

use vermeil_engine::{QuarantineEntry, ReplayReport};

use super::rows::visible;
use super::table::{Grid, count, moment, optional, text};
use crate::language::Catalog;

/// The rows, what is wrong with each, and where it stands.
pub fn list(catalog: &Catalog, entries: &[QuarantineEntry]) -> String {
    if entries.is_empty() {
        return catalog.text("quarantine-empty");
    }
    let mut grid = Grid::new(catalog, &["id", "source", "file", "line", "code", "problem", "replayed-at"]);
    for entry in entries {
        grid.row(vec![
            text(&entry.id),
            text(&entry.source),
            text(&entry.file),
            text(entry.line),
            text(&entry.diagnostic.code),
            text(catalog.tell(&entry.diagnostic).headline),
            entry.replayed_at.as_deref().map_or_else(|| text(""), moment),
        ]);
    }
    grid.finish()
}

/// One row with its content as delivered.
pub fn row(catalog: &Catalog, entry: &QuarantineEntry, content: &str) -> String {
    let told = catalog.tell(&entry.diagnostic);
    let mut facts = Grid::facts(catalog);
    facts.fact("id", text(&entry.id));
    facts.fact("source", text(&entry.source));
    facts.fact("file", text(&entry.file));
    facts.fact("line", text(entry.line));
    facts.fact("code", text(&entry.diagnostic.code));
    facts.fact("problem", text(told.headline));
    facts.fact("way-out", optional(told.help));
    facts.fact("first-seen", moment(&entry.first_seen));
    facts.fact("replayed-at", entry.replayed_at.as_deref().map_or_else(|| text(""), moment));
    format!("{}\n{}\n{}", facts.finish(), catalog.text("quarantine-row"), visible(content))
}

/// What a replay did.
pub fn replay(catalog: &Catalog, report: &ReplayReport) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("tried", count(catalog, report.tried));
    facts.fact("landed", count(catalog, report.landed));
    facts.fact("still-quarantined", count(catalog, report.still_quarantined));
    facts.finish()
}
