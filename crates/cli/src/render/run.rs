//! What a run did.

use vermeil_engine::{RunReport, StageReport};
use vermeil_model::Diagnostic;

use super::decisions;
use super::table::{Grid, count, seconds, text};
use crate::language::Catalog;

/// Stages, sources and counts.
pub fn render(catalog: &Catalog, report: &RunReport) -> String {
    let mut parts = vec![stages(catalog, &report.stages, report.seconds), sources(catalog, report)];
    parts.push(counts(catalog, report));
    parts.extend(decisions::kept_apart(catalog, &report.kept_apart));
    parts.extend(warnings(catalog, report));
    parts.extend(told(catalog, &report.warnings));
    if report.up_to_date {
        parts.push(catalog.text("run-up-to-date"));
    }
    parts.join("\n")
}

/// What speaks against trusting a result, each with the way out.
pub fn told(catalog: &Catalog, warnings: &[Diagnostic]) -> Vec<String> {
    let mut lines = Vec::new();
    for warning in warnings {
        let told = catalog.tell(warning);
        lines.push(catalog.message("match-warning", &[("message", told.headline.into())]));
        lines.extend(told.help.map(|help| format!("  {help}")));
    }
    lines
}

/// Rows and seconds of each stage.
pub fn stages(catalog: &Catalog, stages: &[StageReport], total: f64) -> String {
    let mut grid = Grid::new(catalog, &["stage", "rows", "makes", "seconds"]);
    for stage in stages {
        grid.row(vec![
            text(&stage.name),
            count(catalog, stage.rows),
            text(catalog.text(&format!("stage-{}-makes", stage.name))),
            seconds(catalog, stage.seconds),
        ]);
    }
    grid.row(vec![text(catalog.text("total")), text(""), text(""), seconds(catalog, total)]);
    grid.finish()
}

/// What became of each source's rows.
pub fn sources(catalog: &Catalog, report: &RunReport) -> String {
    let columns = ["source", "read", "landed", "unchanged", "duplicates", "quarantined", "suppressed"];
    let mut grid = Grid::new(catalog, &columns);
    for source in &report.sources {
        grid.row(vec![
            text(&source.source),
            count(catalog, source.records_in),
            count(catalog, source.records_landed),
            count(catalog, source.unchanged),
            count(catalog, source.duplicates),
            count(catalog, source.quarantined.values().sum()),
            count(catalog, source.suppressed),
        ]);
    }
    grid.row(vec![
        text(catalog.text("total")),
        count(catalog, report.records_in),
        count(catalog, report.records_landed),
        count(catalog, report.unchanged),
        count(catalog, report.duplicates),
        count(catalog, report.quarantined),
        count(catalog, report.suppressed),
    ]);
    grid.finish()
}

/// What resolving found.
pub fn counts(catalog: &Catalog, report: &RunReport) -> String {
    let mut grid = Grid::facts(catalog);
    if let Some(touched) = report.touched_records {
        grid.fact("touched-records", count(catalog, touched));
    }
    for (name, value) in [
        ("candidate-pairs", report.candidate_pairs),
        ("links", report.links),
        ("profiles", report.profiles),
        ("merges", report.merges),
        ("splits", report.splits),
    ] {
        grid.fact(name, count(catalog, value));
    }
    if let Some(model) = report.model {
        let id = if report.model_estimated { "run-model-new" } else { "run-model-kept" };
        grid.fact("model", text(catalog.message(id, &[("model", model.to_string().into())])));
    }
    grid.finish()
}

/// What a reader should look into.
pub fn warnings(catalog: &Catalog, report: &RunReport) -> Vec<String> {
    let mut warnings = Vec::new();
    for source in &report.sources {
        for (code, rows) in &source.quarantined {
            let arguments = [
                ("source", source.source.as_str().into()),
                ("rows", (*rows).into()),
                ("code", code.as_str().into()),
            ];
            warnings.push(catalog.message("run-quarantined", &arguments));
        }
    }
    for block in &report.oversized_blocks {
        let arguments = [
            ("rule", block.rule.as_str().into()),
            ("blocks", block.blocks.into()),
            ("records", block.records.into()),
            ("pairs", block.pairs.into()),
        ];
        warnings.push(catalog.message("run-oversized-block", &arguments));
    }
    warnings.extend(report.conflicts.iter().map(|conflict| decisions::conflict(catalog, conflict)));
    if report.quarantine_limit_exceeded {
        warnings.push(catalog.text("run-quarantine-limit"));
    }
    warnings
}
