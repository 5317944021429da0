//! What silos of invented customers hold.

use std::path::Path;

use super::table::{Grid, count, text};
use crate::commands::synth::SynthReport;
use crate::language::Catalog;

/// Each file with its rows.
pub fn render(catalog: &Catalog, report: &SynthReport, folder: &Path) -> String {
    let mut grid = Grid::new(catalog, &["file", "rows", "duplicates", "broken"]);
    for file in &report.files {
        grid.row(vec![
            text(file.file),
            count(catalog, file.rows),
            count(catalog, file.duplicates),
            count(catalog, file.bad),
        ]);
    }
    let arguments = [
        ("folder", folder.display().to_string().into()),
        ("people", report.people.into()),
        ("organisations", report.organisations.into()),
        ("accounts", report.accounts.into()),
    ];
    format!("{}\n{}", grid.finish(), catalog.message("synth-done", &arguments))
}
