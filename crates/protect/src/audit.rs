//! What the audit log takes from the keys: the seed of its signing key, and tags of subjects.

use vermeil_model::Tag;
use zeroize::Zeroizing;

use crate::hashing::{KeyedHash, derive};
use crate::keyring::{Keyring, RootKind};
use crate::seal::DataKey;

/// The seed of the Ed25519 key (RFC 8032 §5.1.5) that a keyring's audit log is signed with.
pub fn audit_signing_seed(keyring: &Keyring) -> Zeroizing<[u8; 32]> {
    derive(keyring.root(RootKind::Audit).expose(), b"vermeil/audit-signing/1")
}

/// Names the owner of a key in the audit log, for as long as the key exists:
/// once it is destroyed, nobody can make the tag again or tell whose it was.
pub fn subject_tag(key: &DataKey) -> Tag {
    KeyedHash::for_domain(key.expose(), "vermeil/audit-subject/1").tag()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::keyring;

    #[test]
    fn each_keyring_signs_with_a_key_of_its_own() {
        let ((_one, one), (_other, other)) = (keyring(), keyring());
        assert_eq!(audit_signing_seed(&one), audit_signing_seed(&one));
        assert_ne!(audit_signing_seed(&one), audit_signing_seed(&other));
        assert_ne!(*audit_signing_seed(&one), *one.root(RootKind::Audit).expose());
    }

    #[test]
    fn a_subject_is_named_by_its_key() {
        let tag = |byte| subject_tag(&DataKey::from_bytes([byte; 32]));
        assert_eq!(tag(1), tag(1));
        assert_ne!(tag(1), tag(2));
    }
}
