use proptest::prelude::*;
use vermeil_model::schema::Comparison;

use super::*;
use crate::testing::{Row, comparison, plan, store};

const LEFT: RecordIndex = RecordIndex(0);
const RIGHT: RecordIndex = RecordIndex(1);

/// The name of the level that two records reach in a field.
fn level(field: &str, left: &[(&str, &str)], right: &[(&str, &str)]) -> Option<&'static str> {
    let plan = plan(&["email"]);
    let rows: [Row; 2] = [(1, left), (2, right)];
    let store = store(&plan, &rows);
    let index = comparison(&plan, field);
    let [forth, back] = [(LEFT, RIGHT), (RIGHT, LEFT)]
        .map(|(left, right)| Comparer::new(&store, &plan).agreement(index, left, right));
    assert_eq!(forth, back, "agreement is symmetric");
    forth.level.map(|level| level_set(plan.comparisons()[index].comparison).names[usize::from(level.0)])
}

#[track_caller]
fn check(field: &str, left: &str, right: &str, expected: &str) {
    assert_eq!(level(field, &[(field, left)], &[(field, right)]), Some(expected), "{left:?} and {right:?}");
}

#[test]
fn names_have_levels() {
    check("given_name", "Agathe", "AGATHE", "equal");
    check("given_name", "Jean", "Jean-Pierre", "part");
    check("given_name", "Pierre", "Jean-Pierre", "part");
    check("given_name", "Bob", "Robert", "nickname");
    check("given_name", "Bob Lee", "Robert", "nickname");
    check("given_name", "Agathe", "Agatha", "close");
    check("given_name", "Agathe", "Marie-Agahte", "close");
    check("given_name", "Martial Agathe", "Agathe Zoe", "shared_word");
    check("given_name", "Agathe", "Agate Lou", "close");
    check("given_name", "Marthe", "Martine", "near");
    check("given_name", "Agathe", "A.", "initial");
    check("given_name", "J.-P.", "Jean-Pierre", "initial");
    check("given_name", "Agathe", "Bruno", "different");
}

#[test]
fn given_and_family_name_in_each_others_field_are_exchanged() {
    let left = [("given_name", "Martin"), ("family_name", "Agathe")];
    let right = [("given_name", "Agathe"), ("family_name", "Martin")];
    assert_eq!(level("given_name", &left, &right), Some("exchanged"));
    assert_eq!(level("family_name", &left, &right), Some("exchanged"));
    // Errors and first names that one source lacks do not hide it.
    let longer = [("given_name", "Agathe Zoe"), ("family_name", "Marin")];
    assert_eq!(level("given_name", &left, &longer), Some("exchanged"));
    let initial = [("given_name", "A."), ("family_name", "Martin")];
    assert_eq!(level("family_name", &left, &initial), Some("exchanged"));
    let half = [("given_name", "Agathe"), ("family_name", "Moreau")];
    assert_eq!(level("given_name", &left, &half), Some("different"));
}

#[test]
fn a_name_that_is_given_and_family_name_at_once_is_just_equal() {
    let twice = [("given_name", "Martin"), ("family_name", "Martin")];
    assert_eq!(level("given_name", &twice, &twice), Some("equal"));
}

#[test]
fn dates_have_levels() {
    check("birth_date", "1984-07-03", "03/07/1984", "equal");
    check("birth_date", "1984-07-03", "1984-03-07", "one_slip");
    check("birth_date", "1984-07-03", "1985-07-03", "one_slip");
    check("birth_date", "1984-07-03", "1984-07-26", "same_two_parts");
    check("birth_date", "1984-07-03", "1973-07-03", "same_two_parts");
    check("birth_date", "1984-07-03", "1984-11-26", "same_year");
    check("birth_date", "1984-07-03", "1951-11-26", "different");
}

#[test]
fn emails_have_levels() {
    check("email", "a.verrier@example.org", "A.Verrier+x@example.org", "equal");
    check("email", "a.verrier@example.org", "a.verrier@example.net", "same_local_part");
    check("email", "a.verrier@example.org", "a.verier@example.org", "near");
    check("email", "a.verrier@example.org", "bruno@test.fr", "different");
}

#[test]
fn texts_postal_codes_and_identifiers_have_levels() {
    check("city", "Saint-Étienne", "SAINT ETIENNE", "equal");
    check("city", "Marseille", "Marseile", "close");
    check("city", "Paris 10", "Paris", "close");
    check("city", "Bath", "Bath and North East Somerset", "part");
    check("city", "Marseille", "Nice", "different");
    check("postal_code", "42000", "42100", "one_keystroke");
    check("postal_code", "42000", "42190", "same_area");
    check("postal_code", "42000", "13001", "different");
    check("national_id", "AB 123", "ab-124", "one_keystroke");
    check("national_id", "AB 123", "ab-199", "different");
}

