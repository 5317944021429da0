//! Who opened what, and whether the log that says so is whole.

use vermeil_audit::Verification;
use vermeil_engine::OpeningStatus;
use vermeil_model::Diagnostic;

use super::table::{Grid, count, moment, optional, text};
use crate::language::Catalog;

/// What was verified, what is wrong, and what is worth knowing.
pub fn verification(catalog: &Catalog, found: &Verification) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("segments", count(catalog, found.segments));
    facts.fact("entries", count(catalog, found.entries));
    facts.fact("first-entry", count(catalog, found.first));
    facts.fact("signed-entries", count(catalog, found.signed));
    let mut parts = vec![facts.finish()];
    for (message, diagnostics) in [("audit-fault", &found.faults), ("audit-note", &found.notes)] {
        parts.extend(diagnostics.iter().map(|diagnostic| told(catalog, message, diagnostic)));
    }
    parts.push(catalog.message("audit-verdict", &[("faults", found.faults.len().into())]));
    parts.join("\n")
}

/// One opening a row.
pub fn openings(catalog: &Catalog, openings: &[OpeningStatus]) -> String {
    if openings.is_empty() {
        return catalog.text("audit-nothing-opened");
    }
    let columns = [
        "entry",
        "opened-at",
        "actor",
        "role",
        "purpose",
        "table",
        "classes",
        "outcome",
        "rows",
        "key-pages",
    ];
    let mut grid = Grid::new(catalog, &columns);
    for opening in openings {
        let counted = |value: Option<u64>| value.map_or_else(|| text(""), |value| count(catalog, value));
        let status = opening.status.as_deref().unwrap_or("interrupted");
        grid.row(vec![
            text(opening.entry),
            moment(&opening.at),
            text(&opening.actor),
            text(&opening.role),
            text(&opening.purpose),
            text(&opening.table),
            text(&opening.classes),
            text(catalog.text(&format!("outcome-{status}"))),
            counted(opening.rows),
            text(ranges(&opening.pages)),
        ]);
    }
    grid.finish()
}

/// The segments that were deleted, and the first that stays.
pub fn expired(catalog: &Catalog, expired: &[String], first_kept: Option<&str>) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("expired", text(expired.join(", ")));
    facts.fact("first-kept", optional(first_kept));
    facts.finish()
}

/// Pages as people write them: `3-7, 12`.
fn ranges(pages: &[(i64, i64)]) -> String {
    const SHOWN: usize = 8;
    let range = |(first, last): &(i64, i64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    let shown: Vec<String> = pages.iter().take(SHOWN).map(range).collect();
    shown.join(", ") + if pages.len() > SHOWN { ", …" } else { "" }
}

fn told(catalog: &Catalog, message: &str, diagnostic: &Diagnostic) -> String {
    let told = catalog.tell(diagnostic);
    let headline = catalog.message(message, &[("message", told.headline.into())]);
    match told.help {
        Some(help) => format!("{headline}\n  {}", catalog.message("error-help", &[("help", help.into())])),
        None => headline,
    }
}
