//! How much is taken: how many requests at once, how long each, how many a second from one account, and how many
//! wrong credentials from one address.

use std::net::IpAddr;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use vermeil_model::pipeline::ServiceSettings;

use crate::ports::Caller;
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// Seconds after which somebody for whom there was no place should come again.
const COME_AGAIN: u64 = 1;

/// How fast each may ask.
pub(crate) struct Pace {
    accounts: DefaultKeyedRateLimiter<(String, String)>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Pace {
    pub(crate) fn new(settings: &ServiceSettings) -> Self {
        Self {
            accounts: RateLimiter::keyed(Quota::per_second(settings.requests_per_second)),
            addresses: RateLimiter::keyed(Quota::per_minute(settings.wrong_credentials_per_minute)),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request of an account.
    pub(crate) fn count(&self, caller: &Caller) -> Result<(), Problem> {
        let key = (caller.actor.clone(), caller.role.0.clone());
        self.accounts.check_key(&key).map_err(|wait| self.too_many(wait.wait_time_from(self.clock.now())))
    }

    /// Counts wrong credentials of an address.
    pub(crate) fn count_wrong(&self, address: IpAddr) -> Result<(), Problem> {
        self.addresses
            .check_key(&address)
            .map_err(|wait| self.too_many(wait.wait_time_from(self.clock.now())))
    }

    /// Forgets who has not asked for a while.
    pub(crate) fn forget(&self) {
        self.accounts.retain_recent();
        self.addresses.retain_recent();
    }

    fn too_many(&self, wait: std::time::Duration) -> Problem {
        Problem::new(ProblemKind::TooMany).after(wait.as_secs() + 1)
    }
}

/// Gives a request a place and a time, or refuses it.
pub(crate) async fn confine(
    State(service): State<Service>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    // Who watches over this process must learn of it when it has most to do.
    if path.is_some_and(|path| path.starts_with("/health/") || path == "/metrics") {
        return Ok(next.run(request).await);
    }
    let Ok(_place) = service.places.try_acquire() else {
        return Err(Problem::new(ProblemKind::Unavailable).after(COME_AGAIN));
    };
    match tokio::time::timeout(service.limits.time, next.run(request)).await {
        Ok(response) => Ok(response),
        Err(_) => Err(ProblemKind::TimedOut.into()),
    }
}
