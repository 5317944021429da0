use super::*;

#[track_caller]
fn check(bytes: &[u8], squeezed: &str) {
    assert_eq!(squeeze(bytes), squeezed.as_bytes());
    let mut whole = Squeezed::default();
    whole.fill(bytes);
    assert_eq!(whole.as_bytes(), squeezed.as_bytes());
    for (index, letter) in squeezed.bytes().enumerate() {
        assert_eq!(fold_at(bytes, whole.position(bytes, index)), letter);
    }
}

#[test]
fn encodings_of_a_name_become_one() {
    check("Zélandine Quoxveil".as_bytes(), "zelandinequoxveil");
    check("Ze\u{301}landine Quoxveil".as_bytes(), "zelandinequoxveil");
    check(b"Z\xe9landine Quoxveil", "zelandinequoxveil");
    check("ZÉLANDINE-QUOXVEIL".as_bytes(), "zelandinequoxveil");
    let wide: Vec<u8> = "Zélandine Quoxveil".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&wide, "zelandinequoxveil");
    let wide: Vec<u8> = "Zélandine Quoxveil".encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(&wide, "zelandinequoxveil");
}

#[test]
fn separators_are_dropped_whatever_their_length() {
    check("06\u{202f}12\u{a0}34.56-78".as_bytes(), "0612345678");
    check("l’été · 5€".as_bytes(), "lete5");
}

#[test]
fn places_are_found_again_beyond_a_stretch() {
    let long = "é, ".repeat(300) + "fin";
    check(long.as_bytes(), &("e".repeat(300) + "fin"));
}
