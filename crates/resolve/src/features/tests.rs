use vermeil_model::schema::Normaliser;

use super::interner::Interner;
use super::*;
use crate::normalise::{self, Country};
use crate::testing::{plan, store, town, town_store};

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
    let mut dictionary = Interner::default();
    let values: Vec<String> = (0..5000).map(|number| format!("value {number}")).collect();
    let mut codes_of_all = || dictionary.codes(values.iter().map(String::as_str));
    let codes = codes_of_all();
    assert_eq!(codes, codes_of_all());
    assert!(codes.iter().zip(&values).all(|(code, value)| dictionary.value(*code) == value));
    assert_eq!(dictionary.len(), values.len());
}

/// All that a store holds.
#[derive(PartialEq)]
struct Contents {
    ids: Vec<RecordId>,
    sources: Vec<u32>,
    codes: Vec<u32>,
    /// Of each dictionary.
    values: Vec<Vec<String>>,
}

fn contents(store: &FeatureStore) -> Contents {
    let values = store
        .dictionaries
        .iter()
        .map(|dictionary| {
            (0..dictionary.len() as u32).map(|code| dictionary.value(code).to_owned()).collect()
        })
        .collect();
    Contents {
        ids: store.records.clone(),
        sources: store.sources.clone(),
        codes: store.codes.clone(),
        values,
    }
}

#[test]
fn a_store_does_not_tell_who_took_which_record() {
    let plan = plan(&["email"]);
    let rows = town(700);
    let alone = contents(&town_store(&plan, &rows));
    for (count, batch, threads) in [(1, 1400, 2), (2, 64, 1), (3, 100, 2), (5, 7, 4)] {
        let mut parts: Vec<_> = (0..count).map(|_| FeatureStorePart::new(&plan)).collect();
        // From last to first, unevenly: the first part takes every second batch.
        for (place, batch) in rows.rchunks(batch).enumerate() {
            let part = if place % 2 == 0 { 0 } else { place % count };
            let records: Vec<_> = batch.iter().map(|(record, _)| (RecordId(*record), 0)).collect();
            parts[part].push(&records, |record, wanted| {
                let mut values = batch[record].1.iter();
                let found = values.find(|(field, _)| plan.field_index(field) == Some(wanted));
                found.map(|(_, value)| value.as_str().into())
            });
        }
        let threads = NonZeroUsize::new(threads).unwrap();
        let joined = FeatureStore::join(&plan, parts, threads).unwrap();
        assert!(contents(&joined) == alone, "{count} parts, {batch} records at once, {threads} threads");
    }
}

#[test]
fn records_of_one_id_are_refused_whoever_took_them() {
    let plan = plan(&["email"]);
    let mut parts = [FeatureStorePart::new(&plan), FeatureStorePart::new(&plan)];
    parts[0].push(&[(RecordId(7), 0)], |_, _| None);
    parts[1].push(&[(RecordId(3), 0), (RecordId(7), 0)], |_, _| None);
    let refused = FeatureStore::join(&plan, parts.into(), NonZeroUsize::MIN);
    assert_eq!(refused.err(), Some(FeatureError::DuplicateRecord { record: RecordId(7) }));
}

#[test]
fn no_records_make_an_empty_store() {
    let plan = plan(&["email"]);
    for count in [0, 2] {
        let parts = (0..count).map(|_| FeatureStorePart::new(&plan)).collect();
        assert!(FeatureStore::join(&plan, parts, NonZeroUsize::MIN).unwrap().is_empty());
    }
}

#[test]
fn a_value_that_came_before_is_read_anew_for_another_country() {
    let plan = plan(&["phone"]);
    let rows: [crate::testing::Row; 4] = [
        (1, &[("phone", "07700900123"), ("country", "GB")]),
        (2, &[("phone", "07700900123"), ("country", "BE")]),
        (3, &[("phone", "07700900123"), ("country", "GB")]),
        (4, &[("phone", "0612345678")]),
    ];
    let store = store(&plan, &rows);
    let numbers: Vec<&str> =
        (0..4).map(|record| value(&store, &plan, "phone", RecordIndex(record))).collect();
    assert_eq!(numbers, ["+447700900123", "07700900123", "+447700900123", "+33612345678"]);
}

#[test]
fn values_keep_their_codes_however_often_and_in_whatever_order_they_come() {
    let plan = plan(&["city"]);
    // More than are remembered, of all lengths, some of them writings of one value.
    let city = |number: u64| {
        let length = 1 + (number % 40) as usize;
        let name = format!("{}-{}", "Lavoir ".repeat(6).split_at(length).0.trim(), number / 3);
        if number.is_multiple_of(3) { name.to_uppercase() } else { name }
    };
    let number = |record: u64| crate::mix::mix(record) % 40_000;
    let field = plan.field_index("city").unwrap();
    let mut builder = FeatureStoreBuilder::new(&plan).on_threads(NonZeroUsize::new(3).unwrap());
    for record in 0..60_000 {
        builder.push(RecordId(record.into()), 0, &[(field, &city(number(record)))]);
    }
    let store = builder.finish().unwrap();
    for record in 0..store.len() as u32 {
        let expected = normalise::text::fold(&city(number(record.into())));
        assert_eq!(value(&store, &plan, "city", RecordIndex(record)), expected);
    }
}
