//! An ERP's extract: KNA1-like, `;` between fields, Windows-1252, decimal comma, upper case.
//!
//! Columns: `KUNNR` (key, ten digits, zero-padded), `PARTYP` (`person` or `organisation`), `ANRED`,
//! `NAME1` (family name, at most 35 letters), `NAME2` (given names, 35), `NAMORG` (organisation, 35),
//! `STRAS` (35), `PSTLZ`, `ORT01` (35), `LAND1`, `TELF1`, `TELF2`, `SMTP`, `STCD1` (SIREN), `DATNAIS`
//! (dd/mm/yyyy), `CTLPC` (risk class), `ENCOURS` (euros), `ERDAT` (dd/mm/yyyy), `AEDAT` (dd/mm/yyyy hh:mm:ss).

use chrono::NaiveDateTime;

use crate::account::{Account, lifetime};
use crate::chance::Chance;
use crate::contact::written;
use crate::people::{FIRST_DAY, Organisation};
use crate::pools::Gender;
use crate::rates::SiloRates;
use crate::silo::{Defect, delimited};
use crate::spoil::{abbreviated, typo, without_accents, wrong_digit};

/// The first line of the file.
pub(crate) const HEADER: &str = "KUNNR;PARTYP;ANRED;NAME1;NAME2;NAMORG;STRAS;PSTLZ;ORT01;LAND1;TELF1;TELF2;SMTP;STCD1;DATNAIS;CTLPC;ENCOURS;ERDAT;AEDAT\n";

/// A person's account as a row.
pub(crate) fn row(key: &str, account: &Account, defect: Option<Defect>, chance: &mut Chance) -> Vec<u8> {
    let birth_date = match defect {
        Some(Defect::ImpossibleDate) => "31/02/1981".to_owned(),
        _ => account.birth_date.map(|day| day.format("%d/%m/%Y").to_string()).unwrap_or_default(),
    };
    let title = match (chance.position(&[0.12, 0.02]), account.gender) {
        (0, _) => "",
        // Clerks pick the wrong line of a list.
        (1, Gender::Female) | (2, Gender::Male) => "MONSIEUR",
        _ => "MADAME",
    };
    let columns = Columns {
        kind: "person",
        title,
        family_name: &account.family_name,
        given_name: &account.given_name,
        organisation: "",
        street: &account.street,
        postal_code: &account.postal_code,
        town: &account.town,
        phones: [&account.landline, &account.mobile],
        email: &account.email,
        siren: "",
        birth_date: &birth_date,
        created: account.created,
        changed: account.changed,
    };
    columns.row(key, defect, chance)
}

/// A company's account as a row.
pub(crate) fn organisation_row(
    key: &str,
    organisation: &Organisation,
    rates: &SiloRates,
    chance: &mut Chance,
) -> Vec<u8> {
    let mut name = match chance.position(&[0.55, 0.25]) {
        0 => format!("{} {}", organisation.name, organisation.legal_form),
        1 => format!("{} {}", organisation.legal_form, organisation.name),
        _ => organisation.name.clone(),
    };
    name = name.replace("Établissements", chance.pick(&["Ets", "Établissements"]));
    if chance.happens(rates.family_name_typo) {
        name = typo(&name, chance);
    }
    let mut siren = if chance.happens(0.25) { String::new() } else { organisation.siren.clone() };
    if chance.happens(0.03) {
        siren = wrong_digit(&siren, chance);
    }
    let mut street = organisation.home.street.clone();
    if chance.happens(rates.street_abbreviated) {
        street = abbreviated(&street);
    }
    let phone = if chance.happens(rates.phone_missing) { "" } else { &organisation.switchboard };
    let (created, changed) = lifetime(FIRST_DAY, chance);
    let columns = Columns {
        kind: "organisation",
        title: "",
        family_name: "",
        given_name: "",
        organisation: &without_accents(&name),
        street: &without_accents(&street),
        postal_code: organisation.home.town.postal_code,
        town: &without_accents(organisation.home.town.name),
        phones: [phone, ""],
        email: "",
        siren: &siren,
        birth_date: "",
        created,
        changed,
    };
    columns.row(key, None, chance)
}

/// What persons and companies have in common: the width and case of an old ERP.
struct Columns<'a> {
    kind: &'a str,
    title: &'a str,
    family_name: &'a str,
    given_name: &'a str,
    organisation: &'a str,
    street: &'a str,
    postal_code: &'a str,
    town: &'a str,
    phones: [&'a str; 2],
    email: &'a str,
    siren: &'a str,
    birth_date: &'a str,
    created: NaiveDateTime,
    changed: NaiveDateTime,
}

impl Columns<'_> {
    fn row(&self, key: &str, defect: Option<Defect>, chance: &mut Chance) -> Vec<u8> {
        let narrow = |text: &str| text.to_uppercase().chars().take(35).collect::<String>();
        let balance = chance.between(0, 250_000);
        let fields = [
            if defect == Some(Defect::NoKey) { "" } else { key },
            self.kind,
            self.title,
            &narrow(self.family_name),
            &narrow(self.given_name),
            &narrow(self.organisation),
            &narrow(self.street),
            self.postal_code,
            &narrow(self.town),
            "FR",
            &written(self.phones[0], chance),
            &written(self.phones[1], chance),
            self.email,
            self.siren,
            self.birth_date,
            chance.pick(&["A", "A", "A", "B", "B", "C"]),
            &format!("{},{:02}", balance / 100, balance % 100),
            &self.created.format("%d/%m/%Y").to_string(),
            &self.changed.format("%d/%m/%Y %H:%M:%S").to_string(),
        ];
        let line = delimited(&fields, ';', defect);
        encoding_rs::WINDOWS_1252.encode(&line).0.into_owned()
    }
}
