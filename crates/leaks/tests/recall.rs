//! Every value that is planted is found, and nothing else is.

use std::io::Write;
use std::path::Path;

use vermeil_leaks::{Channel, Limits, Matcher, Reason, Values, corpus, recall, scan};

#[test]
fn every_planted_value_is_found_where_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let planted = corpus::write(folder.path()).expect("a corpus");
    let values = Values::read(&folder.path().join(corpus::VALUES_FILE)).expect("values");
    let found = recall::found(folder.path(), &planted, &Matcher::new(&values)).expect("a readable corpus");
    let missed: Vec<String> = planted
        .iter()
        .zip(found)
        .filter(|(_, found)| !found)
        .map(|(planted, _)| format!("{} as {:?}", planted.folder.display(), planted.payload.encoding))
        .collect();
    assert!(missed.is_empty(), "{} of {} missed:\n{}", missed.len(), planted.len(), missed.join("\n"));
    assert!(planted.len() > 900, "only {} values were planted", planted.len());
}

#[test]
fn other_values_raise_no_alarm_on_the_corpus() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    corpus::write(folder.path()).expect("a corpus");
    // Alike in length, letters and shape, and short ones.
    let others =
        ["Zélandine Quoxveau", "06 39 98 12 75", "Zélaude", "oxveil", "1909-03-17", "zq@quoxveil.example"];
    let matcher = Matcher::new(&Values::from_texts(others));
    assert_eq!(matcher.values(), others.len());
    let report = scan(folder.path(), &[], &matcher, Limits::default()).expect("a readable corpus");
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.unreadable.is_empty(), "{:#?}", report.unreadable);
}

#[test]
fn the_table_in_the_documentation_is_current() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let document = recall::document(folder.path()).expect("a corpus");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/leak-scan-recall.md");
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        document == committed,
        "docs/leak-scan-recall.md is out of date: \
         `cargo run -p vermeil-leaks --example recall > docs/leak-scan-recall.md`\n\n{document}"
    );
}

#[track_caller]
fn check_found_as_it_lies(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("packed"), bytes).expect("a file");
    let matcher = Matcher::new(&Values::from_texts([corpus::NAME]));
    let report = scan(folder.path(), &[], &matcher, Limits::default()).expect("a readable folder");
    let found: Vec<Channel> = report.findings.iter().map(|finding| finding.channel).collect();
    assert_eq!(found, [Channel::Bytes]);
}

#[test]
fn what_no_decoder_makes_anything_of_is_searched_as_it_lies() {
    let name = corpus::NAME.as_bytes();
    let frame = zstd::encode_all(b"other ".repeat(100).as_slice(), 3).expect("packed");
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18], &(name.len() as u32).to_le_bytes()[..], name].concat();
    check_found_as_it_lies(&skippable);
    check_found_as_it_lies(&[&frame[..], &skippable, &frame].concat());
    check_found_as_it_lies(&[&frame[..], b" ", name].concat());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"other").expect("packed");
    check_found_as_it_lies(&[&gzip.finish().expect("packed")[..], b" ", name].concat());
    // A file name in the header of gzip: RFC 1952, section 2.3.
    let header = [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3][..], name, &[0]].concat();
    check_found_as_it_lies(&[&header[..], &[3, 0], &[0; 8]].concat());
}

#[track_caller]
fn check_unreadable(name: &str, bytes: &[u8], limits: Limits, reason: Reason) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("opaque"), bytes).expect("a file");
    let matcher = Matcher::new(&Values::from_texts([corpus::NAME]));
    let report = scan(folder.path(), &[], &matcher, limits).expect("a readable folder");
    let told: Vec<(&str, Reason)> =
        report.unreadable.iter().map(|unreadable| (unreadable.kind.as_str(), unreadable.reason)).collect();
    assert_eq!(told, [(name, reason)]);
    assert!(!report.is_clean());
}

#[test]
fn what_cannot_be_opened_is_told() {
    let limits = Limits::default();
    check_unreadable("parquet", b"PAR1 cut off", limits, Reason::Damaged);
    check_unreadable("parquet", b"PARE sealed PARE", limits, Reason::Encrypted);
    check_unreadable("gzip", &[0x1f, 0x8b, 8, 0, 0], limits, Reason::Damaged);
    check_unreadable("zstd", &[0x28, 0xb5, 0x2f, 0xfd, 0], limits, Reason::Damaged);
    check_unreadable("sqlite", b"SQLite format 3\0 cut off", limits, Reason::Damaged);
    check_unreadable("arrow file", b"ARROW1 cut off", limits, Reason::Damaged);
    check_unreadable("zip", b"PK\x03\x04 cut off", limits, Reason::Damaged);
    check_unreadable("xz", &[0xfd, b'7', b'z', b'X', b'Z', 0, 0], limits, Reason::NotDecoded);
}

#[test]
fn a_bomb_is_told_and_not_followed() {
    let zeros = zstd::encode_all(vec![0; 64 << 20].as_slice(), 3).expect("packed");
    let limits = Limits { decoded_bytes: 1 << 20, expansion: 10, ..Limits::default() };
    check_unreadable("file", &zeros, limits, Reason::TooLarge);
    let mut nested = corpus::NAME.as_bytes().to_vec();
    for _ in 0..12 {
        nested = zstd::encode_all(nested.as_slice(), 1).expect("packed");
    }
    check_unreadable("zstd", &nested, Limits::default(), Reason::TooDeep);
}
