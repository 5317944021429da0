//! Why a keyring cannot be made or used.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::{Diagnose, Diagnostic};

use super::keys::KeyringId;
use super::providers::{ProviderError, ProviderKind};

/// A keyring cannot be made or used.
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
    /// Another process holds the right to write the file, and keeps it.
    #[error("another process has been writing the keyring {} for a minute: wait until it has ended", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The file that is there now belongs to another keyring.
    #[error("the file {} is keyring {found} now, and was keyring {expected}: put the right one back", path.display())]
    Exchanged {
        /// The file.
        path: PathBuf,
        /// The keyring that was opened.
        expected: KeyringId,
        /// The keyring found.
        found: KeyringId,
    },
    /// The file's secrets are wrapped by another provider than the one given.
    #[error("the keyring {} is held by provider `{}`, given was `{}`", path.display(), expected.as_str(), given.as_str())]
    OtherProvider {
        /// The file.
        path: PathBuf,
        /// The provider on record.
        expected: ProviderKind,
        /// The provider given.
        given: ProviderKind,
    },
    /// The provider opens a secret to something that is none.
    #[error("the provider of keyring {keyring} gives back something else for {secret} than it was given")]
    Garbled {
        /// The keyring.
        keyring: KeyringId,
        /// Which secret, such as `roots`.
        secret: String,
    },
    /// The provider refuses.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The generation never was in this keyring.
    #[error("keyring {keyring} has no generation {generation}: this is another or an older keyring")]
    UnknownGeneration {
        /// The keyring asked.
        keyring: KeyringId,
        /// The generation asked for.
        generation: u32,
    },
    /// The generation is destroyed, or is being destroyed.
    #[error("generation {generation} of keyring {keyring} was erased on {}: what it sealed opens no more", moment(*since))]
    DestroyedGeneration {
        /// The keyring asked.
        keyring: KeyringId,
        /// The generation asked for.
        generation: u32,
        /// When; for one that is only promised to be destroyed, when it will be.
        since: DateTime<Utc>,
    },
    /// The provider has lost the key of a generation that was not to be destroyed.
    #[error("the provider of keyring {keyring} no longer has the key of generation {generation}")]
    LostGeneration {
        /// The keyring asked.
        keyring: KeyringId,
        /// The generation asked for.
        generation: u32,
    },
    /// The newest generation cannot be destroyed: it wraps what comes next.
    #[error("generation {generation} of keyring {keyring} is the newest: make another first")]
    CurrentGeneration {
        /// The keyring asked.
        keyring: KeyringId,
        /// The generation asked for.
        generation: u32,
    },
    /// A destruction has begun that only the provider of now can end.
    #[error(
        "generation {generation} of keyring {keyring} is not destroyed yet, which only its provider can do"
    )]
    DestructionOpen {
        /// The keyring asked.
        keyring: KeyringId,
        /// The generation that is being destroyed.
        generation: u32,
    },
    /// A wrapped key does not open.
    #[error(
        "a page key does not open under generation {generation} of keyring {keyring}: it was wrapped by another keyring, or is damaged"
    )]
    Refused {
        /// The keyring asked.
        keyring: KeyringId,
        /// The generation it claims to be wrapped under.
        generation: u32,
    },
}

fn moment(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Diagnose for KeyringError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        let about = |code: &str, path: &Path| Diagnostic::new(code).with("path", path.display());
        let of = |code: &str, keyring: &KeyringId, generation: &u32| {
            Diagnostic::new(code).with("keyring", keyring).with("generation", generation)
        };
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
            Self::Busy { path } => about("keyring-busy", path),
            Self::Exchanged { path, expected, found } => {
                about("keyring-exchanged", path).with("expected", expected).with("found", found)
            }
            Self::OtherProvider { path, expected, given } => about("keyring-other-provider", path)
                .with("expected", expected.as_str())
                .with("given", given.as_str()),
            Self::Garbled { keyring, secret } => {
                Diagnostic::new("keyring-garbled").with("keyring", keyring).with("secret", secret)
            }
            Self::Provider(error) => return error.diagnostic(),
            Self::UnknownGeneration { keyring, generation } => {
                of("keyring-unknown-generation", keyring, generation)
            }
            Self::DestroyedGeneration { keyring, generation, since } => {
                of("keyring-destroyed-generation", keyring, generation).with("since", moment(*since))
            }
            Self::LostGeneration { keyring, generation } => {
                of("keyring-lost-generation", keyring, generation)
            }
            Self::CurrentGeneration { keyring, generation } => {
                of("keyring-current-generation", keyring, generation)
            }
            Self::DestructionOpen { keyring, generation } => {
                of("keyring-destruction-open", keyring, generation)
            }
            Self::Refused { keyring, generation } => of("keyring-refused", keyring, generation),
        })
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Provider(error) => error.kind(),
            Self::CurrentGeneration { .. } => ErrorKind::Usage,
            _ => ErrorKind::Failed,
        }
    }
}
