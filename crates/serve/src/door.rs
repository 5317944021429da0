//! Who may in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::access::{Needs, needs};
use crate::ports::Caller;
use crate::problem::{Problem, ProblemKind};
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

/// The credentials of `Authorization: Bearer …` (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn address(request: &Request) -> IpAddr {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    connected.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip())
}
