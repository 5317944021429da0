use proptest::prelude::*;

use super::*;

const TODAY: Day = Day { year: 2026, month: 3, day: 1 };

#[track_caller]
fn check(to: Generalisation, country: Country, raw: &str, expected: &str) {
    let shown = generalise(to, raw, country, TODAY);
    assert_eq!(shown.as_deref().unwrap_or("-"), expected, "{to:?} of {raw:?}");
}

#[test]
fn ages_are_counted_on_the_day_and_put_into_bands() {
    let band = |born, expected| check(Generalisation::AgeBand, Country::Unknown, born, expected);
    band("2008-03-01", "18-24");
    band("2008-03-02", "0-17");
    band("2001-03-02", "18-24");
    band("2001-03-01", "25-34");
    band("01/03/1981", "45-54");
    band("1961-03-02", "55-64");
    band("1961-03-01", "65+");
    band("1900-01-01", "65+");
    band("2026-03-01", "0-17");
}

#[test]
fn a_birth_date_that_cannot_be_gives_no_band() {
    for born in ["2026-03-02", "2031-01-01", "1890-01-01", "0001-01-01", "1985-02-30", "unknown", ""] {
        check(Generalisation::AgeBand, Country::Unknown, born, "-");
    }
}

#[test]
fn postal_codes_tell_their_department() {
    let department = |code, expected| check(Generalisation::Department, Country::France, code, expected);
    department("69003", "69");
    department("F-69003", "69");
    department("1000", "01");
    department("20000", "2A");
    department("20137", "2A");
    department("20200", "2B");
    department("20620", "2B");
    department("97400", "974");
    department("98800", "988");
    department("99999", "-");
    department("00100", "-");
    department("690", "-");
    department("SW1A 1AA", "-");
}

#[test]
fn only_french_postal_codes_have_a_department() {
    check(Generalisation::Department, Country::Unknown, "69003", "69");
    check(Generalisation::Department, Country::Other, "10115", "-");
    check(Generalisation::Department, Country::UnitedKingdom, "69003", "-");
}

#[test]
fn a_masked_phone_keeps_its_kind_and_its_last_two_digits() {
    let masked = |country, raw, expected| check(Generalisation::MaskedPhone, country, raw, expected);
    masked(Country::France, "06 12 34 56 78", "+336******78");
    masked(Country::UnitedKingdom, "07700 900123", "+447*******23");
    masked(Country::Unknown, "+1 212 555 0100", "+121******00");
    masked(Country::Other, "555 0100", "-");
    masked(Country::Unknown, "+33 17", "-");
}

#[test]
fn years_and_initials_are_what_is_left() {
    check(Generalisation::Year, Country::Unknown, "31/12/1985", "1985");
    check(Generalisation::Year, Country::Unknown, "1985", "-");
    check(Generalisation::Initial, Country::Unknown, "élodie", "E");
    check(Generalisation::Initial, Country::Unknown, " 4 rue", "R");
    check(Generalisation::Initial, Country::Unknown, "42", "-");
}

proptest! {
    #[test]
    fn of_a_phone_number_no_more_than_six_digits_are_left(raw in "[+0-9 .()-]{0,24}") {
        for country in [Country::Unknown, Country::France, Country::UnitedKingdom, Country::Other] {
            if let Some(shown) = generalise(Generalisation::MaskedPhone, &raw, country, TODAY) {
                prop_assert!(shown.bytes().filter(u8::is_ascii_digit).count() <= 6, "{shown}");
                prop_assert!(shown.contains("**"), "{shown}");
            }
        }
    }

    #[test]
    fn whatever_is_given_what_comes_out_is_short(raw in ".{0,60}") {
        let short = [Generalisation::AgeBand, Generalisation::Department, Generalisation::Year, Generalisation::Initial];
        for to in short {
            if let Some(shown) = generalise(to, &raw, Country::Unknown, TODAY) {
                prop_assert!(shown.chars().count() <= 5, "{shown}");
            }
        }
    }
}
