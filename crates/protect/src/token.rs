//! Secrets that a service hands out once, and knows by their hash from then on.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::random;

/// What every token begins with: tools that look for secrets in texts know it by that.
const PREFIX: &str = "vermeil_";
/// Random bytes of a token. Guessing them is hopeless, so that a plain hash needs neither salt nor cost.
const BYTES: usize = 32;

const FORM: &[u8] = b"vermeil form 1\n";

/// A secret that says who bears it. It has no `Debug`, and is wiped when it is dropped.
pub struct BearerToken(Zeroizing<String>);

/// What a token is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl BearerToken {
    /// A token of 256 random bits.
    pub fn random() -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        random::fill(&mut *bytes);
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 2 * BYTES));
        text.push_str(PREFIX);
        for byte in bytes.iter() {
            write!(text, "{byte:02x}").expect("text takes all that is written to it");
        }
        Self(text)
    }

    /// The text to hand to its bearer.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What to know it by.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

/// What the forms of a session bear, so that no other site can send one: known from the session's secret, which it
/// does not tell (a digest under another domain than that of [`TokenHash`]).
pub fn form_token(session: &str) -> String {
    let mut digest = Sha256::new_with_prefix(FORM);
    digest.update(session.as_bytes());
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl TokenHash {
    /// The SHA-256 (FIPS 180-4) of a token; `None` for a text that cannot be one.
    pub fn of(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (digits.len() == 2 * BYTES && digits.bytes().all(is_digit))
            .then(|| Self(Sha256::digest(text.as_bytes()).into()))
    }

    /// Its bytes, as they are stored.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests;
