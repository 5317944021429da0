use super::*;

const NAMES: [&str; 12] = [
    "Anne", "Paul", "Marie", "Pierre", "Louise", "Jean", "Claire", "Michel", "Sophie", "Jacques", "Emma",
    "Luc",
];

/// What the one column of a file is taken for.
fn meaning(name: &str, values: &[&str]) -> (Meaning, Because) {
    let sample = ColumnSample { name, values: values.to_vec() };
    let mapping = infer(&[sample], &customer(), &[], None);
    (mapping.columns[0].meaning, mapping.columns[0].because)
}

fn customer() -> Schema {
    Schema::built_in("customer.v1").unwrap()
}

/// The fields that columns become, in the file's order; `-` where one is not compared.
fn fields(columns: &[(&str, &[&str])], told: &[(&str, &str)], key: Option<&str>) -> Vec<String> {
    let told: Vec<(String, String)> =
        told.iter().map(|(column, field)| ((*column).to_owned(), (*field).to_owned())).collect();
    let samples: Vec<ColumnSample> =
        columns.iter().map(|(name, values)| ColumnSample { name, values: values.to_vec() }).collect();
    let mapping = infer(&samples, &customer(), &told, key);
    mapping.columns.into_iter().map(|column| column.field.unwrap_or_else(|| "-".to_owned())).collect()
}

#[test]
fn names_of_many_files_are_understood() {
    let expected = [
        ("record_id", Meaning::RecordKey),
        ("first_name", Meaning::GivenName),
        ("PRIMARY_NAME_FIRST", Meaning::GivenName),
        ("PRIMARY_NAME_LAST", Meaning::FamilyName),
        ("PRIMARY_NAME_ORG", Meaning::OrganisationName),
        ("NATIVE_NAME_FULL", Meaning::FullName),
        ("fname_c1", Meaning::GivenName),
        ("lname_c2", Meaning::FamilyName),
        ("by", Meaning::BirthYear),
        ("dob", Meaning::BirthDate),
        ("date_of_birth", Meaning::BirthDate),
        ("dateNaissance", Meaning::BirthDate),
        ("date_naissance", Meaning::BirthDate),
        ("lieu_naissance", Meaning::BirthPlace),
        ("pays_naissance", Meaning::BirthCountry),
        ("nom", Meaning::FamilyName),
        ("prénoms", Meaning::GivenName),
        ("Nom de naissance", Meaning::BirthName),
        ("soc_sec_id", Meaning::NationalId),
        ("address_1", Meaning::Street),
        ("address_2", Meaning::AddressExtra),
        ("street_number", Meaning::HouseNumber),
        ("ADDR_FULL", Meaning::WholeAddress),
        ("ADDR_LINE1", Meaning::Street),
        ("ADDR_POSTAL_CODE", Meaning::PostalCode),
        ("postcode_fake", Meaning::PostalCode),
        ("suburb", Meaning::City),
        ("state", Meaning::Region),
        ("EMAIL_ADDRESS", Meaning::Email),
        ("PHONE_NUMBER", Meaning::Phone),
        ("PHONE_TYPE", Meaning::Ignored),
        ("gender", Meaning::Gender),
        ("cluster", Meaning::Answer),
        ("zip_code", Meaning::PostalCode),
        ("midl_name", Meaning::MiddleName),
        ("ADDR_CITY", Meaning::City),
        ("ADDR_STATE", Meaning::Region),
        ("ADDR_COUNTRY", Meaning::Country),
        ("billing_address_city", Meaning::City),
        ("PASSPORT_COUNTRY", Meaning::Ignored),
        ("DRIVERS_LICENSE_STATE", Meaning::Ignored),
        ("DRIVERS_LICENSE_NUMBER", Meaning::NationalId),
        ("adresse", Meaning::Street),
        ("Adresse e-mail", Meaning::Email),
        ("billing_street", Meaning::Street),
        ("voornaam", Meaning::GivenName),
        ("segundo_apellido", Meaning::FamilyName),
        ("Data di nascita", Meaning::BirthDate),
        ("Comune di nascita", Meaning::BirthPlace),
        ("Kod pocztowy", Meaning::PostalCode),
        ("Gatuadress", Meaning::Street),
        ("Förnamn", Meaning::GivenName),
        ("USt-IdNr", Meaning::VatNumber),
    ];
    for (name, meaning) in expected {
        assert_eq!(headers::meaning_of(name), Some(meaning), "{name}");
    }
    assert_eq!(headers::meaning_of("xyz"), None);
}

