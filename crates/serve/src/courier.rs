//! Bringing messages to servers of others: to nobody but the one that was named, and never by the way of a
//! name or a redirection to somewhere inside (server-side request forgery, OWASP A10:2021).

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Url, redirect};
use vermeil_model::pipeline::Network;

/// How long a server has to answer, all in all.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer at most.
const LONGEST_ANSWER: usize = 64 * 1024;

/// A message to a server.
pub struct Posting<'a> {
    /// HTTPS; HTTP only to this machine, where addresses of inside are allowed.
    pub url: &'a str,
    /// Which addresses its name may stand for.
    pub network: Network,
    /// The only authorities to trust, in PEM; those of the system unless given.
    pub authority: Option<&'a [u8]>,
    /// Headers.
    pub headers: &'a [(&'static str, String)],
    /// JSON.
    pub body: Vec<u8>,
}

/// What a server answered.
pub struct Answered {
    /// Of HTTP.
    pub status: u16,
    /// The whole of it.
    pub body: Vec<u8>,
}

/// Why a message did not arrive for sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Not an address that messages are brought to.
    #[error("messages go to HTTPS addresses only")]
    Address,
    /// Its name stands for somewhere inside.
    #[error("the address is one of this machine or of a network behind it")]
    Inside,
    /// The file of authorities holds none.
    #[error("the file of authorities holds no certificate")]
    Authority,
    /// No answer in time.
    #[error("there was no answer in time")]
    Timeout,
    /// Nobody answers, or not whom the certificate should be of.
    #[error("the server cannot be reached")]
    Unreachable,
    /// More than a server that knows its part would say.
    #[error("the answer is too long")]
    TooLong,
}

impl Undelivered {
    /// The kind in a word.
    pub fn code(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Inside => "inside",
            Self::Authority => "authority",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::TooLong => "answer-too-long",
        }
    }
}

/// Posts a message once. Redirections are answers like others: they are not followed.
///
/// # Errors
/// [`Undelivered`]; the message may have arrived all the same.
pub async fn post(posting: Posting<'_>) -> Result<Answered, Undelivered> {
    let url = address(posting.url, posting.network)?;
    let mut client = Client::builder().redirect(redirect::Policy::none()).no_proxy().timeout(TIMEOUT);
    if posting.network == Network::Public {
        client = client.dns_resolver(PublicOnly);
    }
    if let Some(authority) = posting.authority {
        let certificates = Certificate::from_pem_bundle(authority).ok().filter(|all| !all.is_empty());
        client = client.tls_certs_only(certificates.ok_or(Undelivered::Authority)?);
    }
    let client = client.build().map_err(|_| Undelivered::Authority)?;
    let mut request = client.post(url).header("content-type", "application/json").body(posting.body);
    for (name, value) in posting.headers {
        request = request.header(*name, value);
    }
    let mut response = request.send().await.map_err(|cause| undelivered(&cause))?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|cause| undelivered(&cause))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Undelivered::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answered { status: response.status().as_u16(), body })
}

/// An address that messages may be brought to, as far as it tells by itself.
///
/// # Errors
/// [`Undelivered::Address`], [`Undelivered::Inside`].
pub fn address(text: &str, network: Network) -> Result<Url, Undelivered> {
    let url = Url::parse(text).map_err(|_| Undelivered::Address)?;
    let host = url.host_str().ok_or(Undelivered::Address)?;
    let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let is_here = host == "localhost" || literal.is_some_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if is_here && network == Network::Inside => {}
        _ => return Err(Undelivered::Address),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Undelivered::Address);
    }
    match (network, literal) {
        (Network::Public, Some(address)) if !is_public(address) => Err(Undelivered::Inside),
        _ => Ok(url),
    }
}

/// Knows only names all of whose addresses anybody reaches. What is connected to are these very addresses,
/// so that a name cannot stand for another one a moment later.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.collect();
            if addresses.iter().any(|address| !is_public(address.ip())) {
                return Err(Undelivered::Inside.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn undelivered(cause: &reqwest::Error) -> Undelivered {
    let mut inner: Option<&(dyn Error + 'static)> = Some(cause);
    while let Some(error) = inner {
        if let Some(known) = error.downcast_ref::<Undelivered>() {
            return *known;
        }
        inner = error.source();
    }
    if cause.is_timeout() { Undelivered::Timeout } else { Undelivered::Unreachable }
}

/// Whether an address is one that anybody reaches: none of the IANA registries of special-purpose addresses
/// (RFC 6890), not even within an address of IPv6 that stands for one of IPv4.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || first == 0
        || first >= 224
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 192 && second == 88 && third == 99)
        || (first == 198 && (18..20).contains(&second));
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [[one, two], [three, four]] = [high.to_be_bytes(), low.to_be_bytes()];
        is_public_v4(Ipv4Addr::new(one, two, three, four))
    };
    match segments {
        // ::ffff:0:0/96 and 64:ff9b::/96 stand for what their last 32 bits say, 2002::/16 for the next.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Of the rest only global unicast, without the blocks of IETF protocols and of documentation.
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
        [0x3fff, second, ..] => second >= 0x1000,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests;
