//! Certificates of erasure: what was done and proven, in counts, signed with the log's key.
//!
//! A certificate is JSON: the statement, the verifier key, and an Ed25519 signature (RFC 8032) in
//! base64 over `vermeil erasure certificate 1`, a newline, and the statement as compact JSON with
//! its members in the order in which they stand here. `JSON.stringify` of what `JSON.parse` gives
//! is the same text, so that any language can verify it.

use serde::{Deserialize, Serialize};
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use crate::checkpoint::Checkpoint;
use crate::note::{LogKey, VerifierKey};

const DOMAIN: &str = "vermeil erasure certificate 1\n";

/// What was done for a request. Counts and moments; nothing that says who it was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The name of the pipeline.
    pub pipeline: String,
    /// The id of its keyring.
    pub keyring: String,
    /// The number of the request.
    pub request: i64,
    /// When it was opened: RFC 3339, UTC.
    pub opened_at: String,
    /// When another account approved it.
    pub approved_at: String,
    /// When the proof ended.
    pub proven_at: String,
    /// From when on backups of the keys open nothing of it either, if they are kept no longer than agreed.
    pub final_after: String,
    /// What was erased.
    pub erased: Erased,
    /// What was rewritten without it, together with requests that shared the rewrite.
    pub rewritten: Rewritten,
    /// What was searched, and how nothing was found.
    pub proof: Proof,
    /// Who had received the person. Left out where nobody had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<RecipientTold>,
    /// Where the log tells of it.
    pub audit: AuditedBy,
}

/// A recipient who was told to erase the person, and whether it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientTold {
    /// Its name.
    pub recipient: String,
    /// What it knows the message by.
    pub message: String,
    /// When it answered; `null`: it never did.
    pub answered_at: Option<String>,
    /// SHA-256 of its answer, in hexadecimal digits.
    pub receipt: Option<String>,
}

/// What was erased, in counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// Accounts.
    pub records: u64,
    /// Events that happened to them.
    pub events: u64,
    /// Profiles, those that had gone into them included.
    pub profiles: u64,
    /// Quarantined rows.
    pub quarantined: u64,
    /// Keys destroyed.
    pub keys: u64,
}

/// What was rewritten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewritten {
    /// Files that held rows.
    pub files: u64,
    /// Objects that were deleted: these, old versions, leftovers and log entries.
    pub deleted: u64,
    /// Bytes written in their place.
    pub bytes: u64,
}

/// What was searched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Files opened.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Bytes searched, decoded ones included.
    pub searched_bytes: u64,
    /// Rows of tables looked at.
    pub rows: u64,
    /// Values searched for.
    pub values: u64,
    /// Ids and tags searched for.
    pub ids: u64,
    /// Keys that were seen to be gone.
    pub keys: u64,
    /// What was found, or could not be opened.
    pub found: u64,
}

/// Where the audit log tells of an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditedBy {
    /// The number of the entry.
    pub entry: u64,
    /// A checkpoint of the log that covers it.
    pub checkpoint: String,
}

/// A certificate with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedCertificate {
    /// What is stated.
    pub certificate: Certificate,
    /// Who states it, as a verifier key. Whether it is the expected one, its reader must know.
    pub key: String,
    /// The signature in base64.
    pub signature: String,
}

/// Why a certificate proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// No certificate of this version of the program.
    #[error("this is not a certificate of erasure")]
    Form,
    /// Changed since it was signed, or signed with another key.
    #[error("the certificate is not as it was signed, or another key signed it")]
    Signature,
    /// Its checkpoint is of another log, or older than its entry.
    #[error("the checkpoint of the certificate does not cover its entry")]
    Checkpoint,
    /// Signed, but something was found.
    #[error("the certificate states that something was left")]
    Unproven,
}

impl Diagnose for CertificateFault {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(Diagnostic::new(match self {
            Self::Form => "certificate-form",
            Self::Signature => "certificate-signature",
            Self::Checkpoint => "certificate-checkpoint",
            Self::Unproven => "certificate-unproven",
        }))
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Failed
    }
}

impl SignedCertificate {
    pub(crate) fn sign(certificate: Certificate, key: &LogKey) -> Self {
        let signature = key.signature(&message(DOMAIN, &certificate));
        Self { certificate, key: key.verifier().to_string(), signature }
    }

    /// The text of its file.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data")
    }

    /// Reads a certificate that `key` signed.
    ///
    /// # Errors
    /// [`CertificateFault`].
    pub fn verify(text: &str, key: &VerifierKey) -> Result<Certificate, CertificateFault> {
        let signed: Self = serde_json::from_str(text).map_err(|_| CertificateFault::Form)?;
        let Self { certificate, signature, key: named } = signed;
        if named != key.to_string() || !key.has_signed(&message(DOMAIN, &certificate), &signature) {
            return Err(CertificateFault::Signature);
        }
        let checkpoint = Checkpoint::open(&certificate.audit.checkpoint, key);
        if checkpoint.is_none_or(|checkpoint| checkpoint.size <= certificate.audit.entry) {
            return Err(CertificateFault::Checkpoint);
        }
        match certificate.proof.found {
            0 => Ok(certificate),
            _ => Err(CertificateFault::Unproven),
        }
    }
}

/// What is signed of a statement: what kind it is of, and itself as compact JSON.
pub(crate) fn message(domain: &str, statement: &impl Serialize) -> Vec<u8> {
    let mut message = domain.as_bytes().to_vec();
    serde_json::to_writer(&mut message, statement).expect("plain data");
    message
}

#[cfg(test)]
mod tests;
