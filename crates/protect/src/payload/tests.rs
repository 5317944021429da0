use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn packed(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = PayloadWriter::new();
    fields.iter().for_each(|(name, value)| writer.field(name, value));
    writer.as_bytes().to_vec()
}

#[track_caller]
fn check_refused(bytes: &[u8], error: PayloadError) {
    assert_eq!(fields(bytes), Err(error), "bytes: {bytes:?}");
}

#[test]
fn the_documented_layout_is_what_is_written() {
    assert_eq!(packed(&[("city", "Lyon"), ("email", "")]), b"\x01\x04city\x04Lyon\x05email\x00");
    let long = "x".repeat(300);
    assert_eq!(packed(&[("n", &long)])[..5], [1, 1, b'n', 0xac, 0x02]);
}

proptest! {
    #[test]
    fn what_is_packed_unpacks_to_the_same(
        written in prop::collection::btree_map("[a-z_]{1,12}", ".{0,300}", 0..12),
    ) {
        let written: BTreeMap<String, String> = written;
        let list: Vec<_> = written.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let bytes = packed(&list);
        prop_assert_eq!(fields(&bytes), Ok(list));
    }

    #[test]
    fn whatever_is_accepted_is_written_the_same_way_again(
        bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(2), Just(0x80), any::<u8>()], 0..40),
    ) {
        let bytes = [&[VERSION][..], &bytes].concat();
        if let Ok(list) = fields(&bytes) {
            prop_assert_eq!(packed(&list), bytes);
        }
    }
}

#[test]
fn a_writer_starts_afresh() {
    let mut writer = PayloadWriter::new();
    assert!(writer.is_empty());
    writer.field("city", "Lyon");
    assert!(!writer.is_empty());
    writer.clear();
    assert!(writer.is_empty());
    writer.field("city", "Nantes");
    assert_eq!(fields(writer.as_bytes()), Ok(vec![("city", "Nantes")]));
}

#[test]
fn values_beyond_the_buffer_are_kept_whole() {
    let long = "é".repeat(500_000);
    let bytes = packed(&[("city", "Lyon"), ("note", &long), ("email", "ada@example.org")]);
    assert_eq!(fields(&bytes), Ok(vec![("city", "Lyon"), ("note", &long[..]), ("email", "ada@example.org")]));
}

#[test]
fn anything_else_is_refused() {
    check_refused(b"", PayloadError::CutOff);
    check_refused(b"\x02", PayloadError::UnknownVersion(2));
    check_refused(b"\x01\x04cit", PayloadError::CutOff);
    check_refused(b"\x01\x04city", PayloadError::CutOff);
    check_refused(b"\x01\x04city\x05Lyon", PayloadError::CutOff);
    check_refused(b"\x01\x04city\x84", PayloadError::CutOff);
    check_refused(b"\x01\x84\x00city\x00", PayloadError::LongLength);
    check_refused(b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", PayloadError::LongLength);
    check_refused(b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", PayloadError::CutOff);
    check_refused(b"\x01\x01\xff\x00", PayloadError::NotUtf8);
    check_refused(b"\x01\x01a\x00\x01a\x00", PayloadError::FieldTwice);
}
