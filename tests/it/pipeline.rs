//! The way of a record through a pipeline of three silos and what happened to
//! their customers: a shop (delimited, Windows-1252, no clock), its web site
//! (NDJSON, with a clock) and its club (Parquet, no clock).

mod golden;
mod groups;
mod landing;
mod planning;
mod quarantine;
mod versions;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

use crate::common::Workspace;

pub const PEOPLE: usize = 30;

const PIPELINE: &str = r#"
name: boutique
purposes: { customer_care: contract, data_subject_rights: legal_obligation, marketing: legitimate_interests }
sources:
  - id: shop
    path: data/shop.csv
    format: delimited
    delimiter: ";"
    encoding: windows-1252
    key: [NO]
    columns:
      family_name: NOM
      given_name: PRENOM
      email: MAIL
      mobile: TEL
      street: RUE
      postal_code: CP
      city: VILLE
      birth_date: { column: NE_LE, format: "%d/%m/%Y" }
    constants: { party_role: customer }
  - id: web
    path: data/web.ndjson
    format: ndjson
    key: [id]
    updated_at: changedAt
    self_declared: true
    columns:
      family_name: lastName
      given_name: firstName
      email: email
      mobile: phone
      street: address.street
      postal_code: address.postalCode
      city: address.city
      birth_date: birthDate
    constants: { party_role: prospect }
  - id: club
    path: data/club.parquet
    format: parquet
    key: [card]
    columns:
      family_name: last_name
      given_name: first_name
      email: mail
      birth_date: born
      city: town
    constants: { party_role: partner }
  - id: orders
    path: data/orders.csv
    format: delimited
    delimiter: ";"
    decimal: ","
    schema: event.v1
    key: [ORDER]
    subject: { source: shop, key: [NO] }
    columns:
      event_kind: KIND
      occurred_at: AT
      amount: AMOUNT
      subject_line: ABOUT
quarantine: { limit: 0.5 }
golden:
  default: most_recent
  source_priority: [shop, club, web]
  fields:
    given_name: most_frequent
    email: self_declared
    party_role: source_priority
    city: longest
"#;

const GIVEN: [&str; 10] =
    ["Zoé", "Armand", "Brunehilde", "Côme", "Delphine", "Eudes", "Faustine", "Gaël", "Hermine", "Isaure"];
const FAMILY: [&str; 30] = [
    "Abriquel",
    "Bouvardin",
    "Champlois",
    "Dortelle",
    "Esquirat",
    "Fontbrune",
    "Grimaudel",
    "Hautecombe",
    "Izernac",
    "Jolivard",
    "Kerzivin",
    "Lanthenay",
    "Mouzillac",
    "Nauvière",
    "Oribel",
    "Pressignol",
    "Quincampoy",
    "Rastelier",
    "Savignolle",
    "Tournebœuf",
    "Urvillac",
    "Vaucorbel",
    "Wimerelle",
    "Xantrelot",
    "Ysambour",
    "Zuydecote",
    "Aubrelicq",
    "Brézolin",
    "Cazalbou",
    "Druymont",
];

/// An invented customer, as all three silos know them.
pub struct Person {
    pub number: usize,
    pub given: &'static str,
    pub family: &'static str,
    pub email: String,
    pub mobile: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub day: usize,
    pub month: usize,
    pub year: usize,
}

pub fn person(number: usize) -> Person {
    let family = FAMILY[number % FAMILY.len()];
    Person {
        number,
        given: GIVEN[number % GIVEN.len()],
        family,
        email: format!(
            "client{number}.{}@courrier.example",
            family.to_lowercase().replace(['è', 'é', 'œ'], "e")
        ),
        mobile: format!("06 39 98 {:02} {:02}", number % 100, (number * 37) % 100),
        street: format!("{} rue du Moulin {family}", number + 3),
        postal_code: format!("{:05}", 10_000 + number * 731),
        city: format!("Ville-{family}"),
        day: number % 27 + 1,
        month: number % 12 + 1,
        year: 1950 + number,
    }
}

