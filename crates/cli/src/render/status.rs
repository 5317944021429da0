//! The state of a pipeline.

use vermeil_engine::{ProcessStatus, StatusReport};

use super::table::{Grid, count, moment, optional, seconds, span, text};
use crate::language::Catalog;

/// Lake, sources, runs, quarantine and openings; what is empty is left out.
pub fn render(catalog: &Catalog, report: &StatusReport) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("lake", text(&report.lake));
    facts.fact("profiles", count(catalog, report.profiles));
    facts.fact("publication", optional(report.publication));
    process(catalog, &report.process, &mut facts);
    let parts = [
        Some(facts.finish()),
        titled(catalog, "status-sources", sources(catalog, report)),
        titled(catalog, "status-runs", runs(catalog, report)),
        titled(catalog, "status-quarantine", quarantine(catalog, report)),
        titled(catalog, "status-openings", openings(catalog, report)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn process(catalog: &Catalog, process: &ProcessStatus, facts: &mut Grid<'_>) {
    facts.fact("core-dumps", text(catalog.text(&format!("status-core-dumps-{}", process.core_dumps))));
    let lock = format!("status-memory-lock-{}", process.memory_lock);
    let told = match process.memory_lock_limit {
        Some(bytes) => catalog.message(&lock, &[("kib", (bytes / 1024).into())]),
        None => catalog.text(&lock),
    };
    facts.fact("key-memory", text(told));
}

fn titled(catalog: &Catalog, title: &str, grid: Grid<'_>) -> Option<String> {
    (!grid.is_empty()).then(|| format!("\n{}\n{}", catalog.text(title), grid.finish()))
}

fn sources<'a>(catalog: &'a Catalog, report: &StatusReport) -> Grid<'a> {
    let mut grid = Grid::new(catalog, &["source", "records", "versions", "last-load", "loaded-at", "lag"]);
    for source in &report.sources {
        grid.row(vec![
            text(&source.source),
            count(catalog, source.records),
            count(catalog, source.versions),
            optional(source.last_load),
            source.last_load_at.as_deref().map_or_else(|| text(""), moment),
            source.lag_seconds.map_or_else(|| text(""), |lag| span(catalog, lag)),
        ]);
    }
    grid
}

fn runs<'a>(catalog: &'a Catalog, report: &StatusReport) -> Grid<'a> {
    let mut grid =
        Grid::new(catalog, &["run", "started-at", "outcome", "read", "landed", "quarantined", "seconds"]);
    for run in &report.runs {
        let figures = run.report.as_ref();
        let figure = |value: Option<u64>| value.map_or_else(|| text(""), |value| count(catalog, value));
        grid.row(vec![
            text(run.run),
            moment(&run.started_at),
            text(catalog.text(&format!("outcome-{}", run.outcome))),
            figure(figures.map(|report| report.records_in)),
            figure(figures.map(|report| report.records_landed)),
            figure(figures.map(|report| report.quarantined)),
            figures.map_or_else(|| text(""), |report| seconds(catalog, report.seconds)),
        ]);
    }
    grid
}

fn quarantine<'a>(catalog: &'a Catalog, report: &StatusReport) -> Grid<'a> {
    let mut grid = Grid::new(catalog, &["source", "code", "rows"]);
    for waiting in &report.quarantine {
        grid.row(vec![text(&waiting.source), text(&waiting.code), count(catalog, waiting.rows)]);
    }
    grid
}

fn openings<'a>(catalog: &'a Catalog, report: &StatusReport) -> Grid<'a> {
    let columns = ["opened-at", "actor", "role", "purpose", "table", "classes", "rows"];
    let mut grid = Grid::new(catalog, &columns);
    for opening in &report.openings {
        grid.row(vec![
            moment(&opening.at),
            text(&opening.actor),
            text(&opening.role),
            text(&opening.purpose),
            text(&opening.table),
            text(&opening.classes),
            opening.rows.map_or_else(|| text(""), |rows| count(catalog, rows)),
        ]);
    }
    grid
}
