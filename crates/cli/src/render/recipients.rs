//! Recipients, and what became of telling them.

use vermeil_engine::{DeliveryReport, RecipientReport, TellReport};

use super::rows::visible;
use super::table::{Grid, count, moment, optional, text};
use crate::language::Catalog;

/// Everyone who is declared or received something.
pub fn list(catalog: &Catalog, recipients: &[RecipientReport]) -> String {
    if recipients.is_empty() {
        return catalog.text("recipients-none");
    }
    let columns = [
        "export-recipient",
        "recipients-way",
        "recipients-contact",
        "recipients-exports",
        "recipients-pending",
        "recipients-answered",
        "recipients-unanswered",
    ];
    let mut grid = Grid::new(catalog, &columns);
    for recipient in recipients {
        grid.row(vec![
            text(visible(&recipient.recipient)),
            text(catalog.text(&format!("recipients-way-{}", recipient.way))),
            optional(recipient.contact.as_deref().map(visible)),
            count(catalog, recipient.exports),
            count(catalog, recipient.pending),
            count(catalog, recipient.answered),
            count(catalog, recipient.unanswered),
        ]);
    }
    grid.finish()
}

/// What recipients are told.
pub fn deliveries(catalog: &Catalog, deliveries: &[DeliveryReport]) -> String {
    if deliveries.is_empty() {
        return catalog.text("recipients-nothing-pending");
    }
    let columns = [
        "recipients-notice",
        "export-recipient",
        "recipients-kind",
        "recipients-way",
        "recipients-contact",
        "recipients-state",
        "recipients-due",
        "erase-attempts",
        "recipients-code",
        "recipients-next",
    ];
    let mut grid = Grid::new(catalog, &columns);
    for delivery in deliveries {
        grid.row(vec![
            text(delivery.notice),
            text(visible(&delivery.recipient)),
            text(catalog.text(&format!("recipients-kind-{}", delivery.kind))),
            text(catalog.text(&format!("recipients-way-{}", delivery.way))),
            optional(delivery.contact.as_deref().map(visible)),
            text(catalog.text(&format!("recipients-state-{}", delivery.state))),
            moment(&delivery.due_at),
            count(catalog, delivery.attempts.into()),
            optional(delivery.code.as_deref().map(visible)),
            delivery.next_at.as_deref().map_or_else(|| text(""), moment),
        ]);
    }
    grid.finish()
}

/// What trying came to.
pub fn tried(catalog: &Catalog, report: &TellReport) -> String {
    let mut parts = vec![catalog.message("recipients-tried", &[("tried", report.tried.into())])];
    for erasure in &report.completed {
        let arguments = [("number", erasure.to_string().into())];
        parts.push(catalog.message("erase-next-complete", &arguments));
    }
    parts.push(deliveries(catalog, &report.pending));
    parts.join("\n")
}
