//! Telling whoever received someone's profile that it is erased or set right (GDPR Art. 19).
//!
//! ```text
//! export ─▶ tags of handles        what a recipient will know people by, before it has any of it
//! erase, rectify ─▶ notice         whom to tell, sealed under a key of its own; the tags of the erased go
//! tell ─▶ try, try again ─▶ receipt, or its last day is over ─▶ key destroyed ─▶ certificate
//! ```
//!
//! A handle is the id that stood in the export: a pseudonym, unless the role sees identifiers. An export that
//! an erasure overtakes hands nothing more over, so that whoever received someone is known when the erasure
//! asks. Of exports made before handles were kept, every recipient is told.

mod deliver;
mod handles;
mod notice;

use async_trait::async_trait;
use vermeil_model::diagnostic::ErrorKind;
use vermeil_model::pipeline::Network;
use vermeil_model::{Diagnose, Diagnostic};

pub use self::deliver::WhichDeliveries;
pub(crate) use self::notice::{RectifiedValue, notice_owner};

/// A message for the server of a recipient. Personal: no `Debug`.
pub struct Parcel {
    /// Where to.
    pub url: String,
    /// Which addresses its name may stand for.
    pub network: Network,
    /// The only authorities to trust, in PEM; those of the system unless given.
    pub authority: Option<Vec<u8>>,
    /// Headers, the signature among them.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// What became of a message.
pub enum Carried {
    /// The server answered.
    Answered {
        /// The status of HTTP.
        status: u16,
        /// The answer.
        body: Vec<u8>,
    },
    /// It did not arrive for sure.
    Failed {
        /// Why, in a word.
        code: &'static str,
    },
}

/// Brings messages to servers of others.
#[async_trait]
pub trait Courier: Send + Sync {
    /// Brings a message once.
    async fn carry(&self, parcel: Parcel) -> Carried;
}

/// A recipient cannot be dealt with as asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it is, its fields are named in it")]
pub enum RecipientError {
    #[error("notice {notice} has nothing to tell {recipient} any more")]
    NotPending { notice: i64, recipient: String },
}

impl Diagnose for RecipientError {
    fn diagnostic(&self) -> Option<Diagnostic> {
        Some(match self {
            Self::NotPending { notice, recipient } => {
                Diagnostic::new("recipient-not-pending").with("notice", notice).with("recipient", recipient)
            }
        })
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}