#[test]
fn names_in_two_spellings_of_one_sound_are_close() {
    check("family_name", "Yusupov", "Youssoupov", "close");
    check("family_name", "Захарченко", "Zakharchenko", "equal");
    check("given_name", "Анна Мария", "Anna-Maria", "close");
    check("given_name", "J. Pierre", "Jean-Pierre", "close");
}

#[test]
fn names_of_organisations_have_levels() {
    check("organisation_name", "Verdier SARL", "VERDIER", "equal");
    check("organisation_name", "Verdier Transports", "Transports Verdier", "same");
    check("organisation_name", "BLM", "Boulangeries Levain du Midi", "alike");
    check("organisation_name", "Северный Ветер ООО", "Severny Veter", "same");
    check("organisation_name", "Verdier Transports", "Verdier", "alike");
    check("organisation_name", "Verdier Levage", "Verdier", "near");
    check("organisation_name", "Verdier Transports", "Moreau Transports", "different");
}

#[test]
fn phone_and_mobile_are_one_set() {
    let left = [("phone", "01 23 45 67 89"), ("mobile", "06 12 34 56 78")];
    assert_eq!(level("phone", &left, &[("phone", "06 12 34 56 78")]), Some("equal"));
    assert_eq!(level("phone", &left, &[("mobile", "06 12 34 56 79")]), Some("one_keystroke"));
    assert_eq!(level("phone", &left, &[("mobile", "07 98 76 54 32")]), Some("different"));
    assert_eq!(level("phone", &left, &[("email", "a@example.org")]), None);
}

#[test]
fn which_of_two_near_numbers_counts_does_not_depend_on_who_is_asked_first() {
    let plan = plan(&["email"]);
    let near: &[(&str, &str)] = &[("phone", "06 12 34 56 79"), ("mobile", "01 23 45 67 88")];
    let other: &[(&str, &str)] = &[("phone", "01 23 45 67 89"), ("mobile", "06 12 34 56 78")];
    let store = store(&plan, &[(1, near), (2, other)]);
    let (comparer, phone) = (Comparer::new(&store, &plan), comparison(&plan, "phone"));
    let told = comparer.agreement(phone, LEFT, RIGHT);
    assert_eq!(told.level, Some(Level(1)));
    assert_eq!(told, comparer.agreement(phone, RIGHT, LEFT));
}

#[test]
fn a_missing_value_is_no_evidence() {
    assert_eq!(level("email", &[("email", "a@example.org")], &[("city", "Nice")]), None);
}

#[test]
fn a_pattern_holds_the_level_of_every_comparison() {
    let plan = plan(&["email"]);
    let row: &[(&str, &str)] = &[("given_name", "Agathe"), ("vat_number", "FR1")];
    let store = store(&plan, &[(1, row), (2, row)]);
    let pattern = Comparer::new(&store, &plan).patterns(&[Pair { left: LEFT, right: RIGHT }])[0];
    for (index, planned) in plan.comparisons().iter().enumerate() {
        let expected = match planned.field.as_str() {
            "given_name" => Some(8),
            "vat_number" => Some(2),
            _ => None,
        };
        assert_eq!(pattern.level(index), expected, "{}", planned.field);
    }
}

#[test]
fn every_kind_of_comparison_fits_a_pattern() {
    for comparison in ALL {
        assert!((2..=MAX_LEVELS).contains(&level_set(comparison).names.len()));
    }
}

const ALL: [Comparison; 9] = [
    Comparison::Exact,
    Comparison::Organisation,
    Comparison::Name,
    Comparison::Date,
    Comparison::Email,
    Comparison::Phone,
    Comparison::Text,
    Comparison::PostalCode,
    Comparison::Identifier,
];

proptest! {
    #[test]
    fn comparisons_are_symmetric_and_stay_below_equal(
        left in "[ab ]{1,8}|[a-c@.]{1,8}|[12]{4}-0[1-3]-0[1-3]|\\PC{1,6}",
        right in "[ab ]{1,8}|[a-c@.]{1,8}|[12]{4}-0[1-3]-0[1-3]|\\PC{1,6}",
    ) {
        prop_assume!(left != right);
        for comparison in ALL {
            let set = level_set(comparison);
            let level = (set.of_different)(&left, &right);
            prop_assert_eq!(level, (set.of_different)(&right, &left), "{:?}", comparison);
            prop_assert!(level < set.equal());
        }
    }
}
