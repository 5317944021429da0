use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn the_laws_hold_for_random_bytes(input in prop::collection::vec(any::<u8>(), 0..600)) {
        sealed_value(&input);
        changed_value(&input);
        bindings(&input);
        payload(&input);
    }

    // Random bytes are hardly ever close to what is accepted; these are.
    #[test]
    fn the_laws_hold_close_to_what_is_genuine(
        value in prop::collection::vec(any::<u8>(), 0..200),
        changes in prop::collection::vec(prop_oneof![2 => Just(0u8), 1 => any::<u8>()], 0..12),
        text in "[a-z.é]{0,12}",
    ) {
        let mut genuine = sealed([3; 12], &value);
        let opened = open(&genuine);
        prop_assert_eq!(opened.as_ref(), Ok(&value));
        sealed_value(&genuine);
        if let Some((place, flip)) = changes.first().zip(changes.last()) {
            let place = usize::from(*place) % genuine.len();
            genuine[place] ^= flip;
            sealed_value(&genuine);
        }
        changed_value(&[&[value.len() as u8][..], &value, &changes].concat());
        bindings(&[&[text.len() as u8][..], text.as_bytes(), &changes].concat());
        payload(&[&[1, text.len() as u8][..], text.as_bytes(), &[changes.len() as u8], &changes].concat());
    }
}

#[track_caller]
fn check_corpus(target: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{target} begins from nothing");
    files.iter().for_each(|file| law(&fs::read(file).unwrap()));
}

#[test]
fn the_laws_hold_for_what_the_fuzzer_begins_with() {
    check_corpus("sealed_value", sealed_value);
    check_corpus("changed_value", changed_value);
    check_corpus("bindings", bindings);
    check_corpus("payload", payload);
}
