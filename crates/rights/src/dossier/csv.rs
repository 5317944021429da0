//! A dossier as one table.

use super::{Dossier, DossierRow};
use crate::spreadsheet::cell;

pub(super) fn table(dossier: &Dossier) -> String {
    let mut table = String::from("part,source,id,version,observed_at,field,value\r\n");
    for value in &dossier.profile {
        let observed_at = value.observed_at.as_deref().unwrap_or_default();
        line(
            &mut table,
            ["profile", &value.source, &value.record, "", observed_at, &value.field, &value.value],
        );
    }
    for (part, rows) in [("record", &dossier.records), ("event", &dossier.events)] {
        rows.iter().for_each(|row| lines_of(&mut table, part, row));
    }
    for row in &dossier.unread {
        line(&mut table, ["unread", &row.source, "", "", &row.since, "", &row.row]);
    }
    for consent in &dossier.consents {
        let purpose = consent.purpose.as_deref().unwrap_or_default();
        line(&mut table, ["consent", &consent.scope, "", "", &consent.occurred_at, purpose, &consent.status]);
    }
    for recipient in &dossier.recipients {
        line(&mut table, ["recipient", &recipient.name, "", "", &recipient.at, "", &recipient.purpose]);
    }
    table
}

fn lines_of(table: &mut String, part: &str, row: &DossierRow) {
    let version = row.version.to_string();
    for (field, value) in &row.values {
        line(table, [part, &row.source, &row.id, &version, &row.observed_at, field, value]);
    }
}

fn line(table: &mut String, cells: [&str; 7]) {
    let cells: Vec<String> = cells.map(cell).into();
    table.push_str(&cells.join(","));
    table.push_str("\r\n");
}
