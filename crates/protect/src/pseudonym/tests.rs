use super::*;
use crate::testing::{hex, keyring};

fn domain(recipient: &str, purpose: &str) -> PseudonymDomain {
    PseudonymDomain { recipient: recipient.to_owned(), purpose: purpose.to_owned() }
}

#[track_caller]
fn check(bytes: &str, text: &str) {
    assert_eq!(base32(hex(bytes).try_into().unwrap()), text);
}

#[test]
fn base_32_is_that_of_rfc_4648_without_padding() {
    check("00000000000000000000000000000000", "aaaaaaaaaaaaaaaaaaaaaaaaaa");
    check("ffffffffffffffffffffffffffffffff", "77777777777777777777777774");
    // "foobarfoobarfoob"
    check("666f6f626172666f6f626172666f6f62", "mzxw6ytbojtg633cmfzgm33pmi");
}

#[test]
fn a_pseudonym_is_stable_within_its_domain_and_unrelated_outside() {
    let (_folder, keyring) = keyring();
    let of =
        |recipient, purpose| Pseudonymiser::of(&keyring, &domain(recipient, purpose)).pseudonym(&[9; 16]);
    let all = [
        of("analyst", "reporting"),
        of("analyst", "care"),
        of("agency", "reporting"),
        of("analys", "treporting"),
    ];
    assert_eq!(all[0], of("analyst", "reporting"));
    for (position, pseudonym) in all.iter().enumerate() {
        assert!(!all[..position].contains(pseudonym), "domain {position} shares a pseudonym");
        assert_eq!(pseudonym.len(), 26);
    }
}

#[test]
fn ids_have_pseudonyms_of_their_own() {
    let pseudonymiser = Pseudonymiser::new(&RootKey::from_bytes([1; 32]), &domain("analyst", "reporting"));
    assert_ne!(pseudonymiser.pseudonym(&[1; 16]), pseudonymiser.pseudonym(&[2; 16]));
}

#[test]
fn domains_have_names_of_their_own_that_are_no_pseudonyms() {
    let of = |purpose| Pseudonymiser::new(&RootKey::from_bytes([1; 32]), &domain("analyst", purpose));
    let (one, other) = (of("reporting"), of("care"));
    assert_ne!(one.domain_name(), other.domain_name());
    assert_eq!(one.domain_name(), of("reporting").domain_name());
    assert_ne!(one.domain_name(), one.pseudonym(&[]));
    assert!(!one.domain_name().contains("analyst") && !one.domain_name().contains("reporting"));
}
