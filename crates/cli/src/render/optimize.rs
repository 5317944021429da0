//! What `optimize` did.

use vermeil_engine::OptimizeReport;

use super::table::{Grid, count, text};
use crate::language::Catalog;

/// Files of each table before and after.
pub fn render(catalog: &Catalog, report: &OptimizeReport) -> String {
    let mut grid = Grid::new(catalog, &["table", "files-before", "files-after", "files-deleted"]);
    for table in &report.tables {
        grid.row(vec![
            text(&table.table),
            count(catalog, table.files_before),
            count(catalog, table.files_after),
            count(catalog, table.files_deleted),
        ]);
    }
    grid.finish()
}
