//! Why a keyring file cannot be made or used.

use std::io;
use std::path::{Path, PathBuf};

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

/// A keyring file cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// No such file.
    #[error("there is no keyring at {}: restore it from its backup; without it nothing sealed opens", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A keyring is never overwritten.
    #[error("there is a keyring at {} already, and it is never overwritten", path.display())]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read or write the file.
    #[error("others may use the keyring {} (mode {mode:03o}): run `chmod 600` on it", path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("could not read the keyring {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The file cannot be written.
    #[error("could not write the keyring {}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Written by another version of the program.
    #[error("the keyring {} has format {found}, this program knows format {known}: use the version that wrote it", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// The format found.
        found: u32,
        /// The format known.
        known: u32,
    },
    /// Not readable as a keyring.
    #[error("the keyring {} is malformed ({what}): restore it from its backup", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in the file; never what stands there.
        what: String,
    },
}

impl Diagnose for KeyringError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        let about = |code: &str, path: &Path| Diagnostic::new(code).with("path", path.display());
        Some(match self {
            Self::Missing { path } => about("keyring-missing", path),
            Self::AlreadyExists { path } => about("keyring-exists", path),
            Self::TooOpen { path, mode } => {
                about("keyring-too-open", path).with("mode", format_args!("{mode:03o}"))
            }
            Self::Unreadable { path, cause } => about("keyring-unreadable", path).with("reason", cause),
            Self::Unwritable { path, cause } => about("keyring-unwritable", path).with("reason", cause),
            Self::UnknownFormat { path, found, known } => {
                about("keyring-unknown-format", path).with("found", found).with("known", known)
            }
            Self::Malformed { path, what } => about("keyring-malformed", path).with("what", what),
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Failed
    }
}
