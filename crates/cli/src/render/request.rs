//! Requests of data subjects: what is due when, and what was done.

use vermeil_audit::Manifest;
use vermeil_engine::{DownloadReport, SubjectLinkReport, SubjectRequestReport};

use super::rows::visible;
use super::table::{Grid, count, moment, optional, text};
use crate::language::Catalog;

/// What the link that stands below this opens, and that it is not shown again.
pub fn link(catalog: &Catalog, report: &DownloadReport) -> String {
    let expires = report.expires_at.clone();
    catalog.message(
        "request-link-given",
        &[("request", report.request.to_string().into()), ("expires", expires.into())],
    )
}

/// Who the link that stands below this is for, and that it is not shown again.
pub fn invitation(catalog: &Catalog, report: &SubjectLinkReport) -> String {
    let expires = report.expires_at.clone();
    catalog.message(
        "request-invitation-given",
        &[("request", report.request.to_string().into()), ("expires", expires.into())],
    )
}

/// A request, and what comes next.
pub fn one(catalog: &Catalog, report: &SubjectRequestReport) -> String {
    let mut parts = vec![list(catalog, std::slice::from_ref(report)), facts(catalog, report)];
    if !report.steps.is_empty() {
        let mut grid =
            Grid::new(catalog, &["erase-step", "erase-attempts", "erase-begun-at", "erase-ended-at"]);
        for step in &report.steps {
            grid.row(vec![
                text(step_name(catalog, &step.step)),
                count(catalog, step.attempts),
                moment(&step.begun_at),
                step.ended_at.as_deref().map_or_else(|| text(""), moment),
            ]);
        }
        parts.push(grid.finish());
    }
    let arguments = [
        ("number", report.number.to_string().into()),
        ("kind", report.kind.as_str().into()),
        ("held", report.hold.is_some().to_string().into()),
        ("other", report.duplicate_of.unwrap_or_default().to_string().into()),
    ];
    parts.push(catalog.message(&format!("request-next-{}", report.state), &arguments));
    parts.join("\n")
}

/// Many requests; what is late or nearly so stands out.
pub fn list(catalog: &Catalog, reports: &[SubjectRequestReport]) -> String {
    if reports.is_empty() {
        return catalog.text("request-none");
    }
    let columns = [
        "request-number",
        "request-kind",
        "request-state",
        "request-received",
        "request-due",
        "request-urgency",
    ];
    let mut grid = Grid::new(catalog, &columns);
    for report in reports {
        grid.row(vec![
            text(report.number),
            text(catalog.text(&format!("request-kind-{}", report.kind))),
            text(catalog.text(&format!("request-state-{}", report.state))),
            text(&report.received_at),
            optional(report.due_at.as_ref().or(report.hold.as_ref().map(|hold| &hold.until))),
            text(urgency(catalog, report)),
        ]);
    }
    grid.finish()
}

/// What a package holds.
pub fn package(catalog: &Catalog, manifest: &Manifest) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("request-number", text(manifest.request));
    facts.fact("request-kind", text(catalog.text(&format!("request-kind-{}", manifest.kind))));
    facts.fact("request-made", moment(&manifest.made_at));
    let mut files = Grid::new(catalog, &["file", "request-bytes", "request-digest"]);
    for file in &manifest.files {
        files.row(vec![text(visible(&file.name)), count(catalog, file.bytes), text(visible(&file.sha256))]);
    }
    [facts.finish(), files.finish(), catalog.text("request-package-sound")].join("\n")
}

fn facts(catalog: &Catalog, report: &SubjectRequestReport) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("erase-opened-by", text(visible(&report.opened_by)));
    if let Some(identity) = &report.identity {
        let method = catalog.text(&format!("request-method-{}", identity.method));
        facts.fact("request-identity", text(format!("{method}, {}", visible(&identity.by))));
    }
    if let Some(summary) = &report.summary {
        for (name, key) in [("records", "records"), ("erase-events", "events"), ("profiles", "profiles")] {
            facts.fact(name, count(catalog, summary[key].as_u64().unwrap_or_default()));
        }
    }
    if let Some(extension) = &report.extension {
        facts.fact("request-extended", optional(extension.reason.as_deref().map(visible)));
    }
    if let Some(hold) = &report.hold {
        let basis = format!("{} ({})", visible(&hold.reason), visible(&hold.basis));
        facts.fact("request-held", text(basis));
        facts.fact("request-until", text(&hold.until));
    }
    if let Some(refusal) = &report.refusal {
        let ground = catalog.text(&format!("request-ground-{}", refusal.ground));
        facts.fact("request-refused", text(format!("{ground}: {}", visible(&refusal.reason))));
    }
    if let Some(erasure) = report.erasure {
        facts.fact("erase-number", text(erasure));
    }
    facts.finish()
}

fn urgency(catalog: &Catalog, report: &SubjectRequestReport) -> String {
    let id = match report {
        report if report.overdue => "request-overdue",
        report if report.due_soon => "request-soon",
        report if report.paused => "request-standing",
        _ => return String::new(),
    };
    catalog.text(id)
}

fn step_name(catalog: &Catalog, step: &str) -> String {
    match step.strip_prefix("rectify-") {
        Some(field) => {
            catalog.message("request-step-rectify", &[("field", visible(field).to_string().into())])
        }
        None => catalog.text(&format!("request-step-{step}")),
    }
}
