use super::{boolean, decimal, integer};

#[test]
fn integers_may_have_a_sign_and_groups_of_three() {
    for (text, number) in [("0", 0), ("-12", -12), ("+7", 7), ("1 234 567", 1_234_567), ("1'234", 1234)] {
        assert_eq!(integer(text), Some(number), "input: {text:?}");
    }
    for wrong in ["", "-", "1.0", "1 23", "1234 567", "1  234", " 1", "1e3", "99999999999999999999", "0x1"] {
        assert_eq!(integer(wrong), None, "input: {wrong:?}");
    }
}

#[test]
fn decimals_follow_their_mark() {
    for (text, number) in [("1 234,5", 1234.5), ("-0,25", -0.25), (",5", 0.5), ("5,", 5.0), ("1e3", 1000.0)] {
        assert_eq!(decimal(text, ','), Some(number), "input: {text:?}");
    }
    assert_eq!(decimal("1\u{a0}234.5e-1", '.'), Some(123.45));
    for wrong in ["", ",", "1.5", "1,2,3", "NaN", "inf", "1e999", "1e", "1,2 3", "--1"] {
        assert_eq!(decimal(wrong, ','), None, "input: {wrong:?}");
    }
}

#[test]
fn booleans_are_read_in_english_and_french() {
    for yes in ["1", "true", "TRUE", "t", "yes", "y", "Oui", "o", "vrai", "X"] {
        assert_eq!(boolean(yes), Some(true), "input: {yes:?}");
    }
    for no in ["0", "false", "F", "no", "n", "NON", "faux"] {
        assert_eq!(boolean(no), Some(false), "input: {no:?}");
    }
    for wrong in ["", "2", "maybe", "ou", "-1"] {
        assert_eq!(boolean(wrong), None, "input: {wrong:?}");
    }
}
