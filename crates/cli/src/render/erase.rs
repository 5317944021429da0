//! Erasures: what they are about, how far they have come, what was proven.

use vermeil_audit::Certificate;
use vermeil_engine::{ErasureReport, ErasureRunReport, ErasureSummary, FlaggedReport, RestoreDrillReport};

use super::rows::visible;
use super::table::{Grid, count, moment, number, optional, seconds, text};
use crate::language::Catalog;

/// Bytes of a megabyte.
const MEGABYTE: f64 = 1e6;

/// What erasing someone takes.
pub fn summary(catalog: &Catalog, summary: &ErasureSummary) -> String {
    let mut facts = Grid::facts(catalog);
    for (name, value) in [
        ("records", summary.records),
        ("erase-events", summary.events),
        ("profiles", summary.profiles),
        ("erase-quarantined", summary.quarantined),
        ("erase-decisions", summary.decisions),
        ("keys", summary.keys),
        ("erase-tags", summary.suppression_tags),
        ("erase-values", summary.values),
    ] {
        facts.fact(name, count(catalog, value));
    }
    if !summary.recipients.is_empty() {
        facts.fact("erase-recipients", text(visible(&summary.recipients.join(", "))));
    }
    for hold in &summary.holds {
        let arguments = [("request", hold.request.to_string().into()), ("until", hold.until.as_str().into())];
        facts.fact("erase-held", text(catalog.message("erase-held-by", &arguments)));
    }
    let mut grid = Grid::new(catalog, &["table", "rows", "files", "erase-bytes", "erase-rewritten"]);
    for table in &summary.tables {
        grid.row(vec![
            text(&table.table),
            count(catalog, table.rows),
            count(catalog, table.files),
            number(catalog, table.bytes as f64 / MEGABYTE, 3),
            number(catalog, table.bytes_to_rewrite as f64 / MEGABYTE, 3),
        ]);
    }
    [facts.finish(), grid.finish()].join("\n")
}

/// A request, what it is about, and what is left.
pub fn one(catalog: &Catalog, report: &ErasureReport) -> String {
    let mut parts = vec![list(catalog, std::slice::from_ref(report)), summary(catalog, &report.summary)];
    if !report.steps.is_empty() {
        let mut grid =
            Grid::new(catalog, &["erase-step", "erase-attempts", "erase-begun-at", "erase-ended-at"]);
        for step in &report.steps {
            grid.row(vec![
                text(catalog.text(&format!("erase-step-{}", step.step))),
                count(catalog, step.attempts),
                moment(&step.begun_at),
                step.ended_at.as_deref().map_or_else(|| text(""), moment),
            ]);
        }
        parts.push(grid.finish());
    }
    parts.extend(recipients(catalog, report));
    parts.extend(traces(catalog, report));
    parts.push(next(catalog, report));
    parts.join("\n")
}

/// Every request.
pub fn list(catalog: &Catalog, reports: &[ErasureReport]) -> String {
    if reports.is_empty() {
        return catalog.text("erase-none");
    }
    let columns = [
        "erase-number",
        "erase-status",
        "erase-opened-by",
        "opened-at",
        "erase-approved-by",
        "erase-ended-at",
    ];
    let mut grid = Grid::new(catalog, &columns);
    for report in reports {
        grid.row(vec![
            text(report.number),
            text(catalog.text(&format!("erase-status-{}", report.status))),
            text(visible(&report.opened_by)),
            moment(&report.opened_at),
            optional(report.approved_by.as_deref().map(visible)),
            report.ended_at.as_deref().map_or_else(|| text(""), moment),
        ]);
    }
    grid.finish()
}

