use proptest::prelude::*;

use super::*;
use crate::corpus::payload::{self, NAME, PHONE};
use crate::squeeze::fold_at;

/// How the values are written in a text, by the position of the value.
fn found(values: &[&str], text: &[u8]) -> Vec<(usize, Encoding)> {
    let matcher = Matcher::new(&Values::from_texts(values.iter().copied()));
    let mut hits: Vec<_> =
        Searcher::new(&matcher).search(text).iter().map(|hit| (hit.value, hit.encoding)).collect();
    hits.sort_unstable();
    hits.dedup();
    hits
}

#[track_caller]
fn check(value: &str, text: &[u8], expected: Option<Encoding>) {
    let expected: Vec<_> = expected.map(|encoding| (0, encoding)).into_iter().collect();
    assert_eq!(found(&[value], text), expected, "text: {:?}", text.escape_ascii().to_string());
}

#[test]
fn a_long_value_is_found_within_words() {
    check("Quoxveil-Brun", b"xQuoxveil-Bruny", Some(Encoding::Utf8));
}

#[test]
fn a_short_value_is_a_word_of_its_own() {
    check("Dupont", b"<Dupont>", Some(Encoding::Utf8));
    check("Dupont", b"DUPONT", Some(Encoding::LetterCase));
    check("Dupont", b"Dupontel", None);
    check("Dupont", b"du pont", None);
    check("Dupont", b"dUpOnT", None);
    check("H\u{e9}lo\u{ef}se", "\u{a0}heloise.".as_bytes(), Some(Encoding::WithoutAccents));
    check("H\u{e9}lo\u{ef}se", b"h\xc8lo\xefse", None);
    check("Dupont", b"<\0D\0u\0p\0o\0n\0t\0>\0", Some(Encoding::Utf16));
    check("Dupont", b"D\0u\0p\0o\0n\0t\0e\0l\0", None);
    check("Noelle", b"elleon", None);
}

#[test]
fn short_words_are_found_in_lines_of_escapes() {
    check("Dupont", br#"{"a":"x\nDupont\n"}"#, Some(Encoding::Utf8));
}

#[test]
fn digits_are_numbers_of_their_own() {
    check("06 39 98 12 74", b"tel0639981274;", Some(Encoding::Separators));
    check("06 39 98 12 74", b"906399812740", None);
    check("06 39 98 12 74", b"06\n39\n98\n12\n74", None);
    check("06 39 98 12 74", b"06,39,98,12,74", None);
}

#[test]
fn a_day_back_to_front_that_is_another_day_is_not_found() {
    check("2002-10-31", b"born 2002-01-13", None);
    check("1985-06-27", b"72-60-5891", Some(Encoding::Reversed));
}

#[test]
fn a_day_is_found_as_countries_write_it() {
    for text in ["1909-03-17", "17/03/1909", "03.17.1909", "19090317"] {
        assert_eq!(found(&["1909-03-17"], text.as_bytes()).len(), 1, "{text}");
    }
}

#[test]
fn values_of_other_scripts_are_found() {
    check("\u{141}ukasz \u{17b}eleński", "ŁUKASZ ŻELEŃSKI".as_bytes(), Some(Encoding::LetterCase));
    check("王小明", "名前は王小明です".as_bytes(), Some(Encoding::Utf8));
}

#[test]
fn what_is_too_short_is_refused() {
    let matcher = Matcher::new(&Values::from_texts(["Léa", "75001", "Dupont", "王"]));
    assert_eq!(matcher.refused().iter().map(|name| name.line).collect::<Vec<_>>(), [1, 2, 4]);
}

#[test]
fn numbers_are_known_as_people_enter_them() {
    let matcher = Matcher::new(&Values::from_texts(["06 39 98 12 74", "1909-03-17"]));
    assert_eq!(matcher.number(33_639_981_274), Some(0));
    assert_eq!(matcher.number(639_981_274), Some(0));
    assert_eq!(matcher.day(-22_205), Some(1));
    assert_eq!(matcher.number(-22_205 * 86_400_000), Some(1));
    assert_eq!(matcher.number(22_205), None);
}

#[test]
fn a_short_value_is_a_word_of_what_is_encoded() {
    check("Dupont", b"ID4gRHVwb250IDwg", Some(Encoding::Base64));
    check("Dupont", b"eERVcG9udGVsCg==", None);
    check("Dupont", b"WER1cG9udGVs", None);
    check("Dupont", b"3c4475706f6e743e", Some(Encoding::Hexadecimal));
    check("Dupont", b"584475706f6e7458", None);
}

#[test]
fn a_value_without_a_letter_in_base64_is_found() {
    check("\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}", b"<////////>", Some(Encoding::Base64));
    check("\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}", b"<///////->", None);
}

/// What the search finds without undoing escapes, told by trying every pattern at every place.
fn found_plainly(matcher: &Matcher, text: &[u8]) -> Vec<(usize, usize, usize, Encoding)> {
    let kept: Vec<(usize, u8)> =
        (0..text.len()).map(|at| (at, fold_at(text, at))).filter(|(_, letter)| *letter != 0).collect();
    let letters: Vec<u8> = kept.iter().map(|(_, letter)| *letter).collect();
    let mut found = Vec::new();
    for (number, pattern) in matcher.squeezed.patterns() {
        for index in (0..letters.len()).filter(|&index| letters[index..].starts_with(pattern)) {
            found.extend(matcher.squeezed_patterns[number].check(text, kept[index].0));
        }
    }
    for (number, pattern) in matcher.exact.patterns() {
        for start in (0..text.len()).filter(|&start| text[start..].starts_with(pattern)) {
            found.extend(matcher.exact_patterns[number].check(text, start));
        }
    }
    sorted(found)
}

fn sorted(hits: Vec<Hit>) -> Vec<(usize, usize, usize, Encoding)> {
    let mut hits: Vec<_> =
        hits.into_iter().map(|hit| (hit.value, hit.start, hit.end, hit.encoding)).collect();
    hits.sort_unstable();
    hits
}

const SOUGHT: [&str; 7] =
    [NAME, PHONE, "Dupont", "H\u{e9}lo\u{ef}se", "1909-03-17", "王小明", "zq@quoxveil.example"];

/// Bytes that are none of a value, between planted ones: text, separators, accents and anything.
fn filler(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        8 => b'a'..=b'z',
        3 => b'0'..=b'9',
        3 => prop::sample::select(b" ;,-=+/\0\n\\%&".to_vec()),
        1 => Just(0xc3_u8),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..longest)
}

