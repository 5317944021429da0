//! Why a provider cannot do what is asked.

use std::error::Error;

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use super::ProviderKind;

/// A provider cannot do what is asked.
///
/// None quotes what a server answered: something between here and there may
/// have answered with the request itself.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// A wrapped secret does not open.
    #[error("the keyring does not open under the {} given", secret_of(*provider))]
    Refused {
        /// The provider asked.
        provider: ProviderKind,
    },
    /// The key is destroyed, or never was there.
    #[error("the key provider has no usable key `{key}`")]
    KeyGone {
        /// The key's name there.
        key: String,
    },
    /// No answer, or one that says: not now.
    #[error("the key provider {address} does not answer")]
    Unavailable {
        /// Where it should be.
        address: String,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The credentials are wrong, or do not allow this.
    #[error("the key provider {address} denies access")]
    Denied {
        /// Where it is.
        address: String,
    },
    /// An answer that means nothing, or that fits nothing that was asked.
    #[error("the key provider {address} gives an answer that makes no sense ({what})")]
    Garbled {
        /// Where it should be.
        address: String,
        /// What was wrong with it; never what it said.
        what: &'static str,
    },
    /// It cannot be used as it is set up.
    #[error("the key provider {address} cannot be used as it is set up: {misconfiguration}")]
    Misconfigured {
        /// Where it is.
        address: String,
        /// What to change.
        misconfiguration: Misconfiguration,
    },
}

/// What is wrong with how a provider is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misconfiguration {
    /// The address is no URL.
    #[error("its address is no URL")]
    NoUrl,
    /// Keys would cross a network in the clear.
    #[error("its address begins with http:// and leads to another machine")]
    PlainHttp,
    /// The certificates of its authority are none.
    #[error("the certificates of its authority are no PEM file")]
    NoCertificates,
    /// The credentials hold characters that cannot be sent.
    #[error("the credentials cannot be sent as they are")]
    NoCredentials,
    /// No transit engine is mounted there.
    #[error("there is no transit engine at this mount")]
    NoMount,
    /// A key of the name is there and is of another kind.
    #[error("a key of this name is there already, and is of another kind")]
    UnsuitableKey,
    /// The PKCS#11 module cannot be loaded.
    #[error("the PKCS#11 module cannot be loaded")]
    NoModule,
    /// The PKCS#11 module has no such token.
    #[error("there is no token of this label")]
    NoToken,
}

impl Misconfiguration {
    fn as_str(self) -> &'static str {
        match self {
            Self::NoUrl => "no_url",
            Self::PlainHttp => "plain_http",
            Self::NoCertificates => "no_certificates",
            Self::NoCredentials => "no_credentials",
            Self::NoMount => "no_mount",
            Self::UnsuitableKey => "unsuitable_key",
            Self::NoModule => "no_module",
            Self::NoToken => "no_token",
        }
    }
}

fn secret_of(provider: ProviderKind) -> &'static str {
    match provider {
        ProviderKind::Passphrase => "passphrase",
        _ => "key",
    }
}

impl Diagnose for ProviderError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        let at = |code: &str, address: &String| Diagnostic::new(code).with("address", address);
        Some(match self {
            Self::Refused { provider } => {
                Diagnostic::new("key-provider-refused").with("provider", provider.as_str())
            }
            Self::KeyGone { key } => Diagnostic::new("key-provider-key-gone").with("key", key),
            Self::Unavailable { address, cause } => {
                at("key-provider-unavailable", address).with("reason", cause)
            }
            Self::Denied { address } => at("key-provider-denied", address),
            Self::Garbled { address, what } => at("key-provider-garbled", address).with("what", what),
            Self::Misconfigured { address, misconfiguration } => {
                at("key-provider-misconfigured", address).with("problem", misconfiguration.as_str())
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Misconfigured { .. } => ErrorKind::Usage,
            _ => ErrorKind::Failed,
        }
    }
}
