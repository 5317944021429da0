//! Who receives profiles, and how they are told of erasures and rectifications.
//!
//! ```yaml
//! recipients:
//!   mailer:
//!     contact: privacy@mailer.example
//!     webhook: { url: "https://mailer.example/privacy", secret_variable: MAILER_SECRET }
//!   printer: { contact: "01 99 00 00 00", folder: outbox/printer }
//!   agency: { contact: "letter to 1 rue des Essais, Nantes" }
//! notices: { days: 14, first_retry_seconds: 60 }
//! ```
//!
//! Secrets never stand here, only the names of the environment variables that hold them.

use std::num::NonZeroU32;

use serde::Deserialize;

/// How a recipient is told. With neither a webhook nor a folder, people tell it and enter its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecipientSettings {
    /// Where people reach it, in words.
    pub contact: Option<String>,
    /// A server of its own.
    pub webhook: Option<WebhookSettings>,
    /// A folder that it reads, and lays its receipts into.
    pub folder: Option<String>,
}

/// A server that is told with signed messages (Standard Webhooks).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// HTTPS; HTTP only to this machine, where addresses of inside are allowed.
    pub url: String,
    /// The variable that holds the shared secret: `whsec_` and 24 to 64 bytes in base 64.
    pub secret_variable: String,
    /// A PEM file with the only authorities to trust; those of the system unless set.
    #[serde(default)]
    pub authority: Option<String>,
    /// Which addresses its name may stand for.
    #[serde(default)]
    pub network: Network,
}

/// Which addresses a name may stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Those that anybody reaches.
    #[default]
    Public,
    /// Also those of this machine and of networks behind it.
    Inside,
}

/// How long recipients have to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoticeRules {
    /// Days until a recipient counts as one that never answered.
    pub days: NonZeroU32,
    /// Seconds between the first try and the second; each pause is twice the one before.
    pub first_retry_seconds: NonZeroU32,
}

impl Default for NoticeRules {
    fn default() -> Self {
        let at_least_one = |number: u32| NonZeroU32::MIN.saturating_add(number - 1);
        Self { days: at_least_one(14), first_retry_seconds: at_least_one(60) }
    }
}
