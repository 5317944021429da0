//! Blind indexes: finding whose e-mail address this is, and opening nothing.
//!
//! An entry is a keyed tag of one field's value in its normal form. It needs two
//! keys: the keyring's root for blind indexes, and a random secret that the
//! key-encryption key of one generation wraps. Entries of one field tell nothing
//! about another's, nor about another tenant's. Once a generation is destroyed,
//! whatever copies there are of the index made under it answer nothing.
//!
//! Entries are tags of values that can be guessed: whoever holds both keys can
//! try every phone number. So they live in the state database, which forgets, and
//! never in the lake, which does not.

use vermeil_model::Tag;
use zeroize::Zeroizing;

use crate::aead::AssociatedData;
use crate::hashing::{KeyedHash, derive};
use crate::keyring::{Keyring, KeyringError, PageKey, RootKey, RootKind, WrapRequest, WrappedKey};
use crate::random;

/// The blind index of one tenant under one generation.
pub struct BlindIndex {
    generation: u32,
    tenant: String,
    root: RootKey,
    secret: PageKey,
}

/// The blind index of one field.
#[derive(Clone)]
pub struct FieldIndex(KeyedHash);

/// The secret of a [`BlindIndex`] as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedIndexSecret {
    /// The generation that wraps it.
    pub generation: u32,
    /// What [`Keyring::wrap`] gave.
    pub bytes: Vec<u8>,
}

impl BlindIndex {
    /// A new secret under the current generation. It must be durable before an entry is.
    ///
    /// # Errors
    /// As for [`Keyring::wrap`].
    pub fn create(keyring: &Keyring, tenant: &str) -> Result<WrappedIndexSecret, KeyringError> {
        let generation = keyring.current_generation();
        let mut bytes = Zeroizing::new([0; 32]);
        random::fill(&mut *bytes);
        let secret = PageKey::from_bytes(*bytes);
        let context = context(keyring, tenant, generation);
        let wrap = [WrapRequest { key: &secret, context: context.as_slice() }];
        let bytes = keyring.wrap(generation, &wrap)?.pop().expect("one key was wrapped");
        Ok(WrappedIndexSecret { generation, bytes })
    }

    /// The index of a stored secret.
    ///
    /// # Errors
    /// As for [`Keyring::unwrap`]: [`KeyringError::DestroyedGeneration`] once its
    /// generation is destroyed.
    pub fn open(keyring: &Keyring, tenant: &str, wrapped: &WrappedIndexSecret) -> Result<Self, KeyringError> {
        let WrappedIndexSecret { generation, bytes } = wrapped;
        let context = context(keyring, tenant, *generation);
        let wrapped = [WrappedKey { generation: *generation, context: context.as_slice(), bytes }];
        let secret = keyring.unwrap(&wrapped)?.pop().expect("one key was unwrapped");
        let root = keyring.root(RootKind::BlindIndex);
        Ok(Self { generation: *generation, tenant: tenant.to_owned(), root, secret })
    }

    /// The generation whose end is the end of the index.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The index of the field of this name.
    pub fn field(&self, name: &str) -> FieldIndex {
        let info = AssociatedData::new("vermeil/blind-index-key/1")
            .part(self.secret.expose())
            .part(self.tenant.as_bytes())
            .part(name.as_bytes());
        let key = derive(self.root.expose(), info.as_slice());
        FieldIndex(KeyedHash::for_domain(&*key, "vermeil/blind-index/1"))
    }
}

impl FieldIndex {
    /// The entry of a value in its normal form.
    pub fn entry(&self, normal: &str) -> Tag {
        self.0.clone().part(normal.as_bytes()).tag()
    }
}

fn context(keyring: &Keyring, tenant: &str, generation: u32) -> AssociatedData {
    AssociatedData::new("vermeil/blind-index-secret/1")
        .part(keyring.id().as_bytes())
        .part(tenant.as_bytes())
        .part(&generation.to_be_bytes())
}

#[cfg(test)]
mod tests;
