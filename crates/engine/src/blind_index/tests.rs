use proptest::prelude::*;
use vermeil_protect::{Keyring, Plain};

use super::*;

/// The index of customers under a new keyring.
fn customers() -> SchemaIndex {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let index = runtime.block_on(async {
        let path = folder.path().join("keyring.json");
        let keyring = Keyring::create(&path, std::sync::Arc::new(Plain)).await.unwrap();
        let secret = BlindIndex::create(&keyring, "demo").unwrap();
        BlindIndex::open(&keyring, "demo", &secret).unwrap()
    });
    SchemaIndex::new(&index, &Schema::built_in("customer.v1").unwrap())
}

/// Whether a record with `written` in `field`, from `country`, is found by `asked`.
fn finds(index: &SchemaIndex, field: &str, country: Option<&str>, written: &str, asked: &str) -> bool {
    let place = index.names().position(|name| name == field).expect("an indexed field");
    let key = KeyLocation { page: 1, slot: 2 };
    let entries = index.entries_of((RecordId(7), key), country, |asked| (asked == place).then_some(written));
    let tags = index.tags_of(field, asked);
    entries.into_iter().any(|entry| entry.record == RecordId(7) && tags.contains(&entry.tag))
}

#[track_caller]
fn check(field: &str, country: Option<&str>, written: &str, asked: &str, expected: bool) {
    assert_eq!(finds(&customers(), field, country, written, asked), expected, "{written} by {asked}");
}

#[test]
fn what_reaches_or_numbers_someone_is_indexed() {
    let index = customers();
    let names: Vec<&str> = index.names().collect();
    for indexed in ["email", "phone", "mobile", "account_number", "loyalty_number", "national_id"] {
        assert!(names.contains(&indexed), "{indexed}");
    }
    for other in ["family_name", "birth_date", "postal_code", "notes", "country", "street"] {
        assert!(!names.contains(&other), "{other}");
    }
}

#[test]
fn a_field_is_not_found_through_another() {
    let index = customers();
    let phone = index.tags_of("phone", "06 12 34 56 78");
    assert!(!phone.is_empty());
    assert!(phone.is_disjoint(&index.tags_of("mobile", "06 12 34 56 78")));
    assert!(index.tags_of("family_name", "Lovelace").is_empty());
    assert!(index.tags_of("email", "  ").is_empty());
}

#[test]
fn a_number_from_abroad_is_found_as_it_is_dialled_there_and_here() {
    check("mobile", Some("GB"), "07700 900123", "+44 7700 900123", true);
    check("mobile", Some("GB"), "07700 900123", "07700900123", true);
    check("mobile", Some("FR"), "0612345678", "+33 (0)6 12 34 56 78", true);
    check("mobile", None, "612345678", "06.12.34.56.78", true);
    check("mobile", Some("DE"), "+49 30 901820", "0049 30 901820", true);
    check("mobile", Some("FR"), "0612345678", "0612345679", false);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_address_is_found_however_it_is_spelled(
        local in "[a-z][a-z0-9.]{0,12}[a-z0-9]",
        domain in "[a-z]{1,10}\\.example",
        (tag, upper, wrapped, space) in ("[a-z]{1,5}", any::<bool>(), any::<bool>(), " {0,3}"),
    ) {
        let mut spelled = format!("{local}+{tag}@{domain}");
        if upper {
            spelled = spelled.to_uppercase();
        }
        if wrapped {
            spelled = format!("<mailto:{spelled}>");
        }
        spelled = format!("{space}{spelled}{space}");
        let index = customers();
        let plain = format!("{local}@{domain}");
        prop_assert!(finds(&index, "email", None, &spelled, &plain), "{spelled}");
        prop_assert!(finds(&index, "email", None, &plain, &spelled), "{spelled}");
        let other = format!("x{local}@{domain}");
        prop_assert!(!finds(&index, "email", None, &plain, &other), "{other}");
    }

    #[test]
    fn a_french_number_is_found_however_it_is_spelled(
        digits in "[1-9][0-9]{8}",
        prefixes in prop::sample::subsequence(vec!["0", "+33", "0033", "+33 (0)", "33"], 2),
        separators in prop::sample::subsequence(vec!["", " ", ".", "-"], 2),
        country in prop::sample::select(vec![None, Some("FR"), Some("France")]),
    ) {
        let spelled = |way: usize| {
            let pairs: Vec<String> =
                digits.as_bytes()[1..].chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned()).collect();
            let separator = separators[way];
            format!("{}{}{separator}{}", prefixes[way], &digits[..1], pairs.join(separator))
        };
        let index = customers();
        prop_assert!(
            finds(&index, "mobile", country, &spelled(0), &spelled(1)), "{} by {}", spelled(0), spelled(1)
        );
    }
}
