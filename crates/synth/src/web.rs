//! A web shop's accounts: one JSON object a line, typed by the people themselves.
//!
//! Members: `id`, `firstName`, `lastName`, `emailAddress`, `phoneNumber`, `address` (`street`, `postalCode`,
//! `city`), `birthDate` (ISO 8601), `marketingOptIn`, `createdAt`, `updatedAt` (RFC 3339). What is unknown is left out.

use crate::account::Account;
use crate::chance::Chance;
use crate::contact::written;
use crate::silo::{Defect, JsonLine};

/// An account as a row.
pub(crate) fn row(key: &str, account: &Account, defect: Option<Defect>, chance: &mut Chance) -> Vec<u8> {
    let birth_date = match defect {
        Some(Defect::ImpossibleDate) => "1981-02-31".to_owned(),
        _ => account.birth_date.map(|day| day.to_string()).unwrap_or_default(),
    };
    let phone = if account.mobile.is_empty() { &account.landline } else { &account.mobile };
    let mut line = JsonLine::default()
        .text("id", if defect == Some(Defect::NoKey) { "" } else { key })
        .text("firstName", &account.given_name)
        .text("lastName", &account.family_name)
        .text("emailAddress", &account.email)
        .text("phoneNumber", &written(phone, chance));
    if !account.street.is_empty() {
        let address = JsonLine::default()
            .text("street", &account.street)
            .text("postalCode", &account.postal_code)
            .text("city", &account.town)
            .object();
        line = line.raw("address", &address);
    }
    line.text("birthDate", &birth_date)
        .raw("marketingOptIn", if chance.happens(0.4) { "true" } else { "false" })
        .text("createdAt", &account.created.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .text("updatedAt", &account.changed.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .line(defect)
}
