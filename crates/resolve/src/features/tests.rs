use super::*;
use crate::testing::{plan, store};

const FIRST: RecordIndex = RecordIndex(0);

/// The normalised value of a record in a field; empty for none.
fn value<'a>(store: &'a FeatureStore, plan: &MatchPlan, field: &str, record: RecordIndex) -> &'a str {
    let field = plan.field_index(field).unwrap();
    match store.code(record.0, field) {
        MISSING => "",
        code => store.dictionary(field).value(code),
    }
}

#[track_caller]
fn check(row: &[(&str, &str)], expected: &[(&str, &str)]) {
    let plan = plan(&["full_name"]);
    let store = store(&plan, &[(1, row)]);
    for (field, normal) in expected {
        assert_eq!(value(&store, &plan, field, FIRST), *normal, "field `{field}`");
    }
}

#[test]
fn values_are_normalised() {
    check(
        &[("family_name", "VÉRRIER"), ("phone", "06 12 34 56 78")],
        &[("family_name", "verrier"), ("phone", "+33612345678")],
    );
}

#[test]
fn the_country_tells_how_to_read_a_phone_number() {
    check(&[("phone", "07700 900123"), ("country", "GB")], &[("phone", "+447700900123")]);
}

#[test]
fn a_whole_name_fills_missing_parts() {
    check(&[("full_name", "Mme Agathe VERRIER")], &[("given_name", "agathe"), ("family_name", "verrier")]);
}

#[test]
fn values_in_words_are_matched_in_latin_letters() {
    check(
        &[("full_name", "Захарченко Людмила"), ("city", "Київ"), ("organisation_name", "ООО Ветер")],
        &[("full_name", "zakharchenko lyudmila"), ("city", "kiiv"), ("organisation_name", "ooo veter")],
    );
    check(&[("full_name", "王小明")], &[("full_name", "wang xiaoming"), ("family_name", "xiaoming")]);
}

#[test]
fn only_matching_changes_the_script() {
    let stored = normalise::normalise(Normaliser::PersonName, Country::Unknown, "Людмила");
    assert_eq!(stored.as_deref(), Some("людмила"));
}

#[test]
fn a_whole_name_beside_a_part_fills_nothing() {
    check(
        &[("full_name", "Agathe Verrier"), ("family_name", "Moor")],
        &[("given_name", ""), ("family_name", "moor")],
    );
}

#[test]
fn parts_make_a_missing_whole_name() {
    check(&[("given_name", "Agathe"), ("family_name", "Verrier")], &[("full_name", "agathe verrier")]);
    check(&[("family_name", "Verrier")], &[("full_name", "verrier")]);
}

#[test]
fn records_are_sorted_by_id_whatever_their_order() {
    let plan = plan(&["email"]);
    let rows: [crate::testing::Row; 3] = [(9, &[("email", "c@x.fr")]), (2, &[("email", "a@x.fr")]), (5, &[])];
    let store = store(&plan, &rows);
    let ids: Vec<u128> = (0..3).map(|index| store.record_id(RecordIndex(index)).0).collect();
    assert_eq!(ids, [2, 5, 9]);
    assert_eq!(value(&store, &plan, "email", RecordIndex(2)), "c@x.fr");
    assert_eq!(store.find(RecordId(5)), Some(RecordIndex(1)));
    assert_eq!(store.find(RecordId(6)), None);
}

#[test]
fn a_record_given_twice_is_refused() {
    let plan = plan(&["email"]);
    let mut builder = FeatureStoreBuilder::new(&plan);
    builder.push(RecordId(7), 0, &[]);
    builder.push(RecordId(7), 1, &[]);
    assert_eq!(builder.finish().err(), Some(FeatureError::DuplicateRecord { record: RecordId(7) }));
}

#[test]
fn equal_values_share_a_code_and_different_ones_do_not() {
    let mut dictionary = Dictionary::default();
    let values: Vec<String> = (0..5000).map(|number| format!("value {number}")).collect();
    let codes: Vec<u32> = values.iter().map(|value| dictionary.code(value)).collect();
    assert_eq!(codes, values.iter().map(|value| dictionary.code(value)).collect::<Vec<_>>());
    assert!(codes.iter().zip(&values).all(|(code, value)| dictionary.value(*code) == value));
    assert_eq!(dictionary.len(), values.len());
}
