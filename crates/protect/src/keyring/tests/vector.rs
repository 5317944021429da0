use super::*;
use crate::testing::hex;

/// Made with Python's `cryptography` from what the module's documentation says: the passphrase
/// `ten small horses`, the salt 00 01 … 0f, nonces of one repeated byte, a generation key
/// of 32 bytes 07, and roots of 32 bytes 0a, 0b and so on.
const DOCUMENTED: &str = r#"{
  "format": 2,
  "keyring_id": "3f2b8c9e-0d5a-4f7e-9b1c-2a6d8e4f1b3c",
  "provider": { "kind": "passphrase" },
  "generations": [
    { "number": 1, "destroyed_at": "2026-11-22T05:00:00Z" },
    { "number": 2, "wrapped_key": "GENERATION" }
  ],
  "roots": "ROOTS"
}"#;

const GENERATION: &str = "AQABAAAAAAADAAAABAABAgMEBQYHCAkKCwwNDg8BAQEBAQEBAQEBAQEO9PdmusPIBIF2Dc+hWOqT+e4rQTU3YVsMYh\
         fR+i6Qrn4ylh/nxo8paa/XTEB1yqI=";

const ROOTS: &str = "AQABAAAAAAADAAAABAABAgMEBQYHCAkKCwwNDg8CAgICAgICAgICAgIQvb2uPWtLCuKs4kf6JnYy06j/ns8PWmLHcs\
         bW/jZM1i5L8x2wsL94b4Tle97+BmHP8J8VVsbgjVNgE4YZzm4dHGrQt5xq4gfiyGDFdzsneIbY3oyUCaFdfGG6PSQv\
         THh3x/DJpSPWS7dD+V3B8Rs4k2UrW5QGfePTvhl10svQYfyxlXPHY2d2AG1Q/p13eynq0xJwP4NBkg1ombUNO9mnB9\
         9mXgo4Rv3kHowyJMxilPhcLiVzUNUu+tSoXBxaUy8s1RtOt3W+ZF2mRBi1KHysa/n37Tn2eFaZMQ0O0wDJrcf6QAcS\
         vGgm2InvZoQ6MMbDw1wFQAE7BvTubeEOolw9THA=";

/// The page key of 32 bytes 05 under generation 2, with the context `page 7` and the nonce 03….
const PAGE_KEY: &str = "03030303030303030303030320fba6065f2d5b477f454659ee52fa09e839e5eab19091752adb82b4e6e045bdab\
         a8cb8f591f767096b55807b10b0bf2";

#[tokio::test]
async fn the_documented_vector_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring.json");
    fs::write(&path, DOCUMENTED.replace("GENERATION", GENERATION).replace("ROOTS", ROOTS)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();

    let passphrase = Passphrase::new(Secret::new("ten small horses".to_owned()));
    let keyring = Keyring::open(&path, Arc::new(passphrase)).await.unwrap();
    assert_eq!(unwrap(&keyring, 2, CONTEXT, &hex(PAGE_KEY)).unwrap(), [5; 32]);
    for (kind, byte) in RootKind::ALL.into_iter().zip(10..) {
        assert_eq!(*keyring.root(kind).expose(), [byte; 32], "{kind:?}");
    }
    let error = unwrap(&keyring, 1, CONTEXT, &hex(PAGE_KEY)).unwrap_err();
    assert!(error.to_string().contains("2026-11-22T05:00:00Z"), "{error}");
}
