//! Who sees what, and what for.

use vermeil_model::FieldClass;
use vermeil_policy::Shown;

use super::table::{Grid, optional, text};
use crate::commands::policy::PolicyShown;
use crate::language::Catalog;

/// One row for each role, and for each purpose that it may open something for.
pub fn render(catalog: &Catalog, shown: &PolicyShown) -> String {
    let rows = || {
        let told = shown.matrix.rows.iter();
        // A refused purpose shows nothing, as the text below says once for all.
        told.filter(|row| row.granted || row.purpose.is_none())
    };
    let names_actors = rows().any(|row| row.actor.is_some());
    let mut columns = vec!["role", "purpose"];
    if names_actors {
        columns.push("actor");
    }
    let classes = FieldClass::ALL.map(|class| format!("class-{class}"));
    columns.extend(classes.iter().map(String::as_str));
    columns.push("audit-log");
    let mut grid = Grid::new(catalog, &columns);
    for row in rows() {
        let mut cells = vec![text(&row.role), optional(row.purpose.as_ref())];
        if names_actors {
            cells.push(optional(row.actor.as_ref()));
        }
        let shown = FieldClass::ALL.map(|class| row.classes.get(&class).copied().unwrap_or(Shown::Absent));
        cells.extend(shown.map(|shown| text(catalog.text(message(shown)))));
        cells.push(text(catalog.text(if row.audits { "policy-audits" } else { "policy-absent" })));
        grid.row(cells);
    }
    let mut parts = Vec::new();
    if !grid.is_empty() {
        parts.push(grid.finish());
        parts.push(catalog.text("policy-legend"));
    }
    for note in &shown.notes {
        let headline = catalog.tell(note).headline;
        parts.push(catalog.message("check-note", &[("note", headline.into())]));
    }
    parts.join("\n")
}

fn message(shown: Shown) -> &'static str {
    match shown {
        Shown::Clear => "policy-clear",
        Shown::Protected => "policy-protected",
        Shown::Absent => "policy-absent",
    }
}
