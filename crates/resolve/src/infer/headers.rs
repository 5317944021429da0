//! What a column's name says about its content, in French, English and some of seven other
//! languages: German, Dutch, Spanish, Portuguese, Italian, Polish and what Scandinavia shares.

use crate::normalise::text::fold;

use super::Meaning;

/// Words that a name needs, all of them, to speak for a meaning; commas part one such name from the next.
/// Of several the one with the most words wins, then the one that stands first.
const SAID: &[(Meaning, &str)] = &[
    (
        Meaning::Answer,
        "cluster, cluster id, entity, entity id, label, match id, group id, truth, true id, \
         duplicate of, person id, unique entity, golden id, test group",
    ),
    (
        Meaning::RecordKey,
        "id, rec id, record id, row id, unique id, uid, uuid, guid, identifiant, \
         customer id, client id, account id, key, index, row, record number, numero client, \
         customer number, account number, code client",
    ),
    (
        Meaning::Source,
        "source, data source, dataset, source dataset, system, silo, origin, origine, \
         provenance",
    ),
    (
        Meaning::BirthName,
        "maiden name, birth name, name birth, nom naissance, nom jeune fille, geburtsname, \
         surname birth, nee, \
         meisjesnaam, nazwisko panienskie",
    ),
    (Meaning::BirthCountry, "birth country, country birth, pays naissance"),
    (
        Meaning::BirthPlace,
        "birth place, birthplace, place birth, city birth, birth city, town birth, \
         lieu naissance, ville naissance, commune naissance, geburtsort, lugar nacimiento, \
         geboorteplaats, miejsce urodzenia, luogo nascita, comune nascita, local nascimento",
    ),
    (Meaning::BirthYear, "birth year, birthyear, year birth, yob, by, annee naissance, geburtsjahr"),
    (Meaning::BirthMonth, "birth month, birthmonth, month birth, bm, mois naissance"),
    (Meaning::BirthDay, "birth day, day birth, bd, jour naissance"),
    (
        Meaning::BirthDate,
        "birth date, birthdate, date birth, dob, date naissance, naissance, birthday, bday, \
         geburtsdatum, geburtstag, gebdat, gebdatum, ne le, fecha nacimiento, data nascita, \
         birth, \
         geboortedatum, data urodzenia, data nascimento, nascimento, fodselsdato, fodelsedatum, \
         fecha nac, geb, born",
    ),
    (
        Meaning::OrganisationName,
        "company, company name, organisation, organisation name, organization, \
         organization name, org, name org, org name, business, business name, \
         raison sociale, societe, entreprise, denomination, firma, firm, account name, \
         legal name, trading name, enseigne, \
         firmenname, unternehmen, bedrijf, bedrijfsnaam, empresa, azienda, ragione sociale, \
         razon social, nazwa firmy, denominazione",
    ),
    (
        Meaning::FullName,
        "full name, fullname, name full, name, nom complet, nom prenom, prenom nom, \
         contact name, customer name, client name, nom client, display name, contact, \
         person name, nombre completo, whole name, \
         vollstandiger name, imie nazwisko, nome completo, nombre apellidos, nome cognome, naam, \
         volledige naam, navn, namn",
    ),
    (
        Meaning::GivenName,
        "first name, firstname, fname, first, given name, givenname, given, forename, \
         forenames, prenom, prenoms, vorname, vornamen, nombre, nome, gname, \
         voornaam, voornamen, roepnaam, imie, imiona, fornavn, fornamn, nome proprio",
    ),
    (
        Meaning::MiddleName,
        "middle name, middlename, middle, mname, midl name, middle initial, second prenom, \
         deuxieme prenom, second name, autres prenoms, \
         drugie imie, segundo nombre",
    ),
    (
        Meaning::FamilyName,
        "last name, lastname, lname, last, surname, sname, family name, familyname, family, \
         nom famille, nom usage, nom usuel, nom, nachname, familienname, apellido, \
         apellidos, cognome, \
         achternaam, tussenvoegsel, familienaam, nazwisko, efternavn, etternavn, efternamn, sobrenome, \
         apelido, apelidos, primer apellido, segundo apellido",
    ),
    (
        Meaning::Email,
        "email, e mail, mail, courriel, email address, adresse mail, adresse email, \
         mail address, correo, \
         mailadresse, e mailadres, mailadres, correo electronico, posta elettronica",
    ),
    (
        Meaning::Phone,
        "phone, phone number, telephone, tel, mobile, mobile phone, cell, cell phone, \
         portable, gsm, telefon, telefono, home phone, work phone, contact number, \
         numero telephone, tel mobile, tel fixe, \
         movil, cellulare, telemovel, telefoon, telefoonnummer, handy, mobil, rufnummer, telefonnummer, \
         telefone, celular, gsm nummer",
    ),
    (
        Meaning::WholeAddress,
        "full address, address full, addr full, whole address, adresse complete, \
         postal address",
    ),
    (
        Meaning::HouseNumber,
        "street number, house number, house no, street no, numero voie, numero rue, \
         housenumber, hausnummer, house num, building number, \
         huisnummer, numero civico, nr domu",
    ),
    (
        Meaning::AddressExtra,
        "address 2, address line 2, addr line 2, addr 2, adresse 2, address2, complement, \
         complement adresse, apartment, address extra, address 3, unit, flat",
    ),
    (
        Meaning::Street,
        "street, street name, street address, address, address 1, address line 1, \
         address line, address1, addr, addr 1, addr line 1, addr line, adresse, adresse 1, \
         rue, voie, strasse, calle, via, res street, \
         straat, straatnaam, ulica, indirizzo, direccion, domicilio, morada, endereco, anschrift, adres, \
         gata, gatuadress, vej",
    ),
    (
        Meaning::PostalCode,
        "postal code, postcode, post code, zip, zip code, zipcode, zip5, cp, code postal, \
         plz, postleitzahl, cap, codigo postal, \
         kod pocztowy, codigo post, postnummer, postnr, codice postale",
    ),
    (
        Meaning::City,
        "city, town, suburb, ville, commune, locality, localite, municipality, ort, stadt, \
         wohnort, ciudad, citta, res city, village, \
         woonplaats, plaats, miasto, miejscowosc, comune, localidad, localidade, poblacion, municipio, \
         cidade, gemeente, stad, postort",
    ),
    (
        Meaning::Region,
        "state, region, province, county, department, departement, canton, bundesland, \
         territory, \
         provincia, regione, provincie, wojewodztwo, landkreis",
    ),
    (
        Meaning::Country,
        "country, pays, nation, country code, code pays, land, pais, nationality, \
         nationalite, \
         kraj, paese",
    ),
    (
        Meaning::RegistrationNumber,
        "siren, siret, registration number, company number, duns, lei, lei number, ein, rcs, \
         registration, numero siren",
    ),
    (
        Meaning::VatNumber,
        "vat, tva, vat number, numero tva, tva intracommunautaire, \
         ust id, ust idnr, ust id nr, umsatzsteuer id, btw, btw nummer, partita iva, nif iva, nip",
    ),
    (
        Meaning::NationalId,
        "ssn, ssn number, social security, social security number, soc sec id, soc sec, \
         national id, national id number, nir, securite sociale, passport, passport number, \
         nino, driver license, drivers license number, drivers license, tax id, \
         tax id number, nhs number, identity number, \
         steuer id, codice fiscale, dni, nie, pesel, bsn",
    ),
    (
        Meaning::LoyaltyNumber,
        "loyalty, loyalty number, fidelite, carte fidelite, card number, numero carte, \
         membership number",
    ),
    (
        Meaning::Title,
        "title, titre, civilite, salutation, prefix, anrede, suffix, name suffix, \
         aanhef, titolo, tratamiento",
    ),
    (
        Meaning::Gender,
        "gender, sex, sexe, genre, geschlecht, \
         sexo, genero, sesso, geslacht, plec",
    ),
    (
        Meaning::Occupation,
        "occupation, profession, job, job title, metier, beruf, employer, fonction, \
         beroep, profesion, professione, zawod",
    ),
    (
        Meaning::Ignored,
        "amount, status, balance, date, created, created at, updated, updated at, modified, \
         timestamp, type, category, score, price, total, quantity, comment, comments, note, \
         notes, description, language, langue, currency, active, flag, addr type, \
         phone type, record type, country type, age, passport country, license state, \
         license country, drivers license state, driver license state, national id country, \
         tax id country, id type, national id type, tax id type",
    ),
];

