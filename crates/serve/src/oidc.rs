//! Whom an issuer of OpenID Connect vouches for: JWTs (RFC 7519, RFC 8725), verified with the keys that it publishes.
//!
//! Only asymmetric algorithms are taken, so that neither `none` nor a published key used as a shared secret passes.
//! Keys are fetched when one is named that is not known, and not more often than every few seconds: whoever sends
//! nonsense does not make this service ask the issuer for each of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use vermeil_model::pipeline::OidcSettings;
use vermeil_model::policy::Role;

use crate::ports::{Caller, Gate};
use crate::problem::{Problem, ProblemKind};

const TAKEN: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How far the clocks may be apart, in seconds.
const CLOCK_TOLERANCE: u64 = 30;
/// Keys that the issuer took back are known for so long at most.
const KEPT: Duration = Duration::from_secs(600);
/// The issuer is not asked again sooner.
const ASKED_AGAIN: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of what an issuer says at most.
const SAID: usize = 1024 * 1024;
const SAID_AT: &str = "/.well-known/openid-configuration";

/// An issuer, and the keys that it publishes.
pub(crate) struct Issuer {
    settings: OidcSettings,
    client: reqwest::Client,
    keys: Mutex<Keys>,
}

#[derive(Default)]
struct Keys {
    known: Vec<Jwk>,
    fetched: Option<Instant>,
    asked: Option<Instant>,
}

/// What an issuer says of itself (OpenID Connect Discovery 1.0), as far as it is used.
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Issuer {
    /// An issuer; nothing is asked yet. `None`: its address is neither HTTPS nor on this machine.
    pub(crate) fn new(settings: OidcSettings) -> Option<Self> {
        trusted(&settings.issuer)?;
        // An issuer that sends us elsewhere is not followed: it could send us inside.
        let client = reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none());
        Some(Self { settings, client: client.build().ok()?, keys: Mutex::default() })
    }

    /// Whom a token vouches for; `None`: it is no token of this issuer for this service that holds now.
    pub(crate) async fn caller_of(&self, token: &str, gate: &dyn Gate) -> Result<Option<Caller>, Problem> {
        let Ok(header) = decode_header(token) else { return Ok(None) };
        if !TAKEN.contains(&header.alg) {
            return Ok(None);
        }
        let Some(key) = self.key(header.kid.as_deref()).await? else { return Ok(None) };
        if key.common.key_algorithm.is_some_and(|meant| meant != header.alg.into()) {
            return Ok(None);
        }
        let Ok(key) = DecodingKey::from_jwk(&key) else { return Ok(None) };
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        validation.leeway = CLOCK_TOLERANCE;
        match decode::<BTreeMap<String, Value>>(token, &key, &validation) {
            Ok(verified) => self.caller(&verified.claims, gate).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Who claims stand for. They are verified: whoever has no role is known, and not let in.
    fn caller(&self, claims: &BTreeMap<String, Value>, gate: &dyn Gate) -> Result<Caller, Problem> {
        let OidcSettings { role_claim, actor_claim, roles, .. } = &self.settings;
        let actor = claims.get(actor_claim).and_then(Value::as_str).filter(|actor| !actor.is_empty());
        let actor = actor.ok_or(Problem::coded(ProblemKind::Forbidden, "token-without-actor"))?;
        let claimed: Vec<&str> = match claims.get(role_claim) {
            Some(Value::String(role)) => vec![role],
            Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let role = |claimed: &str| roles.get(claimed).cloned().unwrap_or_else(|| Role(claimed.to_owned()));
        let known: BTreeSet<Role> =
            claimed.into_iter().map(role).filter(|role| gate.knows_role(role)).collect();
        let mut known = known.into_iter();
        match (known.next(), known.next()) {
            (Some(role), None) => Ok(Caller { actor: actor.to_owned(), role }),
            (None, _) => Err(Problem::coded(ProblemKind::Forbidden, "token-without-role")),
            // Which of them somebody acts in is theirs to say, not ours to guess.
            (Some(_), Some(_)) => Err(Problem::coded(ProblemKind::Forbidden, "token-of-several-roles")),
        }
    }

    /// The key of an id, or the only one.
    async fn key(&self, id: Option<&str>) -> Result<Option<Jwk>, Problem> {
        let mut keys = self.keys.lock().await;
        let is_old = keys.fetched.is_none_or(|at| at.elapsed() > KEPT);
        let may_ask = keys.asked.is_none_or(|at| at.elapsed() > ASKED_AGAIN);
        let found = keys.find(id);
        if found.is_some() && !is_old {
            return Ok(found);
        }
        if !may_ask {
            // What is old counts no more, even if the issuer cannot be asked for what is new.
            return if is_old { Err(unreachable_issuer()) } else { Ok(None) };
        }
        keys.asked = Some(Instant::now());
        match self.fetch().await {
            Some(known) => {
                keys.known = known;
                keys.fetched = Some(Instant::now());
                Ok(keys.find(id))
            }
            None => {
                tracing::error!("the issuer of tokens does not answer as it should");
                Err(unreachable_issuer())
            }
        }
    }

    async fn fetch(&self) -> Option<Vec<Jwk>> {
        let settings = &self.settings;
        let discovered: Discovered =
            self.get(&format!("{}{SAID_AT}", settings.issuer.trim_end_matches('/'))).await?;
        if discovered.issuer != settings.issuer {
            return None;
        }
        let set: KeySet = self.get(&discovered.jwks_uri).await?;
        // Keys for other uses, or of kinds that nobody here knows, stand beside those that are wanted.
        Some(set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, address: &str) -> Option<T> {
        let mut response = self.client.get(trusted(address)?).send().await.ok()?.error_for_status().ok()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            body.extend_from_slice(&chunk);
            if body.len() > SAID {
                return None;
            }
        }
        serde_json::from_slice(&body).ok()
    }
}

impl Keys {
    fn find(&self, id: Option<&str>) -> Option<Jwk> {
        match (id, self.known.as_slice()) {
            (Some(id), known) => known.iter().find(|key| key.common.key_id.as_deref() == Some(id)).cloned(),
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        }
    }
}

fn unreachable_issuer() -> Problem {
    Problem::coded(ProblemKind::Unavailable, "issuer-unreachable").after(ASKED_AGAIN.as_secs())
}

/// An address that nobody on the way can answer for: HTTPS, or this machine.
fn trusted(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    (url.scheme() == "https" || (url.scheme() == "http" && is_here)).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, is_trusted: bool) {
        assert_eq!(trusted(address).is_some(), is_trusted, "{address}");
    }

    #[test]
    fn an_issuer_is_asked_where_nobody_else_can_answer() {
        check("https://login.example.org/realms/shop", true);
        check("http://127.0.0.1:9400", true);
        check("http://localhost:9400", true);
        check("http://login.example.org", false);
        check("http://127.0.0.1.example.org", false);
        check("http://169.254.169.254/latest", false);
        check("file:///etc/passwd", false);
        check("login.example.org", false);
    }
}
