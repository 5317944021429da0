use super::*;
use crate::testing::{KEY_NAME, key, key_of};

/// The key and the note in the documentation of Go's `golang.org/x/mod/sumdb/note`, where the format comes from.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SEED: &str = "YEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";

#[test]
fn a_note_of_another_implementation_is_verified() {
    let verifier: VerifierKey = GO_KEY.parse().expect("a verifier key");
    assert_eq!(verifier.to_string(), GO_KEY);
    assert!(verifier.text_of(GO_NOTE).expect("signed").ends_with("your problem is.\n"));
}

#[test]
fn the_same_key_gives_the_same_note_as_another_implementation() {
    // The first byte of a Go signer key is its algorithm.
    let bytes = STANDARD.decode(format!("A{GO_SEED}")).expect("base64");
    let seed = Zeroizing::new(<[u8; 32]>::try_from(&bytes[1..]).expect("32 bytes"));
    let key = LogKey::new("PeterNeumann", &seed).expect("a name");
    assert_eq!(key.verifier().to_string(), GO_KEY);
    let (text, _) = GO_NOTE.split_once("\n\n").expect("a text");
    assert_eq!(key.sign(&format!("{text}\n")), GO_NOTE);
}

#[test]
fn signatures_of_others_are_passed_over_and_do_not_count() {
    let note = key().sign("text\n");
    let (_, witness) = GO_NOTE.rsplit_once("\n\n").expect("a signature");
    assert_eq!(key().verifier().text_of(&format!("{note}{witness}")), Some("text\n"));
    assert_eq!(key().verifier().text_of(&format!("text\n\n{witness}")), None);
    // Of the same name, but of another key.
    assert_eq!(key().verifier().text_of(&key_of(2).sign("text\n")), None);
}

#[test]
fn a_text_with_empty_lines_ends_at_the_last_one() {
    let text = "one\n\ntwo\n";
    assert_eq!(key().verifier().text_of(&key().sign(text)), Some(text));
}

#[test]
fn no_flipped_bit_passes() {
    let note = key().sign("some text\n").into_bytes();
    for bit in 0..note.len() * 8 {
        let mut flipped = note.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let text = String::from_utf8(flipped).ok();
        let opened = text.as_deref().and_then(|note| key().verifier().text_of(note));
        assert_eq!(opened, None, "bit {bit}");
    }
}

#[track_caller]
fn check_refused(text: &str, expected: InvalidKey) {
    assert_eq!(text.parse::<VerifierKey>(), Err(expected), "{text}");
}

#[test]
fn a_mistyped_verifier_key_is_refused() {
    check_refused("", InvalidKey::Form);
    check_refused("PeterNeumann+c74f20a3", InvalidKey::Form);
    check_refused(&GO_KEY.replace("c74f", "c74e"), InvalidKey::Id);
    check_refused(&GO_KEY.replace("c74f", "C74F"), InvalidKey::Id);
    check_refused(&GO_KEY.replace("Peter", "Pater"), InvalidKey::Id);
    check_refused(&GO_KEY.replace("Peter", "Pe ter"), InvalidKey::Name);
    check_refused(&GO_KEY.replace("+AR", "+BR"), InvalidKey::Algorithm);
    check_refused(&GO_KEY.replace("10TW", ""), InvalidKey::Algorithm);
    check_refused("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", InvalidKey::Name);
}

#[test]
fn a_key_needs_a_name_that_notes_can_carry() {
    for name in ["", "two words", "a+b", "a\nb"] {
        assert!(LogKey::new(name, &Zeroizing::new([1; 32])).is_err(), "{name:?}");
    }
    assert_eq!(key().verifier().name(), KEY_NAME);
}
