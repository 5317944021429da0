//! What the audit log takes from the keys: the seed of its signing key, and tags of subjects.

use vermeil_model::Tag;
use zeroize::Zeroizing;

use crate::hashing::{KeyedHash, derive};
use crate::keyring::{KeyProvider, KeyProviderError, RootKind};
use crate::seal::DataKey;

/// The seed of the Ed25519 key (RFC 8032 §5.1.5) that a keyring's audit log is signed with.
///
/// # Errors
/// [`KeyProviderError`] if the provider does not give its root key.
pub async fn audit_signing_seed(provider: &dyn KeyProvider) -> Result<Zeroizing<[u8; 32]>, KeyProviderError> {
    let root = provider.root(RootKind::Audit).await?;
    Ok(derive(root.expose(), b"vermeil/audit-signing/1"))
}

/// Names the owner of a key in the audit log, for as long as the key exists:
/// once it is destroyed, nobody can make the tag again or tell whose it was.
pub fn subject_tag(key: &DataKey) -> Tag {
    KeyedHash::for_domain(key.expose(), "vermeil/audit-subject/1").tag()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::FileKeyring;

    #[tokio::test]
    async fn each_keyring_signs_with_a_key_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let one = FileKeyring::create(&folder.path().join("one.json")).expect("made");
        let other = FileKeyring::create(&folder.path().join("other.json")).expect("made");
        let seed = audit_signing_seed(&one).await.expect("a seed");
        assert_eq!(seed, audit_signing_seed(&one).await.expect("a seed"));
        assert_ne!(seed, audit_signing_seed(&other).await.expect("a seed"));
        assert_ne!(*seed, *one.root(RootKind::Audit).await.expect("a root").expose());
    }

    #[test]
    fn a_subject_is_named_by_its_key() {
        let tag = |byte| subject_tag(&DataKey::from_bytes([byte; 32]));
        assert_eq!(tag(1), tag(1));
        assert_ne!(tag(1), tag(2));
    }
}
