use std::fs;

use super::*;
use crate::testing::*;

fn tags(first: u8) -> Vec<Tag> {
    (first..first + 3).map(|byte| Tag([byte; 16])).collect()
}

#[test]
fn lines_are_read_as_they_were_added() {
    let place = tempfile::tempdir().unwrap();
    let (folder, key) = (Folder::new(place.path()), key());
    assert_eq!(entries(&folder).unwrap(), []);
    append(&folder, &key, &tags(1)).unwrap();
    append(&folder, &key, &tags(9)).unwrap();
    let read = entries(&folder).unwrap();
    assert_eq!(read.iter().map(LedgerEntry::tags).collect::<Vec<_>>(), [Some(tags(1)), Some(tags(9))]);
    assert!(read.iter().all(|entry| is_signed(entry, &key)));
}

#[test]
fn a_changed_tag_is_not_signed() {
    let place = tempfile::tempdir().unwrap();
    let (folder, key) = (Folder::new(place.path()), key());
    append(&folder, &key, &tags(1)).unwrap();
    let file = folder.file(LEDGER);
    let text = fs::read_to_string(&file).unwrap().replace("0101", "0701");
    fs::write(&file, text).unwrap();
    assert!(!is_signed(&entries(&folder).unwrap()[0], &key));
}

#[test]
fn a_line_that_was_cut_off_is_none_and_spoils_no_other() {
    let place = tempfile::tempdir().unwrap();
    let (folder, key) = (Folder::new(place.path()), key());
    append(&folder, &key, &tags(1)).unwrap();
    let file = folder.file(LEDGER);
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{whole}{}", &whole[..whole.len() / 2])).unwrap();
    append(&folder, &key, &tags(9)).unwrap();
    let read = entries(&folder).unwrap();
    assert_eq!(read.iter().map(LedgerEntry::tags).collect::<Vec<_>>(), [Some(tags(1)), Some(tags(9))]);
}
