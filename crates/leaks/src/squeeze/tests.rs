use proptest::prelude::*;

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

/// The letter below the accent, as a table tells it.
fn base_letter_plainly(code: u8) -> u8 {
    match code {
        0xd7 | 0xf7 => 0,
        0xdf => b's',
        _ => match code | 0x20 {
            0xe0..=0xe6 => b'a',
            0xe7 => b'c',
            0xe8..=0xeb => b'e',
            0xec..=0xef => b'i',
            0xf0 => b'd',
            0xf1 => b'n',
            0xf2..=0xf6 | 0xf8 => b'o',
            0xf9..=0xfc => b'u',
            0xfd | 0xff => b'y',
            _ => b't',
        },
    }
}

#[test]
fn every_byte_is_folded_as_its_neighbours_say() {
    for (previous, byte) in (0..=u16::MAX).map(|pair| (pair as u8, (pair >> 8) as u8)) {
        for next in 0..=u8::MAX {
            let expected = match byte {
                b'0'..=b'9' | b'a'..=b'z' => byte,
                b'A'..=b'Z' => byte | 0x20,
                0x80..=0xbf if previous == LATIN_LEAD => base_letter_plainly(byte | 0x40),
                0xc0..=0xff if next & 0xc0 != 0x80 => base_letter_plainly(byte),
                _ => 0,
            };
            assert_eq!(fold(previous, byte, next), expected, "{previous:02x} {byte:02x} {next:02x}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_the_bytes_each_letter_is_kept_and_found_again(
        pieces in prop::collection::vec(
            prop_oneof![
                // Long enough for whole stretches of ASCII.
                prop::collection::vec(0_u8..0x80, 0..100),
                prop::collection::vec(
                    prop_oneof![Just(0xc3_u8), Just(b' '), 0x80_u8..=0xff, b'a'..=b'z', any::<u8>()], 0..100),
            ], 0..6),
    ) {
        let bytes = pieces.concat();
        let letters: Vec<(usize, u8)> =
            (0..bytes.len()).map(|at| (at, fold_at(&bytes, at))).filter(|(_, letter)| *letter != 0).collect();
        let mut whole = Squeezed::default();
        // What was here before must not be seen again.
        whole.fill(&[b'x'; 400]);
        whole.fill(&bytes);
        let found: Vec<(usize, u8)> = whole.as_bytes().iter().enumerate()
            .map(|(index, letter)| (whole.position(&bytes, index), *letter)).collect();
        prop_assert_eq!(found, letters);
    }
}
