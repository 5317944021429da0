use super::*;

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let writings = writings(text);
    for expected in expected {
        assert!(writings.contains(*expected), "{expected} is not among {writings:?}");
    }
}

#[test]
fn a_phone_is_written_nationally_and_internationally() {
    let all = ["0612345678", "+33612345678", "0033612345678", "+330612345678"];
    check("06 12 34 56 78", &all);
    check("+33 6 12 34 56 78", &all);
    check("612345678", &all);
    check("+4930123456", &["030123456", "004930123456"]);
}

#[test]
fn a_day_is_written_in_the_order_of_a_country() {
    check("1909-03-17", &["1909-03-17", "17/03/1909", "03/17/1909"]);
}

#[test]
fn other_texts_are_written_as_they_are() {
    assert_eq!(writings("Ada Quoxveil").len(), 1);
    assert_eq!(writings("31000").len(), 1);
}

#[test]
fn base64_is_found_at_every_alignment() {
    let inside = base64(b"Quoxveil");
    for before in ["", "a", "ab", "abc"] {
        let encoded = STANDARD_NO_PAD.encode(format!("{before}Quoxveil, Lyon"));
        assert!(inside.iter().any(|(_, part)| encoded.contains(std::str::from_utf8(part).expect("ASCII"))));
    }
}
