//! How other controllers hand over what data subjects ask them for: OpenDSR 2.0.
//!
//! ```yaml
//! opendsr:
//!   domain: privacy.shop.example
//!   certificate: opendsr/certificate.pem
//!   key: opendsr/key.pem
//!   verified_controllers: [partner]
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// Whom answers are signed for, with what, and whose word is taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenDsrSettings {
    /// The domain that the certificate is of.
    pub domain: String,
    /// A file: the certificate that answers are verified with, by an authority, in PEM.
    pub certificate: String,
    /// A file: its private key (RSA), in PEM.
    pub key: String,
    /// Accounts whose word is taken for who asks; requests of others wait for an identity check.
    #[serde(default)]
    pub verified_controllers: BTreeSet<String>,
    /// Identity type → field that records are found by.
    #[serde(default = "default_identities")]
    pub identities: BTreeMap<String, String>,
    /// Hosts with their ports, such as `crm.internal:8443`, that are told of changes although they are inside, or
    /// without TLS; all others are reached by HTTPS, at public addresses.
    #[serde(default)]
    pub internal_callbacks: BTreeSet<String>,
}

fn default_identities() -> BTreeMap<String, String> {
    BTreeMap::from([("email".to_owned(), "email".to_owned())])
}
