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
