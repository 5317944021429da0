//! OpenDSR 2.0, and OpenGDPR before it: who we are to other controllers, and what our answers are signed with.
//!
//! ```text
//! addresses   where controllers may be told of changes, and where never
//! callbacks   telling them
//! ```

pub(crate) mod addresses;
pub(crate) mod callbacks;

use axum::http::{HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use vermeil_model::pipeline::OpenDsrSettings;

use self::addresses::Addresses;
use crate::server::ServeError;

/// What the files hold that [`OpenDsrSettings`] names. It has no `Debug`.
pub struct OpenDsrFiles {
    /// What the pipeline says.
    pub settings: OpenDsrSettings,
    /// The certificate that answers are verified with, in PEM.
    pub certificate: Vec<u8>,
    /// Its private key, in PEM.
    pub key: Vec<u8>,
}

/// Who we are to other controllers.
pub(crate) struct Processor {
    pub(crate) settings: OpenDsrSettings,
    pub(crate) certificate: Vec<u8>,
    pub(crate) addresses: Addresses,
    domain: HeaderValue,
    key: EncodingKey,
}

/// What headers are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// OpenDSR 2.0.
    OpenDsr,
    /// OpenGDPR 1.0, whose names still count (OpenDSR 2.0, 10.1).
    OpenGdpr,
}

impl Processor {
    pub(crate) fn new(files: OpenDsrFiles) -> Result<Self, ServeError> {
        let OpenDsrFiles { settings, certificate, key } = files;
        let key = EncodingKey::from_rsa_pem(&key).map_err(|_| ServeError::OpenDsrKey)?;
        let domain = HeaderValue::from_str(&settings.domain).map_err(|_| ServeError::OpenDsrKey)?;
        let addresses = Addresses::new(&settings.internal_callbacks);
        let processor = Self { settings, certificate, addresses, domain, key };
        // A key that does not sign would be noticed by the first controller only.
        processor.signature(b"").ok_or(ServeError::OpenDsrKey)?;
        Ok(processor)
    }

    /// The headers of a body that we vouch for: our domain, and in base64 the signature (RSASSA-PKCS1-v1_5,
    /// FIPS 186-4) of its SHA-256.
    pub(crate) fn vouched(&self, body: &[u8], dialect: Dialect) -> Option<[(HeaderName, HeaderValue); 2]> {
        let signature = HeaderValue::from_str(&self.signature(body)?).ok()?;
        let [domain, signed] = match dialect {
            Dialect::OpenDsr => ["x-opendsr-processor-domain", "x-opendsr-signature"],
            Dialect::OpenGdpr => ["x-opengdpr-processor-domain", "x-opengdpr-signature"],
        };
        Some([
            (HeaderName::from_static(domain), self.domain.clone()),
            (HeaderName::from_static(signed), signature),
        ])
    }

    fn signature(&self, body: &[u8]) -> Option<String> {
        let signed = jsonwebtoken::crypto::sign(body, &self.key, Algorithm::RS256).ok()?;
        // That of tokens is written otherwise (RFC 4648, 5).
        Some(STANDARD.encode(URL_SAFE_NO_PAD.decode(signed).ok()?))
    }
}

/// A day as its first moment: RFC 3339, UTC.
pub(crate) fn midnight(day: &str) -> String {
    format!("{day}T00:00:00Z")
}