/// The values in every encoding, and parts of them.
fn planted() -> impl Strategy<Value = Vec<u8>> {
    let mut planted: Vec<Vec<u8>> = payload::all().into_iter().map(|payload| payload.bytes).collect();
    planted.extend(SOUGHT.map(|value| value.as_bytes().to_vec()));
    planted.extend(SOUGHT.map(|value| forms::hexadecimal(value.as_bytes())));
    planted
        .extend(SOUGHT.into_iter().flat_map(|value| forms::base64(value.as_bytes())).map(|(_, bytes)| bytes));
    planted.extend(SOUGHT.into_iter().flat_map(forms::utf_16));
    prop::sample::select(planted)
}

/// A value of which one byte is escaped, between others that may be escapes or part texts.
fn escaped() -> impl Strategy<Value = Vec<u8>> {
    let values = prop::sample::select([NAME, "Dupont", "H\u{e9}lo\u{ef}se", "zq@quoxveil.example"].to_vec());
    let beside = || {
        let bytes: [&[u8]; 9] =
            [b"\\n", b"=\n", b"%C3", b"&#65;", b" ", b"\xe4\x85", b"\x80\x80\x80", b"\xe2\x80", b"\xa9"];
        prop::collection::vec(prop::sample::select(bytes.to_vec()), 0..4).prop_map(|beside| beside.concat())
    };
    let lead = prop::sample::select([b"%".as_slice(), b"=", b"\\x"].to_vec());
    (beside(), values, any::<prop::sample::Index>(), lead, beside()).prop_map(
        |(before, value, at, lead, behind)| {
            let at = at.index(value.len());
            let value = value.as_bytes();
            let escape = forms::hexadecimal(&value[at..=at]);
            [&before, &value[..at], lead, &escape, &value[at + 1..], &behind].concat()
        },
    )
}

proptest! {
    #[test]
    fn no_value_reaches_across_what_parts_texts(
        pieces in prop::collection::vec(prop_oneof![filler(8), escaped(), planted()], 1..10),
    ) {
        let foreign = "\u{738b}\u{5c0f}\u{660e}";
        let mut matcher = Matcher::new(&Values::from_texts(SOUGHT.into_iter().filter(|value| *value != foreign)));
        prop_assert!(matcher.reach == Reach::WithinText);
        let text = pieces.concat();
        let within: HashSet<_> = sorted(Searcher::new(&matcher).search(&text)).into_iter().collect();
        matcher.reach = Reach::Far;
        let far: HashSet<_> = sorted(Searcher::new(&matcher).search(&text)).into_iter().collect();
        prop_assert_eq!(within, far);
    }

    #[test]
    fn the_search_finds_what_trying_every_place_finds(
        pieces in prop::collection::vec((filler(60), planted()), 1..8),
        rest in filler(300),
    ) {
        let matcher = Matcher::new(&Values::from_texts(SOUGHT));
        let mut text: Vec<u8> = pieces.into_iter().flat_map(|(before, value)| [before, value].concat()).collect();
        text.extend(rest);
        let mut hits = Vec::new();
        Searcher::new(&matcher).search_direct(&text, &mut hits);
        prop_assert_eq!(sorted(hits), found_plainly(&matcher, &text));
    }
}