/// Words without a say, unless a meaning asks for them.
const NEUTRAL: [&str; 29] = [
    "addr",
    "address",
    "adresse",
    "billing",
    "mailing",
    "shipping",
    "residence",
    "primary",
    "main",
    "customer",
    "client",
    "person",
    "contact",
    "c1",
    "1",
    "c2",
    "2",
    "of",
    "de",
    "the",
    "du",
    "la",
    "value",
    "raw",
    "home",
    "fake",
    "clean",
    "std",
    "current",
];

/// The meaning that a column's name speaks for; `None` where it says nothing.
pub(super) fn meaning_of(name: &str) -> Option<Meaning> {
    let words = words_of(name);
    let mut best: Option<(usize, Meaning)> = None;
    for (meaning, sayings) in SAID {
        for saying in sayings.split(", ") {
            let needed: Vec<&str> = saying.split(' ').collect();
            let is_said = needed.iter().all(|word| words.iter().any(|have| have == word));
            let unexplained = words
                .iter()
                .filter(|have| !needed.contains(&have.as_str()) && !NEUTRAL.contains(&have.as_str()))
                .count();
            // More unexplained than said: `status` says nothing in `previous_marital_status`.
            if !is_said || unexplained > needed.len() {
                continue;
            }
            let score = 3 * needed.len() - unexplained;
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, *meaning));
            }
        }
    }
    best.map(|(_, meaning)| meaning)
}

/// The words of a column's name: parted at anything that is no letter or digit, at capitals
/// (`birthDate`), and between a longer word and digits (`address1`).
fn words_of(name: &str) -> Vec<String> {
    let mut parted = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for character in name.chars() {
        let starts_word = (before.is_lowercase() && character.is_uppercase())
            || (before.is_alphabetic()
                && character.is_ascii_digit()
                && parted.rsplit(' ').next().is_some_and(|word| word.len() > 2));
        if starts_word {
            parted.push(' ');
        }
        parted.push(if character.is_alphanumeric() { character } else { ' ' });
        before = character;
    }
    fold(&parted).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
