//! What `check` found.

use vermeil_engine::CheckReport;
use vermeil_model::Diagnostic;

use super::table::{Grid, text};
use crate::language::Catalog;

/// Each source with its fields, then what stands in the way.
pub fn render(catalog: &Catalog, report: &CheckReport) -> String {
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
        parts.push(String::new());
    }
    for problem in &report.problems {
        let told = catalog.tell(problem);
        let headline = match place(problem) {
            Some(place) if !told.headline.contains(&place) => format!("{place}: {}", told.headline),
            _ => told.headline,
        };
        parts.push(catalog.message("check-problem", &[("problem", headline.into())]));
        if let Some(help) = told.help {
            parts.push(format!("  {}", catalog.message("error-help", &[("help", help.into())])));
        }
    }
    let problems = report.problems.len();
    parts.push(catalog.message("check-verdict", &[("problems", problems.into())]));
    parts.join("\n")
}

/// File and line of a problem, where its arguments name both.
fn place(problem: &Diagnostic) -> Option<String> {
    let argument = |wanted: &str| problem.args.iter().find(|(name, _)| name == wanted);
    Some(format!("{}:{}", argument("file")?.1, argument("line")?.1))
}
