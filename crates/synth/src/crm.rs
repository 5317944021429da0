//! A CRM's contacts: Dataverse-like, comma between fields, UTF-8.
//!
//! Columns: `contactid` (UUID), `salutation`, `firstname`, `lastname`, `jobtitle`, `emailaddress1`, `telephone1`,
//! `mobilephone`, `address1_line1`, `address1_postalcode`, `address1_city`, `address1_country`, `birthdate`
//! (ISO 8601), `description`, `createdon`, `modifiedon` (RFC 3339).

use crate::account::Account;
use crate::chance::Chance;
use crate::contact::written;
use crate::pools::Gender;
use crate::silo::{Defect, delimited};

/// The first line of the file.
pub(crate) const HEADER: &str = "contactid,salutation,firstname,lastname,jobtitle,emailaddress1,telephone1,mobilephone,address1_line1,address1_postalcode,address1_city,address1_country,birthdate,description,createdon,modifiedon\n";

/// What advisers note.
const NOTES: [&str; 6] = [
    "Rappeler après 18 h",
    "Préfère le courrier papier",
    "Client fidèle, remise accordée",
    "Litige clos à l'amiable",
    "Livraison au deuxième étage, sans ascenseur",
    "Dit \"ne pas appeler le mercredi\"",
];

/// A contact as a row.
pub(crate) fn row(key: &str, account: &Account, defect: Option<Defect>, chance: &mut Chance) -> Vec<u8> {
    let birth_date = match defect {
        Some(Defect::ImpossibleDate) => "1981-02-31".to_owned(),
        _ => account.birth_date.map(|day| day.to_string()).unwrap_or_default(),
    };
    let salutation = match (chance.position(&[0.2, 0.02]), account.gender) {
        (0, _) => "",
        (1, Gender::Female) | (2, Gender::Male) => "M.",
        _ => chance.pick(&["Mme", "Mme", "Mme", "Mlle"]),
    };
    let job = if chance.happens(0.5) { account.job } else { "" };
    let note = if chance.happens(0.12) { chance.pick(&NOTES) } else { "" };
    let fields = [
        if defect == Some(Defect::NoKey) { "" } else { key },
        salutation,
        &account.given_name,
        &account.family_name,
        job,
        &account.email,
        &written(&account.landline, chance),
        &written(&account.mobile, chance),
        &account.street,
        &account.postal_code,
        &account.town,
        "France",
        &birth_date,
        note,
        &account.created.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        &account.changed.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    ];
    delimited(&fields, ',', defect).into_bytes()
}