impl Person {
    /// As the shop writes it.
    pub fn shop_row(&self) -> String {
        let Self { number, given, family, email, mobile, street, postal_code, city, day, month, year } = self;
        format!(
            "S{number};{family};{given};{email};{mobile};{street};{postal_code};{city};{day:02}/{month:02}/{year}"
        )
    }

    /// As the web site writes it.
    pub fn web_row(&self, changed_at: &str) -> String {
        let Self { number, given, family, email, mobile, street, postal_code, city, .. } = self;
        serde_json::json!({
            "id": format!("w{number}"), "firstName": given, "lastName": family, "email": email, "phone": mobile,
            "address": { "street": street, "postalCode": postal_code, "city": city },
            "birthDate": self.birth_date(), "changedAt": changed_at,
        })
        .to_string()
    }

    pub fn birth_date(&self) -> String {
        format!("{}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The pipeline with its silos, not run yet.
pub fn silos() -> Workspace {
    let workspace = Workspace::new(PIPELINE);
    let people: Vec<Person> = (0..PEOPLE).map(person).collect();
    write_shop(&workspace, people.iter().map(Person::shop_row));
    write_web(&workspace, people.iter().map(|person| person.web_row("2024-05-01T10:00:00Z")));
    write_club(&workspace, "data/club.parquet", &people);
    let orders = people.iter().map(|person| {
        let number = person.number;
        format!(
            "B{number};order;2024-0{}-11T09:30:00Z;1{number},50;S{number};Colis de {}",
            number % 9 + 1,
            person.given
        )
    });
    write_lines(&workspace, "data/orders.csv", "ORDER;KIND;AT;AMOUNT;NO;ABOUT", orders);
    workspace
}

pub fn write_shop(workspace: &Workspace, rows: impl Iterator<Item = String>) {
    let text = std::iter::once("NO;NOM;PRENOM;MAIL;TEL;RUE;CP;VILLE;NE_LE".to_owned()).chain(rows);
    let bytes: Vec<u8> = text.flat_map(|row| windows_1252(&row)).collect();
    workspace.write("data/shop.csv", bytes);
}

pub fn write_web(workspace: &Workspace, rows: impl Iterator<Item = String>) {
    workspace.write("data/web.ndjson", rows.map(|row| row + "\n").collect::<String>());
}

pub fn write_lines(workspace: &Workspace, file: &str, header: &str, rows: impl Iterator<Item = String>) {
    workspace.write(
        file,
        std::iter::once(header.to_owned()).chain(rows).map(|row| row + "\n").collect::<String>(),
    );
}

pub fn write_club(workspace: &Workspace, file: &str, people: &[Person]) {
    let column = |cell: fn(&Person) -> String| -> ArrayRef {
        Arc::new(people.iter().map(|person| Some(cell(person))).collect::<StringArray>())
    };
    let rows = RecordBatch::try_from_iter([
        ("card", column(|person| format!("C{}", person.number))),
        ("last_name", column(|person| person.family.to_owned())),
        ("first_name", column(|person| person.given.to_owned())),
        ("mail", column(|person| person.email.clone())),
        ("born", column(Person::birth_date)),
        ("town", column(|person| person.city.clone())),
    ])
    .expect("columns of one length");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("rows");
    writer.close().expect("a footer");
    workspace.write(file, bytes);
}

fn windows_1252(row: &str) -> Vec<u8> {
    let byte = |character| match character {
        'œ' => 0x9c,
        other => u8::try_from(other).expect("a character of Windows-1252"),
    };
    row.chars().map(byte).chain(*b"\r\n").collect()
}

/// The id of the one profile that holds the account `key` of `source`.
#[track_caller]
pub fn profile_of(workspace: &Workspace, source: &str, key: &str) -> String {
    let accounts = workspace.accounts();
    let found = accounts.iter().find(|account| account.source == source && account.key == key);
    found.expect("a published account").profile.to_string()
}

/// The id of the record that `source` knows as `key`.
#[track_caller]
pub fn record_of(workspace: &Workspace, source: &str, key: &str) -> String {
    let accounts = workspace.accounts();
    let found = accounts.iter().find(|account| account.source == source && account.key == key);
    found.expect("a published account").record.to_string()
}
