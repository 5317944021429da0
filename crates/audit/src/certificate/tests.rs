use super::*;
use crate::testing::{key, key_of};
use crate::tree::{CompactRange, leaf_hash};

fn signed() -> SignedCertificate {
    let mut range = CompactRange::default();
    range.push(leaf_hash(b"one"));
    range.push(leaf_hash(b"two"));
    let moment = || "2026-11-22T18:00:00Z".to_owned();
    let certificate = Certificate {
        pipeline: "boutique \"du coin\"".to_owned(),
        keyring: "k".to_owned(),
        request: 7,
        opened_at: moment(),
        approved_at: moment(),
        proven_at: moment(),
        final_after: moment(),
        erased: Erased { records: 3, ..Erased::default() },
        rewritten: Rewritten::default(),
        proof: Proof { files: 12, ..Proof::default() },
        recipients: vec![RecipientTold {
            recipient: "mailer".to_owned(),
            message: "msg_1".to_owned(),
            answered_at: None,
            receipt: None,
        }],
        audit: AuditedBy { entry: 1, checkpoint: Checkpoint::sign(&range, &key()) },
    };
    SignedCertificate::sign(certificate, &key())
}

#[track_caller]
fn check(text: &str, fault: CertificateFault) {
    assert_eq!(SignedCertificate::verify(text, key().verifier()), Err(fault));
}

#[test]
fn a_certificate_verifies_with_the_public_key_alone_however_it_is_indented() {
    let signed = signed();
    let text = signed.to_text();
    assert_eq!(SignedCertificate::verify(&text, key().verifier()).as_ref(), Ok(&signed.certificate));
    let compact = serde_json::to_string(&signed).expect("plain data");
    assert_eq!(SignedCertificate::verify(&compact, key().verifier()).as_ref(), Ok(&signed.certificate));
}

#[test]
fn whatever_is_changed_is_told() {
    let text = signed().to_text();
    for (from, to) in [
        ("\"records\": 3", "\"records\": 4"),
        ("\"files\": 12", "\"files\": 13"),
        ("\"request\": 7", "\"request\": 8"),
        ("18:00:00Z\",\n    \"approved", "18:00:01Z\",\n    \"approved"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        check(&changed, CertificateFault::Signature);
    }
    check(&text.replace("\"records\": 3", "\"records\": 3, \"more\": 1"), CertificateFault::Form);
    check("{}", CertificateFault::Form);
}

#[test]
fn each_byte_of_the_statement_counts() {
    let text = signed().to_text();
    let statement = text.find("\n  \"key\"").expect("a key");
    for place in 0..statement {
        let mut bytes = text.clone().into_bytes();
        // Digits and letters stay what they are as far as JSON goes.
        if !bytes[place].is_ascii_alphanumeric() {
            continue;
        }
        bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        assert!(SignedCertificate::verify(&changed, key().verifier()).is_err(), "byte {place}");
    }
}

#[test]
fn another_key_signed_nothing() {
    let text = signed().to_text();
    let other = key_of(2);
    assert_eq!(SignedCertificate::verify(&text, other.verifier()), Err(CertificateFault::Signature));
}

#[test]
fn a_certificate_needs_a_checkpoint_that_covers_it_and_a_proof_that_found_nothing() {
    let mut late = signed().certificate;
    late.audit.entry = 2;
    check(&SignedCertificate::sign(late, &key()).to_text(), CertificateFault::Checkpoint);
    let mut found = signed().certificate;
    found.proof.found = 1;
    check(&SignedCertificate::sign(found, &key()).to_text(), CertificateFault::Unproven);
}
