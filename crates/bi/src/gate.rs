//! Who may in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use vermeil_engine::EngineError;
use vermeil_model::policy::Role;

/// An account that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name that the audit log tells.
    pub actor: String,
    /// The role of its token.
    pub role: Role,
    /// Which of its tokens it came with; never the token itself.
    pub token: i64,
}

/// Knows the tokens.
#[async_trait]
pub trait Gate: Send + Sync {
    /// The account `user` if `token` is one of its tokens. `None` does not tell why.
    ///
    /// # Errors
    /// The tokens cannot be read.
    async fn admit(&self, user: &str, token: &str) -> Result<Option<Account>, EngineError>;

    /// Whether what let `account` in still would.
    ///
    /// # Errors
    /// The tokens cannot be read.
    async fn still_admits(&self, account: &Account) -> Result<bool, EngineError>;
}

/// How long the answer to a wrong token takes, whether the user is known or not.
pub(crate) const REFUSAL: Duration = Duration::from_secs(1);
/// So many wrong tokens from one address within [`WINDOW`] are looked at, and no more.
const LOOKED_AT: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered at once.
const REMEMBERED: usize = 10_000;

/// Wrong tokens of late, by where they came from.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<IpAddr, Refused>>);

struct Refused {
    since: Instant,
    times: u32,
}

impl Refusals {
    /// Whether a token from `address` is looked at.
    pub(crate) fn allow(&self, address: IpAddr, now: Instant) -> bool {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused
            .get(&address)
            .is_none_or(|refused| refused.times < LOOKED_AT || now.duration_since(refused.since) >= WINDOW)
    }

    /// Remembers a wrong token from `address`.
    pub(crate) fn remember(&self, address: IpAddr, now: Instant) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= REMEMBERED {
            refused.retain(|_, refused| now.duration_since(refused.since) < WINDOW);
        }
        let entry = refused.entry(address).or_insert(Refused { since: now, times: 0 });
        if now.duration_since(entry.since) >= WINDOW {
            *entry = Refused { since: now, times: 0 };
        }
        entry.times += 1;
    }
}

#[cfg(test)]
mod tests;
