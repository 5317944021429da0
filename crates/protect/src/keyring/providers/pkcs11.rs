//! A token behind PKCS#11: a hardware security module, a smart card, SoftHSM.
//!
//! Each slot has an AES-256 key object of its own on the token, sensitive and
//! not extractable, under the label `<prefix>-<keyring id>-<slot>`. A wrapped
//! secret is `nonce 12 | ciphertext | tag 16` of `CKM_AES_GCM`, whose associated
//! data binds it to its slot. The nonce comes from here: tokens that insist on
//! making their own, such as those in a FIPS mode, do not fit.
//!
//! Source: OASIS, "PKCS #11 Cryptographic Token Interface Base Specification
//! Version 3.0" and "Current Mechanisms Version 3.0", §2.12.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::Utc;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11 as Module};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::{
    KeyProvider, KeySlot, Misconfiguration, ProviderDescriptor, ProviderError, ProviderKind, Secret,
};
use crate::aead::NONCE;
use crate::keyring::keys::Destruction;
use crate::random;

/// Wraps with keys that a PKCS#11 token keeps.
///
/// A destroyed generation is gone from the token; whoever backs up the token
/// (or the folder of a SoftHSM) must let those backups end.
pub struct Pkcs11 {
    settings: Arc<Pkcs11Settings>,
}

/// How to reach a PKCS#11 token.
pub struct Pkcs11Settings {
    /// The vendor's library, such as `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// Begins the label of every key.
    pub key_prefix: String,
    /// The user's PIN.
    pub pin: Secret,
}

impl Pkcs11 {
    /// A token to ask. Nothing is loaded or asked yet.
    pub fn new(settings: Pkcs11Settings) -> Self {
        Self { settings: Arc::new(settings) }
    }

    /// Works on the token, where waiting holds nobody up.
    async fn on_token<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Pkcs11Settings, &Session) -> Result<T, ProviderError> + Send + 'static,
    ) -> Result<T, ProviderError> {
        let settings = Arc::clone(&self.settings);
        let worked = tokio::task::spawn_blocking(move || work(&settings, &settings.log_in()?));
        worked.await.expect("work on a token neither panics nor is it cancelled")
    }
}

#[async_trait]
impl KeyProvider for Pkcs11 {
    fn descriptor(&self) -> ProviderDescriptor {
        let Pkcs11Settings { token, key_prefix, .. } = &*self.settings;
        ProviderDescriptor { kind: ProviderKind::Pkcs11, keys: Some(format!("{token}, {key_prefix}-*")) }
    }

    async fn create(&self, slot: KeySlot) -> Result<(), ProviderError> {
        self.on_token(move |settings, session| {
            let label = slot.key_name(&settings.key_prefix);
            if settings.find(session, &label)?.is_empty() {
                let template = [
                    Attribute::Class(ObjectClass::SECRET_KEY),
                    Attribute::KeyType(KeyType::AES),
                    Attribute::ValueLen(32.into()),
                    Attribute::Label(label.into_bytes()),
                    Attribute::Token(true),
                    Attribute::Private(true),
                    Attribute::Sensitive(true),
                    Attribute::Extractable(false),
                    Attribute::Encrypt(true),
                    Attribute::Decrypt(true),
                    Attribute::Sign(false),
                    Attribute::Verify(false),
                    Attribute::Wrap(false),
                    Attribute::Unwrap(false),
                ];
                session
                    .generate_key(&Mechanism::AesKeyGen, &template)
                    .map_err(|error| settings.told(error))?;
            }
            Ok(())
        })
        .await
    }

    async fn wrap(&self, slot: KeySlot, secret: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let secret = Zeroizing::new(secret.to_vec());
        self.on_token(move |settings, session| {
            let key = *settings.keys(session, slot)?.first().expect("none would be an error");
            let nonce = random::nonce();
            let encrypted = with_gcm(slot, nonce, |mechanism| session.encrypt(mechanism, key, &secret));
            Ok([nonce.as_slice(), &encrypted.map_err(|error| settings.told(error))?].concat())
        })
        .await
    }

