use super::*;

#[track_caller]
fn check(encoding: Encoding, escaped: &str, text: &str) {
    let family = FAMILIES.iter().find(|family| family.encoding == encoding).expect("a family");
    let mut windows = Vec::new();
    family.unescape(escaped.as_bytes(), Reach::Far, |window| {
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
        family.unescape(b"100 % & more = \\Q\nshort\nlines", Reach::Far, |_| panic!("{:?}", family.encoding));
    }
}

#[test]
fn distant_escapes_open_windows_of_their_own() {
    let text = format!("a%40b{}c%40d", " ".repeat(3 * REACH));
    let mut sizes = Vec::new();
    FAMILIES[1]
        .unescape(text.as_bytes(), Reach::Far, |window| sizes.push((window.bytes.len(), window.origin(0))));
    assert_eq!(sizes, [(3 + REACH - 1, 0), (3 + REACH - 1, 5 + 3 * REACH + 1 - REACH)]);
}

#[test]
fn windows_end_with_the_bytes_that_part_texts() {
    let text = b"x\xe3\x81y%40z\x80\x80\x80%41\xf0\x9fx";
    let mut windows = Vec::new();
    FAMILIES[1].unescape(text, Reach::WithinText, |window| windows.push(window.bytes.clone()));
    assert_eq!(windows, [b"\xe3\x81y@z\x80\x80\x80".as_slice(), b"\x80\x80\x80A\xf0\x9fx"]);
}
