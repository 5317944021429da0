//! What `check` found.

use vermeil_engine::RejectedRow;
use vermeil_model::Diagnostic;

use super::table::{Grid, text};
use crate::commands::check::Checked;
use crate::language::Catalog;

/// Each source with its fields, then what stands in the way.
pub fn render(catalog: &Catalog, Checked { report, notes }: &Checked) -> String {
    let mut parts = Vec::new();
    for source in &report.sources {
        let arguments = [
            ("source", source.source.as_str().into()),
            ("schema", source.schema.as_str().into()),
            ("files", source.files.len().into()),
        ];
        parts.push(catalog.message("check-source", &arguments));
        let mut grid = Grid::new(catalog, &["field", "column", "type", "class", "required"]);
        for field in &source.fields {
            let required = if field.required { catalog.text("yes") } else { String::new() };
            grid.row(vec![
                text(&field.field),
                text(&field.column),
                text(&field.data_type),
                text(&field.class),
                text(required),
            ]);
        }
        if !grid.is_empty() {
            parts.push(grid.finish());
        }
        if !source.unmapped.is_empty() {
            let columns = source.unmapped.join(", ");
            parts.push(catalog.message("check-unmapped", &[("columns", columns.into())]));
        }
        source.rejected_rows.iter().for_each(|row| rejected_row(catalog, row, &mut parts));
        parts.push(String::new());
    }
    for note in notes {
        let headline = catalog.tell(note).headline;
        parts.push(catalog.message("check-note", &[("note", headline.into())]));
        help(catalog, note, &mut parts);
    }
    for problem in &report.problems {
        let headline = catalog.tell(problem).headline;
        parts.push(catalog.message("check-problem", &[("problem", headline.into())]));
        help(catalog, problem, &mut parts);
    }
    let problems = report.problems.len();
    parts.push(catalog.message("check-verdict", &[("problems", problems.into())]));
    parts.join("\n")
}

fn rejected_row(catalog: &Catalog, row: &RejectedRow, parts: &mut Vec<String>) {
    let RejectedRow { file, line, diagnostic } = row;
    let problem = format!("{file}:{line}: {}", catalog.tell(diagnostic).headline);
    parts.push(catalog.message("check-row", &[("problem", problem.into())]));
    help(catalog, diagnostic, parts);
}

fn help(catalog: &Catalog, diagnostic: &Diagnostic, parts: &mut Vec<String>) {
    if let Some(help) = catalog.tell(diagnostic).help {
        parts.push(format!("  {}", catalog.message("error-help", &[("help", help.into())])));
    }
}
