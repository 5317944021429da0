//! The certificate of the wire.

use std::sync::Arc;

use pgwire::tokio::TlsAcceptor;
use pgwire::tokio::tokio_rustls::rustls;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use vermeil_model::{Diagnose, Diagnostic, diagnostic::ErrorKind};

/// The protocol's name for connections that begin with TLS at once (PostgreSQL 17 and later).
const ALPN: &[u8] = b"postgresql";

/// What the wire proves who it is with.
#[derive(Clone)]
pub struct Tls(pub(crate) TlsAcceptor);

/// A certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message says what it is")]
pub enum TlsError {
    #[error("there is no certificate in PEM")]
    NoCertificate,
    #[error("there is no private key in PEM")]
    NoKey,
    #[error("the certificate and the private key do not fit together")]
    Unfit(#[source] rustls::Error),
}

impl Tls {
    /// From a chain of certificates, the server's first, and its key, both in PEM.
    ///
    /// # Errors
    /// One is missing, or they do not fit together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        // Named, for other libraries of the program bring other providers.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let configured =
            versions.and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
        let mut config = configured.map_err(TlsError::Unfit)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }
}

impl Diagnose for TlsError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(Diagnostic::new(match self {
            Self::NoCertificate => "postgres-no-certificate",
            Self::NoKey => "postgres-no-key",
            Self::Unfit(_) => "postgres-unfit-certificate",
        }))
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}
