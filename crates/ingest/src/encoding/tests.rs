use super::{Intake, TextEncoding};

/// Feeds `bytes` one at a time.
fn taken_in(label: &str, bytes: &[u8]) -> Vec<u8> {
    let mut intake = Intake::new(TextEncoding::of_label(Some(label)).unwrap());
    let mut out = Vec::new();
    for byte in bytes {
        intake.feed(&[*byte], |bytes| out.extend_from_slice(bytes));
    }
    intake.finish(|bytes| out.extend_from_slice(bytes));
    out
}

#[test]
fn a_byte_order_mark_is_dropped_however_the_bytes_arrive() {
    assert_eq!(taken_in("utf-8", b"\xef\xbb\xbfa"), b"a");
    assert_eq!(taken_in("utf-8", b"\xef\xbb"), b"\xef\xbb");
    assert_eq!(taken_in("utf-8", b"ab"), b"ab");
    assert_eq!(taken_in("utf-16be", b"\xfe\xff\0a"), b"a");
}

#[test]
fn single_bytes_stay_as_they_are_and_others_are_converted_with_faults_marked() {
    assert_eq!(taken_in("latin1", b"\xe9"), b"\xe9");
    assert_eq!(taken_in("shift_jis", b"\x83\x41\x83"), b"\xe3\x82\xa2\xff");
}

#[test]
fn separators_are_one_byte_or_none() {
    let byte = |label, character| TextEncoding::of_label(Some(label)).unwrap().byte(character);
    assert_eq!(byte("windows-1252", '¦'), Some(0xa6));
    assert_eq!(byte("windows-1252", '→'), None);
    assert_eq!(byte("utf-8", '¦'), None);
    assert_eq!(byte("utf-16le", ';'), Some(b';'));
}
