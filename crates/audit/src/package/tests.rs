use super::*;
use crate::testing::{key, key_of};
use crate::tree::{CompactRange, leaf_hash};

/// A package of two files.
fn package() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [("data.json", "{}"), ("letter.html", "<p>Bonjour</p>")];
    files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).expect("a file"));
    let mut range = CompactRange::default();
    range.push(leaf_hash(b"one"));
    let manifest = Manifest {
        pipeline: "boutique".to_owned(),
        keyring: "k".to_owned(),
        request: 7,
        kind: "access".to_owned(),
        made_at: "2026-11-22T18:00:00Z".to_owned(),
        files: files.iter().map(|(name, text)| PackagedFile::of(name, text.as_bytes())).collect(),
        audit: AuditedBy { entry: 0, checkpoint: Checkpoint::sign(&range, &key()) },
    };
    let signed = SignedManifest::sign(manifest, &key());
    fs::write(folder.path().join(MANIFEST), signed.to_text()).expect("a file");
    folder
}

/// Checks how a package verifies after something was done to it.
#[track_caller]
fn check(spoil: impl FnOnce(&Path), expected: &str) {
    let folder = package();
    spoil(folder.path());
    let fault = SignedManifest::verify_folder(folder.path(), key().verifier()).expect_err("spoilt");
    assert_eq!(fault.diagnostic().map(|it| it.code).as_deref(), Some(expected), "{fault}");
}

#[test]
fn a_package_verifies_as_it_was_signed() {
    let folder = package();
    let manifest = SignedManifest::verify_folder(folder.path(), key().verifier()).expect("untouched");
    assert_eq!((manifest.request, manifest.files.len()), (7, 2));
    // The digest of "{}", from another implementation.
    let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(manifest.files[0].sha256, digest);
}

#[test]
fn whatever_is_changed_is_told() {
    check(|folder| fs::write(folder.join("data.json"), "[]").expect("a file"), "package-changed");
    check(|folder| fs::write(folder.join("more.csv"), "").expect("a file"), "package-foreign");
    check(|folder| fs::remove_file(folder.join("letter.html")).expect("there"), "package-unreadable");
    check(|folder| fs::write(folder.join(MANIFEST), "{}").expect("a file"), "package-form");
    let edit = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let text = fs::read_to_string(folder.join(MANIFEST)).expect("a manifest");
            assert!(text.contains(from));
            fs::write(folder.join(MANIFEST), text.replace(from, to)).expect("a file");
        }
    };
    check(edit("\"request\": 7", "\"request\": 8"), "package-signature");
    check(edit("\"data.json\"", "\"../data.json\""), "package-signature");
}

#[test]
fn another_key_proves_nothing() {
    let folder = package();
    let fault = SignedManifest::verify_folder(folder.path(), key_of(2).verifier());
    assert!(matches!(fault, Err(PackageFault::Signature)));
}
