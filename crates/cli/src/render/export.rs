//! Who received what.

use vermeil_engine::ExportReport;

use super::rows::visible;
use super::table::{Grid, count, moment, text};
use crate::language::Catalog;

/// One export.
pub fn one(catalog: &Catalog, export: &ExportReport) -> String {
    let arguments = [
        ("profiles", export.profiles.unwrap_or_default().into()),
        ("recipient", visible(&export.recipient).into()),
        ("purpose", visible(&export.purpose).into()),
    ];
    catalog.message("export-done", &arguments)
}

/// All of them.
pub fn exports(catalog: &Catalog, exports: &[ExportReport]) -> String {
    if exports.is_empty() {
        return catalog.text("export-none");
    }
    let columns = [
        "export-number",
        "export-recipient",
        "export-purpose",
        "export-actor",
        "export-begun-at",
        "profiles",
    ];
    let mut grid = Grid::new(catalog, &columns);
    for export in exports {
        grid.row(vec![
            text(export.number),
            text(visible(&export.recipient)),
            text(visible(&export.purpose)),
            text(visible(&export.actor)),
            moment(&export.begun_at),
            export.profiles.map_or_else(|| text(catalog.text("export-cut-off")), |all| count(catalog, all)),
        ]);
    }
    grid.finish()
}
