use super::*;

#[track_caller]
fn check(given: &str, abbreviation: &str) {
    assert_eq!(abbreviated(given), abbreviation, "input: {given:?}");
}

#[test]
fn ways_and_saints_are_abbreviated_as_whole_words() {
    check("12 boulevard Saint-Michel", "12 bd St Michel");
    check("3 rue du Faubourg Sainte-Anne", "3 r du Fbg Ste Anne");
    check("5 place de la Bellerue", "5 pl de la Bellerue");
}

#[test]
fn a_typo_is_at_most_two_letters_away_in_length_and_never_empties_a_word() {
    let mut chance = Chance::new(1);
    for word in ["Li", "Dupont", "Le Gall", "Éléonore"] {
        for _ in 0..200 {
            let spoilt = typo(word, &mut chance);
            assert!(spoilt.chars().count().abs_diff(word.chars().count()) <= 1, "{word} became {spoilt}");
        }
    }
    assert_eq!(typo("J", &mut chance), "J");
}

#[test]
fn what_is_misheard_is_spelt_otherwise() {
    let mut chance = Chance::new(2);
    for word in ["Rousseau", "Philippe", "Thibault", "Boyer"] {
        let spellings: std::collections::BTreeSet<String> =
            (0..50).map(|_| misheard(word, &mut chance)).collect();
        assert!(spellings.len() > 1 && !spellings.contains(word), "{word}: {spellings:?}");
    }
}

#[test]
fn accents_go_and_letters_stay() {
    assert_eq!(without_accents("Éloïse Gâteau-Çelik"), "Eloise Gateau-Celik");
}

#[test]
fn a_digit_error_changes_one_digit_after_the_second() {
    let mut chance = Chance::new(3);
    for _ in 0..100 {
        let wrong = wrong_digit("0700123456", &mut chance);
        let changed = wrong.chars().zip("0700123456".chars()).filter(|(a, b)| a != b).count();
        assert!(changed == 1 && wrong.starts_with("07"), "{wrong}");
    }
    assert_eq!(wrong_digit("", &mut chance), "");
}

#[test]
fn day_and_month_are_exchanged_only_where_that_is_a_date() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(day_month_swapped(day("1980-03-07")), day("1980-07-03"));
    assert_eq!(day_month_swapped(day("1980-03-17")), day("1980-03-17"));
}

#[test]
fn a_wrong_date_is_another_date() {
    let mut chance = Chance::new(4);
    for date in ["1980-01-31", "2000-02-29", "1999-12-28"] {
        let date: NaiveDate = date.parse().unwrap();
        for _ in 0..100 {
            assert_ne!(wrong_date_digit(date, &mut chance), date);
        }
    }
}
