//! What can go wrong with the audit log.

use std::io;
use std::path::{Path, PathBuf};

use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

/// The audit log cannot do what is asked. Whoever was about to act must not.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The folder or a file in it cannot be made or written.
    #[error("the audit log in {} cannot be written", folder.display())]
    Unwritable {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// No space is left.
    #[error("the disk of the audit log in {} is full", folder.display())]
    Full {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The folder or a file in it cannot be read.
    #[error("{} of the audit log cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// There is no log in the folder.
    #[error("there is no audit log in {}", folder.display())]
    NoLog {
        /// The folder.
        folder: PathBuf,
    },
    /// The log was changed behind this program's back. Nothing is added to it.
    #[error("the audit log in {} is not as it was signed: {what}", folder.display())]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// The last checkpoint is not signed with the keyring's key.
    #[error("the audit log in {} is not signed with the key `{key}`", folder.display())]
    ForeignKey {
        /// The folder.
        folder: PathBuf,
        /// The name of the expected key.
        key: String,
    },
    /// The file to compare with holds no checkpoint of this log.
    #[error("{} is no checkpoint that the key `{key}` signed", file.display())]
    NotACheckpoint {
        /// The file.
        file: PathBuf,
        /// The name of the key.
        key: String,
    },
}

impl AuditError {
    pub(crate) fn write(folder: &Path, cause: io::Error) -> Self {
        let folder = folder.to_owned();
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full { folder, cause }
            }
            _ => Self::Unwritable { folder, cause },
        }
    }

    pub(crate) fn read(file: &Path, cause: io::Error) -> Self {
        Self::Unreadable { file: file.to_owned(), cause }
    }
}

impl Diagnose for AuditError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::Unwritable { folder, .. } => {
                Diagnostic::new("audit-unwritable").with("folder", folder.display())
            }
            Self::Full { folder, .. } => Diagnostic::new("audit-full").with("folder", folder.display()),
            Self::Unreadable { file, .. } => Diagnostic::new("audit-unreadable").with("file", file.display()),
            Self::NoLog { folder } => Diagnostic::new("audit-no-log").with("folder", folder.display()),
            Self::Damaged { folder, what } => {
                Diagnostic::new("audit-damaged").with("folder", folder.display()).with("reason", what)
            }
            Self::ForeignKey { folder, key } => {
                Diagnostic::new("audit-foreign-key").with("folder", folder.display()).with("key", key)
            }
            Self::NotACheckpoint { file, key } => {
                Diagnostic::new("audit-not-a-checkpoint").with("file", file.display()).with("key", key)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoLog { .. } | Self::NotACheckpoint { .. } => ErrorKind::Usage,
            _ => ErrorKind::Failed,
        }
    }
}
