//! Packages of what is kept about a person: a manifest of files and their digests, signed with the log's key.
//!
//! The manifest is JSON: the statement, the verifier key, and an Ed25519 signature (RFC 8032) in base64
//! over `vermeil subject package 1`, a newline, and the statement as compact JSON with its members in
//! the order in which they stand here, as of certificates of erasure.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use crate::certificate::{AuditedBy, message};
use crate::checkpoint::Checkpoint;
use crate::note::{LogKey, VerifierKey};

const DOMAIN: &str = "vermeil subject package 1\n";

/// The name of the file that holds the signed manifest of the others beside it.
pub const MANIFEST: &str = "manifest.json";

/// What a package holds, and for which request it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The name of the pipeline.
    pub pipeline: String,
    /// The id of its keyring.
    pub keyring: String,
    /// The number of the request.
    pub request: i64,
    /// What was asked for: `access` or `portability`.
    pub kind: String,
    /// When it was made: RFC 3339, UTC.
    pub made_at: String,
    /// Its files, in the order of their names.
    pub files: Vec<PackagedFile>,
    /// Where the log tells of it.
    pub audit: AuditedBy,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagedFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// A manifest with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedManifest {
    /// What is stated.
    pub manifest: Manifest,
    /// Who states it, as a verifier key. Whether it is the expected one, its reader must know.
    pub key: String,
    /// The signature in base64.
    pub signature: String,
}

/// Why a package is not as it was signed.
#[derive(Debug, thiserror::Error)]
pub enum PackageFault {
    /// No manifest of this version of the program.
    #[error("this is not the manifest of a package")]
    Form,
    /// Changed since it was signed, or signed with another key.
    #[error("the manifest is not as it was signed, or another key signed it")]
    Signature,
    /// Its checkpoint is of another log, or older than its entry.
    #[error("the checkpoint of the manifest does not cover its entry")]
    Checkpoint,
    /// A file has another content.
    #[error("{file} is not as it was signed")]
    Changed {
        /// Its name.
        file: String,
    },
    /// A file that the manifest does not name.
    #[error("{file} does not belong to the package")]
    Foreign {
        /// Its name.
        file: String,
    },
    /// A file that cannot be read.
    #[error("could not read {}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl Diagnose for PackageFault {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Form => Diagnostic::new("package-form"),
            Self::Signature => Diagnostic::new("package-signature"),
            Self::Checkpoint => Diagnostic::new("package-checkpoint"),
            Self::Changed { file } => Diagnostic::new("package-changed").with("file", file),
            Self::Foreign { file } => Diagnostic::new("package-foreign").with("file", file),
            Self::Unreadable { file, .. } => {
                Diagnostic::new("package-unreadable").with("file", file.display())
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Failed
    }
}

impl PackagedFile {
    /// A file of that name and content.
    pub fn of(name: &str, content: &[u8]) -> Self {
        let digest = Sha256::digest(content);
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { name: name.to_owned(), bytes: content.len() as u64, sha256 }
    }
}

impl SignedManifest {
    pub(crate) fn sign(manifest: Manifest, key: &LogKey) -> Self {
        let signature = key.signature(&message(DOMAIN, &manifest));
        Self { manifest, key: key.verifier().to_string(), signature }
    }

    /// The text of its file.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data")
    }

    /// Reads a manifest that `key` signed.
    ///
    /// # Errors
    /// [`PackageFault::Form`], [`PackageFault::Signature`], [`PackageFault::Checkpoint`].
    pub fn verify(text: &str, key: &VerifierKey) -> Result<Manifest, PackageFault> {
        let signed: Self = serde_json::from_str(text).map_err(|_| PackageFault::Form)?;
        let Self { manifest, signature, key: named } = signed;
        if named != key.to_string() || !key.has_signed(&message(DOMAIN, &manifest), &signature) {
            return Err(PackageFault::Signature);
        }
        let checkpoint = Checkpoint::open(&manifest.audit.checkpoint, key);
        match checkpoint.is_none_or(|checkpoint| checkpoint.size <= manifest.audit.entry) {
            true => Err(PackageFault::Checkpoint),
            false => Ok(manifest),
        }
    }

    /// Reads the package in a folder: a manifest that `key` signed, all files that it names as they were
    /// signed, and no others.
    ///
    /// # Errors
    /// [`PackageFault`].
    pub fn verify_folder(folder: &Path, key: &VerifierKey) -> Result<Manifest, PackageFault> {
        let read = |name: &str| {
            let file = folder.join(name);
            fs::read(&file).map_err(|cause| PackageFault::Unreadable { file, cause })
        };
        let text = String::from_utf8(read(MANIFEST)?).map_err(|_| PackageFault::Form)?;
        let manifest = Self::verify(&text, key)?;
        let unreadable = |cause| PackageFault::Unreadable { file: folder.to_owned(), cause };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name();
            let is_named = |file: &PackagedFile| name == *file.name;
            if name != MANIFEST && !manifest.files.iter().any(is_named) {
                return Err(PackageFault::Foreign { file: name.to_string_lossy().into_owned() });
            }
        }
        for file in &manifest.files {
            // A name with a folder in it was none of those that were just read.
            if *file != PackagedFile::of(&file.name, &read(&file.name)?) {
                return Err(PackageFault::Changed { file: file.name.clone() });
            }
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests;
