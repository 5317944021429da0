use proptest::prelude::*;

use super::*;

/// Windows around the escapes of one family, told by `with`.
fn unescape(family: &Family, text: &[u8], reach: Reach, with: impl FnMut(&Window)) {
    let mut leads = Leads::default();
    // What was here before must not be seen again.
    leads.fill(&b"\\n%41=41&amp;\nx".repeat(20));
    leads.fill(text);
    let (family, leads) =
        leads.by_family().find(|(known, _)| known.lead == family.lead).expect("each has its own lead");
    family.unescape(text, leads, reach, with);
}

#[track_caller]
fn check(encoding: Encoding, escaped: &str, text: &str) {
    let family = FAMILIES.iter().find(|family| family.encoding == encoding).expect("a family");
    let mut windows = Vec::new();
    unescape(family, escaped.as_bytes(), Reach::Far, |window| {
        windows.push(window.bytes.clone());
        let last = window.bytes.len() - 1;
        assert_eq!(window.origin(last), escaped.len() - 1, "the last byte is unchanged");
    });
    assert_eq!(windows, [text.as_bytes()]);
}

#[test]
fn escapes_of_every_family_are_undone() {
    check(Encoding::Backslash, r"Z\u00e9landine \x41 \/ \303\251.", "Zélandine A / é.");
    check(Encoding::Percent, "z%C3%a9landine%40x", "zélandine@x");
    check(Encoding::QuotedPrintable, "zq=40quox=\r\nveil", "zq@quoxveil");
    check(Encoding::Entities, "Z&eacute;l&#97;ndin&#x65;&amp;.", "Zélandine&.");
    let line = "QUJD".repeat(19);
    check(Encoding::Wrapped, &format!("{line}\r\n{line}"), &line.repeat(2));
}

#[test]
fn what_is_no_escape_is_left_alone() {
    for family in FAMILIES {
        unescape(&family, b"100 % & more = \\Q\nshort\nlines", Reach::Far, |_| {
            panic!("{:?}", family.encoding)
        });
    }
}

#[test]
fn distant_escapes_open_windows_of_their_own() {
    let text = format!("a%40b{}c%40d", " ".repeat(3 * REACH));
    let mut sizes = Vec::new();
    unescape(&FAMILIES[1], text.as_bytes(), Reach::Far, |window| {
        sizes.push((window.bytes.len(), window.origin(0)))
    });
    assert_eq!(sizes, [(3 + REACH - 1, 0), (3 + REACH - 1, 5 + 3 * REACH + 1 - REACH)]);
}

#[test]
fn windows_end_with_the_bytes_that_part_texts() {
    let text = b"x\xe3\x81y%40z\x80\x80\x80%41\xf0\x9fx";
    let mut windows = Vec::new();
    unescape(&FAMILIES[1], text, Reach::WithinText, |window| windows.push(window.bytes.clone()));
    assert_eq!(windows, [b"\xe3\x81y@z\x80\x80\x80".as_slice(), b"\x80\x80\x80A\xf0\x9fx"]);
}

#[test]
fn text_is_told_from_sealed_bytes() {
    let sealed: Vec<u8> = (0..1000_u32).map(|at| (at.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    assert!(!is_ascii_mostly(&sealed));
    assert!(is_ascii_mostly("Éloïse;Lefèvre;Orléans\n".repeat(40).as_bytes()));
    assert!(is_ascii_mostly(b""));
}

proptest! {
    #[test]
    fn no_escape_is_passed_over_either_way(
        pieces in prop::collection::vec(
            prop_oneof![
                prop::sample::select(
                    [r"\n", r"\u00e9", r"\x41", r"\/", "%41", "=41", "=\n", "=\r\n", "&eacute;", "&#65;", "\n", "\r\n"].to_vec()
                ).prop_map(|escape| escape.as_bytes().to_vec()),
                prop::collection::vec(any::<u8>(), 0..40),
                prop::collection::vec(b'a'..=b'z', 30..60),
            ],
            0..12,
        ),
    ) {
        let text = pieces.concat();
        for fill in [Leads::fill_by_family, Leads::fill_at_once] {
            let mut leads = Leads::default();
            fill(&mut leads, &text);
            for (family, leads) in leads.by_family() {
                let begins = |at: usize| {
                    let at = (family.begins)(&text, at)?;
                    ((family.decode)(&text[at..], &mut Vec::new()) > 0).then_some(at)
                };
                let everywhere = (0..text.len()).filter(|&at| text[at] == family.lead).filter_map(begins);
                let found = leads.iter().filter_map(|&at| begins(at as usize));
                prop_assert_eq!(found.collect::<Vec<_>>(), everywhere.collect::<Vec<_>>());
            }
        }
    }
}
