//! Who may in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::access::{Needs, needs};
use crate::ports::{Caller, SessionSecret};
use crate::problem::{Problem, ProblemKind};
use crate::routes::own::COOKIE;
use crate::service::Service;

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Lets in whom the endpoint is for, and notes who it is.
pub(crate) async fn admit(
    State(service): State<Service>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let needs = path.and_then(|path| needs(request.method(), &path)).ok_or(ProblemKind::Forbidden)?;
    let peer = Peer(address(&request));
    request.extensions_mut().insert(peer);
    if needs == Needs::Nothing {
        return Ok(next.run(request).await);
    }
    if needs == Needs::Session {
        let session = session_of(&service, request.headers()).await?;
        request.extensions_mut().insert(session);
        return Ok(next.run(request).await);
    }
    let caller = match identify(&service, request.headers()).await? {
        Some(caller) => caller,
        None => {
            service.pace.count_wrong(peer.0)?;
            return Err(ProblemKind::Unauthenticated.into());
        }
    };
    service.pace.count(&caller)?;
    if !needs.admits(service.settings.kind_of(&caller.role)) {
        return Err(Problem::coded(ProblemKind::Forbidden, "role-not-for-endpoint"));
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Who asks; `None`: nobody, or nobody that is known.
async fn identify(service: &Service, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    match bearer(headers) {
        // Three parts between points are a JWT; our own tokens have none.
        Some(token) if token.contains('.') => match &service.issuer {
            Some(issuer) => issuer.caller_of(token, &*service.ports.gate).await,
            None => Ok(None),
        },
        Some(token) => service.ports.gate.bearer_of(token).await,
        None => Ok(None),
    }
}

/// Whose session a cookie is of.
async fn session_of(service: &Service, headers: &HeaderMap) -> Result<SessionSecret, Problem> {
    let secret = cookie(headers, COOKIE).map(|secret| SessionSecret(secret.to_owned()));
    let ended = || Problem::coded(ProblemKind::Unauthenticated, "session-ended");
    let secret = secret.ok_or_else(ended)?;
    match service.ports.self_service.is_in(&secret).await? {
        true => Ok(secret),
        false => Err(ended()),
    }
}

/// The value of a cookie (RFC 6265, 4.2); none where two claim the name.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut named = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    named.next().filter(|_| named.next().is_none())
}

/// The credentials of `Authorization: Bearer …` (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn address(request: &Request) -> IpAddr {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    connected.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip())
}