#[test]
fn a_name_is_believed_unless_the_values_speak_against_it() {
    assert_eq!(meaning("prenom", &NAMES), (Meaning::GivenName, Because::Name));
    let addresses = ["a@example.org", "b@example.org", "c@example.com"];
    assert_eq!(meaning("prenom", &addresses), (Meaning::Email, Because::ValuesAgainstName));
    assert_eq!(meaning("email", &NAMES), (Meaning::GivenName, Because::ValuesAgainstName));
}

#[test]
fn a_name_that_says_nothing_leaves_it_to_the_values() {
    assert_eq!(meaning("x1", &NAMES), (Meaning::GivenName, Because::Values));
    assert_eq!(meaning("x2", &["a@example.org", "b@example.org"]), (Meaning::Email, Because::Values));
    let days = ["1950-02-03", "1962-11-30", "1999-01-01", "1938-07-14"];
    assert_eq!(meaning("x3", &days), (Meaning::BirthDate, Because::Values));
}

#[test]
fn columns_that_tell_nothing_are_no_evidence() {
    assert_eq!(meaning("prenom", &["", " ", ""]), (Meaning::Ignored, Because::Empty));
    assert_eq!(meaning("x", &["same", "same", "same"]), (Meaning::Ignored, Because::Constant));
    // With a name to go by, more values may come than the sample has.
    assert_eq!(meaning("pays", &["FR", "FR", "FR"]), (Meaning::Country, Because::Name));
    let unique: Vec<String> = (0..20).map(|number| format!("A{number:05}")).collect();
    let unique: Vec<&str> = unique.iter().map(String::as_str).collect();
    assert_eq!(meaning("x", &unique), (Meaning::RecordKey, Because::Values));
}

#[test]
fn what_is_told_goes_before_what_is_understood() {
    let columns: [(&str, &[&str]); 3] = [("a", &NAMES), ("prenom", &NAMES), ("nom", &NAMES)];
    assert_eq!(fields(&columns, &[], None), ["given_name", "given_name", "family_name"]);
    let told = [("a", "city"), ("prenom", "-")];
    assert_eq!(fields(&columns, &told, None), ["city", "-", "family_name"]);
}

#[test]
fn a_name_beside_first_names_is_the_familys_unless_it_is_whole() {
    let given: (&str, &[&str]) = ("Vorname", &["Anna", "Uwe", "Jürgen"]);
    let family: (&str, &[&str]) = ("Name", &["Schmidt", "von Berg", "Müller"]);
    assert_eq!(fields(&[family, given], &[], None), ["family_name", "given_name"]);
    let whole: (&str, &[&str]) = ("Name", &["Anna Schmidt", "Uwe von Berg", "Jürgen Müller"]);
    assert_eq!(fields(&[whole, given], &[], None), ["full_name", "given_name"]);
}

#[test]
fn the_key_is_never_evidence() {
    let columns: [(&str, &[&str]); 2] = [("prenom", &NAMES), ("nom", &NAMES)];
    assert_eq!(fields(&columns, &[], Some("prenom")), ["-", "family_name"]);
}