/// What was done, and whether nothing is left.
pub fn run(catalog: &Catalog, report: &ErasureRunReport) -> String {
    if report.erasures.is_empty() {
        return catalog.text("erase-nothing-due");
    }
    let mut facts = Grid::facts(catalog);
    facts.fact("erase-unreadable", text(catalog.language.seconds(report.unreadable_after)));
    facts.fact("files", count(catalog, report.files_holding));
    facts.fact("erase-bytes", number(catalog, report.bytes_holding as f64 / MEGABYTE, 3));
    facts.fact("erase-rewritten", number(catalog, report.bytes_written as f64 / MEGABYTE, 3));
    facts.fact("erase-amplification", number(catalog, report.amplification(), 2));
    facts.fact("files-deleted", count(catalog, report.deleted));
    facts.fact("erase-searched", count(catalog, report.files_searched));
    let mut parts = vec![facts.finish(), list(catalog, &report.erasures)];
    for erasure in &report.erasures {
        parts.extend(recipients(catalog, erasure));
        parts.extend(traces(catalog, erasure));
        parts.push(next(catalog, erasure));
    }
    parts.join("\n")
}

/// Records that share a contact point with someone erased.
pub fn flagged(catalog: &Catalog, flagged: &[FlaggedReport]) -> String {
    if flagged.is_empty() {
        return catalog.text("erase-none-flagged");
    }
    let mut grid = Grid::new(catalog, &["record", "source", "erase-flagged-at"]);
    for record in flagged {
        grid.row(vec![text(&record.record_id), text(&record.source), moment(&record.flagged_at)]);
    }
    grid.finish()
}

/// What a certificate states.
pub fn certificate(catalog: &Catalog, certificate: &Certificate) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("erase-number", text(certificate.request));
    facts.fact("records", count(catalog, certificate.erased.records));
    facts.fact("erase-events", count(catalog, certificate.erased.events));
    facts.fact("profiles", count(catalog, certificate.erased.profiles));
    facts.fact("keys", count(catalog, certificate.erased.keys));
    facts.fact("erase-searched", count(catalog, certificate.proof.files));
    for told in &certificate.recipients {
        let answered =
            told.answered_at.as_deref().map_or_else(|| text(catalog.text("recipients-never")), moment);
        facts.row(vec![text(visible(&told.recipient)), answered]);
    }
    facts.fact("erase-proven-at", moment(&certificate.proven_at));
    facts.fact("erase-final-after", moment(&certificate.final_after));
    [facts.finish(), catalog.text("erase-certificate-sound")].join("\n")
}

fn next(catalog: &Catalog, report: &ErasureReport) -> String {
    let what = if report.awaits_recipients() { "waiting" } else { &report.status };
    catalog.message(&format!("erase-next-{what}"), &[("number", report.number.to_string().into())])
}

fn recipients(catalog: &Catalog, report: &ErasureReport) -> Option<String> {
    if report.recipients.is_empty() {
        return None;
    }
    let mut grid =
        Grid::new(catalog, &["export-recipient", "recipients-state", "recipients-due", "erase-attempts"]);
    for told in &report.recipients {
        grid.row(vec![
            text(visible(&told.recipient)),
            text(catalog.text(&format!("recipients-state-{}", told.state))),
            moment(&told.due_at),
            count(catalog, told.attempts.into()),
        ]);
    }
    Some(grid.finish())
}

fn traces(catalog: &Catalog, report: &ErasureReport) -> Option<String> {
    if report.traces.is_empty() || report.status == "complete" {
        return None;
    }
    let mut grid = Grid::new(catalog, &["erase-place", "file", "erase-channel", "erase-what"]);
    for trace in &report.traces {
        grid.row(vec![
            text(catalog.text(&format!("erase-place-{}", trace.place))),
            text(visible(&trace.file)),
            text(visible(&trace.channel)),
            text(catalog.text(&format!("erase-trace-{}", trace.what))),
        ]);
    }
    Some(grid.finish())
}

/// What a restored backup tells of people who were erased after it.
pub fn restore_drill(catalog: &Catalog, report: &RestoreDrillReport) -> String {
    let mut facts = Grid::facts(catalog);
    for (name, value) in [
        ("drill-erasures", report.erasures),
        ("drill-tags-unknown", report.tags_unknown),
        ("drill-records-before", report.records_before),
        ("drill-records-after", report.records_after),
        ("drill-rows-after", report.rows_after),
    ] {
        facts.fact(name, count(catalog, value));
    }
    facts.fact("seconds", seconds(catalog, report.seconds));
    let outcome = if report.records_after == 0 { "drill-passed" } else { "drill-failed" };
    [facts.finish(), catalog.text(outcome)].join("\n")
}
