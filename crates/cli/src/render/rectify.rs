//! What people set right.

use vermeil_engine::RectificationReport;

use super::rows::visible;
use super::table::{Grid, moment, text};
use crate::language::Catalog;

/// That it holds from the next run on, or no longer.
pub fn done(catalog: &Catalog, done: &[RectificationReport]) -> String {
    let line = |one: &RectificationReport| {
        let arguments = [
            ("rectification", one.rectification.to_string().into()),
            ("field", one.field.as_str().into()),
            ("record", one.record.as_str().into()),
        ];
        catalog.message(&format!("rectification-{}", one.kind), &arguments)
    };
    done.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Each with its author and reason; reasons that may not be opened stay empty.
pub fn list(catalog: &Catalog, rectifications: &[RectificationReport]) -> String {
    let columns = ["rectification", "kind", "record", "field", "author", "decided-at", "reason"];
    let mut grid = Grid::new(catalog, &columns);
    for one in rectifications {
        grid.row(vec![
            text(one.rectification),
            text(catalog.text(&format!("rectification-kind-{}", one.kind))),
            text(&one.record),
            text(&one.field),
            text(visible(&one.author)),
            moment(&one.at),
            text(one.reason.as_deref().map(visible).unwrap_or_default()),
        ]);
    }
    grid.finish()
}