#[test]
fn fields_that_no_rule_finds_pairs_by_get_rules_of_their_own() {
    let samples = [ColumnSample { name: "city", values: vec!["Lyon", "Paris", "Nice"] }];
    let mapping = infer(&samples, &customer(), &[], None);
    let rules: Vec<String> = mapping.schema.blocking.iter().map(ToString::to_string).collect();
    assert_eq!(rules, ["city"]);
}

#[test]
fn a_date_is_made_of_its_parts() {
    let (years, months, days) = (vec!["1950", "1961"], vec!["2", "11"], vec!["3", ""]);
    let samples = [
        ColumnSample { name: "by", values: years },
        ColumnSample { name: "bm", values: months },
        ColumnSample { name: "bd", values: days },
    ];
    let mapping = infer(&samples, &customer(), &[], None);
    let date = &mapping.fields[0];
    assert_eq!((date.field.as_str(), date.joined), ("birth_date", Joined::AsDate));
    let row = |row: usize| date.value(|column| samples[column].values[row]).map(std::borrow::Cow::into_owned);
    assert_eq!(row(0).as_deref(), Some("1950-02-03"));
    assert_eq!(row(1).as_deref(), Some("1961-11-01"));
}

#[test]
fn nothing_of_a_mapping_holds_a_value() {
    let samples = [ColumnSample { name: "prenom", values: NAMES.to_vec() }];
    let shown = format!("{:?}", infer(&samples, &customer(), &[], None));
    assert!(!NAMES.iter().any(|name| shown.contains(name)), "{shown}");
}

/// What columns without a name that says anything are taken for, row by row.
fn meanings(names: &[&str], rows: &[Vec<String>]) -> Vec<Meaning> {
    let samples: Vec<ColumnSample> = names
        .iter()
        .enumerate()
        .map(|(column, name)| ColumnSample {
            name,
            values: rows.iter().map(|row| row[column].as_str()).collect(),
        })
        .collect();
    infer(&samples, &customer(), &[], None).columns.into_iter().map(|column| column.meaning).collect()
}

/// A word that no list knows.
fn word(number: usize) -> String {
    let letters = "bdfgklmnprstvz".as_bytes();
    let syllable = |part: usize| format!("{}{}", letters[part % 14] as char, ["a", "o", "u"][part % 3]);
    format!("{}{}{}", syllable(number), syllable(number / 14 + 3), syllable(number / 5 + 7))
}

#[test]
fn what_a_postal_code_gives_away_is_the_town() {
    let rows: Vec<Vec<String>> = (0..200)
        .map(|row| {
            vec![
                word(row),
                word(7 * row + 300),
                format!("{:05}", 30_000 + 11 * (row % 20)),
                word(row % 20 + 900),
            ]
        })
        .collect();
    let found = meanings(&["a", "b", "c", "d"], &rows);
    assert_eq!(found, [Meaning::Text, Meaning::Text, Meaning::PostalCode, Meaning::City]);
}

#[test]
fn what_another_unknown_column_gives_away_is_no_evidence() {
    // Whoever buys in one shop has its town and its manager in common.
    let rows: Vec<Vec<String>> = (0..300)
        .map(|row| {
            let shop = row * row % 31;
            vec![word(row), word(7 * row + 400), word(shop + 800), word(shop + 1200), word(shop % 9 + 1600)]
        })
        .collect();
    let found = meanings(&["a", "b", "c", "d", "e"], &rows);
    assert_eq!(found, [Meaning::Text, Meaning::Text, Meaning::Text, Meaning::Ignored, Meaning::Ignored]);
}

#[test]
fn duplicates_do_not_make_one_column_give_away_another() {
    let rows: Vec<Vec<String>> = (0..300)
        .map(|row| row / 3)
        .map(|person| vec![word(person), word(7 * person + 400), word(person + 800)])
        .collect();
    assert_eq!(meanings(&["a", "b", "c"], &rows), [Meaning::Text; 3]);
}

