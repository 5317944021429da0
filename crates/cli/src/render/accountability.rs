//! Who is kept too long, what is done with data, and whom a breach concerns.

use std::collections::BTreeSet;

use vermeil_engine::{BreachReport, ProcessingReport, RetentionReport};

use super::rows::visible;
use super::table::{Grid, count, moment, optional, text};
use crate::language::Catalog;

/// Who is kept past their time.
pub fn retention(catalog: &Catalog, report: &RetentionReport) -> String {
    let mut sources =
        Grid::new(catalog, &["source", "retention-until", "retention-persons", "retention-overdue"]);
    for source in &report.sources {
        sources.row(vec![
            text(&source.source),
            optional(source.until.as_ref()),
            count(catalog, source.persons),
            count(catalog, source.overdue),
        ]);
    }
    if report.due.is_empty() {
        return [sources.finish(), catalog.text("retention-nobody-due")].join("\n");
    }
    let mut due =
        Grid::new(catalog, &["profile", "retention-relation", "retention-contact", "retention-kept"]);
    for person in &report.due {
        due.row(vec![
            text(&person.id),
            text(catalog.text(&format!("retention-{}", person.relation))),
            optional(person.last_contact.as_ref()),
            text(&person.kept_until),
        ]);
    }
    [sources.finish(), due.finish(), catalog.text("retention-next")].join("\n")
}

/// The record of processing.
pub fn processing(catalog: &Catalog, report: &ProcessingReport) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("processing-controller", text(visible(&report.controller)));
    facts.fact("request-made", moment(&report.made_at));
    facts.fact("retention-persons", count(catalog, report.persons));
    facts.fact("processing-prospects", text(&report.prospects_kept));
    facts.fact("processing-customers", text(&report.customers_kept));
    let columns = [
        "processing-purpose",
        "processing-basis",
        "processing-fields",
        "source",
        "processing-roles",
        "processing-kept",
    ];
    let mut purposes = Grid::new(catalog, &columns);
    for purpose in &report.purposes {
        purposes.row(vec![
            text(&purpose.purpose),
            optional(purpose.basis.as_ref()),
            text(listed(&purpose.fields)),
            text(listed(&purpose.sources)),
            text(listed(&purpose.roles)),
            text(listed(&purpose.retention)),
        ]);
    }
    [facts.finish(), purposes.finish()].join("\n")
}

/// Whom a breach concerns.
pub fn breach(catalog: &Catalog, report: &BreachReport) -> String {
    let mut facts = Grid::facts(catalog);
    facts.fact("breach-openings", count(catalog, report.openings));
    facts.fact("breach-cut-short", count(catalog, report.cut_short));
    facts.fact("breach-accounts", text(visible(&listed(&report.accounts))));
    facts.fact("table", text(listed(&report.tables)));
    facts.fact("breach-classes", text(listed(&report.classes)));
    facts.fact("records", count(catalog, report.records));
    facts.fact("retention-persons", count(catalog, report.persons));
    let mut ids = Grid::new(catalog, &["profile"]);
    report.ids.iter().for_each(|id| ids.row(vec![text(id)]));
    [facts.finish(), ids.finish()].join("\n")
}

fn listed(texts: &BTreeSet<String>) -> String {
    texts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