    async fn unwrap(&self, slot: KeySlot, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let wrapped = wrapped.to_vec();
        self.on_token(move |settings, session| {
            let keys = settings.keys(session, slot)?;
            let refused = ProviderError::Refused { provider: ProviderKind::Pkcs11 };
            let Some((nonce, encrypted)) = wrapped.split_first_chunk::<NONCE>() else { return Err(refused) };
            // Several only if two processes on different machines made one at once.
            for key in keys {
                let opened = with_gcm(slot, *nonce, |mechanism| session.decrypt(mechanism, key, encrypted));
                match opened {
                    Ok(secret) => return Ok(Zeroizing::new(secret)),
                    Err(error) if is_refusal(&error) => {}
                    Err(error) => return Err(settings.told(error)),
                }
            }
            Err(refused)
        })
        .await
    }

    async fn destroy(&self, slot: KeySlot) -> Result<Destruction, ProviderError> {
        self.on_token(move |settings, session| {
            for key in settings.find(session, &slot.key_name(&settings.key_prefix))? {
                session.destroy_object(key).map_err(|error| settings.told(error))?;
            }
            Ok(Destruction::Done { at: Utc::now() })
        })
        .await
    }
}

impl Pkcs11Settings {
    fn log_in(&self) -> Result<Session, ProviderError> {
        let module = loaded(&self.module).map_err(|error| self.told(error))?;
        let slots = module.get_slots_with_initialized_token().map_err(|error| self.told(error))?;
        let named = |slot: &cryptoki::slot::Slot| {
            module.get_token_info(*slot).is_ok_and(|info| info.label() == self.token)
        };
        let slot = slots.into_iter().find(named);
        let slot = slot.ok_or_else(|| self.misconfigured(Misconfiguration::NoToken))?;
        let session = module.open_rw_session(slot).map_err(|error| self.told(error))?;
        match session.login(UserType::User, Some(&AuthPin::from(self.pin.expose().to_owned()))) {
            // Another thread of this process is using the token.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(error) => Err(self.told(error)),
        }
    }

    /// Every key object of a label.
    fn find(&self, session: &Session, label: &str) -> Result<Vec<ObjectHandle>, ProviderError> {
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::Token(true),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        session.find_objects(&template).map_err(|error| self.told(error))
    }

    /// The key objects of a slot, at least one.
    fn keys(&self, session: &Session, slot: KeySlot) -> Result<Vec<ObjectHandle>, ProviderError> {
        let label = slot.key_name(&self.key_prefix);
        match self.find(session, &label)? {
            none if none.is_empty() => Err(ProviderError::KeyGone { key: label }),
            keys => Ok(keys),
        }
    }

    fn told(&self, error: Error) -> ProviderError {
        match error {
            Error::LibraryLoading(_) | Error::MissingSymbol(_) => {
                self.misconfigured(Misconfiguration::NoModule)
            }
            Error::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinLocked,
                _,
            ) => ProviderError::Denied { address: self.token.clone() },
            error => ProviderError::Unavailable { address: self.token.clone(), cause: error.into() },
        }
    }

    fn misconfigured(&self, misconfiguration: Misconfiguration) -> ProviderError {
        let address = match misconfiguration {
            Misconfiguration::NoModule => self.module.display().to_string(),
            _ => self.token.clone(),
        };
        ProviderError::Misconfigured { address, misconfiguration }
    }
}

/// A module may be initialised once in a process, so it is kept from then on.
fn loaded(path: &Path) -> Result<Module, Error> {
    static LOADED: Mutex<BTreeMap<PathBuf, Module>> = Mutex::new(BTreeMap::new());
    let mut modules = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let module = Module::new(path)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(error),
    }
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn with_gcm<T>(
    slot: KeySlot,
    mut nonce: [u8; NONCE],
    work: impl FnOnce(&Mechanism<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let associated = slot.associated();
    work(&Mechanism::AesGcm(GcmParams::new(&mut nonce, associated.as_slice(), 128.into())?))
}

/// What tokens say of a ciphertext that does not fit. SoftHSM has no word of its own for it.
fn is_refusal(error: &Error) -> bool {
    use RvError::{EncryptedDataInvalid, EncryptedDataLenRange, FunctionFailed, GeneralError};
    matches!(
        error,
        Error::Pkcs11(EncryptedDataInvalid | EncryptedDataLenRange | FunctionFailed | GeneralError, _)
    )
}