#[test]
fn names_that_no_list_knows_are_of_persons_where_somebody_is_born() {
    let names = ["KRANZ HANS", "LOOS ORHAN", "GUDE SIBYLLA", "TRUEB ALOYS"];
    let days = ["21.05.1990", "12.02.1979", "16.06.1994", "09.12.1953"];
    assert_eq!(fields(&[("NAME", &names), ("GEBDAT", &days)], &[], None), ["full_name", "birth_date"]);
    let firms = ["Kranz Bau GmbH", "Loos Transport", "Gude Holding", "Trueb & Soehne GmbH"];
    assert_eq!(fields(&[("NAME", &firms)], &[], None), ["organisation_name"]);
}

#[test]
fn values_alone_tell_ways_and_firms_and_amounts_are_no_postal_codes() {
    let ways = ["12 rue Verte", "Jacoballee 59", "3 Oak Street", "Hauptstr. 7"];
    assert_eq!(meaning("x", &ways), (Meaning::Street, Because::Values));
    let firms = ["Loos SARL", "Gude GmbH", "Kranz Group", "Vert Holding", "Trueb", "Orme SARL"];
    assert_eq!(meaning("x", &firms), (Meaning::OrganisationName, Because::Values));
    let amounts = ["123.45", "870.10", "15.99", "231.00", "642.50", "77.20", "903.11"];
    assert_eq!(meaning("x", &amounts), (Meaning::Ignored, Because::Values));
}

#[test]
fn the_name_of_an_adviser_is_not_the_persons() {
    let advisers = ["Anne Martin", "Paul Duval", "Anne Martin", "Luc Petit"];
    let columns: [(&str, &[&str]); 3] = [("xyz", &advisers), ("prenom", &NAMES[..4]), ("nom", &NAMES[4..8])];
    assert_eq!(fields(&columns, &[], None), ["-", "given_name", "family_name"]);
}

#[test]
fn a_whole_address_stands_in_for_the_parts_that_a_row_lacks() {
    let samples = [
        ColumnSample { name: "street", values: vec!["12 rue Verte", "", "3 Oak Lane, Springfield NV 89132"] },
        ColumnSample { name: "postal_code", values: vec!["75011", "", ""] },
        ColumnSample { name: "full_address", values: vec!["", "7 rue Basse, 69002 Lyon", ""] },
    ];
    let mapping = infer(&samples, &customer(), &[], None);
    let value = |field: &str, row: usize| {
        let field = mapping.fields.iter().find(|mapped| mapped.field == field).expect("it is mapped");
        field.value(|column| samples[column].values[row]).map(std::borrow::Cow::into_owned)
    };
    let row =
        |row: usize| ["street", "postal_code", "city"].map(|field| value(field, row).unwrap_or_default());
    assert_eq!(row(0), ["12 rue Verte", "75011", ""]);
    assert_eq!(row(1), ["7 rue Basse", "69002", "Lyon"]);
    assert_eq!(row(2), ["3 Oak Lane", "89132", "Springfield"]);
}

#[test]
fn a_second_whole_name_counts_where_a_row_has_no_other() {
    let samples = [
        ColumnSample { name: "first_name", values: vec!["Wei", "", "Ana"] },
        ColumnSample { name: "last_name", values: vec!["Zhang", "", ""] },
        ColumnSample { name: "full_name", values: vec!["", "", "Ana Silva"] },
        ColumnSample { name: "native_name_full", values: vec!["张伟", "张秀英", "other"] },
    ];
    let mapping = infer(&samples, &customer(), &[], None);
    let name = mapping.fields.iter().find(|mapped| mapped.field == "full_name").expect("it is mapped");
    let value = |row: usize| name.value(|column| samples[column].values[row]);
    assert_eq!([0, 1, 2].map(|row| value(row).unwrap_or_default().into_owned()), ["", "张秀英", "Ana Silva"]);
    assert_eq!(mapping.columns[3].field.as_deref(), Some("full_name"));
}
