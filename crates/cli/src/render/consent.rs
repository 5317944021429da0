//! What people allow and refuse.

use vermeil_engine::{ConsentAnswer, ConsentEntry};

use super::rows::visible;
use super::table::{Grid, moment, optional, text};
use crate::language::Catalog;

/// Everything that was said, and what of it holds.
pub fn entries(catalog: &Catalog, entries: &[ConsentEntry]) -> String {
    if entries.is_empty() {
        return catalog.text("consent-none");
    }
    let columns = [
        "consent-scope",
        "consent-purpose",
        "consent-status",
        "consent-occurred-at",
        "consent-expires-at",
        "consent-recorded-by",
        "consent-channel",
        "consent-holds",
    ];
    let mut grid = Grid::new(catalog, &columns);
    for entry in entries {
        grid.row(vec![
            text(catalog.text(&format!("consent-scope-{}", entry.scope))),
            optional(entry.purpose.as_deref().map(visible)),
            text(catalog.text(&format!("consent-status-{}", entry.status))),
            moment(&entry.occurred_at),
            entry.expires_at.as_deref().map_or_else(|| text(""), moment),
            text(visible(&entry.recorded_by)),
            optional(entry.detail["channel"].as_str().map(visible)),
            text(catalog.text(if entry.holds { "consent-holds-yes" } else { "consent-holds-no" })),
        ]);
    }
    grid.finish()
}

/// Whether someone may be reached or read.
pub fn answer(catalog: &Catalog, answer: &ConsentAnswer) -> String {
    let id = if answer.allowed { "consent-allowed" } else { "consent-not-allowed" };
    let status = match &answer.status {
        Some(status) => catalog.text(&format!("consent-status-{status}")),
        None => catalog.text("consent-status-unknown"),
    };
    let basis = catalog.text(&format!("basis-{}", answer.basis.replace('_', "-")));
    let arguments =
        [("purpose", visible(&answer.purpose).into()), ("status", status.into()), ("basis", basis.into())];
    catalog.message(id, &arguments)
}
