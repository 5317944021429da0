//! Records that hold a value.

use vermeil_engine::FoundRecord;

use super::table::{Grid, optional, text};
use crate::language::Catalog;

/// The records, and where they are.
pub fn list(catalog: &Catalog, found: &[FoundRecord]) -> String {
    if found.is_empty() {
        return catalog.text("find-nothing");
    }
    let mut grid = Grid::new(catalog, &["profile", "record", "source"]);
    for record in found {
        grid.row(vec![
            optional(record.profile_id.as_deref()),
            text(&record.record_id),
            optional(record.source.as_deref()),
        ]);
    }
    grid.finish()
}
