//! Signatures of messages to recipients, as Standard Webhooks has them: HMAC-SHA-256 (RFC 2104) over the name
//! of the message, the second of the try and the body, with a point between.
//!
//! Source: <https://www.standardwebhooks.com>, "Standard Webhooks Specification", symmetric signatures (`v1`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Secret;

/// What written secrets begin with.
const PREFIX: &str = "whsec_";
/// Bytes that a secret has.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that is shared with one recipient.
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

/// The text is no secret of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret of a webhook is `whsec_` and 24 to 64 bytes in base 64")]
pub struct NoWebhookSecret;

impl WebhookSecret {
    /// Reads a secret: 24 to 64 bytes in base 64, after `whsec_`.
    ///
    /// # Errors
    /// [`NoWebhookSecret`].
    pub fn parse(text: &Secret) -> Result<Self, NoWebhookSecret> {
        let encoded = text.expose().trim().strip_prefix(PREFIX).ok_or(NoWebhookSecret)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| NoWebhookSecret)?);
        if LENGTHS.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(NoWebhookSecret) }
    }

    /// The value of `webhook-signature` for a try at `second`, in seconds since 1970.
    pub fn signature(&self, message: &str, second: i64, body: &[u8]) -> String {
        let mut hash = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        hash.update(format!("{message}.{second}.").as_bytes());
        hash.update(body);
        format!("v1,{}", STANDARD.encode(hash.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<WebhookSecret, NoWebhookSecret> {
        WebhookSecret::parse(&Secret::new(text.to_owned()))
    }

    #[test]
    fn the_published_vector_holds() {
        // Of the reference libraries of the specification.
        let secret = parsed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let signature =
            secret.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_part_is_signed() {
        let secret = parsed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let other = parsed("whsec_AAAQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let signed = secret.signature("a", 1, b"{}");
        for changed in [
            secret.signature("b", 1, b"{}"),
            secret.signature("a", 2, b"{}"),
            secret.signature("a", 1, b"{ }"),
            other.signature("a", 1, b"{}"),
        ] {
            assert_ne!(signed, changed);
        }
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let short = STANDARD.encode([7; 23]);
        let long = STANDARD.encode([7; 65]);
        for text in
            ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_no secret", &format!("whsec_{short}")]
        {
            assert!(parsed(text).is_err(), "{text}");
        }
        assert!(parsed(&format!("whsec_{long}")).is_err());
    }
}
